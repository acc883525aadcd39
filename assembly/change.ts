// The one contribution function: what a history adds to the counts, taken back for what counted
// before and added for what counts after, basket by basket and in slices.

import {
  addFresh,
  addLag,
  addPopularity,
  addTogether,
  addWork,
  clearWork,
  forgetHistory,
  countHabits,
  addGapsOf,
  rememberFresh,
  workDone,
} from './contribution';
import { addCounter, refreshLast } from './counters';
import { settleKnown } from './habits';
import {
  BASKET_BYTES,
  BASKET_DAY,
  BASKET_FIRST,
  BASKET_ITEMS,
  basketCount,
  basketsOf,
  commonBaskets,
} from './history';
import { nextCountingEpoch } from './items';
import { ITEM_LAST, LAGS } from './layout';
import { BY_LAST_BUYS, popularityChanged } from './popular';
import { addLast, addRepeatShare } from './totals';
import { fixed, pairGrowth, popGrowth } from './weight';

/** The change under way: the side that is counted, 0 (taken back) or 1 (added); SIDES: none. */
const SIDES: u32 = 2;
let side: u32 = SIDES;
let sign: i64 = 0;
/** Its next basket, and the first one that differs between the sides. */
let next: u32 = 0;
let from: u32 = 0;
let ofMember: bool = false;
/** What the items bear that its baskets held so far. */
let seen: u32 = 0;

function beginSide(which: u32): void {
  side = which;
  sign = which == 0 ? -1 : 1;
  next = ofMember ? 0 : from;
  forgetHistory();
  seen = nextCountingEpoch();
}

/** Only remembers a basket that both sides have: what comes after it depends on it. */
function passBasket(basket: u32, at: u32): void {
  addGapsOf(basket, at, seen, 0);
  rememberFresh();
  addWork(load<u32>(basket, BASKET_ITEMS));
}

/** Adds, or takes back, what one basket contributes. */
function countBasket(basket: u32, at: u32): void {
  const growth = pairGrowth(load<i32>(basket, BASKET_DAY));
  addPopularity(basket, sign);
  addTogether(basket, growth, sign);
  if (!ofMember) return;
  const counted = nextCountingEpoch();
  const lags = min(LAGS, at);
  for (let lag: u32 = 1; lag <= lags; lag++) {
    addLag(basket - lag * BASKET_BYTES, basket, lag, growth, sign, counted);
  }
  if (at > 0) countHabits(basket, at, seen, growth, sign);
  const known = addGapsOf(basket, at, seen, sign);
  addFresh(load<i32>(basket, BASKET_DAY), sign);
  rememberFresh();
  if (!at) return;
  const share = fixed(<f64>known / <f64>load<u32>(basket, BASKET_ITEMS));
  addRepeatShare(sign * share, sign);
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
    const item = load<u32>(first + k * 4);
    addCounter(item, ITEM_LAST, weight);
    addLast(weight);
    refreshLast(item);
    popularityChanged(BY_LAST_BUYS, item);
  }
}

/**
 * Begins to move the counts from the history on side 0 to the one on side 1: to take back what the
 * first contributes and to add what the second does, from the first basket that differs. Either may
 * be empty. continueChange does it; until it is done neither side may be read into, and no other
 * change may begin. Requests may be answered in between.
 */
export function beginChange(isMember: bool): void {
  ofMember = isMember;
  from = commonBaskets();
  beginSide(0);
}

/**
 * Goes on until about `most` cells were changed, or something that takes as long was done; returns
 * whether the change is done. No basket is counted in part.
 */
export function continueChange(most: u32): bool {
  clearWork();
  for (; side < SIDES; beginSide(side + 1)) {
    const count = basketCount(side);
    while (next < count) {
      if (workDone() >= most) return false;
      const basket = basketsOf(side) + next * BASKET_BYTES;
      if (next < from) passBasket(basket, next);
      else countBasket(basket, next);
      next++;
    }
    settleKnown(sign);
  }
  if (!ofMember) return true;
  addLastBasket(0, -1);
  addLastBasket(1, 1);
  return true;
}
