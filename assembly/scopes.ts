// Places: stores by number, each with seven popularity rows: one a daypart, and the whole day's.
// Number 0 is the chain.

import { reserveScopes } from './counts';
import { blockBytes, enlarge } from './heap';
import { ROWS_A_PLACE, ROW_BYTES } from './layout';

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
