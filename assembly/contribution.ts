// What one basket adds to the counts (docs/reference/counts.md), and its inverse: the cells of each
// table. In which order baskets are counted stands in change.ts.

import { addCell, mix, warmRow } from './counts';
import {
  addCounter,
  refreshFirst,
  refreshIn,
  refreshPopularity,
  refreshTogether,
} from './counters';
import {
  addKnown,
  endBasket,
  forgetKnown,
  markHeld,
  countKnownHabits,
  knownTotal,
  addKnownGap,
} from './habits';
import { allocate } from './heap';
import {
  BASKET_DAY,
  BASKET_DAYPART,
  BASKET_FIRST,
  BASKET_ITEMS,
  BASKET_STORE,
} from './history';
import { memRow, nextRow, record, sameRow, setSold } from './items';
import {
  FIRSTS_MAX,
  FRESH_MAX,
  ITEM_COUNTED,
  ITEM_GAP_DAYS,
  ITEM_GAPS,
  ITEM_HASH,
  ITEM_IN,
  ITEM_N,
  ITEM_ON,
  ITEM_ON0,
  ITEM_OPP,
  ITEM_OUT,
  ITEM_PLACE,
  ITEM_POP,
  ITEM_REP,
  ITEM_SEEN,
  ITEM_SUPPORT,
  NEXT_PAIRS_MAX,
  PAIR_ITEMS_MAX,
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_SAME,
} from './layout';
import { BY_SALES, popularityChanged } from './popular';
import { cellChanged } from './rows';
import { addToPlace, storeHash } from './scopes';
import {
  addDay,
  addGaps,
  isUsualGap,
  addOpportunities,
  addPopularityTotal,
} from './totals';
import { fixed, pairGrowth, popGrowth } from './weight';

/** So many of what a member knows are counted in the time of one cell. */
const KNOWN_A_CELL: u32 = 16;
const DIGEST_NEXT: u64 = 1;
const DIGEST_SAME: u64 = 2;
const DIGEST_MEM: u64 = 3;
const DIGEST_SCOPE: u64 = 20;

/** A member's last FIRSTS_MAX first-bought items, a ring in the order of their first purchase. */
let firsts: u32 = 0;
let firstsCount: u32 = 0;
/** The items of one basket that were never bought before. */
let fresh: u32 = 0;
let freshCount: u32 = 0;

/** About how many cells were changed since clearWork, or something as long. */
let work: u32 = 0;

export function clearWork(): void {
  work = 0;
}

export function addWork(more: u32): void {
  work += more;
}

export function workDone(): u32 {
  return work;
}

/** Of the items' rows only those of one part are counted; the first has those of scopes too. */
let part: u32 = 0;
let parts: u32 = 1;

/**
 * Counts only a part of the rows from here on, of an instance that has counted nothing: all parts
 * together are the whole, and counters and totals are in each.
 */
export function countPart(which: u32, ofParts: u32): void {
  part = which;
  parts = ofParts;
}

// @ts-expect-error: decorator
@inline
function isOfPart(item: u32): bool {
  return parts == 1 || item % parts == part;
}

export function startContribution(): void {
  firsts = allocate(FIRSTS_MAX * 4);
  fresh = allocate(PAIR_ITEMS_MAX * 4);
}

// @ts-expect-error: decorator
@inline
function itemAt(first: u32, index: u32): u32 {
  return load<u32>(first + index * 4);
}

// @ts-expect-error: decorator
@inline
function rowKey(table: u64, hash: u64): u64 {
  return mix(mix(table) + hash);
}

// @ts-expect-error: decorator
@inline
function hashOf(item: u32): u64 {
  return load<u64>(record(item), ITEM_HASH);
}

// @ts-expect-error: decorator
@inline
function lagWeight(lag: u32): f64 {
  return lag == 1 ? 1.0 : lag == 2 ? 0.7 : 0.49;
}

/** Whether baskets of so many items, one following on the other, are counted as such. */
export function isNextCounted(before: u32, count: u32): bool {
  return before <= PAIR_ITEMS_MAX && count <= PAIR_ITEMS_MAX && before * count <= NEXT_PAIRS_MAX;
}

