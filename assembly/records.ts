// Rows as records of a snapshot: a row that is passed is written whole, or copied at once and
// written in parts when it is long. A record's cells all have the same number of bytes, so that
// reading one is two loads and no branch; they stand in the order of their slots.

import {
  getByte,
  getVarint,
  putByte,
  putVarint,
  readFrom,
  readPosition,
  reserveBytes,
  writePosition,
  wroteUpTo,
} from './bytes';
import {
  addCell,
  recordCells,
  numberOf,
  reserveCells,
  rowAddress,
  savingEpoch,
  slotOf,
  tableOf,
} from './counts';
import { allocate, release } from './heap';
import {
  CELL_BYTES,
  CELL_COUNT,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  KEY_MASK,
  ROW_CAPACITY,
  ROW_CELLS,
  ROW_SAVED,
  ROW_SIZE,
} from './layout';

/** Some 0.2 ms of writing; the copy of a row of 100,000 cells takes about as long. */
const PART_SLOTS: u32 = 2048;
/** The head of a record, and what the last cell's stores write beyond it. */
const RECORD_SLACK: u32 = 48;

/** The row that is being written in parts: its cells as they were, and how far it is. */
let copy: u32 = 0;
let copyBytes: u32 = 0;
let copyAt: u32 = 0;
let copySize: u32 = 0;
let copyTable: u32 = 0;
let copyNumber: u32 = 0;

/** The row that was empty when the last record of cells came: it holds no cell of any other. */
let filling: u32 = 0;
/** Of the record that is being read. */
let keyBits: u32 = 0;
let countBits: u32 = 0;
let weightBits: u32 = 0;

/** Whether parts of a row have still to be written. */
export function hasParts(): bool {
  return copy != 0;
}

/** Writes a row as it stands, or begins to. */
export function saveRow(row: u32): void {
  store<u32>(row, savingEpoch, ROW_SAVED);
  const size = load<u32>(row, ROW_SIZE);
  if (!size) return;
  const table = tableOf(row);
  const number = numberOf(row);
  const cells = load<u32>(row, ROW_CELLS);
  const slots = load<u32>(row, ROW_CAPACITY);
  copySize = size;
  if (slots <= PART_SLOTS) {
    writeCells(table, number, cells, slots);
    return;
  }
  copyBytes = slots * CELL_BYTES;
  copy = allocate(copyBytes);
  memory.copy(copy, cells, copyBytes);
  copyAt = 0;
  copyTable = table;
  copyNumber = number;
}

/** Writes one part of the row that has been begun. */
export function savePart(): void {
  const bytes = min(PART_SLOTS * CELL_BYTES, copyBytes - copyAt);
  writeCells(copyTable, copyNumber, copy + copyAt, bytes / CELL_BYTES);
  copyAt += bytes;
  if (copyAt == copyBytes) dropParts();
}

/** Gives up the row that has been begun, if any. */
export function dropParts(): void {
  release(copy);
  copy = 0;
}

// @ts-expect-error: decorator
@inline
function zigzag(value: i64): u64 {
  return (<u64>value << 1) ^ <u64>(value >> 63);
}

// @ts-expect-error: decorator
@inline
function unzigzag(value: u64): i64 {
  return <i64>(value >> 1) ^ -(<i64>(value & 1));
}

/** The bits of as many whole bytes as hold `value`. */
// @ts-expect-error: decorator
@inline
function bitsOf(value: u64): u32 {
  return (71 - <u32>clz<u64>(value)) & ~7;
}

/** The low `bits` set, of 0 … 64. */
// @ts-expect-error: decorator
@inline
function lowMask(bits: u32): u64 {
  return bits == 64 ? u64.MAX_VALUE : (<u64>1 << bits) - 1;
}

/**
 * table u8 | row | cells of the whole row | cells of this record | bits u8 of a key, of a count, of
 * a weight | cells × (key, count, weight), the last two zigzag
 */
