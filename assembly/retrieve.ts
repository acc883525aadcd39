// From anchors to candidates: the served neighbours of every anchor, added up in the accumulator.

import {
  ANCHOR_AFFINITY,
  ANCHOR_BYTES,
  ANCHOR_FACTOR,
  ANCHOR_ITEM,
  ANCHOR_MEM_FACTOR,
  anchorOf,
  anchors,
  growth,
  leadCount,
} from './accumulate';
import { rowAddress, scopeRow } from './counts';
import {
  endContributions,
  CONTRIBUTION_BYTES,
  CONTRIBUTIONS_HEADER,
  addContribution,
  contributionsAt,
  reserveContributions,
  recordGathered,
  recordContributions,
  recordTouched,
  squaresAt,
  wasGathered,
} from './anchor-contributions';
import { hot, memFactor, nextRow, record, sequenceFactor } from './items';
import {
  CELL_BYTES,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  HOT_SAME_FACTOR,
  ITEM_N,
  ITEM_ON,
  ITEM_OUT,
  ROW_CAPACITY,
  ROW_CELLS,
  ROW_VIEW,
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_SAME,
  VIEW_ENTRY,
  VIEW_HEADER,
  VIEW_SERVED,
  WHOLE_DAY,
} from './layout';
import { BY_SALES, popularCount, popularList, popularThreshold } from './popular';
import { freshView } from './rows';
import { isSettledAbove, offer, offerAgain } from './topk';
import { offerTops } from './tops';
import {
  addScore,
  addTouching,
  atLeastMinimum,
  atLeastMinimums,
  endTouched,
  touchedEnd,
  priorOf,
} from './touched';
import { plain, power } from './weight';

const LINE_BYTES: u32 = 64;
/** The served part of a view; a line more if it begins within one. */
const VIEW_TOUCHED: u32 = VIEW_HEADER + VIEW_SERVED * VIEW_ENTRY;

/**
 * Adds f(i) · OUT[i]^-0.7 · NEXT²/(NEXT+g) of every anchor's served neighbours (IN[j]^-0.3 comes at
 * selection).
 */
export function accumulateNext(): void {
  weighAnchors();
  reserveContributions(leadCount);
  touchViews();
  const hots = hot(0);
  let list = touchedEnd();
  for (let k: u32 = 0; k < leadCount; k++) {
    const anchor = anchors + k * ANCHOR_BYTES;
    const contributions = contributionsAt(TABLE_NEXT, k);
    const row = nextRow(load<u32>(anchor, ANCHOR_ITEM));
    if (!load<u32>(row, ROW_CAPACITY)) {
      store<u32>(contributions, 0);
      continue;
    }
    const factor = <f32>load<f64>(anchor, ANCHOR_FACTOR);
    const view = freshView(row, TABLE_NEXT);
    if (view) {
      const served = min(load<u32>(view), VIEW_SERVED);
      const to = contributions + CONTRIBUTIONS_HEADER;
      list = addView(list, view + VIEW_HEADER, served, factor, to);
      store<u32>(contributions, served);
      continue;
    }
    const cells = load<u32>(row, ROW_CELLS);
    const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
    let to = contributions + CONTRIBUTIONS_HEADER;
    for (let at = cells; at < end; at += CELL_BYTES) {
      const key = load<u32>(at, CELL_KEY);
      if (key == EMPTY) continue;
      const weight = <f32>plain(load<i64>(at, CELL_WEIGHT));
      if (weight <= 0) continue;
      const value = nextValue(weight, factor);
      list = addTouching(list, hots, key, value);
      to = addContribution(to, key, value);
    }
    endContributions(contributions, to);
  }
  endTouched(list);
  recordContributions(TABLE_NEXT);
}

/**
 * Reads a word of every line of the views that are to be read: these loads do not wait for each
 * other, while a view's arithmetic keeps the next view's from being begun.
 */
function touchViews(): void {
  for (let k: u32 = 0; k < leadCount; k++) {
    const view = load<u32>(nextRow(load<u32>(anchors + k * ANCHOR_BYTES, ANCHOR_ITEM)), ROW_VIEW);
    if (!view) continue;
    let sum: u32 = 0;
    for (let line: u32 = 0; line < VIEW_TOUCHED; line += LINE_BYTES) sum += load<u32>(view + line);
    recordTouched(contributionsAt(TABLE_NEXT, k), sum);
  }
}

/**
 * f(i) · OUT[i]^-0.7 of every anchor that has a row. All before the first is used: powers do not
 * wait for each other, but whatever is multiplied by one waits for it.
 */
function weighAnchors(): void {
  for (let k: u32 = 0; k < leadCount; k++) {
    const anchor = anchors + k * ANCHOR_BYTES;
    const item = load<u32>(anchor, ANCHOR_ITEM);
    if (!load<u32>(nextRow(item), ROW_CAPACITY)) continue;
    const out = power(plain(load<i64>(record(item), ITEM_OUT)), -0.7);
    store<f64>(anchor, load<f64>(anchor, ANCHOR_AFFINITY) * out, ANCHOR_FACTOR);
  }
}