/** NEXT, IN, OUT, OPP and REP of one basket and the one `lag` before it. */
export function addLag(
  previous: u32,
  basket: u32,
  lag: u32,
  growth: f64,
  sign: i64,
  epoch: u32,
): void {
  const before = load<u32>(previous, BASKET_FIRST);
  const beforeCount = load<u32>(previous, BASKET_ITEMS);
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  if (!isNextCounted(beforeCount, count)) return;
  work += beforeCount * count;
  const base = lagWeight(lag) * growth;
  const opportunity = sign * fixed(base);
  const weight = sign * fixed(base / sqrt(sqrt(<f64>(beforeCount * count))));
  for (let k: u32 = 0; k < count; k++) {
    addCounter(itemAt(first, k), ITEM_IN, weight);
    refreshIn(itemAt(first, k));
  }
  for (let k: u32 = 0; k < beforeCount; k++) {
    const item = itemAt(before, k);
    addCounter(item, ITEM_OUT, weight);
    addCounter(item, ITEM_OPP, opportunity);
    addOpportunities(opportunity, 0);
    // A pair counts one receipt once, at the nearest lag that holds its first item.
    const own = record(item);
    const fresh = load<u32>(own, ITEM_COUNTED) != epoch;
    store<u32>(own, epoch, ITEM_COUNTED);
    const increment = fresh ? <i32>sign : 0;
    const row = nextRow(item);
    const key = rowKey(DIGEST_NEXT, hashOf(item));
    const counts = isOfPart(item);
    if (counts) warmRow(row, first, count);
    for (let l: u32 = 0; l < count; l++) {
      const other = itemAt(first, l);
      if (other == item) {
        addCounter(item, ITEM_REP, opportunity);
        addOpportunities(0, opportunity);
        continue;
      }
      if (!counts) continue;
      const now = addCell(row, other, weight, increment, mix(key + hashOf(other)) | 1);
      cellChanged(row, TABLE_NEXT, other, now, sign > 0);
    }
  }
}

/** N and SAME of one basket. */
export function addTogether(basket: u32, growth: f64, sign: i64): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  if (count > PAIR_ITEMS_MAX) return;
  work += count * count;
  const weight = sign * fixed(growth / sqrt(<f64>max<i32>(1, <i32>count - 1)));
  for (let k: u32 = 0; k < count; k++) {
    addCounter(itemAt(first, k), ITEM_N, weight);
    refreshTogether(itemAt(first, k));
  }
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
    if (!isOfPart(item)) continue;
    const row = sameRow(item);
    const key = rowKey(DIGEST_SAME, hashOf(item));
    warmRow(row, first, count);
    for (let l: u32 = 0; l < count; l++) {
      const other = itemAt(first, l);
      if (other == item) continue;
      const now = addCell(row, other, weight, <i32>sign, mix(key + hashOf(other)) | 1);
      cellChanged(row, TABLE_SAME, other, now, sign > 0);
    }
  }
}

/** SUPPORT, POP, SCOPE and DAYS of one basket. */
export function addPopularity(basket: u32, sign: i64): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  const day = load<i32>(basket, BASKET_DAY);
  const daypart = load<u32>(basket, BASKET_DAYPART);
  const place = load<u32>(basket, BASKET_STORE);
  const weight = sign * fixed(popGrowth(day));
  work += count * (place ? 6 : 4);
  addDay(day, sign);
  addPopularityTotal(weight);
  const chainKey = rowKey(DIGEST_SCOPE + <u64>daypart, 0);
  const storeKey = rowKey(DIGEST_SCOPE + <u64>daypart, storeHash(place));
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
    const support = addCounter(item, ITEM_SUPPORT, sign);
    if (support == 0 || support == sign) setSold(item, support > 0);
    addCounter(item, ITEM_POP, weight);
    refreshPopularity(item);
    popularityChanged(BY_SALES, item);
    if (part) continue;
    const hash = hashOf(item);
    addToPlace(0, daypart, item, weight, <i32>sign, mix(chainKey + hash) | 1);
    if (place) addToPlace(place, daypart, item, weight, <i32>sign, mix(storeKey + hash) | 1);
  }
}

