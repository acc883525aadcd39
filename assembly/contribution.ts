// The one contribution function: what a history adds to the counts (docs/reference/counts.md), and
// its inverse.

import { addCell, memRow, mix, nextRow, sameRow, scopeRow, warmRow } from './counts';
import {
  addKnown,
  endBasket,
  forgetKnown,
  holdKnown,
  judgeKnown,
  meetKnown,
  settleKnown,
} from './habits';
import { allocate } from './heap';
import {
  BASKET_BYTES,
  BASKET_DAY,
  BASKET_DAYPART,
  BASKET_FIRST,
  BASKET_ITEMS,
  BASKET_STORE,
  basketCount,
  basketsOf,
  commonBaskets,
} from './history';
import {
  addCounter,
  mark,
  nextEpoch,
  record,
  refreshFirst,
  refreshLast,
  refreshIn,
  refreshPopularity,
  refreshTogether,
} from './items';
import {
  DAYPARTS,
  FIRSTS_MAX,
  ITEM_HASH,
  ITEM_LAST,
  ITEM_GAP_DAYS,
  ITEM_GAPS,
  ITEM_IN,
  ITEM_N,
  ITEM_ON,
  ITEM_ON0,
  ITEM_OPP,
  ITEM_OUT,
  ITEM_POP,
  ITEM_REP,
  ITEM_SUPPORT,
  KEY_MASK,
  MARK_EXCLUDED,
  MARK_SLOT,
  MARK_STAMP,
  PAIR_ITEMS_MAX,
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_SAME,
} from './layout';
import { BY_LAST_BUYS, BY_SALES, popularityChanged } from './popular';
import { cellChanged } from './rows';
import {
  addDay,
  addLast,
  addGaps,
  addOpportunities,
  addPopularityTotal,
  addRepeatShare,
} from './totals';
import { fixed, pairGrowth, popGrowth } from './weight';

const LAGS: u32 = 3;
const DIGEST_NEXT: u64 = 1;
const DIGEST_SAME: u64 = 2;
const DIGEST_MEM: u64 = 3;
const DIGEST_SCOPE: u64 = 20;

/**
 * XXH64 of each store's id by store number; index 0 is the chain and 0. An address set by
 * scopes.ts.
 */
import { storeHash } from './scopes';

/** A member's last FIRSTS_MAX first-bought items, a ring in the order of their first purchase. */
let firsts: u32 = 0;
let firstsCount: u32 = 0;
/** The items of one basket that were never bought before. */
let fresh: u32 = 0;
let freshCount: u32 = 0;

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

/** NEXT, IN, OUT, OPP and REP of one basket and the one `lag` before it. */
function addLag(previous: u32, basket: u32, lag: u32, growth: f64, sign: i64, epoch: u32): void {
  const before = load<u32>(previous, BASKET_FIRST);
  const beforeCount = load<u32>(previous, BASKET_ITEMS);
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  if (beforeCount > PAIR_ITEMS_MAX || count > PAIR_ITEMS_MAX) return;
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
    const marks = mark(item);
    const fresh = load<u32>(marks, MARK_STAMP) != epoch;
    store<u32>(marks, epoch, MARK_STAMP);
    const increment = fresh ? <i32>sign : 0;
    const row = nextRow(item);
    const key = rowKey(DIGEST_NEXT, hashOf(item));
    warmRow(row, first, count);
    for (let l: u32 = 0; l < count; l++) {
      const other = itemAt(first, l);
      if (other == item) {
        addCounter(item, ITEM_REP, opportunity);
        addOpportunities(0, opportunity);
        continue;
      }
      const now = addCell(row, other, weight, increment, mix(key + hashOf(other)) | 1);
      cellChanged(row, TABLE_NEXT, other, now, sign > 0);
    }
  }
}

/** N and SAME of one basket. */
function addTogether(basket: u32, growth: f64, sign: i64): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  if (count > PAIR_ITEMS_MAX) return;
  const weight = sign * fixed(growth / sqrt(<f64>max<i32>(1, <i32>count - 1)));
  for (let k: u32 = 0; k < count; k++) {
    addCounter(itemAt(first, k), ITEM_N, weight);
    refreshTogether(itemAt(first, k));
  }
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
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
function addPopularity(basket: u32, sign: i64): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  const day = load<i32>(basket, BASKET_DAY);
  const daypart = load<u32>(basket, BASKET_DAYPART);
  const place = load<u32>(basket, BASKET_STORE);
  const weight = sign * fixed(popGrowth(day));
  addDay(day, sign);
  addPopularityTotal(weight);
  const chainKey = rowKey(DIGEST_SCOPE + <u64>daypart, 0);
  const storeKey = rowKey(DIGEST_SCOPE + <u64>daypart, storeHash(place));
  const chain = scopeRow(daypart);
  const local = scopeRow(place * DAYPARTS + daypart);
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
    addCounter(item, ITEM_SUPPORT, sign);
    popularityChanged(BY_SALES, item, addCounter(item, ITEM_POP, weight));
    refreshPopularity(item);
    const hash = hashOf(item);
    addCell(chain, item, weight, <i32>sign, mix(chainKey + hash) | 1);
    if (place) addCell(local, item, weight, <i32>sign, mix(storeKey + hash) | 1);
  }
}

