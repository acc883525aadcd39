// Columns over items, indexed by the dense item number: hot values and marks side by side, and the
// parts of an item (record, directories of rows) together in segments that never move: to copy the
// parts of 300,000 items would hold the event loop for a tenth of a second.

import { bitmapsBytes, growBitmaps, setListable } from './eligible';
import { allocate, blockBytes, enlarge, release } from './heap';
import {
  FLAG_ACTIVE,
  FLAG_SOLD,
  FLAG_UPSERTED,
  HOT_BYTES,
  ITEM_HASH,
  ITEM_MEM,
  ITEM_NEXT,
  ITEM_SAME,
  ITEM_SEEN,
  MARK_BYTES,
  MARK_FLAGS,
  MARK_HASH,
  MARK_STAMP,
  OWNER_LOG,
  PARTS_BYTES,
  ROW_OWNER,
  SEGMENT_ITEMS,
  SEGMENT_LOG,
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_SAME,
} from './layout';

export let itemCount: u32 = 0;
/** Items that the columns have room for. */
let capacity: u32 = 0;
/** The segments' addresses, and how many there are. */
let segments: u32 = 0;
let segmentsMade: u32 = 0;
let segmentsMax: u32 = 0;
let hots: u32 = 0;
let marks: u32 = 0;
/** ON[j]^-0.5, or 0 where ON[j] is 0: f32 an item. */
let memFactors: u32 = 0;
/** IN[j]^-0.2, or 0 where IN[j] is 0: f32 an item. */
let sequenceFactors: u32 = 0;
/** LAST[j] as a plain number: f32 an item. */
let lasts: u32 = 0;
/** The items that a request has touched (touched.ts): as many as there are, and a few. */
export let touched: u32 = 0;
const TOUCHED_SLACK: u32 = 16;
/** Of all columns together, an item. */
const COLUMN_BYTES: u32 = HOT_BYTES + MARK_BYTES + 4 * 4;
/** Each request takes a new epoch, so that no mark needs clearing; the last one is kept aside. */
const EPOCHS: u32 = 0xffffffff;
let epoch: u32 = 0;
/** The same of each history that is counted. */
let countingEpoch: u32 = 0;

/** Room in the columns for `wanted` items at least. */
/** Makes room for what is kept of all items side by side. */
export function reserveColumns(wanted: u32): void {
  if (wanted <= capacity) return;
  const larger = columnsFor(wanted);
  hots = moveColumn(hots, larger, HOT_BYTES, 0);
  marks = moveColumn(marks, larger, MARK_BYTES, 0);
  memFactors = moveColumn(memFactors, larger, 4, 0);
  sequenceFactors = moveColumn(sequenceFactors, larger, 4, 0);
  lasts = moveColumn(lasts, larger, 4, 0);
  touched = moveColumn(touched, larger, 4, TOUCHED_SLACK);
  growBitmaps(larger);
  capacity = larger;
}

// @ts-expect-error: decorator
@inline
function columnsFor(wanted: u32): u32 {
  return max(max(wanted, capacity * 2), 1024);
}

/** What is beyond the items there are is made zero item by item, as they come (addItem). */
function moveColumn(column: u32, items: u32, bytes: u32, slack: u32): u32 {
  const larger = allocate((items + slack) * bytes);
  if (column) memory.copy(larger, column, itemCount * bytes);
  release(column);
  return larger;
}

/** The item's parts: its record, the directories of its rows, what counting notes of it. */
// @ts-expect-error: decorator
@inline
export function record(item: u32): u32 {
  const segment = load<u32>(segments + ((item >> SEGMENT_LOG) << 2));
  return segment + (item & (SEGMENT_ITEMS - 1)) * PARTS_BYTES;
}

// @ts-expect-error: decorator
@inline
export function nextRow(item: u32): u32 {
  return record(item) + ITEM_NEXT;
}

// @ts-expect-error: decorator
@inline
export function sameRow(item: u32): u32 {
  return record(item) + ITEM_SAME;
}

// @ts-expect-error: decorator
@inline
export function memRow(item: u32): u32 {
  return record(item) + ITEM_MEM;
}

// @ts-expect-error: decorator
@inline
export function hot(item: u32): u32 {
  return hots + item * HOT_BYTES;
}

// @ts-expect-error: decorator
@inline
export function mark(item: u32): u32 {
  return marks + item * MARK_BYTES;
}

// @ts-expect-error: decorator
@inline
export function memFactor(item: u32): u32 {
  return memFactors + item * 4;
}

// @ts-expect-error: decorator
@inline
export function sequenceFactor(item: u32): u32 {
  return sequenceFactors + item * 4;
}

// @ts-expect-error: decorator
@inline
export function lastBuys(item: u32): u32 {
  return lasts + item * 4;
}

// @ts-expect-error: decorator
@inline
export function idHash(item: u32): u64 {
  return load<u64>(record(item), ITEM_HASH);
}

