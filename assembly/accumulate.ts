// One request's scores: anchors from a history or a ticket, their neighbours added up in a dense
// accumulator (touched.ts), the best selected. Nothing is allocated; only what was touched is
// cleared (the approach of benfred/implicit).

import { barredTotal, bar, unbar } from './eligible';
import { allocate, release } from './heap';
import {
  BASKET_BYTES,
  BASKET_DAY,
  BASKET_FIRST,
  BASKET_ITEMS,
  BASKET_TOUCHED,
  basketCount,
  basketsOf,
  REQUEST_SIDE,
} from './history';
import { hot, mark, nextEpoch, nextEpochAside, nextRow, record } from './items';
import { ITEM_OUT, ITEM_REBOUGHT, MARK_SLOT, MARK_STAMP, ROW_VIEW } from './layout';
import { clearResults } from './topk';
import { isUsualGap } from './totals';
import { clearList } from './touched';

/**
 * anchor: item u32 | receipts u32 | f f64 | lastDay i32 | firstDay i32 | gaps u32 | age u32
 *         | factor f64 | memFactor f64: those by which NEXT or SAME, and MEM, were accumulated
 *         | h f64 | first basket u32 | span i32 | again f64: the repeat term that select gave
 */
export const ANCHOR_BYTES: u32 = 72;
export const ANCHOR_ITEM: u32 = 0;
export const ANCHOR_RECEIPTS: u32 = 4;
export const ANCHOR_AFFINITY: u32 = 8;
export const ANCHOR_LAST_DAY: u32 = 16;
const ANCHOR_FIRST_DAY: u32 = 20;
/** How many there are of them, between days with at least one receipt that holds it. */
export const ANCHOR_GAPS: u32 = 24;
/** Baskets since the last that holds it. */
export const ANCHOR_AGE: u32 = 28;
export const ANCHOR_FACTOR: u32 = 32;
export const ANCHOR_MEM_FACTOR: u32 = 40;
/** As f, but a basket of n items weighs n^-0.25: what lies in a small one was wanted more. */
export const ANCHOR_HABIT: u32 = 48;
/** The number of the oldest basket that holds it. */
export const ANCHOR_START: u32 = 56;
/** The days of all its gaps that are usual. */
export const ANCHOR_SPAN: u32 = 60;
export const ANCHOR_AGAIN: u32 = 64;

/** So many anchors may lead on to others. */
export const LEADS_MAX: u32 = 512;
const SET_APART: u32 = 0xffffffff;

export let anchors: u32 = 0;
let anchorCapacity: u32 = 0;
export let anchorCount: u32 = 0;
/** The first so many lead on to others. */
export let leadCount: u32 = 0;
/** LEADS_MAX anchors, and as many weights f64. */
let apart: u32 = 0;
let weights: u32 = 0;
export let epoch: u32 = 0;
/** Of the request that waits while a selection is made beside it; 0: none does. */
let asideEpoch: u32 = 0;
let asideAnchors: u32 = 0;
let asideLeads: u32 = 0;
let asideBarred: u32 = 0;
export let growth: f32 = 1.0;
/** Sum of f over anchors; Z = sum of ageDecay^age over baskets, and the same weighed as h is. */
let affinitySum: f64 = 0;
export let ageSum: f64 = 0;
export let habitSum: f64 = 0;

export function startAnchors(): void {
  apart = allocate(LEADS_MAX * ANCHOR_BYTES);
  weights = allocate(LEADS_MAX * 8);
}

/** Begins a request for at most `limit` items, weighed against g = `pairGrowthNow`. */
export function startRequest(limit: u32, pairGrowthNow: f64): void {
  epoch = nextEpoch();
  growth = <f32>pairGrowthNow;
  anchorCount = 0;
  leadCount = 0;
  affinitySum = 0;
  ageSum = 0;
  habitSum = 0;
  asideEpoch = 0;
  clearResults(limit);
  clearList();
}

/**
 * Begins a selection of at most `limit` items beside the request: one without anchors. What the
 * request's own anchors gave can be explained again after `endAside`.
 */
export function startAside(limit: u32): void {
  if (!asideEpoch) {
    asideEpoch = epoch;
    asideAnchors = anchorCount;
    asideLeads = leadCount;
    asideBarred = barredTotal();
    epoch = nextEpochAside();
    anchorCount = 0;
    leadCount = 0;
  }
  clearResults(limit);
  clearList();
}

/** The request's anchors are its anchors again; what was barred since startAside no longer is. */
export function endAside(): void {
  if (!asideEpoch) return;
  epoch = asideEpoch;
  anchorCount = asideAnchors;
  leadCount = asideLeads;
  unbar(asideBarred);
  asideEpoch = 0;
}

