// One request's scores: anchors from a history or a ticket, their neighbours added up in a dense
// accumulator, the best selected. Nothing is allocated; only what was touched is cleared (the
// approach of benfred/implicit).

import { allocate, release } from './heap';
import {
  BASKET_BYTES,
  BASKET_DAY,
  BASKET_FIRST,
  BASKET_ITEMS,
  basketCount,
  basketsOf,
} from './history';
import { lastBuys, hot, itemCount, mark, nextEpoch, record } from './items';
import {
  HOT_ACC,
  HOT_IN_FACTOR,
  HOT_POP,
  ITEM_GAP_DAYS,
  ITEM_GAPS,
  ITEM_OPP,
  ITEM_REP,
  MARK_EXCLUDED,
  MARK_FLAGS,
  MARK_SLOT,
  MARK_STAMP,
  TABLE_NEXT,
} from './layout';
import { BY_SALES, flagOf, popularCount, popularList, popularThreshold } from './popular';
import { clearResults, isSettledAbove, offer } from './topk';
import { meanGapDays, repurchaseRate } from './totals';
import { plain } from './weight';

/**
 * anchor: item u32 | receipts u32 | f f64 | lastDay i32 | firstDay i32 | days u32 | 0
 *         | factor f64 | memFactor f64: those by which NEXT or SAME, and MEM, were accumulated
 */
export const ANCHOR_BYTES: u32 = 48;
export const ANCHOR_ITEM: u32 = 0;
const ANCHOR_RECEIPTS: u32 = 4;
export const ANCHOR_AFFINITY: u32 = 8;
const ANCHOR_LAST_DAY: u32 = 16;
const ANCHOR_FIRST_DAY: u32 = 20;
/** Days with at least one receipt that holds it. */
const ANCHOR_DAYS: u32 = 24;
export const ANCHOR_FACTOR: u32 = 32;
export const ANCHOR_MEM_FACTOR: u32 = 40;

const REPURCHASE_PRIOR: f64 = 10.0;
const ACC_MIN: f32 = 1.1754943508222875e-38;

export let anchors: u32 = 0;
let anchorCapacity: u32 = 0;
export let anchorCount: u32 = 0;
let touched: u32 = 0;
let touchedCapacity: u32 = 0;
let touchedCount: u32 = 0;
let epoch: u32 = 0;
export let growth: f32 = 1.0;
/** Sum of f over anchors, and Z = sum of ageDecay^age over baskets. */
let affinitySum: f64 = 0;
let ageSum: f64 = 0;

/** Begins a request for at most `limit` items, weighed against g = `pairGrowthNow`. */
export function startRequest(limit: u32, pairGrowthNow: f64): void {
  epoch = nextEpoch();
  growth = <f32>pairGrowthNow;
  anchorCount = 0;
  touchedCount = 0;
  affinitySum = 0;
  ageSum = 0;
  clearResults(limit, epoch);
  if (touchedCapacity < itemCount + 1) {
    release(touched, touchedCapacity * 4);
    touchedCapacity = itemCount + (itemCount >> 1) + 1024;
    touched = allocate(touchedCapacity * 4);
  }
}

/** Never to be listed in this request. */
export function exclude(item: u32): void {
  store<u32>(mark(item), epoch, MARK_EXCLUDED);
}

function growAnchors(): void {
  const larger = max<u32>(256, anchorCapacity * 2);
  const block = allocate(larger * ANCHOR_BYTES);
  if (anchorCount) memory.copy(block, anchors, anchorCount * ANCHOR_BYTES);
  release(anchors, anchorCapacity * ANCHOR_BYTES);
  anchors = block;
  anchorCapacity = larger;
}

/** Adds `affinity` to the anchor of an item, made when the item is none yet. */
function weighItem(item: u32, affinity: f64, day: i32): void {
  const marks = mark(item);
  if (load<u32>(marks, MARK_STAMP) == epoch) {
    const at = anchors + load<u32>(marks, MARK_SLOT) * ANCHOR_BYTES;
    store<f64>(at, load<f64>(at, ANCHOR_AFFINITY) + affinity, ANCHOR_AFFINITY);
    store<u32>(at, load<u32>(at, ANCHOR_RECEIPTS) + 1, ANCHOR_RECEIPTS);
    const isOther = <u32>(load<i32>(at, ANCHOR_FIRST_DAY) != day);
    store<u32>(at, load<u32>(at, ANCHOR_DAYS) + isOther, ANCHOR_DAYS);
    store<i32>(at, day, ANCHOR_FIRST_DAY);
  } else {
    if (anchorCount == anchorCapacity) growAnchors();
    const at = anchors + anchorCount * ANCHOR_BYTES;
    store<u32>(marks, epoch, MARK_STAMP);
    store<u32>(marks, anchorCount, MARK_SLOT);
    store<u32>(at, item, ANCHOR_ITEM);
    store<u32>(at, 1, ANCHOR_RECEIPTS);
    store<f64>(at, affinity, ANCHOR_AFFINITY);
    store<f64>(at, 0, ANCHOR_FACTOR);
    store<f64>(at, 0, ANCHOR_MEM_FACTOR);
    store<i32>(at, day, ANCHOR_LAST_DAY);
    store<i32>(at, day, ANCHOR_FIRST_DAY);
    store<u32>(at, 1, ANCHOR_DAYS);
    anchorCount++;
  }
  affinitySum += affinity;
}

