// Count rows: exact open-addressing hash tables of (key -> count, weight), one row per item or
// scope, and their digest. Linear probing with back-shift deletion, so a removed cell leaves no
// trace; capacity from the heap's size classes.

import { allocate, enlarge, release, roundUp, tryAllocate } from './heap';
import { getVarint, getZigzag, putByte, putVarint, putZigzag, reserveVarints } from './bytes';
import { memRow, nextRow, own, sameRow } from './items';
import { forgetTops, slotChanged } from './tops';
import {
  CELL_BYTES,
  CELL_COUNT,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  IN_VIEW,
  KEY_MASK,
  OWNER_LOG,
  ROW_BYTES,
  ROW_CAPACITY,
  ROW_CELLS,
  ROW_OWNER,
  ROW_SAVED,
  ROW_SIZE,
  ROW_VIEW,
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_SAME,
  TABLE_SCOPE,
  TAG_CHANGE,
} from './layout';

/** Cells are never more than this share of a row's slots: 17/20. */
const LOAD_NUMERATOR: u32 = 17;
const LOAD_DENOMINATOR: u32 = 20;
/** Smaller rows lie in a few cache lines anyway. */
const WARM_SLOTS_MIN: u32 = 64;

let scopeRows: u32 = 0;
let scopeCapacity: u32 = 0;
let cellsTotal: f64 = 0;
/** While a snapshot is taken, its epoch, which every row it has passed bears; 0 otherwise. */
export let savingEpoch: u32 = 0;
/** The rows there were when the snapshot began. */
let itemRowsSaved: u32 = 0;
let scopeRowsSaved: u32 = 0;

/** A snapshot begins, of the rows that there are now; epoch 0: it has ended. */
export function setSavingEpoch(epoch: u32, items: u32, scopes: u32): void {
  savingEpoch = epoch;
  itemRowsSaved = items;
  scopeRowsSaved = scopes;
}
/** Sum over all cells but the three totals (docs/reference/digest.md), kept with every change. */
let cellDigest: u64 = 0;

/** Room for scopes 0 … wanted-1. */
export function reserveScopes(wanted: u32): void {
  if (wanted <= scopeCapacity) return;
  const larger = max(wanted, scopeCapacity * 2);
  scopeRows = enlarge(scopeRows, scopeCapacity * ROW_BYTES, larger * ROW_BYTES);
  for (let at = scopeCapacity; at < larger; at++) own(scopeRow(at), TABLE_SCOPE, at);
  scopeCapacity = larger;
}

// @ts-expect-error: decorator
@inline
export function scopeRow(scope: u32): u32 {
  return scopeRows + scope * ROW_BYTES;
}

/** The address of a row's directory entry, for readers outside. */
export function rowAddress(table: u32, row: u32): u32 {
  if (table == TABLE_NEXT) return nextRow(row);
  if (table == TABLE_SAME) return sameRow(row);
  if (table == TABLE_MEM) return memRow(row);
  return scopeRow(row);
}

