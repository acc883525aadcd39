// The digest made anew from the cells themselves, a part of the items at a time: the running digest
// follows changes, and would not notice a cell that changed by itself.

import { mix, rowAddress, runningDigest } from './counts';
import { HABIT_CELLS, habitExpected, habitRebought } from './habits';
import { idHash, itemCount, record } from './items';
import {
  DAYPARTS,
  ROWS_A_PLACE,
  CELL_BYTES,
  CELL_COUNT,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  ITEM_COUNTERS,
  ITEM_N,
  KEY_MASK,
  ROW_CAPACITY,
  ROW_CELLS,
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_SAME,
  TABLE_SCOPE,
} from './layout';
import { storeCount, storeHash } from './scopes';
import { newestDay, receiptsOn } from './totals';

// @ts-expect-error: decorator
@inline
function tableKey(table: u64, hash: u64): u64 {
  return mix(mix(table) + hash);
}

/** The cells of one row, whose key(T, a, …) is `key`. */
function rowDigest(row: u32, key: u64): u64 {
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
  let sum: u64 = 0;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const found = load<u32>(at, CELL_KEY);
    if (found == EMPTY) continue;
    const cell = mix(key + idHash(found & KEY_MASK)) | 1;
    const count = <u64>(<i64>load<i32>(at, CELL_COUNT));
    sum += <u64>load<i64>(at, CELL_WEIGHT) * cell + count * (rotl<u64>(cell, 32) | 1);
  }
  return sum;
}

/** Of a row of NEXT, SAME or MEM, or of a scope: what its cells add up to. */
export function digestOfRow(table: u32, number: u32): u64 {
  const row = rowAddress(table, number);
  if (table != TABLE_SCOPE) return rowDigest(row, tableKey(table, idHash(number)));
  const place = storeHash(number / ROWS_A_PLACE);
  return rowDigest(row, tableKey(20 + (number % ROWS_A_PLACE), place));
}

function itemDigest(item: u32): u64 {
  const hash = idHash(item);
  let sum: u64 = digestOfRow(TABLE_NEXT, item);
  sum += digestOfRow(TABLE_SAME, item);
  sum += digestOfRow(TABLE_MEM, item);
  for (let k: u32 = 0; k < ITEM_COUNTERS; k++) {
    // In the order of their table codes: 10 to 19, then from 40 on (items.ts).
    const table: u64 = k < 10 ? 10 + k : 30 + k;
    const value = load<i64>(record(item) + ITEM_N + k * 8);
    sum += <u64>value * (mix(tableKey(table, hash)) | 1);
  }
  return sum;
}

function scopesDigest(place: u32): u64 {
  let sum: u64 = 0;
  for (let daypart: u32 = 0; daypart < DAYPARTS; daypart++) {
    sum += digestOfRow(TABLE_SCOPE, place * ROWS_A_PLACE + daypart);
  }
  return sum;
}

function habitsDigest(): u64 {
  let sum: u64 = 0;
  for (let cell: u32 = 0; cell < HABIT_CELLS; cell++) {
    sum += <u64>habitExpected(cell) * (mix(tableKey(34, cell)) | 1);
    sum += <u64>habitRebought(cell) * (mix(tableKey(35, cell)) | 1);
  }
  return sum;
}

/**
 * What the cells add up to of the items and stores whose id hash leaves `part` when divided by
 * `parts`; the days and the habits are in the first. All parts together are the running digest.
 * Reads each of these cells once.
 */
export function digestOfPart(part: u32, parts: u32): u64 {
  let sum: u64 = 0;
  for (let item: u32 = 0; item < itemCount; item++) {
    if (idHash(item) % <u64>parts == <u64>part) sum += itemDigest(item);
  }
  for (let place: u32 = 0; place < storeCount(); place++) {
    if (storeHash(place) % <u64>parts == <u64>part) sum += scopesDigest(place);
  }
  if (part != 0) return sum;
  for (let day: i32 = 0; day <= newestDay(); day++) {
    sum += <u64>receiptsOn(day) * (mix(tableKey(33, <u64>day)) | 1);
  }
  return sum + habitsDigest();
}

/** The running digest without the three totals: what all parts add up to. */
export function digestOfCells(): u64 {
  return runningDigest();
}
