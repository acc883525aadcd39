// What is bought again: by how often, how long ago and in how many receipts a member bought it,
// beside what its share of the member's baskets makes one expect (docs/reference/counts.md).

import { getZigzag, putZigzag, reserveVarints } from './bytes';
import { addKeyed, digestKey } from './counts';
import { allocate, blockBytes, enlarge } from './heap';
import { addCounter } from './counters';
import {
  ITEM_EXPECTED,
  ITEM_EXPECTED_ONCE,
  ITEM_REBOUGHT,
  ITEM_REBOUGHT_ONCE,
  ONE,
} from './layout';
import { fixed, plain } from './weight';

/** cell, by (times, age, baskets): expected i64 | rebought i64 | their digest keys u64, u64 */
const CELL_BYTES: u32 = 32;
const CELL_REBOUGHT: u32 = 8;
const CELL_EXPECTED_KEY: u32 = 16;
const CELL_REBOUGHT_KEY: u32 = 24;
export const HABIT_CELLS: u32 = 900;
const DIGEST_EXPECTED: u64 = 34;
const DIGEST_REBOUGHT: u64 = 35;

/**
 * known: item u32 | times u32 | last basket u32 | day i32 | held by basket u32 | 0 | f f64
 *        | rebought i64 | expected i64 | rebought once i64 | expected once i64
 */
const KNOWN_BYTES: u32 = 64;
const KNOWN_TIMES: u32 = 4;
const KNOWN_LAST: u32 = 8;
const KNOWN_DAY: u32 = 12;
const KNOWN_HELD: u32 = 16;
const KNOWN_SHARE: u32 = 24;
const KNOWN_REBOUGHT: u32 = 32;
const KNOWN_EXPECTED: u32 = 40;
const KNOWN_REBOUGHT_ONCE: u32 = 48;
const KNOWN_EXPECTED_ONCE: u32 = 56;

/** From this age on an item is no longer expected: 0.9^160 is less than a fixed-point step. */
const AGES: u32 = 160;

let cells: u32 = 0;
/** AGES × 0.9^age f64. */
let decays: u32 = 0;
/** The distinct items of the history that is being counted, in the order of their first basket. */
let known: u32 = 0;
let knownCapacity: u32 = 0;
let knownCount: u32 = 0;
/** Z: the sum of 0.9^age over the baskets met so far. */
let whole: f64 = 0;
/** Sums over cells: derived, so neither in the digest nor saved. */
let expectedSum: i64 = 0;
let reboughtSum: i64 = 0;

export function startHabits(): void {
  cells = allocate(HABIT_CELLS * CELL_BYTES);
  decays = allocate(AGES * 8);
  for (let k: u32 = 0; k < HABIT_CELLS; k++) {
    const cell = cells + k * CELL_BYTES;
    store<i64>(cell, 0);
    store<i64>(cell, 0, CELL_REBOUGHT);
    store<u64>(cell, digestKey(DIGEST_EXPECTED, k), CELL_EXPECTED_KEY);
    store<u64>(cell, digestKey(DIGEST_REBOUGHT, k), CELL_REBOUGHT_KEY);
  }
  let decay: f64 = 1.0;
  for (let age: u32 = 0; age < AGES; age++) {
    store<f64>(decays + age * 8, decay);
    decay *= 0.9;
  }
}

// @ts-expect-error: decorator
@inline
function decayOf(age: u32): f64 {
  return age < AGES ? load<f64>(decays + age * 8) : 0;
}

/** 1 | 2 | 3 | 4 | 5–6 | 7–9 | 10–14 | 15–24 | 25 and more. */
function timesBucket(times: u32): u32 {
  if (times <= 4) return times - 1;
  if (times <= 9) return times <= 6 ? 4 : 5;
  if (times <= 14) return 6;
  return times <= 24 ? 7 : 8;
}

