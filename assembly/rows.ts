// Neighbour views: the best 64 cells of a long count row, best first, of which the first 50 score
// (docs/ARCHITECTURE.md, The hot path). A row of at most 50 cells needs none: it is read directly.
// A view holds plain weights, so scores are always current; only membership and order can lag
// behind IN and N, and `settleRows` makes them exact when there is time.

import { clearInView, lastKey, rowAddress, scopeRow, setInView } from './counts';
import { allocate, release, tryAllocate } from './heap';
import { hot, idHash, itemCount, memFactor } from './items';
import {
  CELL_BYTES,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  HOT_IN_FACTOR,
  HOT_SAME_FACTOR,
  IN_VIEW,
  ROWS_A_PLACE,
  ROW_CAPACITY,
  ROW_CELLS,
  ROW_SIZE,
  ROW_VIEW,
  TABLE_NEXT,
  TABLE_SAME,
  VIEW_BYTES,
  VIEW_ENTRIES,
  VIEW_ENTRY,
  VIEW_HEADER,
  VIEW_SERVED,
} from './layout';
import { storeCount } from './scopes';
import { learnTops } from './tops';
import { plain } from './weight';

/** g(now) that orders views; served scores take the request's own. */
let viewGrowth: f32 = 1.0;
/** The weight of each candidate's order key while a view is built: 64 × f32. */
let keyScratch: u32 = 0;
/** The view of a row that has none because memory is full: made anew by every reader. */
let spareView: u32 = 0;

export function startRows(): void {
  keyScratch = allocate(VIEW_ENTRIES * 4);
  spareView = allocate(VIEW_BYTES);
}

export function setViewGrowth(growth: f64): void {
  viewGrowth = <f32>growth;
}

/**
 * The part of s(i,j) that depends on the pair and j, for NEXT: NEXT^2 / (NEXT + g) · IN[j]^-0.3.
 */
// @ts-expect-error: decorator
@inline
function nextKey(weight: f32, item: u32, growth: f32): f32 {
  return ((weight * weight) / (weight + growth)) * load<f32>(hot(item), HOT_IN_FACTOR);
}

/** The same for SAME: (SAME^2 / (SAME + 3g))^2 · N[j]^-0.2. */
// @ts-expect-error: decorator
@inline
function sameKey(weight: f32, item: u32, growth: f32): f32 {
  const x = (weight * weight) / (weight + 3.0 * growth);
  return x * x * load<f32>(hot(item), HOT_SAME_FACTOR);
}

/** The same for MEM: MEM^2 / (MEM + 3g) · ON[j]^-0.5. */
// @ts-expect-error: decorator
@inline
function memKey(weight: f32, item: u32, growth: f32): f32 {
  return ((weight * weight) / (weight + 3.0 * growth)) * load<f32>(memFactor(item));
}

// @ts-expect-error: decorator
@inline
function orderKey(table: u32, weight: f32, item: u32): f32 {
  if (table == TABLE_NEXT) return nextKey(weight, item, viewGrowth);
  if (table == TABLE_SAME) return sameKey(weight, item, viewGrowth);
  return memKey(weight, item, viewGrowth);
}

// @ts-expect-error: decorator
@inline
function entry(view: u32, index: u32): u32 {
  return view + VIEW_HEADER + index * VIEW_ENTRY;
}

/** Whether (key, item) stands before (otherKey, other): higher key, then lower id hash. */
// @ts-expect-error: decorator
@inline
function before(key: f32, item: u32, otherKey: f32, other: u32): bool {
  return key > otherKey || (key == otherKey && idHash(item) < idHash(other));
}

