// Blocks of linear memory in size classes, each 1.25 times the last: freed blocks are reused by
// their class. Nothing here is allocated per request; rows and columns are, when they grow.

const CLASSES_MAX: u32 = 112;
const UNIT: u32 = 16;
const PAGE: u32 = 65536;

/** CLASSES_MAX × (bytes u32, first free block u32). */
let table: u32 = 0;
let classes: u32 = 0;
let top: u32 = 0;
let limit: u32 = 0;
let freed: u64 = 0;

function ensure(bytes: u32): void {
  if (<u64>top + bytes <= <u64>limit) return;
  const missing = <u64>top + bytes - <u64>limit;
  // A sixteenth more than needed: few grows, and at most 6 % of untouched (so unbacked) memory.
  const wanted = missing + (<u64>limit >> 4);
  let pages = <i32>((wanted + PAGE - 1) / PAGE);
  if (memory.grow(pages) < 0) {
    pages = <i32>((missing + PAGE - 1) / PAGE);
    if (memory.grow(pages) < 0) unreachable();
  }
  const total = <u64>memory.size() * PAGE;
  limit = total > 0xffffffff ? 0xfffffff0 : <u32>total;
}

/** Grows the memory once for what is about to be allocated; nothing when there is not so much. */
export function foresee(bytes: u64): void {
  if (top + bytes > limit && top + bytes < 0xf0000000) ensure(<u32>bytes);
}

function bump(bytes: u32): u32 {
  ensure(bytes);
  const block = top;
  top += bytes;
  return block;
}

/** Lays out the class table; called once, before anything else. */
export function startHeap(): void {
  top = (<u32>__heap_base + UNIT - 1) & ~(UNIT - 1);
  limit = <u32>memory.size() * PAGE;
  table = bump(CLASSES_MAX * 8);
  let bytes: u64 = 2 * UNIT;
  while (bytes < 0xf0000000 && classes < CLASSES_MAX) {
    store<u32>(table + classes * 8, <u32>bytes);
    store<u32>(table + classes * 8, 0, 4);
    classes++;
    const next = (bytes * 5) / 4;
    bytes = (max(next, bytes + UNIT) + UNIT - 1) & ~(<u64>UNIT - 1);
  }
}

/** Index of the smallest class that holds `bytes`. */
function classOf(bytes: u32): u32 {
  let low: u32 = 0;
  let high: u32 = classes - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(table + middle * 8) < bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many bytes a block for `bytes` really has. */
export function roundUp(bytes: u32): u32 {
  return load<u32>(table + classOf(bytes) * 8);
}

/**
 * A block of at least `bytes` (see roundUp), its content undefined. Traps when 4 GiB are used up.
 */
export function allocate(bytes: u32): u32 {
  const slot = table + classOf(bytes) * 8;
  const first = load<u32>(slot, 4);
  if (first) {
    store<u32>(slot, load<u32>(first), 4);
    freed -= <u64>load<u32>(slot);
    return first;
  }
  return bump(load<u32>(slot));
}

/** Gives a block back; `bytes` is what it was asked with, or its rounded size. */
export function release(block: u32, bytes: u32): void {
  if (!block) return;
  const slot = table + classOf(bytes) * 8;
  store<u32>(block, load<u32>(slot, 4));
  store<u32>(slot, block, 4);
  freed += <u64>load<u32>(slot);
}

/** A larger block with the old content, the rest zero. */
export function enlarge(block: u32, oldBytes: u32, newBytes: u32): u32 {
  const larger = allocate(newBytes);
  if (block) memory.copy(larger, block, oldBytes);
  memory.fill(larger + oldBytes, 0, roundUp(newBytes) - oldBytes);
  release(block, oldBytes);
  return larger;
}

export function heapUsedBytes(): f64 {
  return <f64>(<u64>top - freed);
}

export function heapTotalBytes(): f64 {
  return <f64>(<u64>memory.size() * PAGE);
}