/** 0 | 1 | 2 | 3 | 4–5 | 6–8 | 9–13 | 14–20 | 21–34 | 35 and more baskets since. */
function ageBucket(age: u32): u32 {
  if (age <= 3) return age;
  if (age <= 8) return age <= 5 ? 4 : 5;
  if (age <= 13) return 6;
  if (age <= 20) return 7;
  return age <= 34 ? 8 : 9;
}

/** 1 | 2 | 3 | 4 | 5–6 | 7–9 | 10–14 | 15–24 | 25–49 | 50 and more. */
function basketsBucket(baskets: u32): u32 {
  return baskets >= 50 ? 9 : timesBucket(baskets);
}

/** The cell of what lies in `times` of a member's `baskets` baskets, `age` baskets ago the last. */
// @ts-expect-error: decorator
@inline
function cellOf(times: u32, age: u32, baskets: u32): u32 {
  const index = (timesBucket(times) * 10 + ageBucket(age)) * 10 + basketsBucket(baskets);
  return cells + index * CELL_BYTES;
}

/** Nothing is known of the history to come. */
export function forgetKnown(): void {
  knownCount = 0;
  whole = 0;
}

/** Records an item of basket `at` that no earlier one holds; returns its place among the known. */
export function addKnown(item: u32, at: u32, day: i32): u32 {
  if (knownCount == knownCapacity) {
    const larger = max<u32>(256, knownCapacity * 2);
    known = enlarge(known, knownCapacity * KNOWN_BYTES, larger * KNOWN_BYTES);
    knownCapacity = larger;
  }
  const place = knownCount++;
  const entry = known + place * KNOWN_BYTES;
  memory.fill(entry, 0, KNOWN_BYTES);
  store<u32>(entry, item);
  store<u32>(entry, 1, KNOWN_TIMES);
  store<u32>(entry, at, KNOWN_LAST);
  store<i32>(entry, day, KNOWN_DAY);
  store<f64>(entry, 1, KNOWN_SHARE);
  return place;
}

/** Records that basket `at` holds a known item again; returns the days since the last that did. */
export function addKnownGap(place: u32, at: u32, day: i32): i32 {
  const entry = known + place * KNOWN_BYTES;
  const share = load<f64>(entry, KNOWN_SHARE) * decayOf(at - load<u32>(entry, KNOWN_LAST));
  store<f64>(entry, share + 1, KNOWN_SHARE);
  store<u32>(entry, load<u32>(entry, KNOWN_TIMES) + 1, KNOWN_TIMES);
  store<u32>(entry, at, KNOWN_LAST);
  const days = day - load<i32>(entry, KNOWN_DAY);
  store<i32>(entry, day, KNOWN_DAY);
  return days;
}

/** What room for a history of so many distinct items would take. */
export function knownBytes(items: u32): u64 {
  if (items <= knownCapacity) return 0;
  return blockBytes(2 * max<u32>(256, items) * KNOWN_BYTES);
}

/** How many distinct items the history that is counted has held so far. */
export function knownTotal(): u32 {
  return knownCount;
}

/** To be called once all items of a basket are met. */
export function endBasket(): void {
  whole = whole * 0.9 + 1;
}

/** Says, before countKnownHabits, that basket `at` holds the known item. */
export function markHeld(place: u32, at: u32): void {
  store<u32>(known + place * KNOWN_BYTES, at, KNOWN_HELD);
}

/** EXPECTED and REBOUGHT of basket `at` (not the first) for all that was known before it. */
export function countKnownHabits(at: u32, growth: f64, sign: i64): void {
  const end = known + knownCount * KNOWN_BYTES;
  const weight = fixed(growth);
  for (let entry = known; entry < end; entry += KNOWN_BYTES) {
    const times = load<u32>(entry, KNOWN_TIMES);
    const age = at - 1 - load<u32>(entry, KNOWN_LAST);
    const expected = fixed((load<f64>(entry, KNOWN_SHARE) * decayOf(age)) / (whole + 0.5));
    const isHeld = load<u32>(entry, KNOWN_HELD) == at;
    addToCell(cellOf(times, age, at), sign * expected, isHeld ? sign : 0);
    // Rounded before it is weighed, so that any decent arithmetic comes to the same integer.
    const weighed = fixed(growth * plain(expected));
    const rebought = isHeld ? weight : 0;
    store<i64>(entry, load<i64>(entry, KNOWN_EXPECTED) + weighed, KNOWN_EXPECTED);
    store<i64>(entry, load<i64>(entry, KNOWN_REBOUGHT) + rebought, KNOWN_REBOUGHT);
    if (times > 1) continue;
    store<i64>(entry, load<i64>(entry, KNOWN_EXPECTED_ONCE) + weighed, KNOWN_EXPECTED_ONCE);
    store<i64>(entry, load<i64>(entry, KNOWN_REBOUGHT_ONCE) + rebought, KNOWN_REBOUGHT_ONCE);
  }
}