/**
 * Makes the baskets on side 0 the anchors: f(i) = sum of ageDecay^age, newest basket first. Returns
 * how many anchors.
 */
export function weighHistory(ageDecay: f64): u32 {
  const baskets = basketsOf(0);
  let weight: f64 = 1.0;
  for (let k = <i32>basketCount(0) - 1; k >= 0; k--) {
    const basket = baskets + <u32>k * BASKET_BYTES;
    const first = load<u32>(basket, BASKET_FIRST);
    const items = load<u32>(basket, BASKET_ITEMS);
    const day = load<i32>(basket, BASKET_DAY);
    for (let l: u32 = 0; l < items; l++) weighItem(load<u32>(first + l * 4), weight, day);
    ageSum += weight;
    weight *= ageDecay;
  }
  return anchorCount;
}

/**
 * Leaves their affinity to the `most` anchors that weigh most (of equal ones to those met first,
 * the later receipt's) and takes it from the others, which stay anchors.
 */
export function keepHeaviest(most: u32): void {
  if (anchorCount <= most) return;
  let above: f64 = f64.POSITIVE_INFINITY;
  let left = most;
  while (true) {
    // From one weight down to the next: f takes few values, since it is a sum of powers of one age.
    let next: f64 = 0;
    let equal: u32 = 0;
    for (let k: u32 = 0; k < anchorCount; k++) {
      const affinity = load<f64>(anchors + k * ANCHOR_BYTES, ANCHOR_AFFINITY);
      if (affinity >= above || affinity < next) continue;
      equal = affinity == next ? equal + 1 : 1;
      next = affinity;
    }
    if (equal >= left || next == 0) {
      dropBelow(next, left);
      return;
    }
    left -= equal;
    above = next;
  }
}

/** Takes the affinity of all that weigh less, and of all but `kept` that weigh just as much. */
function dropBelow(affinity: f64, kept: u32): void {
  let left = kept;
  for (let k: u32 = 0; k < anchorCount; k++) {
    const at = anchors + k * ANCHOR_BYTES;
    const own = load<f64>(at, ANCHOR_AFFINITY);
    if (own > affinity) continue;
    if (own == affinity && left > 0) left--;
    else store<f64>(at, 0, ANCHOR_AFFINITY);
  }
}

/** Adds one item as an anchor of affinity 1. */
export function addAnchor(item: u32): void {
  weighItem(item, 1.0, 0);
}

/** Adds a value to one item's accumulator. */
// @ts-expect-error: decorator
@inline
export function addScore(item: u32, value: f32): void {
  const at = hot(item);
  const old = load<f32>(at, HOT_ACC);
  store<u32>(touched + touchedCount * 4, item);
  touchedCount += <u32>(old == 0);
  // Never exactly zero, or the item would be put on the touched list a second time.
  store<f32>(at, old + max<f32>(value, ACC_MIN), HOT_ACC);
}

/** f(j) / (Z + 0.5) · (rho0 + rho(j)), the repeat term of an anchor. */
export function repeatTerm(anchor: u32): f64 {
  const at = anchors + anchor * ANCHOR_BYTES;
  const item = record(load<u32>(at, ANCHOR_ITEM));
  const rho0 = repurchaseRate();
  const prior = REPURCHASE_PRIOR * <f64>growth;
  const repeats = plain(load<i64>(item, ITEM_REP));
  const opportunities = plain(load<i64>(item, ITEM_OPP));
  const rho = (repeats + prior * rho0) / (opportunities + prior);
  return (load<f64>(at, ANCHOR_AFFINITY) / (ageSum + 0.5)) * (rho0 + rho);
}

const GAPS_PRIOR_CHAIN: f64 = 5.0;
const GAPS_PRIOR_ITEM: f64 = 2.0;

/**
 * The days after which the member of this request usually buys an anchor again: the mean of the own
 * gaps, shrunk to the item's, which is shrunk to the chain's; 0 while nobody bought it again.
 */
