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
  ROW_FORESEEN,
  ROW_FORESEEN_BY,
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

/** Which look this is; rows bear it that were foreseen to grow. */
let look: u32 = 0;
let bytes: u64 = 0;
/** The most that days, and the known items of one change, may take: they stay for the next. */
let daysRoom: u64 = 0;
let knownRoom: u64 = 0;
let knownCount: u32 = 0;
/** The last FIRSTS_MAX first-bought items of the history that is looked at, a ring. */
let firsts: u32 = 0;
let firstsCount: u32 = 0;

export function startForesight(): void {
  firsts = allocate(FIRSTS_MAX * 4);
}

/** Begins a batch that brings so many new items and stores. */
export function beginForesight(newItems: u32, newStores: u32): void {
  look++;
  daysRoom = 0;
  knownRoom = 0;
  bytes = itemsBytes(newItems) + scopesBytes(newStores);
}

/** What everything foreseen since beginForesight may take. */
export function foreseenBytes(): f64 {
  return <f64>(bytes + daysRoom + knownRoom);
}

/**
 * What a row needs for `more` cells: a new block, beside its old one while the cells move, and its
 * view or tops.
 */
function neededFor(row: u32, more: u32): u64 {
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

function foreseeCells(row: u32, more: u32): void {
  const isNew = load<u32>(row, ROW_FORESEEN_BY) != look;
  const before: u32 = isNew ? 0 : load<u32>(row, ROW_FORESEEN);
  bytes += neededFor(row, before + more) - (isNew ? 0 : neededFor(row, before));
  store<u32>(row, before + more, ROW_FORESEEN);
  store<u32>(row, look, ROW_FORESEEN_BY);
}

// @ts-expect-error: decorator
@inline
function itemAt(first: u32, index: u32): u32 {
  return load<u32>(first + index * 4);
}

function foreseePlace(place: u32, daypart: u32, count: u32): void {
  foreseeCells(scopeRow(place * ROWS_A_PLACE + daypart), count);
  foreseeCells(scopeRow(place * ROWS_A_PLACE + WHOLE_DAY), count);
}

/** SCOPE and SAME. */
function foreseeBasket(basket: u32): void {
  const first = load<u32>(basket, BASKET_FIRST);
  const count = load<u32>(basket, BASKET_ITEMS);
  const daypart = load<u32>(basket, BASKET_DAYPART);
  const place = load<u32>(basket, BASKET_STORE);
  const room = daysBytes(load<i32>(basket, BASKET_DAY));
  daysRoom = max(daysRoom, room);
  foreseePlace(0, daypart, count);
  if (place) foreseePlace(place, daypart, count);
  if (count > PAIR_ITEMS_MAX) return;
  for (let k: u32 = 0; k < count; k++) foreseeCells(sameRow(itemAt(first, k)), count - 1);
}

/** NEXT of a basket and the one `lag` before it. */
function foreseeLag(basket: u32, lag: u32): void {
  const previous = basket - lag * BASKET_BYTES;
  const count = load<u32>(basket, BASKET_ITEMS);
  const before = load<u32>(previous, BASKET_ITEMS);
  if (!isNextCounted(before, count)) return;
  const first = load<u32>(previous, BASKET_FIRST);
  for (let k: u32 = 0; k < before; k++) foreseeCells(nextRow(itemAt(first, k)), count);
}

/** MEM of a basket, when `counts`; its items that were never met before join the first-bought. */
function foreseeFresh(basket: u32, seen: u32, counts: bool): void {
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
    for (let k: u32 = 0; k < before; k++) foreseeCells(memRow(itemAt(firsts, k)), fresh);
  }
  for (let k: u32 = 0; k < count; k++) {
    const item = itemAt(first, k);
    if (load<u32>(record(item), ITEM_SEEN) == seen) continue;
    store<u32>(record(item), seen, ITEM_SEEN);
    knownCount++;
    if (!pairs) continue;
    if (counted) foreseeCells(memRow(item), before + fresh - 1);
    store<u32>(firsts + (firstsCount++ % FIRSTS_MAX) * 4, item);
  }
}

/**
 * Notes what the change from the history on side 0 to the one on side 1 may add, with whatever else
 * the batch does. What both sides end with has its cells already, but for those that lead into it.
 */
export function foreseeChange(isMember: bool): void {
  const from = commonBaskets();
  const count = basketCount(AFTER_SIDE);
  const tail = count - commonTail(from);
  const seen = nextCountingEpoch();
  firstsCount = 0;
  knownCount = 0;
  for (let at: u32 = isMember ? 0 : from; at < count; at++) {
    const basket = basketsOf(AFTER_SIDE) + at * BASKET_BYTES;
    if (at >= from && at < tail) foreseeBasket(basket);
    if (!isMember) continue;
    if (at >= from && at < tail + LAGS) {
      for (let lag: u32 = 1; lag <= min(LAGS, at); lag++) foreseeLag(basket, lag);
    }
    foreseeFresh(basket, seen, at >= from);
  }
  knownRoom = max(knownRoom, knownBytes(knownCount));
}