/** factor · w²/(w+g), at least what counts as touched. */
// @ts-expect-error: decorator
@inline
function nextValue(weight: f32, factor: f32): f32 {
  return atLeastMinimum(factor * ((weight * weight) / (weight + growth)));
}

/**
 * Adds the `count` entries of a view, four at a time, and records each at `contributions`; returns
 * where the touched list ends then.
 */
// @ts-expect-error: decorator
@inline
function addView(touched: u32, from: u32, count: u32, factor: f32, contributions: u32): u32 {
  const hots = hot(0);
  const end = from + count * VIEW_ENTRY;
  let list = touched;
  let at = from;
  let to = contributions;
  for (; at + 3 * VIEW_ENTRY < end; at += 4 * VIEW_ENTRY) {
    const low = v128.load(at);
    const high = v128.load(at, 16);
    const weights = v128.shuffle<u32>(low, high, 1, 3, 5, 7);
    // One that has faded to nothing is left out, which the tail below does.
    if (!i32x4.all_true(f32x4.gt(weights, f32x4.splat(0)))) break;
    const sums = f32x4.add(weights, f32x4.splat(growth));
    const shares = f32x4.div(f32x4.mul(weights, weights), sums);
    const values = atLeastMinimums(f32x4.mul(f32x4.splat(factor), shares));
    v128.store(to, v128.shuffle<u32>(low, values, 0, 4, 2, 5));
    v128.store(to, v128.shuffle<u32>(high, values, 0, 6, 2, 7), 16);
    to += 4 * CONTRIBUTION_BYTES;
    list = addTouching(list, hots, i32x4.extract_lane(low, 0), f32x4.extract_lane(values, 0));
    list = addTouching(list, hots, i32x4.extract_lane(low, 2), f32x4.extract_lane(values, 1));
    list = addTouching(list, hots, i32x4.extract_lane(high, 0), f32x4.extract_lane(values, 2));
    list = addTouching(list, hots, i32x4.extract_lane(high, 2), f32x4.extract_lane(values, 3));
  }
  for (; at < end; at += VIEW_ENTRY) {
    const weight = load<f32>(at, 4);
    const value = weight > 0 ? nextValue(weight, factor) : 0;
    if (weight > 0) list = addTouching(list, hots, load<u32>(at), value);
    to = addContribution(to, load<u32>(at), value);
  }
  return list;
}

/** What of a square's root depends on the anchor alone: OUT^-0.8, N^-0.9 or ON^-0.5. */
function ownFactor(table: u32, item: u32): f64 {
  const from = record(item);
  if (table == TABLE_NEXT) return power(plain(load<i64>(from, ITEM_OUT)), -0.8);
  if (table == TABLE_SAME) return power(plain(load<i64>(from, ITEM_N)), -0.9);
  return power(plain(load<i64>(from, ITEM_ON)), -0.5);
}

/** v of one neighbour without the anchor's part: (w²/(w+3g) · IN^-0.2, N^-0.1 or ON^-0.5)². */
// @ts-expect-error: decorator
@inline
export function square(table: u32, weight: f32, item: u32): f64 {
  // In f64: the square of what has faded for years would be nothing in f32.
  const w = <f64>weight;
  const x = (w * w) / (w + 3.0 * <f64>growth);
  if (table == TABLE_SAME) return x * x * <f64>load<f32>(hot(item), HOT_SAME_FACTOR);
  const at = table == TABLE_MEM ? memFactor(item) : sequenceFactor(item);
  const y = x * <f64>load<f32>(at);
  return y * y;
}

/**
 * Gathers the served neighbours of one anchor, their squares beside them, and returns the sum of
 * those.
 */
function gather(anchor: u32, row: u32, table: u32): f64 {
  const contributions = contributionsAt(table, anchor);
  let squares = squaresAt(table, anchor);
  let to = contributions + CONTRIBUTIONS_HEADER;
  let sum: f64 = 0;
  const view = load<u32>(row, ROW_CAPACITY) ? freshView(row, table) : 0;
  if (view) {
    const end = view + VIEW_HEADER + min(load<u32>(view), VIEW_SERVED) * VIEW_ENTRY;
    for (let at = view + VIEW_HEADER; at < end; at += VIEW_ENTRY) {
      const item = load<u32>(at);
      if (load<f32>(at, 4) <= 0) continue;
      const value = square(table, load<f32>(at, 4), item);
      to = addContribution(to, item, 0);
      store<f64>(squares, value);
      squares += 8;
      sum += value;
    }
  } else {
    const cells = load<u32>(row, ROW_CELLS);
    const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
    for (let at = cells; at < end; at += CELL_BYTES) {
      const item = load<u32>(at, CELL_KEY);
      if (item == EMPTY || load<i64>(at, CELL_WEIGHT) <= 0) continue;
      const value = square(table, <f32>plain(load<i64>(at, CELL_WEIGHT)), item);
      to = addContribution(to, item, 0);
      store<f64>(squares, value);
      squares += 8;
      sum += value;
    }
  }
  endContributions(contributions, to);
  return sum;
}

