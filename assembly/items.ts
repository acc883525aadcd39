// Columns over items: records, hot values and marks, indexed by the dense item number.

import { getVarint, getZigzag, putByte, putVarint, putZigzag, reserveVarints } from './bytes';
import { addDigest, nextRow, savingEpoch } from './counts';
import { enlarge } from './heap';
import {
  FLAG_ELIGIBLE,
  HOT_BYTES,
  HOT_IN_FACTOR,
  HOT_POP,
  HOT_SAME_FACTOR,
  ITEM_BYTES,
  ITEM_LAST,
  ITEM_HASH,
  ITEM_IN,
  ITEM_N,
  ITEM_ON,
  ITEM_POP,
  MARK_BYTES,
  MARK_FLAGS,
  ROW_ITEM_SAVED,
  TAG_ITEM,
} from './layout';
import { plain, power } from './weight';

export let itemCount: u32 = 0;
let capacity: u32 = 0;
let records: u32 = 0;
let hots: u32 = 0;
let marks: u32 = 0;
/** ON[j]^-0.5, or 0 where ON[j] is 0: f32 an item. */
let memFactors: u32 = 0;
/** IN[j]^-0.2, or 0 where IN[j] is 0: f32 an item. */
let sequenceFactors: u32 = 0;
/** LAST[j] as a plain number: f32 an item. */
let lasts: u32 = 0;
/** Each request and each contribution takes a new epoch, so that no mark needs clearing. */
let epoch: u32 = 0;

// @ts-expect-error: decorator
@inline
export function record(item: u32): u32 {
  return records + item * ITEM_BYTES;
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

/** Room for `wanted` items; doubles, so that columns move rarely. */
export function reserveItems(wanted: u32): u32 {
  if (wanted <= capacity) return capacity;
  const larger = max(max(wanted, capacity * 2), 1024);
  records = enlarge(records, capacity * ITEM_BYTES, larger * ITEM_BYTES);
  hots = enlarge(hots, capacity * HOT_BYTES, larger * HOT_BYTES);
  memFactors = enlarge(memFactors, capacity * 4, larger * 4);
  sequenceFactors = enlarge(sequenceFactors, capacity * 4, larger * 4);
  lasts = enlarge(lasts, capacity * 4, larger * 4);
  marks = enlarge(marks, capacity * MARK_BYTES, larger * MARK_BYTES);
  capacity = larger;
  return capacity;
}

/** Appends an item by the XXH64 of its outside id; it may be listed. */
export function pushItem(hash: u64): u32 {
  const item = itemCount++;
  store<u64>(record(item), hash, ITEM_HASH);
  store<u32>(mark(item), FLAG_ELIGIBLE, MARK_FLAGS);
  return item;
}

export function setEligible(item: u32, eligible: bool): void {
  const flags = load<u32>(mark(item), MARK_FLAGS);
  store<u32>(mark(item), eligible ? flags | FLAG_ELIGIBLE : flags & ~FLAG_ELIGIBLE, MARK_FLAGS);
}

export function nextEpoch(): u32 {
  epoch++;
  if (epoch == 0) {
    // After 2^32 requests the marks of the first ones would look new: wipe them once.
    for (let item: u32 = 0; item < itemCount; item++) store<u64>(mark(item), 0);
    epoch = 1;
  }
  return epoch;
}

// @ts-expect-error: decorator
@inline
export function addCounter(item: u32, offset: u32, delta: i64): i64 {
  if (savingEpoch) saveItem(item);
  // Counters lie in the order of their table codes: 10 for N at offset 8 to 19 for GAP_DAYS at
  // offset 80, then from 40 on, since those between are taken.
  const place = <u64>(offset >> 3);
  addDigest(place <= 10 ? 9 + place : 29 + place, idHash(item), delta);
  const at = record(item) + offset;
  const value = load<i64>(at) + delta;
  store<i64>(at, value);
  return value;
}

/** IN[j]^-0.3 and IN[j]^-0.2; to be called before what follows from them is ranked. */
export function refreshIn(item: u32): void {
  const value = plain(load<i64>(record(item), ITEM_IN));
  store<f32>(hot(item), <f32>power(value, -0.3), HOT_IN_FACTOR);
  store<f32>(sequenceFactor(item), <f32>power(value, -0.2));
}

/** N[j]^-0.2, likewise. */
export function refreshTogether(item: u32): void {
  const value = plain(load<i64>(record(item), ITEM_N));
  store<f32>(hot(item), <f32>power(value, -0.2), HOT_SAME_FACTOR);
}

/** ON[j]^-0.5, likewise. */
export function refreshFirst(item: u32): void {
  const value = plain(load<i64>(record(item), ITEM_ON));
  store<f32>(memFactor(item), <f32>power(value, -0.5));
}

/** LAST[j], likewise. */
export function refreshLast(item: u32): void {
  store<f32>(lastBuys(item), <f32>plain(load<i64>(record(item), ITEM_LAST)));
}

/** POP[j], likewise. */
export function refreshPopularity(item: u32): void {
  store<f32>(hot(item), <f32>plain(load<i64>(record(item), ITEM_POP)), HOT_POP);
}

/** All of them. */
export function refreshFactors(item: u32): void {
  refreshIn(item);
  refreshTogether(item);
  refreshFirst(item);
  refreshLast(item);
  refreshPopularity(item);
}

export function itemRecord(item: u32): u32 {
  return record(item);
}

export function itemHot(item: u32): u32 {
  return hot(item);
}

const COUNTERS: u32 = 16;
let itemsToSave: u32 = 0;

/** A snapshot begins: it holds the items there are now. */
export function startSavingItems(): void {
  itemsToSave = itemCount;
}

/** Writes an item's counters into the snapshot as they stand, once. */
export function saveItem(item: u32): void {
  const row = nextRow(item);
  if (load<u32>(row, ROW_ITEM_SAVED) == savingEpoch || item >= itemsToSave) return;
  store<u32>(row, savingEpoch, ROW_ITEM_SAVED);
  reserveVarints(2 + COUNTERS);
  putByte(TAG_ITEM);
  putVarint(item);
  for (let k: u32 = 0; k < COUNTERS; k++) putZigzag(load<i64>(record(item) + ITEM_N + k * 8));
}

/** Reads what saveItem wrote, after its tag. */
export function restoreItem(): void {
  const at = record(<u32>getVarint()) + ITEM_N;
  for (let k: u32 = 0; k < COUNTERS; k++) store<i64>(at + k * 8, getZigzag());
}
