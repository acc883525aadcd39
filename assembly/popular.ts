// What sells best and what most members bought last, each always exact: a short list that holds
// every item whose counter, as the plain number that scores take, is at or above a threshold. Made
// anew it reads one dense column: records, which lie far apart, took 13 ms of 300,000 items.

import { allocate } from './heap';
import { hot, itemCount, lastBuys, mark } from './items';
import { FLAG_POPULAR, HOT_POP, MARK_FLAGS } from './layout';

/** The two lists: of POP and of LAST. */
export const BY_SALES: u32 = 0;
export const BY_LAST_BUYS: u32 = 1;
const LISTS: u32 = 2;

const LIST_MAX: u32 = 256;
const LIST_AIM: u32 = 128;

/** Both lists, then their thresholds and lengths: items u32 | threshold f32 | count u32. */
let items: u32 = 0;
let thresholds: u32 = 0;
let counts: u32 = 0;
/** The LIST_AIM best values met while a list is made anew, a min-heap. */
let heap: u32 = 0;

export function startPopular(): void {
  items = allocate(LISTS * LIST_MAX * 4);
  thresholds = allocate(LISTS * 4);
  counts = allocate(LISTS * 4);
  heap = allocate(LIST_AIM * 4);
  for (let list: u32 = 0; list < LISTS; list++) {
    store<f32>(thresholds + list * 4, nextAbove(0));
    store<u32>(counts + list * 4, 0);
  }
}

// @ts-expect-error: decorator
@inline
function valueOf(list: u32, item: u32): f32 {
  return load<f32>(list == BY_SALES ? hot(item) + HOT_POP : lastBuys(item));
}

/** The least number above one that is not negative. */
// @ts-expect-error: decorator
@inline
function nextAbove(value: f32): f32 {
  return reinterpret<f32>(reinterpret<u32>(value) + 1);
}

/** The bit that marks the items of a list. */
// @ts-expect-error: decorator
@inline
export function flagOf(list: u32): u32 {
  return FLAG_POPULAR << list;
}

/** Pushes `value` down from the root of the min-heap of `size`. */
function siftDown(size: u32, value: f32): void {
  let index: u32 = 0;
  while (true) {
    let child = index * 2 + 1;
    if (child >= size) break;
    if (child + 1 < size && load<f32>(heap + (child + 1) * 4) < load<f32>(heap + child * 4))
      child++;
    if (load<f32>(heap + child * 4) >= value) break;
    store<f32>(heap + index * 4, load<f32>(heap + child * 4));
    index = child;
  }
  store<f32>(heap + index * 4, value);
}

/** Raises the threshold to the LIST_AIM-th best value and lists what is above it. */
function rebuild(list: u32): void {
  memory.fill(heap, 0, LIST_AIM * 4);
  for (let item: u32 = 0; item < itemCount; item++) {
    const value = valueOf(list, item);
    if (value > load<f32>(heap)) siftDown(LIST_AIM, value);
  }
  // One above the root leaves room even when hundreds of items share the root's value.
  const threshold = nextAbove(load<f32>(heap));
  store<f32>(thresholds + list * 4, threshold);
  clear(list);
  for (let item: u32 = 0; item < itemCount; item++) {
    if (valueOf(list, item) >= threshold) push(list, item);
  }
}

function clear(list: u32): void {
  const end = popularList(list) + popularCount(list) * 4;
  for (let at = popularList(list); at < end; at += 4) {
    const marks = mark(load<u32>(at));
    store<u32>(marks, load<u32>(marks, MARK_FLAGS) & ~flagOf(list), MARK_FLAGS);
  }
  store<u32>(counts + list * 4, 0);
}

/** Makes both lists from the counters. */
export function rebuildPopular(): void {
  for (let list: u32 = 0; list < LISTS; list++) rebuild(list);
}

function push(list: u32, item: u32): void {
  const count = load<u32>(counts + list * 4);
  store<u32>(items + (list * LIST_MAX + count) * 4, item);
  store<u32>(counts + list * 4, count + 1);
  const marks = mark(item);
  store<u32>(marks, load<u32>(marks, MARK_FLAGS) | flagOf(list), MARK_FLAGS);
}

/**
 * Called with every new value, once it stands beside the accumulator, so that a list keeps
 * holding all above its threshold.
 */
export function popularityChanged(list: u32, item: u32): void {
  if (valueOf(list, item) < load<f32>(thresholds + list * 4)) return;
  if (load<u32>(mark(item), MARK_FLAGS) & flagOf(list)) return;
  if (load<u32>(counts + list * 4) == LIST_MAX) rebuild(list);
  else push(list, item);
}

export function popularList(list: u32): u32 {
  return items + list * LIST_MAX * 4;
}

export function popularCount(list: u32): u32 {
  return load<u32>(counts + list * 4);
}

/** Every item outside a list has a value below this. */
export function popularThreshold(list: u32): f32 {
  return load<f32>(thresholds + list * 4);
}
