// Places: stores by number, each with eight popularity rows: one a daypart, one of
// receipts without a time of day, and the whole day's.
// Number 0 is the chain.

import { addCell, lastCell, moveCell, reserveScopes, scopeRow } from './counts';
import { blockBytes, enlarge } from './heap';
import {
  CELL_BYTES,
  ROWS_A_PLACE,
  ROW_BYTES,
  ROW_CELLS,
  ROW_VIEW,
  WHOLE_DAY,
} from './layout';
import { slotChanged, slotRose } from './tops';

let hashes: u32 = 0;
let capacity: u32 = 0;
let stores: u32 = 0;

function push(hash: u64): u32 {
  if (stores == capacity) {
    const larger = max<u32>(64, capacity * 2);
    hashes = enlarge(hashes, capacity * 8, larger * 8);
    capacity = larger;
    reserveScopes(larger * ROWS_A_PLACE);
  }
  store<u64>(hashes + stores * 8, hash);
  return stores++;
}

/** What so many more stores would take. */
export function scopesBytes(more: u32): u64 {
  if (stores + more <= capacity) return 0;
  const larger = max(stores + more, capacity * 2);
  return <u64>blockBytes(larger * 8) + <u64>blockBytes(larger * ROWS_A_PLACE * ROW_BYTES);
}

/** Makes the chain's own rows; called once. */
export function startScopes(): void {
  push(0);
}

/** Appends a store by the XXH64 of its outside id; returns its number, from 1 on. */
export function pushStore(hash: u64): u32 {
  return push(hash);
}

// @ts-expect-error: decorator
@inline
export function storeHash(place: u32): u64 {
  return load<u64>(hashes + place * 8);
}

/** Stores and the chain. */
export function storeCount(): u32 {
  return stores;
}

/**
 * Adds to an item's cell of a place and daypart, by its key in the digest; the whole day follows.
 */
export function addToPlace(
  place: u32,
  daypart: u32,
  item: u32,
  weight: i64,
  count: i32,
  digestKey: u64,
): void {
  const row = scopeRow(place * ROWS_A_PLACE + daypart);
  if (addCell(row, item, weight, count, digestKey) != i64.MIN_VALUE) updateTops(row, weight);
  const day = scopeRow(place * ROWS_A_PLACE + WHOLE_DAY);
  if (moveCell(day, item, weight, count) != i64.MIN_VALUE) updateTops(day, weight);
}

/** Of the cell that was just changed; counts.ts tells of one that is gone. */
function updateTops(row: u32, weight: i64): void {
  if (!load<u32>(row, ROW_VIEW)) return;
  const slot = (lastCell - load<u32>(row, ROW_CELLS)) / CELL_BYTES;
  if (weight > 0) slotRose(row, slot);
  else slotChanged(row, slot);
}