function writeCells(table: u32, number: u32, cells: u32, slots: u32): void {
  const end = cells + slots * CELL_BYTES;
  let size: u32 = 0;
  let keys: u64 = 0;
  let counts: u64 = 0;
  let weights: u64 = 0;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const key = load<u32>(at, CELL_KEY);
    if (key == EMPTY) continue;
    size++;
    keys |= key & KEY_MASK;
    counts |= zigzag(load<i32>(at, CELL_COUNT));
    weights |= zigzag(load<i64>(at, CELL_WEIGHT));
  }
  const keyWidth = bitsOf(keys);
  const countWidth = bitsOf(counts);
  const weightWidth = bitsOf(weights);
  const headBytes = (keyWidth + countWidth) >> 3;
  const weightBytes = weightWidth >> 3;
  reserveBytes(RECORD_SLACK + size * (headBytes + weightBytes));
  putByte(table);
  putVarint(number);
  putVarint(copySize);
  putVarint(size);
  putByte(keyWidth);
  putByte(countWidth);
  putByte(weightWidth);
  let to = writePosition();
  for (let at = cells; at < end; at += CELL_BYTES) {
    const key = load<u32>(at, CELL_KEY);
    if (key == EMPTY) continue;
    const head = <u64>(key & KEY_MASK) | (zigzag(load<i32>(at, CELL_COUNT)) << keyWidth);
    store<u64>(to, head);
    to += headBytes;
    store<u64>(to, zigzag(load<i64>(at, CELL_WEIGHT)));
    to += weightBytes;
  }
  wroteUpTo(to);
}

/**
 * Reads what writeCells wrote, after its tag, and adds it to the row: changes of it may have come
 * before. The digest is restored apart.
 */
export function restoreRow(table: u32): void {
  const row = rowAddress(table, <u32>getVarint());
  const whole = <u32>getVarint();
  const size = <u32>getVarint();
  keyBits = getByte();
  countBits = getByte();
  weightBits = getByte();
  if (!load<u32>(row, ROW_SIZE)) {
    filling = row;
    reserveCells(row, whole);
  }
  if (row == filling) fillCells(row, size);
  else mergeCells(row, size);
}

/**
 * Puts cells into a row that holds none of their keys. They come in the order of the slots they
 * had, and so of their hashes, whatever capacity the row has now: where a hash is no lower than the
 * last one, all from its slot to the last cell's is taken, and the probe goes on behind that. So
 * slots are written one after the other, and hardly ever searched.
 */
function fillCells(row: u32, size: u32): void {
  const cells = load<u32>(row, ROW_CELLS);
  const capacity = load<u32>(row, ROW_CAPACITY);
  const keyMask = lowMask(keyBits);
  const countMask = lowMask(countBits);
  const weightMask = lowMask(weightBits);
  const headBytes = (keyBits + countBits) >> 3;
  const weightBytes = weightBits >> 3;
  const shift = <u64>keyBits;
  let from = readPosition();
  let lastHome: u32 = 0;
  let next: u32 = 0;
  for (let k: u32 = 0; k < size; k++) {
    const head = load<u64>(from);
    from += headBytes;
    const weight = unzigzag(load<u64>(from) & weightMask);
    from += weightBytes;
    const key = <u32>(head & keyMask);
    const home = slotOf(key, capacity);
    let slot = home < lastHome ? home : max(home, next);
    if (slot == capacity) slot = 0;
    while (load<u32>(cells + slot * CELL_BYTES, CELL_KEY) != EMPTY) {
      slot++;
      if (slot == capacity) slot = 0;
    }
    lastHome = home;
    next = slot + 1;
    const at = cells + slot * CELL_BYTES;
    store<u32>(at, key, CELL_KEY);
    store<i32>(at, <i32>unzigzag((head >> shift) & countMask), CELL_COUNT);
    store<i64>(at, weight, CELL_WEIGHT);
  }
  readFrom(from);
  recordCells(row, size);
}

/** Adds cells to a row that holds changes of them. */
function mergeCells(row: u32, size: u32): void {
  const keyMask = lowMask(keyBits);
  const countMask = lowMask(countBits);
  const weightMask = lowMask(weightBits);
  let from = readPosition();
  for (let k: u32 = 0; k < size; k++) {
    const head = load<u64>(from);
    from += (keyBits + countBits) >> 3;
    const weight = unzigzag(load<u64>(from) & weightMask);
    from += weightBits >> 3;
    const count = <i32>unzigzag((head >> keyBits) & countMask);
    addCell(row, <u32>(head & keyMask), weight, count, 0);
  }
  readFrom(from);
}