/**
 * Marks the items of the member's basket `at` with `epoch`; returns how many bore it already, and
 * adds their GAP_DAYS and GAPS unless `sign` is 0. Those that did not are the basket's fresh ones;
 * a basket that pairs with nothing has none.
 */
export function addGapsOf(basket: u32, at: u32, epoch: u32, sign: i64): u32 {
  const day = load<i32>(basket, BASKET_DAY);
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  const pairs = count <= PAIR_ITEMS_MAX;
  let known: u32 = 0;
  freshCount = 0;
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
    const own = record(item);
    if (load<u32>(own, ITEM_SEEN) == epoch) {
      known++;
      const gap = addKnownGap(load<u32>(own, ITEM_PLACE), at, day);
      if (sign && isUsualGap(gap)) addGap(item, sign * <i64>gap, sign);
    } else {
      store<u32>(own, epoch, ITEM_SEEN);
      store<u32>(own, addKnown(item, at, day), ITEM_PLACE);
      if (pairs) store<u32>(fresh + freshCount++ * 4, item);
    }
  }
  endBasket();
  return known;
}

function addGap(item: u32, days: i64, sign: i64): void {
  addCounter(item, ITEM_GAP_DAYS, days);
  addCounter(item, ITEM_GAPS, sign);
  addGaps(days, sign);
}

/** What the member bought before basket `at` is bought again in it, or is not. */
export function countHabits(basket: u32, at: u32, seen: u32, growth: f64, sign: i64): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  if (count > PAIR_ITEMS_MAX) return;
  for (let k: u32 = 0; k < count; k++) {
    const own = record(itemAt(first, k));
    if (load<u32>(own, ITEM_SEEN) == seen) markHeld(load<u32>(own, ITEM_PLACE), at);
  }
  countKnownHabits(at, growth, sign);
  work += knownTotal() / KNOWN_A_CELL;
}

/** Nothing is known of the history to come. */
export function forgetHistory(): void {
  firstsCount = 0;
  forgetKnown();
}

/** The fresh items of the basket met last join the member's first-bought ones. */
export function rememberFresh(): void {
  for (let k: u32 = 0; k < freshCount; k++) {
    store<u32>(firsts + (firstsCount++ % FIRSTS_MAX) * 4, itemAt(fresh, k));
  }
}

/** MEM cells from one item to `count` others. */
function addMemRow(item: u32, others: u32, count: u32, weight: i64, sign: i64): void {
  if (!isOfPart(item)) return;
  const row = memRow(item);
  const key = rowKey(DIGEST_MEM, hashOf(item));
  warmRow(row, others, count);
  for (let k: u32 = 0; k < count; k++) {
    const other = itemAt(others, k);
    if (other == item) continue;
    const now = addCell(row, other, weight, <i32>sign, mix(key + hashOf(other)) | 1);
    cellChanged(row, TABLE_MEM, other, now, sign > 0);
  }
}

/** ON, ON0 and MEM of the fresh items of the basket met last. */
export function addFresh(day: i32, sign: i64): void {
  if (freshCount > FRESH_MAX) return;
  const before = min(firstsCount, FIRSTS_MAX);
  const together = sqrt(<f64>max<i32>(1, <i32>(before + freshCount) - 1));
  const weight = sign * fixed(pairGrowth(day) / together);
  const timeless = sign * fixed(1.0 / together);
  work += freshCount * (2 * before + freshCount);
  for (let k: u32 = 0; k < freshCount; k++) {
    const item = itemAt(fresh, k);
    addCounter(item, ITEM_ON, weight);
    addCounter(item, ITEM_ON0, timeless);
    refreshFirst(item);
  }
  for (let k: u32 = 0; k < before; k++) {
    addMemRow(itemAt(firsts, k), fresh, freshCount, weight, sign);
  }
  for (let k: u32 = 0; k < freshCount; k++) {
    const item = itemAt(fresh, k);
    addMemRow(item, firsts, before, weight, sign);
    addMemRow(item, fresh, freshCount, weight, sign);
  }
}