/** The finaliser of splitmix64 (Steele, Lea, Flood 2014). */
// @ts-expect-error: decorator
@inline
export function mix(value: u64): u64 {
  let x = value;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/** The slot that a key's probe begins at; it rises with the key's hash, whatever the capacity. */
// @ts-expect-error: decorator
@inline
export function slotOf(key: u32, capacity: u32): u32 {
  return <u32>((<u64>(key * 0x9e3779b1) * <u64>capacity) >> 32);
}

/**
 * The address of the cell of `key`, or of the empty slot where it would go; 0 for a row without
 * slots.
 */
// @ts-expect-error: decorator
@inline
function probeCell(row: u32, key: u32): u32 {
  const capacity = load<u32>(row, ROW_CAPACITY);
  if (!capacity) return 0;
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + capacity * CELL_BYTES;
  let at = cells + slotOf(key, capacity) * CELL_BYTES;
  while (true) {
    const found = load<u32>(at, CELL_KEY);
    if (found == EMPTY) return at;
    if ((found & KEY_MASK) == key) return at;
    at += CELL_BYTES;
    if (at == end) at = cells;
  }
}

/** The address of the cell of `key` in a row, or 0. */
export function findCell(row: u32, key: u32): u32 {
  const at = probeCell(row, key);
  return at && load<u32>(at, CELL_KEY) != EMPTY ? at : 0;
}

/** Keeps the loads of warmRow from being optimised away. */
let sink: u32 = 0;

/**
 * Loads the home slots of many keys at once: loads that do not wait for each other overlap their
 * cache misses, which the branches of one probe after another would not (measured in
 * bench/README.md).
 */
export function warmRow(row: u32, keys: u32, count: u32): void {
  const capacity = load<u32>(row, ROW_CAPACITY);
  const cells = load<u32>(row, ROW_CELLS);
  if (capacity < WARM_SLOTS_MIN) return;
  let sum: u32 = 0;
  for (let k: u32 = 0; k < count; k++) {
    sum += load<u32>(cells + slotOf(load<u32>(keys + k * 4), capacity) * CELL_BYTES, CELL_KEY);
  }
  sink = sum;
}

/** The first empty slot for a key that is not in the row. */
function emptyCell(cells: u32, capacity: u32, key: u32): u32 {
  let slot = slotOf(key, capacity);
  while (load<u32>(cells + slot * CELL_BYTES, CELL_KEY) != EMPTY) {
    slot++;
    if (slot == capacity) slot = 0;
  }
  return cells + slot * CELL_BYTES;
}

/** What a row of so many slots takes at the least. */
// @ts-expect-error: decorator
@inline
export function rowBytes(slots: u32): u32 {
  return roundUp(slots * CELL_BYTES);
}

function growRow(row: u32, minimum: u32): void {
  const bytes = rowBytes(minimum);
  moveRow(row, allocate(bytes), bytes);
}

/** Where there is no room for a smaller block the row keeps its own. */
function shrinkRow(row: u32, minimum: u32): void {
  const bytes = rowBytes(minimum);
  const cells = tryAllocate(bytes);
  if (cells) moveRow(row, cells, bytes);
}

/** Moves the cells of a row to a block of `bytes`. */
function moveRow(row: u32, cells: u32, bytes: u32): void {
  const oldCells = load<u32>(row, ROW_CELLS);
  const oldCapacity = load<u32>(row, ROW_CAPACITY);
  const capacity = bytes / CELL_BYTES;
  // All ones is the key of an empty slot; a call that writes everything beats a loop over keys.
  memory.fill(cells, 0xff, bytes);
  for (let slot: u32 = 0; slot < oldCapacity; slot++) {
    const from = oldCells + slot * CELL_BYTES;
    const key = load<u32>(from, CELL_KEY);
    if (key == EMPTY) continue;
    const to = emptyCell(cells, capacity, key & KEY_MASK);
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, CELL_WEIGHT), CELL_WEIGHT);
  }
  if (tableOf(row) == TABLE_SCOPE) forgetTops(row);
  release(oldCells);
  store<u32>(row, cells, ROW_CELLS);
  store<u32>(row, capacity, ROW_CAPACITY);
}

/** So many slots hold `size` cells. */
// @ts-expect-error: decorator
@inline
export function slotsFor(size: u32): u32 {
  return (size * LOAD_DENOMINATOR) / LOAD_NUMERATOR + 1;
}

/** Takes the cell out and moves later cells of its probe run back over the hole. */
function removeCell(row: u32, at: u32): void {
  const cells = load<u32>(row, ROW_CELLS);
  const capacity = load<u32>(row, ROW_CAPACITY);
  const first = (at - cells) / CELL_BYTES;
  let hole = first;
  let slot = hole;
  while (true) {
    slot++;
    if (slot == capacity) slot = 0;
    const from = cells + slot * CELL_BYTES;
    const key = load<u32>(from, CELL_KEY);
    if (key == EMPTY) break;
    const home = slotOf(key & KEY_MASK, capacity);
    // A cell may move to the hole only if its home does not lie cyclically in (hole, slot].
    const stays = hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;
    if (stays) continue;
    const to = cells + hole * CELL_BYTES;
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, CELL_WEIGHT), CELL_WEIGHT);
    hole = slot;
  }
  store<u32>(cells + hole * CELL_BYTES, EMPTY, CELL_KEY);
  const size = load<u32>(row, ROW_SIZE) - 1;
  store<u32>(row, size, ROW_SIZE);
  cellsTotal -= 1;
  if (tableOf(row) == TABLE_SCOPE) slotsChanged(row, first, hole);
  if (!size) {
    if (tableOf(row) == TABLE_SCOPE) forgetTops(row);
    release(cells);
    store<u32>(row, 0, ROW_CELLS);
    store<u32>(row, 0, ROW_CAPACITY);
  } else if (capacity > 8 && size * 4 < capacity) {
    shrinkRow(row, slotsFor(size));
  }
}

/** Tells a row's tops of all slots from `first` round to `last`. */
function slotsChanged(row: u32, first: u32, last: u32): void {
  const capacity = load<u32>(row, ROW_CAPACITY);
  let slot = first;
  slotChanged(row, slot);
  while (slot != last) {
    slot++;
    if (slot == capacity) slot = 0;
    slotChanged(row, slot);
  }
}

/**
 * Adds to one cell, makes it when absent, removes it when both its values reach zero. `digestKey`
 * is key(T, a, b) of docs/reference/digest.md. Returns the cell's new weight in fixed point, or
 * i64.MIN_VALUE when it was removed; `lastKey` then tells the key as stored before (with its view
 * bit).
 */
export function addCell(row: u32, key: u32, weight: i64, count: i32, digestKey: u64): i64 {
  cellDigest += <u64>weight * digestKey + <u64>(<i64>count) * (rotl<u64>(digestKey, 32) | 1);
  return moveCell(row, key, weight, count);
}

