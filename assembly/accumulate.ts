// One request's scores: anchors from a history or a ticket, their neighbours added up in a dense
// accumulator (touched.ts), the best selected. Nothing is allocated; only what was touched is
// cleared (the approach of benfred/implicit).

import { nextRow } from './counts';
import { allocate, release } from './heap';
import {
  BASKET_BYTES,
  BASKET_DAY,
  BASKET_FIRST,
  BASKET_ITEMS,
  BASKET_TOUCHED,
  basketCount,
  basketsOf,
} from './history';
import { hot, mark, nextEpoch, record } from './items';
import {
  ITEM_OUT,
  ITEM_REBOUGHT,
  MARK_EXCLUDED,
  MARK_SLOT,
  MARK_STAMP,
  ROW_VIEW,
} from './layout';
import { clearResults } from './topk';
import { clearList } from './touched';

/**
 * anchor: item u32 | receipts u32 | f f64 | lastDay i32 | firstDay i32 | days u32 | age u32
 *         | factor f64 | memFactor f64: those by which NEXT or SAME, and MEM, were accumulated
 *         | h f64 | first basket u32 | 0 | again f64: the repeat term that select gave
 */
export const ANCHOR_BYTES: u32 = 72;
export const ANCHOR_ITEM: u32 = 0;
export const ANCHOR_RECEIPTS: u32 = 4;
export const ANCHOR_AFFINITY: u32 = 8;
export const ANCHOR_LAST_DAY: u32 = 16;
export const ANCHOR_FIRST_DAY: u32 = 20;
/** Days with at least one receipt that holds it. */
export const ANCHOR_DAYS: u32 = 24;
/** Baskets since the last that holds it. */
export const ANCHOR_AGE: u32 = 28;
export const ANCHOR_FACTOR: u32 = 32;
export const ANCHOR_MEM_FACTOR: u32 = 40;
/** As f, but a basket of n items weighs n^-0.25: what lies in a small one was wanted more. */
export const ANCHOR_HABIT: u32 = 48;
/** The number of the oldest basket that holds it. */
export const ANCHOR_START: u32 = 56;
export const ANCHOR_AGAIN: u32 = 64;

export let anchors: u32 = 0;
let anchorCapacity: u32 = 0;
export let anchorCount: u32 = 0;
export let epoch: u32 = 0;
export let growth: f32 = 1.0;
/** Sum of f over anchors; Z = sum of ageDecay^age over baskets, and the same weighed as h is. */
let affinitySum: f64 = 0;
export let ageSum: f64 = 0;
export let habitSum: f64 = 0;

/** Begins a request for at most `limit` items, weighed against g = `pairGrowthNow`. */
export function startRequest(limit: u32, pairGrowthNow: f64): void {
  epoch = nextEpoch();
  growth = <f32>pairGrowthNow;
  anchorCount = 0;
  affinitySum = 0;
  ageSum = 0;
  habitSum = 0;
  clearResults(limit, epoch);
  clearList();
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

/** Adds to the anchor of an item, made when the item is none yet; returns where it is. */
function weighItem(item: u32, affinity: f64, day: i32, age: u32): u32 {
  affinitySum += affinity;
  const marks = mark(item);
  if (load<u32>(marks, MARK_STAMP) == epoch) {
    const at = anchors + load<u32>(marks, MARK_SLOT) * ANCHOR_BYTES;
    store<f64>(at, load<f64>(at, ANCHOR_AFFINITY) + affinity, ANCHOR_AFFINITY);
    store<u32>(at, load<u32>(at, ANCHOR_RECEIPTS) + 1, ANCHOR_RECEIPTS);
    const isOther = <u32>(load<i32>(at, ANCHOR_FIRST_DAY) != day);
    store<u32>(at, load<u32>(at, ANCHOR_DAYS) + isOther, ANCHOR_DAYS);
    store<i32>(at, day, ANCHOR_FIRST_DAY);
    return at;
  }
  if (anchorCount == anchorCapacity) growAnchors();
  const at = anchors + anchorCount * ANCHOR_BYTES;
  store<u32>(marks, epoch, MARK_STAMP);
  store<u32>(marks, anchorCount, MARK_SLOT);
  store<u32>(at, item, ANCHOR_ITEM);
  store<u32>(at, 1, ANCHOR_RECEIPTS);
  store<f64>(at, affinity, ANCHOR_AFFINITY);
  store<i32>(at, day, ANCHOR_LAST_DAY);
  store<i32>(at, day, ANCHOR_FIRST_DAY);
  store<u32>(at, 1, ANCHOR_DAYS);
  store<u32>(at, age, ANCHOR_AGE);
  store<f64>(at, 0, ANCHOR_FACTOR);
  store<f64>(at, 0, ANCHOR_MEM_FACTOR);
  store<f64>(at, 0, ANCHOR_HABIT);
  store<u32>(at, 0, ANCHOR_START);
  anchorCount++;
  return at;
}

/**
 * Reads what is known of every item bought before the first is made an anchor: these loads do not
 * wait for each other, while what is done with them does.
 */
function touchItems(baskets: u32, count: u32): void {
  let sum: u32 = 0;
  const last = baskets + (count - 1) * BASKET_BYTES;
  const end = load<u32>(last, BASKET_FIRST) + load<u32>(last, BASKET_ITEMS) * 4;
  for (let at = load<u32>(baskets, BASKET_FIRST); at < end; at += 4) {
    const item = load<u32>(at);
    const own = record(item);
    sum += load<u32>(mark(item)) + load<u32>(hot(item)) + load<u32>(nextRow(item), ROW_VIEW);
    sum += load<u32>(own, ITEM_OUT) + load<u32>(own, ITEM_REBOUGHT);
  }
  // Or the compiler would leave the loads out.
  store<u32>(baskets, sum, BASKET_TOUCHED);
}

/**
 * Makes the baskets on side 0 the anchors: f(i) = sum of ageDecay^age, newest basket first. Returns
 * how many anchors.
 */
export function weighHistory(ageDecay: f64): u32 {
  const baskets = basketsOf(0);
  const newest = <i32>basketCount(0) - 1;
  if (newest >= 0) touchItems(baskets, basketCount(0));
  let weight: f64 = 1.0;
  for (let k = newest; k >= 0; k--) {
    const basket = baskets + <u32>k * BASKET_BYTES;
    const first = load<u32>(basket, BASKET_FIRST);
    const items = load<u32>(basket, BASKET_ITEMS);
    const day = load<i32>(basket, BASKET_DAY);
    const habit = weight / sqrt(sqrt(<f64>items));
    for (let l: u32 = 0; l < items; l++) {
      const at = weighItem(load<u32>(first + l * 4), weight, day, <u32>(newest - k));
      store<f64>(at, load<f64>(at, ANCHOR_HABIT) + habit, ANCHOR_HABIT);
      store<u32>(at, <u32>k, ANCHOR_START);
    }
    ageSum += weight;
    habitSum += habit;
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
  weighItem(item, 1.0, 0, 0);
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