/** Whether the id hash of an item is lower than another's. */
export function isHashedBefore(item: u32, other: u32): bool {
  const high = load<u32>(mark(item), MARK_HASH);
  const otherHigh = load<u32>(mark(other), MARK_HASH);
  return high == otherHigh ? idHash(item) < idHash(other) : high < otherHigh;
}

/** Makes room for items 0 … wanted-1. */
export function makeItems(wanted: u32): void {
  reserveColumns(wanted);
  while (segmentsMade << SEGMENT_LOG < wanted) makeSegment(segmentsMade++);
}

function makeSegment(at: u32): void {
  if (at == segmentsMax) {
    const larger = max<u32>(64, segmentsMax * 2);
    segments = enlarge(segments, segmentsMax * 4, larger * 4);
    segmentsMax = larger;
  }
  const bytes = SEGMENT_ITEMS * PARTS_BYTES;
  const segment = allocate(bytes);
  memory.fill(segment, 0, bytes);
  store<u32>(segments + at * 4, segment);
  const end = (at + 1) << SEGMENT_LOG;
  for (let item = at << SEGMENT_LOG; item < end; item++) {
    own(nextRow(item), TABLE_NEXT, item);
    own(sameRow(item), TABLE_SAME, item);
    own(memRow(item), TABLE_MEM, item);
  }
}

/** Records in a row's directory whose it is. */
export function own(row: u32, table: u32, number: u32): void {
  store<u32>(row, (table << OWNER_LOG) | number, ROW_OWNER);
}

/** What so many more items would take. */
export function itemsBytes(more: u32): u64 {
  const items = itemCount + more;
  const wanted = max(segmentsMade, (items + SEGMENT_ITEMS - 1) >> SEGMENT_LOG);
  const bytes = <u64>(wanted - segmentsMade) * blockBytes(SEGMENT_ITEMS * PARTS_BYTES);
  if (items <= capacity) return bytes;
  const columns = columnsFor(items);
  return bytes + <u64>columns * COLUMN_BYTES + bitmapsBytes(columns);
}

function setFlag(item: u32, flag: u32, isSet: bool): void {
  const marks = mark(item);
  const flags = load<u32>(marks, MARK_FLAGS);
  store<u32>(marks, isSet ? flags | flag : flags & ~flag, MARK_FLAGS);
  const isActive = (load<u32>(marks, MARK_FLAGS) & FLAG_ACTIVE) != 0;
  setListable(item, isActive && isKnown(item));
}

/**
 * What the catalogue says of an item: whether it is on the shelf, and whether anything was ever
 * said of it.
 */
export function setCatalogued(item: u32, isActive: bool, isUpserted: bool): void {
  setFlag(item, FLAG_ACTIVE, isActive);
  setFlag(item, FLAG_UPSERTED, isUpserted);
}

/** Whether receipts that count hold it. */
export function setSold(item: u32, isSold: bool): void {
  setFlag(item, FLAG_SOLD, isSold);
}

/**
 * Whether an item is there for anybody who asks: something was said of it, or receipts that count
 * hold it. What only somebody bought who was erased since is not. Only what is known is listed.
 */
export function isKnown(item: u32): bool {
  return item < itemCount && (load<u32>(mark(item), MARK_FLAGS) & (FLAG_UPSERTED | FLAG_SOLD)) != 0;
}

/** Appends an item by the XXH64 of its outside id; it is on the shelf. */
export function addItem(hash: u64): u32 {
  makeItems(itemCount + 1);
  const item = itemCount++;
  store<u64>(record(item), hash, ITEM_HASH);
  memory.fill(hot(item), 0, HOT_BYTES);
  memory.fill(mark(item), 0, MARK_BYTES);
  store<u32>(mark(item), <u32>(hash >> 32), MARK_HASH);
  store<f32>(memFactor(item), 0);
  store<f32>(sequenceFactor(item), 0);
  store<f32>(lastBuys(item), 0);
  setFlag(item, FLAG_ACTIVE, true);
  return item;
}

export function nextEpoch(): u32 {
  epoch++;
  if (epoch == 0 || epoch == EPOCHS) {
    // After 2^32 requests the marks of the first ones would look new: wipe them once.
    for (let item: u32 = 0; item < itemCount; item++) store<u32>(mark(item), 0, MARK_STAMP);
    epoch = 1;
  }
  return epoch;
}

/** The same for a selection beside the request, whose marks stay as they are. */
export function nextEpochAside(): u32 {
  return ++epoch;
}

export function nextCountingEpoch(): u32 {
  countingEpoch++;
  if (countingEpoch == 0) {
    for (let item: u32 = 0; item < itemCount; item++) store<u64>(record(item), 0, ITEM_SEEN);
    countingEpoch = 1;
  }
  return countingEpoch;
}

export function itemRecord(item: u32): u32 {
  return record(item);
}

export function itemHot(item: u32): u32 {
  return hot(item);
}
