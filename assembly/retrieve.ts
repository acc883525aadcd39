// From anchors to candidates: the served neighbours of every anchor, added up in the accumulator.

import {
  ANCHOR_AFFINITY,
  ANCHOR_BYTES,
  ANCHOR_FACTOR,
  ANCHOR_ITEM,
  addScore,
  anchorCount,
  anchors,
  growth,
} from './accumulate';
import { memRow, nextRow, sameRow, scopeRow } from './counts';
import { allocate } from './heap';
import { hot, record } from './items';
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
  TABLE_MEM,
  TABLE_NEXT,
  TABLE_SAME,
  VIEW_ENTRY,
  VIEW_HEADER,
  VIEW_SERVED,
} from './layout';
import { freshView } from './rows';
import { plain, power } from './weight';

/** The served part of one SAME row: 64 × item u32, and their squares, 64 × f32. */
let itemScratch: u32 = 0;
let rowScratch: u32 = 0;

export function startRetrieve(): void {
  itemScratch = allocate(64 * 4);
  rowScratch = allocate(64 * 4);
}

/** Adds factor · w²/(w+g) of a row's served neighbours. */
function addRow(row: u32, table: u32, factor: f32): void {
  const view = freshView(row, table);
  if (view) {
    const end = view + VIEW_HEADER + min(load<u32>(view), VIEW_SERVED) * VIEW_ENTRY;
    for (let at = view + VIEW_HEADER; at < end; at += VIEW_ENTRY) {
      const weight = load<f32>(at, 4);
      if (weight > 0) addScore(load<u32>(at), factor * ((weight * weight) / (weight + growth)));
    }
    return;
  }
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const key = load<u32>(at, CELL_KEY);
    if (key == EMPTY) continue;
    const weight = <f32>plain(load<i64>(at, CELL_WEIGHT));
    if (weight > 0) addScore(key, factor * ((weight * weight) / (weight + growth)));
  }
}

/**
 * Adds f(i) · OUT[i]^-0.7 · NEXT²/(NEXT+g) of every anchor's served neighbours (IN[j]^-0.3 comes at
 * selection).
 */
export function accumulateNext(): void {
  for (let k: u32 = 0; k < anchorCount; k++) {
    const anchor = anchors + k * ANCHOR_BYTES;
    const item = load<u32>(anchor, ANCHOR_ITEM);
    const row = nextRow(item);
    if (!load<u32>(row, ROW_CAPACITY)) continue;
    const out = power(plain(load<i64>(record(item), ITEM_OUT)), -0.7);
    const factor = <f32>(load<f64>(anchor, ANCHOR_AFFINITY) * out);
    store<f32>(anchor, factor, ANCHOR_FACTOR);
    addRow(row, TABLE_NEXT, factor);
  }
}

/**
 * Adds f(i) · ON[i]^-0.5 · MEM²/(MEM+g) of every anchor's served neighbours (ON[j]^-0.5 comes at
 * selection).
 */
export function accumulateMem(): void {
  for (let k: u32 = 0; k < anchorCount; k++) {
    const anchor = anchors + k * ANCHOR_BYTES;
    const item = load<u32>(anchor, ANCHOR_ITEM);
    const row = memRow(item);
    if (!load<u32>(row, ROW_CAPACITY)) continue;
    const own = power(plain(load<i64>(record(item), ITEM_ON)), -0.5);
    const factor = <f32>(load<f64>(anchor, ANCHOR_AFFINITY) * own);
    store<f32>(anchor, factor, ANCHOR_FACTOR);
    addRow(row, TABLE_MEM, factor);
  }
}

// @ts-expect-error: decorator
@inline
export function togetherSquare(weight: f32, item: u32): f32 {
  const x = (weight * weight) / (weight + 3.0 * growth);
  return x * x * load<f32>(hot(item), HOT_SAME_FACTOR);
}

/**
 * Gathers the served squares of a SAME row into rowScratch; their items into itemScratch; returns
 * how many.
 */
function gatherTogether(row: u32): u32 {
  let count: u32 = 0;
  const view = freshView(row, TABLE_SAME);
  if (view) {
    const end = view + VIEW_HEADER + min(load<u32>(view), VIEW_SERVED) * VIEW_ENTRY;
    for (let at = view + VIEW_HEADER; at < end; at += VIEW_ENTRY) {
      const item = load<u32>(at);
      if (load<f32>(at, 4) <= 0) continue;
      store<u32>(itemScratch + count * 4, item);
      store<f32>(rowScratch + count * 4, togetherSquare(load<f32>(at, 4), item));
      count++;
    }
    return count;
  }
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const item = load<u32>(at, CELL_KEY);
    if (item == EMPTY || load<i64>(at, CELL_WEIGHT) <= 0) continue;
    store<u32>(itemScratch + count * 4, item);
    const weight = <f32>plain(load<i64>(at, CELL_WEIGHT));
    store<f32>(rowScratch + count * 4, togetherSquare(weight, item));
    count++;
  }
  return count;
}

/** Adds s(i,j) = v / sqrt(sum of kept v) of every anchor's neighbours in SAME (the add-on view). */
export function accumulateSame(): void {
  for (let k: u32 = 0; k < anchorCount; k++) {
    const anchor = anchors + k * ANCHOR_BYTES;
    const item = load<u32>(anchor, ANCHOR_ITEM);
    const row = sameRow(item);
    if (!load<u32>(row, ROW_CAPACITY)) continue;
    const count = gatherTogether(row);
    let sum: f64 = 0;
    for (let l: u32 = 0; l < count; l++) sum += <f64>load<f32>(rowScratch + l * 4);
    if (sum <= 0) continue;
    // v holds N_i^-1.8, so v / sqrt(sum v) holds N_i^-0.9.
    const own = power(plain(load<i64>(record(item), ITEM_N)), -0.9);
    const factor = <f32>(own / sqrt(sum));
    store<f32>(anchor, factor, ANCHOR_FACTOR);
    for (let l: u32 = 0; l < count; l++) {
      addScore(load<u32>(itemScratch + l * 4), factor * load<f32>(rowScratch + l * 4));
    }
  }
}

/** Adds the popularity weights of one place and daypart. */
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