/** The same where the digest need not know: what it adds follows from other cells. */
export function moveCell(row: u32, key: u32, weight: i64, count: i32): i64 {
  if (savingEpoch && load<u32>(row, ROW_SAVED) != savingEpoch) {
    saveChange(row, key, weight, count);
  }
  let at = probeCell(row, key);
  if (!at || load<u32>(at, CELL_KEY) == EMPTY) {
    if (weight == 0 && count == 0) return i64.MIN_VALUE;
    const size = load<u32>(row, ROW_SIZE) + 1;
    const wanted = slotsFor(size);
    if (wanted > load<u32>(row, ROW_CAPACITY)) {
      growRow(row, wanted);
      at = emptyCell(load<u32>(row, ROW_CELLS), load<u32>(row, ROW_CAPACITY), key);
    }
    lastCell = at;
    store<u32>(at, key, CELL_KEY);
    store<i32>(at, count, CELL_COUNT);
    store<i64>(at, weight, CELL_WEIGHT);
    store<u32>(row, size, ROW_SIZE);
    cellsTotal += 1;
    lastKey = key;
    return weight;
  }
  lastKey = load<u32>(at, CELL_KEY);
  lastCell = at;
  const newWeight = load<i64>(at, CELL_WEIGHT) + weight;
  const newCount = load<i32>(at, CELL_COUNT) + count;
  if (newWeight == 0 && newCount == 0) {
    removeCell(row, at);
    return i64.MIN_VALUE;
  }
  store<i64>(at, newWeight, CELL_WEIGHT);
  store<i32>(at, newCount, CELL_COUNT);
  return newWeight;
}

/** The stored key that the last addCell met: tells whether the cell is in the row's view. */
export let lastKey: u32 = 0;
/** Where the cell stands that it changed or made. */
export let lastCell: u32 = 0;

export function setInView(row: u32, key: u32, inView: bool): void {
  const at = findCell(row, key);
  if (at) store<u32>(at, inView ? key | IN_VIEW : key, CELL_KEY);
}

/** Forgets the bit of every cell: the row has no view any more, or gets a new one. */
export function clearInView(row: u32): void {
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const key = load<u32>(at, CELL_KEY);
    if (key != EMPTY) store<u32>(at, key & KEY_MASK, CELL_KEY);
  }
}

/** The table of the row whose directory entry lies at `row`, and its number there. */
export function tableOf(row: u32): u32 {
  return load<u32>(row, ROW_OWNER) >> OWNER_LOG;
}

export function numberOf(row: u32): u32 {
  return load<u32>(row, ROW_OWNER) & ((1 << OWNER_LOG) - 1);
}

/**
 * Writes into the snapshot what has to be taken off a row that it has not passed yet, because it
 * will find the row with this change: tag u8 | row | key | -count | -weight. A receipt changes a
 * few cells of many long rows; to write each row out before its first change took milliseconds.
 */
function saveChange(row: u32, key: u32, weight: i64, count: i32): void {
  const table = tableOf(row);
  const number = numberOf(row);
  if (number >= (table == TABLE_SCOPE ? scopeRowsSaved : itemRowsSaved)) return;
  reserveVarints(5);
  putByte(TAG_CHANGE + table);
  putVarint(number);
  putVarint(key);
  putZigzag(-(<i64>count));
  putZigzag(-weight);
}

/** Reads what saveChange wrote, after its tag. The digest is restored apart. */
export function restoreChange(table: u32): void {
  const row = rowAddress(table, <u32>getVarint());
  const key = <u32>getVarint();
  const count = <i32>getZigzag();
  addCell(row, key, getZigzag(), count, 0);
}

/** Makes room for `cells` more cells in a row. */
export function reserveCells(row: u32, cells: u32): void {
  const wanted = slotsFor(load<u32>(row, ROW_SIZE) + cells);
  if (wanted > load<u32>(row, ROW_CAPACITY)) growRow(row, wanted);
}

/** Cells were put into a row by hand (records.ts). */
export function recordCells(row: u32, cells: u32): void {
  store<u32>(row, load<u32>(row, ROW_SIZE) + cells, ROW_SIZE);
  cellsTotal += <f64>cells;
}

export function restoreRunningDigest(digest: u64): void {
  cellDigest = digest;
}

export function runningDigest(): u64 {
  return cellDigest;
}

/** key(table, a, 0) of docs/reference/digest.md. */
export function digestKey(table: u64, a: u64): u64 {
  return mix(mix(mix(table) + a)) | 1;
}

/** Adds a change of a cell without a count, by its key. */
// @ts-expect-error: decorator
@inline
export function addKeyed(key: u64, delta: i64): void {
  cellDigest += <u64>delta * key;
}

/** Adds a change of a cell without a count, of key(table, a, 0). */
export function addDigest(table: u64, a: u64, delta: i64): void {
  addKeyed(digestKey(table, a), delta);
}

/** Cells in all rows. */
export function cellCount(): f64 {
  return cellsTotal;
}
