// The chain's best sellers, always exact: a short list that holds every item with POP at or above a
// threshold.

import { allocate } from './heap';
import { itemCount, mark, record } from './items';
import { FLAG_POPULAR, ITEM_POP, MARK_FLAGS } from './layout';

const LIST_MAX: u32 = 256;
const LIST_AIM: u32 = 128;

let list: u32 = 0;
let count: u32 = 0;
let threshold: i64 = 1;
/** The LIST_AIM best POP values met while the list is made anew, a min-heap. */
let heap: u32 = 0;

export function startPopular(): void {
  list = allocate(LIST_MAX * 4);
  heap = allocate(LIST_AIM * 8);
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

/** Raises the threshold to the LIST_AIM-th best POP and lists what is above it. */
export function rebuildPopular(): void {
  memory.fill(heap, 0, LIST_AIM * 8);
  for (let item: u32 = 0; item < itemCount; item++) {
    const value = load<i64>(record(item), ITEM_POP);
    if (value > load<i64>(heap)) siftDown(LIST_AIM, value);
  }
  // One above the root leaves room even when hundreds of items share the root's value.
  threshold = load<i64>(heap) + 1;
  count = 0;
  for (let item: u32 = 0; item < itemCount; item++) {
    const flags = load<u32>(mark(item), MARK_FLAGS);
    if (load<i64>(record(item), ITEM_POP) >= threshold) {
      store<u32>(list + count * 4, item);
      count++;
      store<u32>(mark(item), flags | FLAG_POPULAR, MARK_FLAGS);
    } else {
      store<u32>(mark(item), flags & ~FLAG_POPULAR, MARK_FLAGS);
    }
  }
}

/** To be told of every new POP, so that the list keeps holding all above the threshold. */
export function popularityChanged(item: u32, popularity: i64): void {
  if (popularity < threshold) return;
  const flags = load<u32>(mark(item), MARK_FLAGS);
  if (flags & FLAG_POPULAR) return;
  if (count == LIST_MAX) {
    rebuildPopular();
    return;
  }
  store<u32>(mark(item), flags | FLAG_POPULAR, MARK_FLAGS);
  store<u32>(list + count * 4, item);
  count++;
}

export function popularList(): u32 {
  return list;
}

export function popularCount(): u32 {
  return count;
}

/** Every item outside the list has a POP below this. */
export function popularThreshold(): i64 {
  return threshold;
}
