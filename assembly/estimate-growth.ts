// Looks ahead: how much more memory counting a batch may take, before anything of it is counted or
// on the disk. An upper bound: every cell that may be touched is taken for a new one.

import { isNextCounted } from './contribution';
import { rowBytes, scopeRow, slotsFor, tableOf } from './counts';
import { knownBytes } from './habits';
import { allocate, blockBytes } from './heap';
import {
  AFTER_SIDE,
  BASKET_BYTES,
  BASKET_DAY,
  BASKET_DAYPART,
  BASKET_FIRST,
  BASKET_ITEMS,
  BASKET_STORE,
  basketCount,
  basketsOf,
  commonBaskets,
  commonTail,
} from './history';
import { itemsBytes, memRow, nextCountingEpoch, nextRow, record, sameRow } from './items';
import {
  CELL_BYTES,
  FIRSTS_MAX,
  FRESH_MAX,
  ITEM_SEEN,
  LAGS,
  PAIR_ITEMS_MAX,
  ROW_CAPACITY,
  ROW_ESTIMATED,
  ROW_ESTIMATED_BY,
  ROW_SIZE,
  ROWS_A_PLACE,
  ROW_VIEW,
  TABLE_SCOPE,
  VIEW_BYTES,
  VIEW_SERVED,
  WHOLE_DAY,
} from './layout';
import { scopesBytes } from './scopes';
import { topsBytes } from './tops';
import { daysBytes } from './totals';

/** Which estimate this is; rows bear it that may grow. */
let look: u32 = 0;
let bytes: u64 = 0;
/** The most that days, and the known items of one change, may take: they stay for the next. */
let daysRoom: u64 = 0;
let knownRoom: u64 = 0;
let knownCount: u32 = 0;
/** The last FIRSTS_MAX first-bought items of the history that is looked at, a ring. */
let firsts: u32 = 0;
let firstsCount: u32 = 0;

export function startEstimates(): void {
  firsts = allocate(FIRSTS_MAX * 4);
}

/** Begins a batch. */
export function beginEstimate(): void {
  look++;
  daysRoom = 0;
  knownRoom = 0;
  bytes = 0;
}

/** Adds to the estimate what so many new items and stores may take, once in a batch. */
export function estimateNew(newItems: u32, newStores: u32): void {
  bytes += itemsBytes(newItems) + scopesBytes(newStores);
}

/** What everything estimated since beginEstimate may take. */
export function estimatedBytes(): f64 {
  return <f64>(bytes + daysRoom + knownRoom);
}

/**
 * What a row needs for `more` cells: a new block, beside its old one while the cells move, and its
 * view or tops.
 */
function bytesNeededFor(row: u32, more: u32): u64 {
  const size = load<u32>(row, ROW_SIZE) + more;
  let needed: u64 = 0;
  const slots = slotsFor(size);
  const grows = slots > load<u32>(row, ROW_CAPACITY);
  if (grows) needed = blockBytes(rowBytes(slots));
  if (tableOf(row) == TABLE_SCOPE) {
    const capacity = grows ? rowBytes(slots) / CELL_BYTES : load<u32>(row, ROW_CAPACITY);
    const isMade = !grows && load<u32>(row, ROW_VIEW);
    return needed + (isMade ? 0 : blockBytes(topsBytes(capacity)));
  }
  if (size > VIEW_SERVED && !load<u32>(row, ROW_VIEW)) needed += blockBytes(VIEW_BYTES);
  return needed;
}

function estimateCells(row: u32, more: u32): void {
  const isNew = load<u32>(row, ROW_ESTIMATED_BY) != look;
  const before: u32 = isNew ? 0 : load<u32>(row, ROW_ESTIMATED);
  bytes += bytesNeededFor(row, before + more) - (isNew ? 0 : bytesNeededFor(row, before));
  store<u32>(row, before + more, ROW_ESTIMATED);
  store<u32>(row, look, ROW_ESTIMATED_BY);
}

// @ts-expect-error: decorator
@inline
function itemAt(first: u32, index: u32): u32 {
  return load<u32>(first + index * 4);
}

function estimatePlace(place: u32, daypart: u32, count: u32): void {
  estimateCells(scopeRow(place * ROWS_A_PLACE + daypart), count);
  estimateCells(scopeRow(place * ROWS_A_PLACE + WHOLE_DAY), count);
}

/** SCOPE and SAME. */
function estimateBasket(basket: u32): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  const daypart = load<u32>(basket, BASKET_DAYPART);
  const place = load<u32>(basket, BASKET_STORE);
  const room = daysBytes(load<i32>(basket, BASKET_DAY));
  daysRoom = max(daysRoom, room);
  estimatePlace(0, daypart, count);
  if (place) estimatePlace(place, daypart, count);
  if (count > PAIR_ITEMS_MAX) return;
  for (let k: u32 = 0; k < count; k++) estimateCells(sameRow(itemAt(first, k)), count - 1);
}

/** NEXT of a basket and the one `lag` before it. */
function estimateLag(basket: u32, lag: u32): void {
  const previous = basket - lag * BASKET_BYTES;
  const count = load<u32>(basket, BASKET_ITEMS);
  const before = load<u32>(previous, BASKET_ITEMS);
  if (!isNextCounted(before, count)) return;
  const first = load<u32>(previous, BASKET_FIRST);
  for (let k: u32 = 0; k < before; k++) estimateCells(nextRow(itemAt(first, k)), count);
}

/** MEM of a basket, when `counts`; its items that were never met before join the first-bought. */
function estimateFresh(basket: u32, seen: u32, counts: bool): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  const pairs = count <= PAIR_ITEMS_MAX;
  let fresh: u32 = 0;
  for (let k: u32 = 0; k < count; k++) {
    if (load<u32>(record(itemAt(first, k)), ITEM_SEEN) != seen) fresh++;
  }
  const before = min(firstsCount, FIRSTS_MAX);
  const counted = counts && pairs && fresh <= FRESH_MAX;
  if (counted && fresh) {
    for (let k: u32 = 0; k < before; k++) estimateCells(memRow(itemAt(firsts, k)), fresh);
  }
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
    if (load<u32>(record(item), ITEM_SEEN) == seen) continue;
    store<u32>(record(item), seen, ITEM_SEEN);
    knownCount++;
    if (!pairs) continue;
    if (counted) estimateCells(memRow(item), before + fresh - 1);
    store<u32>(firsts + (firstsCount++ % FIRSTS_MAX) * 4, item);
  }
}

/**
 * Adds to the estimate what the change from the history on side 0 to the one on side 1 may add,
 * with whatever else the batch does. What both sides end with has its cells already, but for those
 * that lead into it.
 */
export function estimateChange(isMember: bool): void {
  const from = commonBaskets();
  const count = basketCount(AFTER_SIDE);
  const tail = count - commonTail(from);
  const seen = nextCountingEpoch();
  firstsCount = 0;
  knownCount = 0;
  for (let at: u32 = isMember ? 0 : from; at < count; at++) {
    const basket = basketsOf(AFTER_SIDE) + at * BASKET_BYTES;
    if (at >= from && at < tail) estimateBasket(basket);
    if (!isMember) continue;
    if (at >= from && at < tail + LAGS) {
      for (let lag: u32 = 1; lag <= min(LAGS, at); lag++) estimateLag(basket, lag);
    }
    estimateFresh(basket, seen, at >= from);
  }
  knownRoom = max(knownRoom, knownBytes(knownCount));
}
