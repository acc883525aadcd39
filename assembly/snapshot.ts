// Counts to bytes and back: a snapshot of one moment taken in slices while counting goes on. Whatever is about to change
// before its turn has come is written out first, so every record shows the moment the snapshot began.
//
//   record: tag u8, then
//     1 NEXT, 2 SAME, 3 SCOPE:  row varint | cells varint | cells × (key varint | count zigzag | weight zigzag)
//     4 item:                   item varint | N | IN | OUT | OPP | REP | POP | SUPPORT  (zigzag varints)
//     5 totals:                 see totals.ts
import {
  CELL_BYTES,
  CELL_COUNT,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  ITEM_N,
  KEY_MASK,
  ROW_CAPACITY,
  ROW_CELLS,
  ROW_ITEM_SAVED,
  ROW_SAVED,
  ROW_SIZE,
  TABLE_NEXT,
  TABLE_SAME,
  TABLE_SCOPE,
  DAYPARTS,
} from './layout';
import {
  nextRow,
  numberOf,
  reserveCells,
  restoreCell,
  restoreRunningDigest,
  rowAddress,
  runningDigest,
  sameRow,
  savingEpoch,
  scopeRow,
  setSavingEpoch,
  tableOf,
} from './counts';
import { enlarge } from './heap';
import { itemCount, record, refreshFactors } from './items';
import { rebuildPopular } from './popular';
import { storeCount } from './scopes';
import { restoreTotals, saveTotals } from './totals';

const TAG_ITEM: u32 = 4;
const TAG_TOTALS: u32 = 5;
const COUNTERS: u32 = 7;
/** A varint of 64 bits takes at most ten bytes. */
const VARINT_MAX: u32 = 10;

let out: u32 = 0;
let outCapacity: u32 = 0;
let outLength: u32 = 0;
let epoch: u32 = 0;
let cursor: u32 = 0;
let itemsAtStart: u32 = 0;
let scopesAtStart: u32 = 0;
let input: u32 = 0;

function reserveOut(bytes: u32): void {
  if (outLength + bytes <= outCapacity) return;
  const larger = max(outLength + bytes, outCapacity * 2);
  out = enlarge(out, outCapacity, larger);
  outCapacity = larger;
}

// @ts-ignore: decorator
@inline
function putByte(value: u32): void {
  store<u8>(out + outLength, <u8>value);
  outLength++;
}

export function putVarint(value: u64): void {
  let rest = value;
  while (rest >= 128) {
    putByte(<u32>(rest & 127) | 128);
    rest >>= 7;
  }
  putByte(<u32>rest);
}

export function putZigzag(value: i64): void {
  putVarint((<u64>value << 1) ^ <u64>(value >> 63));
}

export function getVarint(): u64 {
  let value: u64 = 0;
  let shift: u64 = 0;
  while (true) {
    const byte = <u64>load<u8>(input);
    input++;
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
    shift += 7;
  }
  return value;
}

export function getZigzag(): i64 {
  const value = getVarint();
  return <i64>(value >> 1) ^ -<i64>(value & 1);
}

/** Makes room for `values` more varints. */
export function reserveVarints(values: u32): void {
  reserveOut(values * VARINT_MAX);
}

/** Writes a row as it stands, once a snapshot. */
export function saveRow(row: u32): void {
  store<u32>(row, epoch, ROW_SAVED);
  const size = load<u32>(row, ROW_SIZE);
  if (!size) return;
  const table = tableOf(row);
  reserveOut(1 + (2 + size * 3) * VARINT_MAX);
  putByte(table);
  putVarint(numberOf(row, table));
  putVarint(size);
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const key = load<u32>(at, CELL_KEY);
    if (key == EMPTY) continue;
    putVarint(key & KEY_MASK);
    putZigzag(load<i32>(at, CELL_COUNT));
    putZigzag(load<i64>(at, CELL_WEIGHT));
  }
}

/** Writes an item's counters as they stand, once a snapshot. */
export function saveItem(item: u32): void {
  const row = nextRow(item);
  if (load<u32>(row, ROW_ITEM_SAVED) == epoch || item >= itemsAtStart) return;
  store<u32>(row, epoch, ROW_ITEM_SAVED);
  reserveOut(1 + (1 + COUNTERS) * VARINT_MAX);
  putByte(TAG_ITEM);
  putVarint(item);
  for (let k: u32 = 0; k < COUNTERS; k++) putZigzag(load<i64>(record(item) + ITEM_N + k * 8));
}

/** Begins a snapshot of this moment: nothing is written but the totals. */
export function startSnapshot(): void {
  epoch++;
  setSavingEpoch(epoch);
  cursor = 0;
  itemsAtStart = itemCount;
  scopesAtStart = storeCount() * DAYPARTS;
  outLength = 0;
  reserveOut(1);
  putByte(TAG_TOTALS);
  reserveVarints(1);
  putVarint(runningDigest());
  saveTotals();
}

/** Writes until about `bytes` more lie ready or all is written; returns whether it is. */
export function continueSnapshot(bytes: u32): bool {
  const enough = outLength + bytes;
  const rows = itemsAtStart * 2 + scopesAtStart;
  while (cursor < rows && outLength < enough) {
    if (cursor < itemsAtStart) {
      saveItem(cursor);
      saveOnce(nextRow(cursor));
    } else if (cursor < itemsAtStart * 2) {
      saveOnce(sameRow(cursor - itemsAtStart));
    } else {
      saveOnce(scopeRow(cursor - itemsAtStart * 2));
    }
    cursor++;
  }
  if (cursor < rows) return false;
  setSavingEpoch(0);
  return true;
}

// @ts-ignore: decorator
@inline
function saveOnce(row: u32): void {
  if (load<u32>(row, ROW_SAVED) != epoch) saveRow(row);
}

/** Gives up the snapshot that is being taken. */
export function abandonSnapshot(): void {
  setSavingEpoch(0);
  outLength = 0;
}

export function isSaving(): bool {
  return savingEpoch != 0;
}

/** What has been written since the last drain: its address; its length is told by snapshotBytes. */
export function snapshotAddress(): u32 {
  return out;
}

export function snapshotBytes(): u32 {
  return outLength;
}

/** After the bytes were copied out. */
export function drainSnapshot(): void {
  outLength = 0;
}

function restoreRow(table: u32): void {
  const row = rowAddress(table, <u32>getVarint());
  const size = <u32>getVarint();
  reserveCells(row, size);
  for (let k: u32 = 0; k < size; k++) {
    const key = <u32>getVarint();
    const count = <i32>getZigzag();
    restoreCell(row, key, getZigzag(), count);
  }
}

/** Reads the records of one block into counts that were empty. Returns false when the block is not understood. */
export function restoreSnapshot(address: u32, bytes: u32): bool {
  input = address;
  const end = address + bytes;
  while (input < end) {
    const tag = <u32>load<u8>(input);
    input++;
    if (tag == TABLE_NEXT || tag == TABLE_SAME || tag == TABLE_SCOPE) {
      restoreRow(tag);
    } else if (tag == TAG_ITEM) {
      const item = <u32>getVarint();
      for (let k: u32 = 0; k < COUNTERS; k++) store<i64>(record(item) + ITEM_N + k * 8, getZigzag());
    } else if (tag == TAG_TOTALS) {
      const digest = getVarint();
      restoreTotals();
      restoreRunningDigest(digest);
    } else {
      return false;
    }
  }
  return input == end;
}

/** After the last block: derives what is not stored. */
export function finishRestore(): void {
  for (let item: u32 = 0; item < itemCount; item++) refreshFactors(item);
  rebuildPopular();
}
