// What sells best and what most members bought last, each always exact: a short list
// that holds every item whose counter is at or above a threshold.

import { allocate } from './heap';
import { itemCount, mark, record } from './items';
import { FLAG_POPULAR, ITEM_LAST, ITEM_POP, MARK_FLAGS } from './layout';

/** The two lists: of POP and of LAST. */
export const BY_SALES: u32 = 0;
export const BY_LAST_BUYS: u32 = 1;
const LISTS: u32 = 2;

const LIST_MAX: u32 = 256;
const LIST_AIM: u32 = 128;

/** Both lists, then their thresholds and lengths: items u32 | threshold i64 | count u32. */
let items: u32 = 0;
let thresholds: u32 = 0;
let counts: u32 = 0;
/** The LIST_AIM best values met while a list is made anew, a min-heap. */
let heap: u32 = 0;

export function startPopular(): void {
  items = allocate(LISTS * LIST_MAX * 4);
  thresholds = allocate(LISTS * 8);
  counts = allocate(LISTS * 4);
  heap = allocate(LIST_AIM * 8);
  for (let list: u32 = 0; list < LISTS; list++) {
    store<i64>(thresholds + list * 8, 1);
    store<u32>(counts + list * 4, 0);
  }
}

// @ts-expect-error: decorator
@inline
function counterOf(list: u32, item: u32): i64 {
  return load<i64>(record(item) + (list == BY_SALES ? ITEM_POP : ITEM_LAST));
}

/** The bit that marks the items of a list. */
// @ts-expect-error: decorator
@inline
export function flagOf(list: u32): u32 {
  return FLAG_POPULAR << list;
}

/** Pushes `value` down from the root of the min-heap of `size`. */
function siftDown(size: u32, value: i64): void {
  let index: u32 = 0;
  while (true) {
    let child = index * 2 + 1;
    if (child >= size) break;
    if (child + 1 < size && load<i64>(heap + (child + 1) * 8) < load<i64>(heap + child * 8))
      child++;
    if (load<i64>(heap + child * 8) >= value) break;
    store<i64>(heap + index * 8, load<i64>(heap + child * 8));
    index = child;
  }
  store<i64>(heap + index * 8, value);
}

/** Raises the threshold to the LIST_AIM-th best value and lists what is above it. */
function rebuild(list: u32): void {
  memory.fill(heap, 0, LIST_AIM * 8);
  for (let item: u32 = 0; item < itemCount; item++) {
    const value = counterOf(list, item);
    if (value > load<i64>(heap)) siftDown(LIST_AIM, value);
  }
  // One above the root leaves room even when hundreds of items share the root's value.
  const threshold = load<i64>(heap) + 1;
  store<i64>(thresholds + list * 8, threshold);
  store<u32>(counts + list * 4, 0);
  for (let item: u32 = 0; item < itemCount; item++) {
    const flags = load<u32>(mark(item), MARK_FLAGS);
    if (counterOf(list, item) >= threshold) push(list, item);
    else store<u32>(mark(item), flags & ~flagOf(list), MARK_FLAGS);
  }
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

/** To be told of every new value, so that a list keeps holding all above its threshold. */
export function popularityChanged(list: u32, item: u32, value: i64): void {
  if (value < load<i64>(thresholds + list * 8)) return;
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
export function popularThreshold(list: u32): i64 {
  return load<i64>(thresholds + list * 8);
}
