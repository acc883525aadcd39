// Of what the member of a request has bought: what is wanted again, when, and how much of a basket
// that is.

import {
  ageSum,
  ANCHOR_AFFINITY,
  ANCHOR_AGE,
  ANCHOR_BYTES,
  ANCHOR_GAPS,
  ANCHOR_HABIT,
  ANCHOR_ITEM,
  ANCHOR_RECEIPTS,
  ANCHOR_SPAN,
  ANCHOR_START,
  anchorCount,
  anchors,
  growth,
  habitSum,
} from './accumulate';
import { habitLift, reboughtRate } from './habits';
import { BASKET_BYTES, BASKET_ITEMS, basketCount, basketsOf, REQUEST_SIDE } from './history';
import { record } from './items';
import {
  ITEM_EXPECTED,
  ITEM_EXPECTED_ONCE,
  ITEM_GAP_DAYS,
  ITEM_GAPS,
  ITEM_OPP,
  ITEM_REBOUGHT,
  ITEM_REBOUGHT_ONCE,
  ITEM_REP,
} from './layout';
import { meanGapDays, repeatShare, repurchaseRate } from './totals';
import { plain } from './weight';

/**
 * The kinds of repeat term: learnt from who came back for what, and that of the baseline
 * (docs/reference/scores.md).
 */
export const REPEAT_NONE: u32 = 0;
export const REPEAT_HABIT: u32 = 1;
export const REPEAT_DESIGN: u32 = 2;

/** The repeat term of an anchor; docs/reference/scores.md. */
export function repeatTerm(anchor: u32, kind: u32): f64 {
  return repeatTermAt(anchors + anchor * ANCHOR_BYTES, kind, reboughtRate());
}

/** The same where `k0`, the chain's reboughtRate, was asked once for all anchors. */
// @ts-expect-error: decorator
@inline
export function repeatTermAt(at: u32, kind: u32, k0: f64): f64 {
  return kind == REPEAT_HABIT ? habitTerm(at, k0) : designTerm(at);
}

const ITEM_PRIOR: f64 = 5.0;
const ONCE_PRIOR: f64 = 20.0;

/** h / (Z_h + 0.5) · r(j) · lift^0.75. */
function habitTerm(at: u32, k0: f64): f64 {
  if (k0 <= 0) return 0;
  const item = record(load<u32>(at, ANCHOR_ITEM));
  const times = load<u32>(at, ANCHOR_RECEIPTS);
  const now = <f64>growth;
  let rebought = plain(load<i64>(item, ITEM_REBOUGHT));
  let expected = plain(load<i64>(item, ITEM_EXPECTED));
  const whole = (rebought + ITEM_PRIOR * now * k0) / (expected + ITEM_PRIOR * now);
  // Who bought it once is counted apart from who came back for it already.
  const reboughtOnce = plain(load<i64>(item, ITEM_REBOUGHT_ONCE));
  const expectedOnce = plain(load<i64>(item, ITEM_EXPECTED_ONCE));
  rebought = times == 1 ? reboughtOnce : rebought - reboughtOnce;
  expected = times == 1 ? expectedOnce : expected - expectedOnce;
  const rate = (rebought + ONCE_PRIOR * now * whole) / (expected + ONCE_PRIOR * now);
  const root = sqrt(habitLift(times, load<u32>(at, ANCHOR_AGE), basketCount(REQUEST_SIDE), k0));
  return (load<f64>(at, ANCHOR_HABIT) / (habitSum + 0.5)) * rate * root * sqrt(root);
}

const REPURCHASE_PRIOR: f64 = 10.0;

/** f(j) / (Z + 0.5) · (rho0 + rho(j)). */
function designTerm(at: u32): f64 {
  const item = record(load<u32>(at, ANCHOR_ITEM));
  const rho0 = repurchaseRate();
  const prior = REPURCHASE_PRIOR * <f64>growth;
  const repeats = plain(load<i64>(item, ITEM_REP));
  const opportunities = plain(load<i64>(item, ITEM_OPP));
  const rho = (repeats + prior * rho0) / (opportunities + prior);
  return (load<f64>(at, ANCHOR_AFFINITY) / (ageSum + 0.5)) * (rho0 + rho);
}

const SHARE_PRIOR: f64 = 30.0;

/**
 * tau of the member: the mean share of a basket, from the second on, that the member had bought
 * before, shrunk to the chain's by 30 baskets, within [0.05, 0.9].
 */
export function ownRepeatShare(): f64 {
  const baskets = basketsOf(REQUEST_SIDE);
  const later = <f64>max<i32>(0, <i32>basketCount(REQUEST_SIDE) - 1);
  let shares = later;
  for (let k: u32 = 0; k < anchorCount; k++) {
    const start = load<u32>(anchors + k * ANCHOR_BYTES, ANCHOR_START);
    if (start) shares -= 1.0 / <f64>load<u32>(baskets + start * BASKET_BYTES, BASKET_ITEMS);
  }
  const share = (shares + SHARE_PRIOR * repeatShare()) / (later + SHARE_PRIOR);
  return min(0.9, max(0.05, share));
}

const GAPS_PRIOR_CHAIN: f64 = 5.0;
const GAPS_PRIOR_ITEM: f64 = 2.0;

/**
 * The days after which the member of this request usually buys an anchor again: the mean of the own
 * usual gaps, shrunk to the item's, which is shrunk to the chain's; 0 while nobody bought it again.
 */
export function usualGapDays(anchor: u32): f64 {
  const at = anchors + anchor * ANCHOR_BYTES;
  const item = record(load<u32>(at, ANCHOR_ITEM));
  const known = <f64>load<i64>(item, ITEM_GAPS);
  const own = <f64>load<u32>(at, ANCHOR_GAPS);
  if (known == 0 && own == 0) return 0;
  const ofChain = GAPS_PRIOR_CHAIN * meanGapDays();
  const ofItem = (<f64>load<i64>(item, ITEM_GAP_DAYS) + ofChain) / (known + GAPS_PRIOR_CHAIN);
  const span = <f64>load<i32>(at, ANCHOR_SPAN);
  return (span + GAPS_PRIOR_ITEM * ofItem) / (own + GAPS_PRIOR_ITEM);
}