/** Bars every item of the request's history. */
export function barHistory(): void {
  const baskets = basketsOf(REQUEST_SIDE);
  for (let k: u32 = 0; k < basketCount(REQUEST_SIDE); k++) {
    const first = load<u32>(baskets + k * BASKET_BYTES, BASKET_FIRST);
    const end = first + load<u32>(baskets + k * BASKET_BYTES, BASKET_ITEMS) * 4;
    for (let at = first; at < end; at += 4) bar(load<u32>(at));
  }
}

function growAnchors(): void {
  const larger = max<u32>(256, anchorCapacity * 2);
  const block = allocate(larger * ANCHOR_BYTES);
  if (anchorCount) memory.copy(block, anchors, anchorCount * ANCHOR_BYTES);
  release(anchors);
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
    const gap = load<i32>(at, ANCHOR_FIRST_DAY) - day;
    if (isUsualGap(gap)) {
      store<u32>(at, load<u32>(at, ANCHOR_GAPS) + 1, ANCHOR_GAPS);
      store<i32>(at, load<i32>(at, ANCHOR_SPAN) + gap, ANCHOR_SPAN);
    }
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
  store<u32>(at, 0, ANCHOR_GAPS);
  store<i32>(at, 0, ANCHOR_SPAN);
  store<u32>(at, age, ANCHOR_AGE);
  store<f64>(at, 0, ANCHOR_FACTOR);
  store<f64>(at, 0, ANCHOR_MEM_FACTOR);
  store<f64>(at, 0, ANCHOR_HABIT);
  store<u32>(at, 0, ANCHOR_START);
  anchorCount++;
  leadCount = min(anchorCount, LEADS_MAX);
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
 * Makes the request's baskets the anchors: f(i) = sum of ageDecay^age, newest basket first. Returns
 * how many anchors.
 */
export function weighHistory(ageDecay: f64): u32 {
  const baskets = basketsOf(REQUEST_SIDE);
  const newest = <i32>basketCount(REQUEST_SIDE) - 1;
  if (newest >= 0) touchItems(baskets, basketCount(REQUEST_SIDE));
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
 * Only the `most` anchors that weigh most, at most LEADS_MAX, lead on to others (of equal ones
 * those met first, the later receipt's). They stand first from here on, in the order they had.
 */
export function keepHeaviest(most: u32): void {
  const wanted = min(most, LEADS_MAX);
  leadCount = min(anchorCount, wanted);
  if (anchorCount <= wanted || !wanted) return;
  setApart(wanted, leastOfHeaviest(wanted));
  // The others move to the end, the last one first, over places that are copied or passed already.
  let to = anchorCount;
  for (let k = anchorCount; k > 0; k--) {
    const at = anchors + (k - 1) * ANCHOR_BYTES;
    if (load<u32>(mark(load<u32>(at)), MARK_SLOT) == SET_APART) continue;
    to--;
    if (to != k - 1) memory.copy(anchors + to * ANCHOR_BYTES, at, ANCHOR_BYTES);
  }
  memory.copy(anchors, apart, wanted * ANCHOR_BYTES);
  for (let k: u32 = 0; k < anchorCount; k++) {
    store<u32>(mark(load<u32>(anchors + k * ANCHOR_BYTES)), k, MARK_SLOT);
  }
}

/** Copies the `wanted` heaviest, of which the last weighs `least`, and marks them. */
function setApart(wanted: u32, least: f64): void {
  let equal = wanted;
  for (let k: u32 = 0; k < anchorCount; k++) {
    if (load<f64>(anchors + k * ANCHOR_BYTES, ANCHOR_AFFINITY) > least) equal--;
  }
  let count: u32 = 0;
  for (let k: u32 = 0; count < wanted; k++) {
    const at = anchors + k * ANCHOR_BYTES;
    const affinity = load<f64>(at, ANCHOR_AFFINITY);
    if (affinity < least) continue;
    if (affinity == least) {
      if (!equal) continue;
      equal--;
    }
    memory.copy(apart + count++ * ANCHOR_BYTES, at, ANCHOR_BYTES);
    store<u32>(mark(load<u32>(at)), SET_APART, MARK_SLOT);
  }
}

/** The affinity of the last of the `most` heaviest anchors: the root of a min-heap of them. */
function leastOfHeaviest(most: u32): f64 {
  for (let k: u32 = 0; k < most; k++) store<f64>(weights + k * 8, -Infinity);
  for (let k: u32 = 0; k < anchorCount; k++) {
    const affinity = load<f64>(anchors + k * ANCHOR_BYTES, ANCHOR_AFFINITY);
    if (affinity <= load<f64>(weights)) continue;
    let index: u32 = 0;
    while (true) {
      let child = index * 2 + 1;
      if (child >= most) break;
      const right = child + 1;
      if (right < most && load<f64>(weights + right * 8) < load<f64>(weights + child * 8)) child++;
      if (load<f64>(weights + child * 8) >= affinity) break;
      store<f64>(weights + index * 8, load<f64>(weights + child * 8));
      index = child;
    }
    store<f64>(weights + index * 8, affinity);
  }
  return load<f64>(weights);
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
