// Why an item is in the list: the anchor that gave it most, and the receipts that were counted.
import {
  ANCHOR_AGAIN,
  ANCHOR_BYTES,
  ANCHOR_FACTOR,
  ANCHOR_ITEM,
  ANCHOR_MEM_FACTOR,
  ANCHOR_RECEIPTS,
  anchorOf,
  anchors,
  growth,
  leadCount,
} from './accumulate';
import { findCell, rowAddress, scopeRow } from './counts';
import {
  CONTRIBUTION_BYTES,
  CONTRIBUTIONS_HEADER,
  contributionsAt,
  hasContributions,
} from './anchor-contributions';
import { allocate } from './heap';
import { hot, record } from './items';
import {
  CELL_BYTES,
  CELL_COUNT,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  HOT_ACC,
  HOT_IN_FACTOR,
  ITEM_N,
  ITEM_ON,
  ITEM_POP,
  ITEM_SUPPORT,
  ROW_CAPACITY,
  ROW_CELLS,
  TABLE_MEM,
  VIEW_ENTRY,
  VIEW_HEADER,
  VIEW_SERVED,
} from './layout';
import { square } from './retrieve';
import { freshView } from './rows';
import { RESULTS_MAX } from './topk';
import { plain } from './weight';

/**
 * explanation, one a result: anchor i32 (-1: none) | term f32 | the anchor's item u32
 *   | count of the pair's cell i32 | the result's own anchor i32 (-1: none) | its receipts u32
 *   | IN^-0.3 f32 | 0 | SUPPORT i64 | POP i64 | its repeat term f64
 */
export const EXPLANATION_BYTES: u32 = 56;
export const EXPLANATION_TERM: u32 = 4;
export const EXPLANATION_ITEM: u32 = 8;
export const EXPLANATION_COUNT: u32 = 12;
export const EXPLANATION_OWN: u32 = 16;
export const EXPLANATION_RECEIPTS: u32 = 20;
export const EXPLANATION_IN_FACTOR: u32 = 24;
export const EXPLANATION_SUPPORT: u32 = 32;
export const EXPLANATION_POP: u32 = 40;
export const EXPLANATION_AGAIN: u32 = 48;
let explanations: u32 = 0;
/** RESULTS_MAX × item u32: what is to be explained. */
let asked: u32 = 0;

/** Which items may be results, by the low bits of their numbers: 1 or 0 a byte. */
const SIEVE_MASK: u32 = 4095;
let sieve: u32 = 0;
/** The contributions of one anchor that the sieve has kept. */
let candidates: u32 = 0;

export function startExplain(): void {
  explanations = allocate(RESULTS_MAX * EXPLANATION_BYTES);
  asked = allocate(RESULTS_MAX * 4);
  sieve = allocate(SIEVE_MASK + 1);
  memory.fill(sieve, 0, SIEVE_MASK + 1);
  candidates = allocate((VIEW_SERVED + 1) * CONTRIBUTION_BYTES);
}

/** Records which contributions of an anchor went to items that are asked about. */
function explainAnchor(anchor: u32, table: u32): void {
  const contributions = contributionsAt(table, anchor);
  const from = contributions + CONTRIBUTIONS_HEADER;
  const end = from + load<u32>(contributions) * CONTRIBUTION_BYTES;
  // What may be a result is brought together without a branch, which could not be predicted.
  let found = candidates;
  for (let at = from; at < end; at += CONTRIBUTION_BYTES) {
    store<u64>(found, load<u64>(at));
    found += <u32>load<u8>(sieve + (load<u32>(at) & SIEVE_MASK)) * CONTRIBUTION_BYTES;
  }
  for (let at = candidates; at < found; at += CONTRIBUTION_BYTES) {
    const place = load<f32>(hot(load<u32>(at)), HOT_ACC);
    if (place == 0) continue;
    const term = load<f32>(at, 4);
    const to = explanations + (<u32>place - 1) * EXPLANATION_BYTES;
    if (term <= load<f32>(to, EXPLANATION_TERM)) continue;
    store<i32>(to, <i32>anchor);
    store<f32>(to, term, EXPLANATION_TERM);
  }
}

/** Where the items that are to be explained are put: RESULTS_MAX of them at most, each once. */
export function explainInput(): u32 {
  return asked;
}

// @ts-expect-error: decorator
@inline
function askedItem(index: u32): u32 {
  return load<u32>(asked + index * 4);
}

/**
 * After `select`: finds for each of `count` items the anchor that gave it most in a table, in one
 * more pass over what all gave. The accumulator, all zero by now, holds each one's place meanwhile.
 * A term of NEXT, when it was not added as squares, is what it was before IN[j]^-0.3 and before the
 * mix. Returns where the explanations begin.
 */
export function explainItems(table: u32, count: u32): u32 {
  beginAsking(count);
  for (let k: u32 = 0; k < count; k++) {
    store<i32>(explanations + k * EXPLANATION_BYTES, -1);
    store<f32>(explanations + k * EXPLANATION_BYTES, 0, EXPLANATION_TERM);
  }
  const contributions = hasContributions(table) ? leadCount : 0;
  for (let k: u32 = 0; k < contributions; k++) explainAnchor(k, table);
  endAsking(count);
  for (let k: u32 = 0; k < count; k++) {
    recordFacts(explanations + k * EXPLANATION_BYTES, askedItem(k), table);
  }
  return explanations;
}