// @ts-expect-error: decorator
@inline
function factorOf(table: u32): u32 {
  return table == TABLE_MEM ? ANCHOR_MEM_FACTOR : ANCHOR_FACTOR;
}

/**
 * Gathers every anchor's row, once a request, and notes its factor f(i) · own / sqrt(sum of kept
 * v), which every v is multiplied by (v holds own², so v / sqrt(sum v) holds own); 0 for an empty
 * row.
 */
function gatherAll(table: u32): void {
  if (wasGathered(table)) return;
  reserveContributions(leadCount);
  for (let k: u32 = 0; k < leadCount; k++) {
    const anchor = anchors + k * ANCHOR_BYTES;
    const item = load<u32>(anchor, ANCHOR_ITEM);
    const affinity = load<f64>(anchor, ANCHOR_AFFINITY);
    let factor: f64 = 0;
    if (affinity > 0) {
      const sum = gather(k, rowAddress(table, item), table);
      if (sum > 0) factor = (affinity * ownFactor(table, item)) / sqrt(sum);
    }
    store<f64>(anchor + factorOf(table), factor);
  }
  recordGathered(table);
}

/**
 * Adds scale · f(i) · s(i,j), s = v / sqrt(sum of kept v), of every anchor's served neighbours in
 * SAME (the add-on view), NEXT or MEM (the views of discover).
 */
export function accumulateSquares(table: u32, scale: f64): void {
  gatherAll(table);
  const hots = hot(0);
  let list = touchedEnd();
  for (let k: u32 = 0; k < leadCount; k++) {
    const anchor = anchors + k * ANCHOR_BYTES;
    const factor = scale * load<f64>(anchor + factorOf(table));
    store<f64>(anchor + factorOf(table), factor);
    const contributions = contributionsAt(table, k);
    if (factor == 0) {
      store<u32>(contributions, 0);
      continue;
    }
    const count = load<u32>(contributions);
    const squares = squaresAt(table, k);
    for (let l: u32 = 0; l < count; l++) {
      const entry = contributions + CONTRIBUTIONS_HEADER + l * CONTRIBUTION_BYTES;
      const square = load<f64>(squares + l * 8);
      // Nothing is left of it: its own counter has faded to zero.
      if (square <= 0) continue;
      const value = atLeastMinimum(<f32>(factor * square));
      store<f32>(entry, value, 4);
      list = addTouching(list, hots, load<u32>(entry), value);
    }
  }
  endTouched(list);
  recordContributions(table);
}

/** Sum over all j that are no anchor of what accumulateSquares(table, 1) would add. */
export function sumSquares(table: u32): f64 {
  gatherAll(table);
  let sum: f64 = 0;
  for (let k: u32 = 0; k < leadCount; k++) {
    const factor = load<f64>(anchors + k * ANCHOR_BYTES + factorOf(table));
    if (factor == 0) continue;
    const contributions = contributionsAt(table, k);
    const count = load<u32>(contributions);
    const squares = squaresAt(table, k);
    for (let l: u32 = 0; l < count; l++) {
      const entry = contributions + CONTRIBUTIONS_HEADER + l * CONTRIBUTION_BYTES;
      const isNew = anchorOf(load<u32>(entry)) < 0;
      if (isNew) sum += factor * load<f64>(squares + l * 8);
    }
  }
  return sum;
}

/** Selects the best of one row of a place. */
export function offerScope(scope: u32): void {
  // The chain's whole day, whose best sellers stand in a short list by themselves.
  if (scope == WHOLE_DAY && offerBestSellers()) return;
  offerTops(scopeRow(scope));
}

/** False, and nothing is offered, where so much is barred that the short list does not suffice. */
function offerBestSellers(): bool {
  const list = popularList(BY_SALES);
  const end = list + popularCount(BY_SALES) * 4;
  for (let at = list; at < end; at += 4) {
    const item = load<u32>(at);
    const score = <f32>priorOf(item, BY_SALES);
    if (score > 0) offer(item, score);
  }
  if (isSettledAbove(popularThreshold(BY_SALES))) return true;
  offerAgain();
  return false;
}

/** Adds the popularity weights of one row of a place. */
export function accumulateScope(scope: u32): void {
  const row = scopeRow(scope);
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const key = load<u32>(at, CELL_KEY);
    if (key == EMPTY) continue;
    const weight = load<i64>(at, CELL_WEIGHT);
    if (weight > 0) addScore(key, <f32>plain(weight));
  }
}
