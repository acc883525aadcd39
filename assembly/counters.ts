// The counters of an item, each change of which moves the digest, and the hot values that follow
// from them.

import { getVarint, getZigzag, putByte, putVarint, putZigzag, reserveVarints } from './bytes';
import { addDigest, savingEpoch } from './counts';
import { hot, idHash, itemCount, lastBuys, memFactor, record, sequenceFactor } from './items';
import {
  HOT_IN_FACTOR,
  HOT_POP,
  HOT_SAME_FACTOR,
  ITEM_COUNTERS,
  ITEM_IN,
  ITEM_LAST,
  ITEM_N,
  ITEM_ON,
  ITEM_POP,
  ITEM_SAVED,
  TAG_ITEM,
} from './layout';
import { plain, power } from './weight';

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

let itemsToSave: u32 = 0;

/** A snapshot begins: it holds the items there are now. */
export function startSavingItems(): void {
  itemsToSave = itemCount;
}

/** Writes an item's counters into the snapshot as they stand, once. */
export function saveItem(item: u32): void {
  const at = record(item);
  if (load<u32>(at, ITEM_SAVED) == savingEpoch || item >= itemsToSave) return;
  store<u32>(at, savingEpoch, ITEM_SAVED);
  reserveVarints(2 + ITEM_COUNTERS);
  putByte(TAG_ITEM);
  putVarint(item);
  for (let k: u32 = 0; k < ITEM_COUNTERS; k++) putZigzag(load<i64>(record(item) + ITEM_N + k * 8));
}

/** Reads what saveItem wrote, after its tag. */
export function restoreItem(): void {
  const at = record(<u32>getVarint()) + ITEM_N;
  for (let k: u32 = 0; k < ITEM_COUNTERS; k++) store<i64>(at + k * 8, getZigzag());
}