/** Notes the place of each item that is asked about, until endAsking. */
export function beginAsking(count: u32): void {
  for (let k: u32 = 0; k < count; k++) {
    const item = askedItem(k);
    store<f32>(hot(item), <f32>(k + 1), HOT_ACC);
    store<u8>(sieve + (item & SIEVE_MASK), 1);
  }
}

export function endAsking(count: u32): void {
  for (let k: u32 = 0; k < count; k++) {
    const item = askedItem(k);
    store<f32>(hot(item), 0, HOT_ACC);
    store<u8>(sieve + (item & SIEVE_MASK), 0);
  }
}

/** The place of an item among those asked about, counted from 1; 0: it is none of them. */
// @ts-expect-error: decorator
@inline
export function askedPlace(item: u32): u32 {
  if (!load<u8>(sieve + (item & SIEVE_MASK))) return 0;
  return <u32>load<f32>(hot(item), HOT_ACC);
}

/** What reasons tell beside the anchor that gave most. */
function recordFacts(at: u32, item: u32, table: u32): void {
  const best = load<i32>(at);
  if (best >= 0) {
    const from = load<u32>(anchors + <u32>best * ANCHOR_BYTES, ANCHOR_ITEM);
    store<u32>(at, from, EXPLANATION_ITEM);
    store<i32>(at, pairCount(table, from, item), EXPLANATION_COUNT);
  }
  const own = anchorOf(item);
  store<i32>(at, own, EXPLANATION_OWN);
  if (own >= 0) {
    const anchor = anchors + <u32>own * ANCHOR_BYTES;
    store<u32>(at, load<u32>(anchor, ANCHOR_RECEIPTS), EXPLANATION_RECEIPTS);
    store<f64>(at, load<f64>(anchor, ANCHOR_AGAIN), EXPLANATION_AGAIN);
  }
  store<f32>(at, load<f32>(hot(item), HOT_IN_FACTOR), EXPLANATION_IN_FACTOR);
  store<i64>(at, load<i64>(record(item), ITEM_SUPPORT), EXPLANATION_SUPPORT);
  store<i64>(at, load<i64>(record(item), ITEM_POP), EXPLANATION_POP);
}

/** Receipts counted in the cell of two items (docs/reference/counts.md); 0 when there is none. */
export function pairCount(table: u32, from: u32, to: u32): i32 {
  const cell = findCell(rowAddress(table, from), to);
  return cell ? load<i32>(cell, CELL_COUNT) : 0;
}

/**
 * How near two items are by the receipts, 0 … 1: MEM / sqrt(ON_i · ON_j) · MEM / (MEM + g), or
 * SAME / sqrt(N_i · N_j) · SAME / (SAME + g).
 */
export function pairNearness(table: u32, from: u32, to: u32, g: f64): f64 {
  const cell = findCell(rowAddress(table, from), to);
  if (!cell) return 0;
  const weight = plain(load<i64>(cell, CELL_WEIGHT));
  if (weight <= 0) return 0;
  const offset = table == TABLE_MEM ? ITEM_ON : ITEM_N;
  const both = plain(load<i64>(record(from) + offset)) * plain(load<i64>(record(to) + offset));
  // Each may have faded to zero on its own.
  return both > 0 ? ((weight / sqrt(both)) * weight) / (weight + g) : 0;
}

/** Whether any member came to buy the item. */
export function wasFirstBought(item: u32): bool {
  return load<i64>(record(item), ITEM_ON) > 0;
}

/** A row of more slots for each item that is asked about is searched, not read. */
const SLOTS_READ: u32 = 4;

/**
 * Begins to add up receipts of `count` items of `explainInput`, an i64 each, over places and
 * dayparts. Until `endCounting` the accumulator holds where each one's sum is. Returns the sums.
 */
export function startCounting(count: u32): u32 {
  for (let k: u32 = 0; k < count; k++) {
    store<i64>(explanations + k * 8, 0);
    store<f32>(hot(askedItem(k)), <f32>(k + 1), HOT_ACC);
  }
  return explanations;
}

/** Adds the receipts of one place and daypart: costs no more than its cells, or as many items. */
export function countScope(scope: u32, count: u32): void {
  const row = scopeRow(scope);
  const slots = load<u32>(row, ROW_CAPACITY);
  if (slots > count * SLOTS_READ) {
    for (let k: u32 = 0; k < count; k++) {
      const cell = findCell(row, askedItem(k));
      if (cell) addCount(k, cell);
    }
    return;
  }
  const cells = load<u32>(row, ROW_CELLS);
  for (let at = cells; at < cells + slots * CELL_BYTES; at += CELL_BYTES) {
    const item = load<u32>(at, CELL_KEY);
    if (item == EMPTY) continue;
    const place = load<f32>(hot(item), HOT_ACC);
    if (place > 0) addCount(<u32>place - 1, at);
  }
}

// @ts-expect-error: decorator
@inline
function addCount(k: u32, cell: u32): void {
  const sum = explanations + k * 8;
  store<i64>(sum, load<i64>(sum) + <i64>load<i32>(cell, CELL_COUNT));
}

export function endCounting(count: u32): void {
  for (let k: u32 = 0; k < count; k++) store<f32>(hot(askedItem(k)), 0, HOT_ACC);
}