export function usualGapDays(anchor: u32): f64 {
  const at = anchors + anchor * ANCHOR_BYTES;
  const item = record(load<u32>(at, ANCHOR_ITEM));
  const known = <f64>load<i64>(item, ITEM_GAPS);
  const own = <f64>(load<u32>(at, ANCHOR_DAYS) - 1);
  if (known == 0 && own == 0) return 0;
  const ofChain = GAPS_PRIOR_CHAIN * meanGapDays();
  const ofItem = (<f64>load<i64>(item, ITEM_GAP_DAYS) + ofChain) / (known + GAPS_PRIOR_CHAIN);
  const span = <f64>(load<i32>(at, ANCHOR_LAST_DAY) - load<i32>(at, ANCHOR_FIRST_DAY));
  return (span + GAPS_PRIOR_ITEM * ofItem) / (own + GAPS_PRIOR_ITEM);
}

// @ts-expect-error: decorator
@inline
function priorOf(item: u32, prior: u32): f64 {
  return <f64>load<f32>(prior == BY_SALES ? hot(item) + HOT_POP : lastBuys(item));
}

// @ts-expect-error: decorator
@inline
function blend(item: u32, byAccumulator: f64, table: u32, byPrior: f64, prior: u32): f64 {
  const at = hot(item);
  const value = <f64>load<f32>(at, HOT_ACC);
  const scaled = table == TABLE_NEXT ? value * <f64>load<f32>(at, HOT_IN_FACTOR) : value;
  return byAccumulator * scaled + byPrior * priorOf(item, prior);
}

/**
 * Selects by: byAccumulator · acc(j) [· IN[j]^-0.3 when `table` is NEXT] + byPrior · POP[j] (when
 * `prior` is 0) or LAST[j] (1) + byRepeat · repeat(j). `withAnchors`: whether anchors may be
 * listed. `withOthers`: whether anything else may. Clears the accumulator.
 */
export function select(
  byAccumulator: f64,
  table: u32,
  byPrior: f64,
  prior: u32,
  byRepeat: f64,
  withAnchors: bool,
  withOthers: bool,
): void {
  for (let k: u32 = 0; k < anchorCount; k++) {
    const item = load<u32>(anchors + k * ANCHOR_BYTES);
    if (withAnchors) {
      const repeat = byRepeat != 0 ? byRepeat * repeatTerm(k) : 0;
      offer(item, <f32>(blend(item, byAccumulator, table, byPrior, prior) + repeat));
    }
    store<f32>(hot(item), 0, HOT_ACC);
  }
  if (withOthers && byPrior > 0) {
    const list = popularList(prior);
    const end = list + popularCount(prior) * 4;
    for (let at = list; at < end; at += 4) {
      const item = load<u32>(at);
      if (load<u32>(mark(item), MARK_STAMP) == epoch) continue;
      const score = <f32>blend(item, byAccumulator, table, byPrior, prior);
      // The list may still hold items whose every sale was taken back.
      if (score > 0) offer(item, score);
      store<f32>(hot(item), 0, HOT_ACC);
    }
  }
  for (let k: u32 = 0; k < touchedCount; k++) {
    const item = load<u32>(touched + k * 4);
    const at = hot(item);
    if (load<f32>(at, HOT_ACC) == 0) continue;
    if (withOthers) offer(item, <f32>blend(item, byAccumulator, table, byPrior, prior));
    store<f32>(at, 0, HOT_ACC);
  }
  if (withOthers && byPrior > 0) offerTheRest(byPrior, prior);
}

/**
 * Only when the short list of the best could not settle the places: asks every item that was not
 * offered yet.
 */
function offerTheRest(byPrior: f64, prior: u32): void {
  if (isSettledAbove(<f32>(byPrior * plain(popularThreshold(prior))))) return;
  for (let k: u32 = 0; k < touchedCount; k++) {
    store<u32>(mark(load<u32>(touched + k * 4)), epoch, MARK_STAMP);
  }
  for (let item: u32 = 0; item < itemCount; item++) {
    const marks = mark(item);
    if (load<u32>(marks, MARK_STAMP) == epoch) continue;
    if (load<u32>(marks, MARK_FLAGS) & flagOf(prior)) continue;
    const value = priorOf(item, prior);
    if (value > 0) offer(item, <f32>(byPrior * value));
  }
}

export function anchorsAddress(): u32 {
  return anchors;
}

/** The index of an item among this request's anchors, or -1. */
export function anchorOf(item: u32): i32 {
  const marks = mark(item);
  if (load<u32>(marks, MARK_STAMP) != epoch) return -1;
  const index = load<u32>(marks, MARK_SLOT);
  return index < anchorCount && load<u32>(anchors + index * ANCHOR_BYTES) == item ? <i32>index : -1;
}

export function anchorTotal(): u32 {
  return anchorCount;
}

export function affinityTotal(): f64 {
  return affinitySum;
}