/** Makes the view exact for the counters as they stand; returns it, 0 where a row needs none. */
function rebuildView(row: u32, table: u32): u32 {
  let view = load<u32>(row, ROW_VIEW);
  const size = load<u32>(row, ROW_SIZE);
  if (size <= VIEW_SERVED) {
    if (view) {
      clearInView(row);
      release(view);
      store<u32>(row, 0, ROW_VIEW);
    }
    return 0;
  }
  if (!view) {
    view = tryAllocate(VIEW_BYTES);
    store<u32>(row, view, ROW_VIEW);
  }
  if (!view) {
    fillView(spareView, row, table);
    return spareView;
  }
  fillView(view, row, table);
  const count = load<u32>(view);
  for (let index: u32 = 0; index < count; index++) {
    setInView(row, load<u32>(entry(view, index)), true);
  }
  return view;
}

/** The best cells of a row; forgets which of its cells were in a view. */
function fillView(view: u32, row: u32, table: u32): void {
  const cells = load<u32>(row, ROW_CELLS);
  const end = cells + load<u32>(row, ROW_CAPACITY) * CELL_BYTES;
  let count: u32 = 0;
  for (let at = cells; at < end; at += CELL_BYTES) {
    const stored = load<u32>(at, CELL_KEY);
    if (stored == EMPTY) continue;
    const item = stored & ~IN_VIEW;
    if (stored != item) store<u32>(at, item, CELL_KEY);
    const weight = <f32>plain(load<i64>(at, CELL_WEIGHT));
    const key = orderKey(table, weight, item);
    if (count == VIEW_ENTRIES) {
      const last = load<f32>(keyScratch + (VIEW_ENTRIES - 1) * 4);
      if (key < last) continue;
      if (!before(key, item, last, load<u32>(entry(view, VIEW_ENTRIES - 1)))) continue;
      count--;
    }
    let index = count;
    while (index > 0) {
      const above = load<f32>(keyScratch + (index - 1) * 4);
      if (!before(key, item, above, load<u32>(entry(view, index - 1)))) break;
      store<f32>(keyScratch + index * 4, above);
      store<u64>(entry(view, index), load<u64>(entry(view, index - 1)));
      index--;
    }
    store<f32>(keyScratch + index * 4, key);
    store<u32>(entry(view, index), item);
    store<f32>(entry(view, index), weight, 4);
    count++;
  }
  store<u32>(view, count);
  store<u32>(view, 0, 4);
}

/** Moves the entry at `index` up while it stands before the one above it. */
function rise(view: u32, table: u32, from: u32): void {
  let index = from;
  const item = load<u32>(entry(view, index));
  const weight = load<f32>(entry(view, index), 4);
  const key = orderKey(table, weight, item);
  while (index > 0) {
    const above = entry(view, index - 1);
    const other = load<u32>(above);
    if (!before(key, item, orderKey(table, load<f32>(above, 4), other), other)) break;
    store<u64>(entry(view, index), load<u64>(above));
    index--;
  }
  store<u32>(entry(view, index), item);
  store<f32>(entry(view, index), weight, 4);
}

/**
 * Moves the entry at `index` down while the one below it stands before it; returns where it ends.
 */
function sink(view: u32, table: u32, from: u32, count: u32): u32 {
  let index = from;
  const item = load<u32>(entry(view, index));
  const weight = load<f32>(entry(view, index), 4);
  const key = orderKey(table, weight, item);
  while (index + 1 < count) {
    const below = entry(view, index + 1);
    const other = load<u32>(below);
    if (!before(orderKey(table, load<f32>(below, 4), other), other, key, item)) break;
    store<u64>(entry(view, index), load<u64>(below));
    index++;
  }
  store<u32>(entry(view, index), item);
  store<f32>(entry(view, index), weight, 4);
  return index;
}

/**
 * The entry at `index` has fallen to `weight`, or is gone. Where an outsider may now belong, the
 * view becomes stale.
 */
