// What each anchor gave to the items of a list, of many items in one pass over the rows of all
// anchors: to look for each item in each row took 5 ms for a hundred items and 512 anchors.

import {
  ANCHOR_BYTES,
  ANCHOR_FACTOR,
  ANCHOR_ITEM,
  ANCHOR_MEM_FACTOR,
  anchorCount,
  anchors,
  growth,
} from './accumulate';
import { rowAddress } from './counts';
import { askedPlace, beginAsking, endAsking } from './explain';
import { allocate } from './heap';
import { hot } from './items';
import {
  CELL_BYTES,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  HOT_IN_FACTOR,
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
 * terms of an item: NAMED × (the anchor's item u32, what it gave f32), the most first | how many
 * are named u32 | 0 | what all others gave f64
 */
const NAMED: u32 = 3;
export const TERM_BYTES: u32 = 8;
export const TERM_SCORE: u32 = 4;
export const TERMS_NAMED: u32 = NAMED * TERM_BYTES;
export const TERMS_REST: u32 = TERMS_NAMED + 8;
export const TERMS_BYTES: u32 = TERMS_REST + 8;
let terms: u32 = 0;

/** Of the pass that goes on. */
let table: u32 = 0;
let isSquared: bool = false;
let isByInFactor: bool = false;
let scale: f64 = 0;

export function startTerms(): void {
  terms = allocate(RESULTS_MAX * TERMS_BYTES);
}

/**
 * What every anchor gave to each of `count` items of explainInput in a table, accumulated as it is
 * or as squares, times `by` and, where `byInFactor`, IN[j]^-0.3. Rounded to f32 before they are
 * compared: equal ones stay in the order of the anchors. Returns where the terms begin.
 */
export function explainTerms(rows: u32, squared: bool, by: f64, byInFactor: bool, count: u32): u32 {
  table = rows;
  isSquared = squared;
  scale = by;
  isByInFactor = byInFactor;
  memory.fill(terms, 0, count * TERMS_BYTES);
  beginAsking(count);
  for (let k: u32 = 0; k < anchorCount; k++) passAnchor(anchors + k * ANCHOR_BYTES);
  endAsking(count);
  return terms;
}

/** All that an anchor leads to. */
function passAnchor(anchor: u32): void {
  const factor = load<f64>(anchor + (table == TABLE_MEM ? ANCHOR_MEM_FACTOR : ANCHOR_FACTOR));
  const from = load<u32>(anchor, ANCHOR_ITEM);
  const row = rowAddress(table, from);
  if (factor == 0 || !load<u32>(row, ROW_CAPACITY)) return;
  const view = freshView(row, table);
  if (view) {
    const end = view + VIEW_HEADER + min(load<u32>(view), VIEW_SERVED) * VIEW_ENTRY;
    for (let at = view + VIEW_HEADER; at < end; at += VIEW_ENTRY) {
      const place = askedPlace(load<u32>(at));
      if (place) give(place, from, factor, load<u32>(at), load<f32>(at, 4));
    }
    return;
  }
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const item = load<u32>(at, CELL_KEY);
    const place = item == EMPTY ? 0 : askedPlace(item);
    if (place) give(place, from, factor, item, <f32>plain(load<i64>(at, CELL_WEIGHT)));
  }
}

/** Adds what an anchor of the item `from` gave to an item at `place`, counted from 1. */
function give(place: u32, from: u32, factor: f64, item: u32, weight: f32): void {
  if (weight <= 0) return;
  const share = isSquared
    ? square(table, weight, item)
    : <f64>((weight * weight) / (weight + growth));
  const by = isByInFactor ? scale * <f64>load<f32>(hot(item), HOT_IN_FACTOR) : scale;
  const term = <f32>(by * (factor * share));
  if (term > 0) keep(terms + (place - 1) * TERMS_BYTES, from, term);
}

/** Puts a term to its place among those that are named, or to what is left. */
function keep(at: u32, from: u32, term: f32): void {
  let index = load<u32>(at, TERMS_NAMED);
  if (index < NAMED) {
    store<u32>(at, index + 1, TERMS_NAMED);
  } else {
    index = NAMED - 1;
    const last = load<f32>(at + index * TERM_BYTES, 4);
    const least = min(last, term);
    store<f64>(at, load<f64>(at, TERMS_REST) + <f64>least, TERMS_REST);
    if (term <= last) return;
  }
  while (index > 0 && load<f32>(at + (index - 1) * TERM_BYTES, 4) < term) {
    store<u64>(at + index * TERM_BYTES, load<u64>(at + (index - 1) * TERM_BYTES));
    index--;
  }
  store<u32>(at + index * TERM_BYTES, from);
  store<f32>(at + index * TERM_BYTES, term, 4);
}