/**
 * Marks the items of the member's basket `at` with `epoch`; returns how many bore it already, and
 * adds their GAP_DAYS and GAPS unless `sign` is 0. Those that did not are the basket's fresh ones;
 * a basket that pairs with nothing has none.
 */
function meet(basket: u32, at: u32, epoch: u32, sign: i64): u32 {
  const day = load<i32>(basket, BASKET_DAY);
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  const pairs = count <= PAIR_ITEMS_MAX;
  let known: u32 = 0;
  freshCount = 0;
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
    const marks = mark(item);
    if (load<u32>(marks, MARK_EXCLUDED) == epoch) {
      known++;
      const gap = meetKnown(load<u32>(marks, MARK_SLOT), at, day);
      if (gap > 0 && sign) addGap(item, sign * <i64>gap, sign);
    } else {
      store<u32>(marks, epoch, MARK_EXCLUDED);
      store<u32>(marks, addKnown(item, at, day), MARK_SLOT);
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
function judge(basket: u32, at: u32, seen: u32, growth: f64, sign: i64): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  if (count > PAIR_ITEMS_MAX) return;
  for (let k: u32 = 0; k < count; k++) {
    const marks = mark(itemAt(first, k));
    if (load<u32>(marks, MARK_EXCLUDED) == seen) holdKnown(load<u32>(marks, MARK_SLOT), at);
  }
  judgeKnown(at, growth, sign);
}

/** The fresh items of the basket met last join the member's first-bought ones. */
function rememberFresh(): void {
  for (let k: u32 = 0; k < freshCount; k++) {
    store<u32>(firsts + (firstsCount++ % FIRSTS_MAX) * 4, itemAt(fresh, k));
  }
}

/** MEM cells from one item to `count` others. */
function addMemRow(item: u32, others: u32, count: u32, weight: i64, sign: i64): void {
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
function addFresh(day: i32, sign: i64): void {
  const before = min(firstsCount, FIRSTS_MAX);
  const together = sqrt(<f64>max<i32>(1, <i32>(before + freshCount) - 1));
  const weight = sign * fixed(pairGrowth(day) / together);
  const timeless = sign * fixed(1.0 / together);
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

/** Adds (sign 1) or takes back (sign -1) what the baskets from `from` on contribute. */
function contribute(side: u32, from: u32, isMember: bool, sign: i64): void {
  const baskets = basketsOf(side);
  const count = basketCount(side);
  const seen = nextEpoch();
  firstsCount = 0;
  forgetKnown();
  if (isMember) {
    for (let k: u32 = 0; k < from; k++) {
      meet(baskets + k * BASKET_BYTES, k, seen, 0);
      rememberFresh();
    }
  }
  for (let k = from; k < count; k++) {
    const basket = baskets + k * BASKET_BYTES;
    const growth = pairGrowth(load<i32>(basket, BASKET_DAY));
    addPopularity(basket, sign);
    addTogether(basket, growth, sign);
    if (isMember) {
      const counted = nextEpoch();
      const lags = min(LAGS, k);
      for (let lag: u32 = 1; lag <= lags; lag++) {
        addLag(basket - lag * BASKET_BYTES, basket, lag, growth, sign, counted);
      }
      if (k > 0) judge(basket, k, seen, growth, sign);
      const known = meet(basket, k, seen, sign);
      addFresh(load<i32>(basket, BASKET_DAY), sign);
      rememberFresh();
      if (k > 0) {
        const share = fixed(<f64>known / <f64>load<u32>(basket, BASKET_ITEMS));
        addRepeatShare(sign * share, sign);
      }
    }
  }
  settleKnown(sign);
}

/** LAST of the last basket of a side. */
function addLastBasket(side: u32, sign: i64): void {
  const baskets = basketCount(side);
  if (!baskets) return;
  const basket = basketsOf(side) + (baskets - 1) * BASKET_BYTES;
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  const weight = sign * fixed(popGrowth(load<i32>(basket, BASKET_DAY)));
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
    popularityChanged(BY_LAST_BUYS, item, addCounter(item, ITEM_LAST, weight));
    addLast(weight);
    refreshLast(item);
  }
}

/**
 * Moves the counts from the history on side 0 to the one on side 1: takes back what the first
 * contributed and adds what the second does, from the first basket that differs. Either may be
 * empty.
 */
export function applyChange(isMember: bool): void {
  const from = commonBaskets();
  contribute(0, from, isMember, -1);
  contribute(1, from, isMember, 1);
  if (!isMember) return;
  addLastBasket(0, -1);
  addLastBasket(1, 1);
}