function fall(row: u32, table: u32, index: u32, weight: i64): void {
  const view = load<u32>(row, ROW_VIEW);
  let count = load<u32>(view);
  if (weight == i64.MIN_VALUE) {
    count--;
    memory.copy(entry(view, index), entry(view, index + 1), (count - index) * VIEW_ENTRY);
    store<u32>(view, count);
    if (count <= VIEW_SERVED && load<u32>(row, ROW_SIZE) > count) store<u32>(view, 1, 4);
    return;
  }
  store<f32>(entry(view, index), <f32>plain(weight), 4);
  const isLast = sink(view, table, index, count) == count - 1;
  if (isLast && load<u32>(row, ROW_SIZE) > count) store<u32>(view, 1, 4);
}

/** Where `item` stands in a view, or -1. */
function findEntry(view: u32, item: u32, count: u32): i32 {
  let at = view + VIEW_HEADER;
  for (let index: u32 = 0; index < count; index++) {
    if (load<u32>(at) == item) return <i32>index;
    at += VIEW_ENTRY;
  }
  return -1;
}

/**
 * Keeps the view of a row in step with one cell that counts.addCell just changed.
 * `weight` is the cell's new weight (i64.MIN_VALUE: removed), `grew` tells whether it rose.
 */
export function cellChanged(row: u32, table: u32, item: u32, weight: i64, grew: bool): void {
  const view = load<u32>(row, ROW_VIEW);
  // The next reader makes the view of a row that has just become long.
  if (!view) return;
  if (load<u32>(view, 4)) return;
  const count = load<u32>(view);
  if (!grew) {
    // An outsider that falls stays outside.
    if (lastKey & IN_VIEW) fall(row, table, <u32>findEntry(view, item, count), weight);
    return;
  }
  const plainWeight = <f32>plain(weight);
  if (lastKey & IN_VIEW) {
    const index = findEntry(view, item, count);
    store<f32>(entry(view, <u32>index), plainWeight, 4);
    rise(view, table, <u32>index);
    return;
  }
  let index = count;
  if (count == VIEW_ENTRIES) {
    index = VIEW_ENTRIES - 1;
    const last = entry(view, index);
    const lastItem = load<u32>(last);
    const lastKeyValue = orderKey(table, load<f32>(last, 4), lastItem);
    if (!before(orderKey(table, plainWeight, item), item, lastKeyValue, lastItem)) return;
    setInView(row, lastItem, false);
  } else {
    store<u32>(view, count + 1);
  }
  store<u32>(entry(view, index), item);
  store<f32>(entry(view, index), plainWeight, 4);
  setInView(row, item, true);
  rise(view, table, index);
}

/**
 * The view to read, made first where a fall or a load left none; 0 when the row is short and is
 * read itself.
 */
// @ts-expect-error: decorator
@inline
export function freshView(row: u32, table: u32): u32 {
  const view = load<u32>(row, ROW_VIEW);
  if (view ? load<u32>(view, 4) : load<u32>(row, ROW_SIZE) > VIEW_SERVED) {
    return rebuildView(row, table);
  }
  return view;
}

/**
 * Makes views exact from row `from` on (3i is NEXT of item i, 3i + 1 its SAME, 3i + 2 its MEM), and
 * after them learns the tops of popularity rows, until about `cells` cells were passed; returns the
 * row to go on from, 0 when all are done. A row without a view needs nothing: its next reader makes
 * one.
 */
export function settleRows(from: u32, cells: u32): u32 {
  const ofItems = itemCount * 3;
  const rows = ofItems + storeCount() * ROWS_A_PLACE;
  let passed: u32 = 0;
  let at = from;
  for (; at < rows && passed < cells; at++) {
    if (at >= ofItems) {
      const learnt = learnTops(scopeRow(at - ofItems), cells - passed);
      passed += learnt + 1;
      // Once more, until nothing of it is left.
      if (learnt) at--;
      continue;
    }
    const table = TABLE_NEXT + (at % 3);
    const row = rowAddress(table, at / 3);
    passed++;
    if (!load<u32>(row, ROW_VIEW)) continue;
    passed += load<u32>(row, ROW_CAPACITY);
    rebuildView(row, table);
  }
  return at < rows ? at : 0;
}