function addToCell(cell: u32, expected: i64, rebought: i64): void {
  store<i64>(cell, load<i64>(cell) + expected);
  expectedSum += expected;
  addKeyed(load<u64>(cell, CELL_EXPECTED_KEY), expected);
  if (!rebought) return;
  store<i64>(cell, load<i64>(cell, CELL_REBOUGHT) + rebought, CELL_REBOUGHT);
  reboughtSum += rebought;
  addKeyed(load<u64>(cell, CELL_REBOUGHT_KEY), rebought);
}

// @ts-expect-error: decorator
@inline
function addSum(entry: u32, from: u32, item: u32, counter: u32, sign: i64): void {
  const sum = load<i64>(entry + from);
  if (sum) addCounter(item, counter, sign * sum);
}

/** Adds to the items' counters what was counted of the whole history. */
export function settleKnown(sign: i64): void {
  const end = known + knownCount * KNOWN_BYTES;
  for (let entry = known; entry < end; entry += KNOWN_BYTES) {
    const item = load<u32>(entry);
    addSum(entry, KNOWN_EXPECTED, item, ITEM_EXPECTED, sign);
    addSum(entry, KNOWN_REBOUGHT, item, ITEM_REBOUGHT, sign);
    addSum(entry, KNOWN_EXPECTED_ONCE, item, ITEM_EXPECTED_ONCE, sign);
    addSum(entry, KNOWN_REBOUGHT_ONCE, item, ITEM_REBOUGHT_ONCE, sign);
  }
}

/** k0 = Σ REBOUGHT / Σ EXPECTED over cells; 0 before anything was expected. */
export function reboughtRate(): f64 {
  return expectedSum > 0 ? (<f64>reboughtSum * ONE) / <f64>expectedSum : 0;
}

const CELL_PRIOR: f64 = 35.0;

/**
 * How much more often than usual what lies in `times` of `baskets` baskets, `age` ago the last, is
 * bought next: the cell's rebought over its expected, shrunk to k0 by 35 expected, over k0; k0 > 0.
 */
export function habitLift(times: u32, age: u32, baskets: u32, k0: f64): f64 {
  const cell = cellOf(times, age, baskets);
  const rebought = <f64>load<i64>(cell, CELL_REBOUGHT) + CELL_PRIOR * k0;
  return rebought / (plain(load<i64>(cell)) + CELL_PRIOR) / k0;
}

/** EXPECTED of one cell, in 2^-20; cells in the order of (times, age, baskets). */
export function habitExpected(index: u32): i64 {
  return load<i64>(cells + index * CELL_BYTES);
}

export function habitRebought(index: u32): i64 {
  return load<i64>(cells + index * CELL_BYTES, CELL_REBOUGHT);
}

/** Writes every cell: some 5 KB, once a snapshot. */
export function saveHabits(): void {
  reserveVarints(HABIT_CELLS * 2);
  for (let k: u32 = 0; k < HABIT_CELLS; k++) {
    putZigzag(habitExpected(k));
    putZigzag(habitRebought(k));
  }
}

/** Reading moves the running digest, which is restored last. */
export function restoreHabits(): void {
  for (let k: u32 = 0; k < HABIT_CELLS; k++) {
    const expected = getZigzag();
    addToCell(cells + k * CELL_BYTES, expected, getZigzag());
  }
}
