// Chain-wide sums: 128-bit totals, the repeat share, receipts per day, and the digest of all that
// is not a row.

import { ONE } from './layout';
import { addDigest, mix, runningDigest } from './counts';
import { blockBytes, enlarge } from './heap';
import { getVarint, getZigzag, putVarint, putZigzag, reserveVarints } from './bytes';

const DIGEST_DAYS: u64 = 33;

let popularityLow: u64 = 0;
let popularityHigh: i64 = 0;
let oppLow: u64 = 0;
let oppHigh: i64 = 0;
let repLow: u64 = 0;
let repHigh: i64 = 0;
/** Sums of GAP_DAYS and GAPS over items: derived, so neither in the digest nor saved. */
let gapDays: i64 = 0;
let gaps: i64 = 0;
/** Sum of LAST over items, derived too. */
let lastLow: u64 = 0;
let lastHigh: i64 = 0;
let shareSum: i64 = 0;
let shareCount: i64 = 0;
/**
 * Receipts of each day from day 0 (1970-01-01) on: i64 each, 8 × 365 × 60 = 175 KB for six decades.
 */
let days: u32 = 0;
let dayCapacity: u32 = 0;
let newest: i32 = -1;
let receipts: f64 = 0;

// @ts-expect-error: decorator
@inline
function carry(low: u64, delta: i64): i64 {
  return (delta >> 63) + (low + <u64>delta < low ? 1 : 0);
}

export function addPopularityTotal(delta: i64): void {
  popularityHigh += carry(popularityLow, delta);
  popularityLow += <u64>delta;
}

export function addOpportunities(opportunity: i64, repeat: i64): void {
  oppHigh += carry(oppLow, opportunity);
  oppLow += <u64>opportunity;
  repHigh += carry(repLow, repeat);
  repLow += <u64>repeat;
}

/**
 * Days between two purchases of an item that may be one's habit: a year, and some weeks for a feast
 * that moves. What is longer says that one was away, or that a till's clock was wrong.
 */
const GAP_DAYS_MAX: i32 = 400;

// @ts-expect-error: decorator
@inline
export function isUsualGap(days: i32): bool {
  return days > 0 && days <= GAP_DAYS_MAX;
}

export function addGaps(days: i64, count: i64): void {
  gapDays += days;
  gaps += count;
}

export function addLast(delta: i64): void {
  lastHigh += carry(lastLow, delta);
  lastLow += <u64>delta;
}

/** Sum of LAST over items, in members at the landmark. */
export function lastTotal(): f64 {
  return wide(lastHigh, lastLow);
}

/** The mean days between two purchases of one item by one member; 0 before any was bought again. */
export function meanGapDays(): f64 {
  return gaps > 0 ? <f64>gapDays / <f64>gaps : 0;
}

export function addRepeatShare(share: i64, count: i64): void {
  shareSum += share;
  shareCount += count;
}

export function addDay(day: i32, sign: i64): void {
  if (<u32>day >= dayCapacity) {
    const wanted = <u32>day + 366;
    days = enlarge(days, dayCapacity * 8, wanted * 8);
    dayCapacity = wanted;
  }
  const at = days + <u32>day * 8;
  const count = load<i64>(at) + sign;
  store<i64>(at, count);
  receipts += <f64>sign;
  addDigest(DIGEST_DAYS, <u64>day, sign);
  if (count > 0) {
    if (day > newest) newest = day;
  } else if (day == newest) {
    while (newest >= 0 && load<i64>(days + <u32>newest * 8) == 0) newest--;
  }
}

/** What room for the receipts of a day would take. */
export function daysBytes(day: i32): u64 {
  return <u32>day < dayCapacity ? 0 : blockBytes((<u32>day + 366) * 8);
}

/** Receipts of all days. */
export function receiptTotal(): f64 {
  return receipts;
}

/** The newest day with a receipt; -1 when there is none. */
export function newestDay(): i32 {
  return newest;
}

function wide(high: i64, low: u64): f64 {
  return (<f64>high * 18446744073709551616.0 + <f64>low) / ONE;
}

/** Sum of POP over baskets, in baskets at the landmark. */
export function popularityTotal(): f64 {
  return wide(popularityHigh, popularityLow);
}

/** rho0 = sum of REP / sum of OPP; 0 before anything could be bought again. */
export function repurchaseRate(): f64 {
  const opportunities = wide(oppHigh, oppLow);
  return opportunities > 0 ? wide(repHigh, repLow) / opportunities : 0;
}

/**
 * tau: the mean share of a basket that its member had bought before, within [0.1, 0.8]; 0.5 while
 * unknown.
 */
export function repeatShare(): f64 {
  if (shareCount <= 0) return 0.5;
  return min(0.8, max(0.1, <f64>shareSum / ONE / <f64>shareCount));
}

export function popularityTotalFixed(): u64 {
  return popularityLow;
}

export function shareSumFixed(): i64 {
  return shareSum;
}

export function shareCountTotal(): i64 {
  return shareCount;
}

export function receiptsOn(day: i32): i64 {
  return <u32>day < dayCapacity ? load<i64>(days + <u32>day * 8) : 0;
}

/** Writes every total, then (day, receipts) of each day that has any. */
export function saveTotals(): void {
  let used: u32 = 0;
  for (let day: u32 = 0; day < dayCapacity; day++) if (load<i64>(days + day * 8)) used++;
  reserveVarints(9 + used * 2);
  putVarint(popularityLow);
  putZigzag(popularityHigh);
  putVarint(oppLow);
  putZigzag(oppHigh);
  putVarint(repLow);
  putZigzag(repHigh);
  putZigzag(shareSum);
  putZigzag(shareCount);
  putVarint(used);
  for (let day: u32 = 0; day < dayCapacity; day++) {
    const count = load<i64>(days + day * 8);
    if (!count) continue;
    putVarint(day);
    putZigzag(count);
  }
}

/** Counting the days moves the running digest, which is restored last. */
export function restoreTotals(): void {
  popularityLow = getVarint();
  popularityHigh = getZigzag();
  oppLow = getVarint();
  oppHigh = getZigzag();
  repLow = getVarint();
  repHigh = getZigzag();
  shareSum = getZigzag();
  shareCount = getZigzag();
  const used = <u32>getVarint();
  for (let k: u32 = 0; k < used; k++) {
    const day = <i32>getVarint();
    addDay(day, getZigzag());
  }
}

// @ts-expect-error: decorator
@inline
function term(table: u64, value: i64): u64 {
  return <u64>value * (mix(mix(mix(table))) | 1);
}

/** The whole digest of docs/reference/digest.md. */
export function digest(): u64 {
  return runningDigest() + term(30, shareSum) + term(31, shareCount) + term(32, <i64>popularityLow);
}
