// Blocks of linear memory by two-level segregated fit (TLSF: Masmano, Ripoll, Crespo, Real 2004):
// freed neighbours become one block again, so that rows that grow and shrink for years leave no
// memory that nobody can use. Nothing here is allocated per request; rows and columns are, when
// they grow.
//
//   block:  | bytes of the block before it u32 | its own bytes u32, bit 0: free | content … |
//   free:     its content begins with | next free u32 | previous free u32 |
//
// Bytes are multiples of 16 and hold the header. The pool ends with the header of a block of no
// bytes that is never free.

const PAGE: u32 = 65536;
const UNIT: u32 = 16;
const HEADER: u32 = 8;
const LEAST: u32 = 32;
const FREE: u32 = 1;

/** Second-level classes of each power of two, and the power of the first one. */
const STEPS_LOG: u32 = 3;
const STEPS: u32 = 1 << STEPS_LOG;
const FIRST_POWER: u32 = 5;
const POWERS: u32 = 32 - FIRST_POWER;

/** Memory is asked for in steps of a sixteenth of what there is, and no less than this. */
const STEP_MIN: u32 = 4194304;
/** Where the system has no step left, it is asked for halves of one, down to this. */
const STEP_LEAST: u32 = 1048576;
const ADDRESS_MAX: u32 = 0xfffffff0;

/** POWERS × STEPS × first free block u32. */
let bins: u32 = 0;
/** POWERS × which of the steps have a free block u32, and which of the powers have such a step. */
let stepsFilled: u32 = 0;
let powersFilled: u32 = 0;
/** Where the pool ends: the address of the last header. */
let end: u32 = 0;
/** In blocks that are in use. */
let used: u64 = 0;
/** So much may be used as a matter of course; and where the memory ends at the latest. */
let softLimit: u64 = ADDRESS_MAX;
let hardEnd: u64 = ADDRESS_MAX;

/** SIZES_MAX × bytes u32: what roundUp rounds to. */
const SIZES_MAX: u32 = 112;
let sizes: u32 = 0;
let sizeCount: u32 = 0;

/** Where the pool begins. */
let start: u32 = 0;

/** Lays out the tables of the heap and opens the pool; called once, before anything else. */
export function startHeap(): void {
  const first = (<u32>__heap_base + UNIT - 1) & ~(UNIT - 1);
  bins = first;
  stepsFilled = bins + POWERS * STEPS * 4;
  sizes = stepsFilled + POWERS * 4;
  let bytes: u64 = 2 * UNIT;
  while (bytes < 0xf0000000 && sizeCount < SIZES_MAX) {
    store<u32>(sizes + sizeCount * 4, <u32>bytes);
    sizeCount++;
    const next = (bytes * 5) / 4;
    bytes = (max(next, bytes + UNIT) + UNIT - 1) & ~(<u64>UNIT - 1);
  }
  // Contents lie at multiples of 16, headers 8 before.
  start = ((sizes + SIZES_MAX * 4 + UNIT - 1) & ~(UNIT - 1)) + HEADER;
  end = start;
  store<u32>(end, 0);
  store<u32>(end, 0, 4);
}

/**
 * So many bytes may be in use as a matter of course, and the pool has at most `hard` bytes: what
 * lies between is for what cannot be refused.
 */
export function setHeapLimits(soft: f64, hard: f64): void {
  softLimit = <u64>soft;
  hardEnd = min<u64>((<u64>start + <u64>hard) & ~(<u64>PAGE - 1), <u64>ADDRESS_MAX);
}

// @ts-expect-error: decorator
@inline
function sizeOf(block: u32): u32 {
  return load<u32>(block, 4) & ~FREE;
}

// @ts-expect-error: decorator
@inline
function isFree(block: u32): bool {
  return (load<u32>(block, 4) & FREE) != 0;
}

// @ts-expect-error: decorator
@inline
function binOf(size: u32): u32 {
  const power = 31 - clz<u32>(size);
  const step = (size >> (power - STEPS_LOG)) & (STEPS - 1);
  return (power - FIRST_POWER) * STEPS + step;
}

/** Sets the size of a block and tells the one behind it. */
// @ts-expect-error: decorator
@inline
function setSize(block: u32, size: u32, free: u32): void {
  store<u32>(block, size | free, 4);
  store<u32>(block + size, size);
}

function addFree(block: u32, size: u32): void {
  setSize(block, size, FREE);
  const bin = binOf(size);
  const first = load<u32>(bins + bin * 4);
  store<u32>(block, first, HEADER);
  store<u32>(block, 0, HEADER + 4);
  if (first) store<u32>(first, block, HEADER + 4);
  store<u32>(bins + bin * 4, block);
  const power = bin / STEPS;
  const at = stepsFilled + power * 4;
  store<u32>(at, load<u32>(at) | (1 << (bin % STEPS)));
  powersFilled |= 1 << power;
}

function takeFree(block: u32): void {
  const bin = binOf(sizeOf(block));
  const next = load<u32>(block, HEADER);
  const previous = load<u32>(block, HEADER + 4);
  if (next) store<u32>(next, previous, HEADER + 4);
  if (previous) {
    store<u32>(previous, next, HEADER);
    return;
  }
  store<u32>(bins + bin * 4, next);
  if (next) return;
  const power = bin / STEPS;
  const at = stepsFilled + power * 4;
  const left = load<u32>(at) & ~(1 << (bin % STEPS));
  store<u32>(at, left);
  if (!left) powersFilled &= ~(1 << power);
}

/** A free block of at least `size` bytes, or 0. */
function findFree(size: u32): u32 {
  // From the next class on every block is large enough, so that none has to be looked into.
  const power = 31 - clz<u32>(size);
  const least = <u64>size + (1 << (power - STEPS_LOG)) - 1;
  if (least > ADDRESS_MAX) return 0;
  const bin = binOf(<u32>least);
  let at = bin / STEPS;
  let steps = load<u32>(stepsFilled + at * 4) & (~0 << (bin % STEPS));
  if (!steps) {
    const powers = powersFilled & (~0 << (at + 1));
    if (!powers) return 0;
    at = ctz<u32>(powers);
    steps = load<u32>(stepsFilled + at * 4);
  }
  return load<u32>(bins + (at * STEPS + ctz<u32>(steps)) * 4);
}

/** Whether the memory reaches to `address`, grown where it did not. */
function growTo(address: u64): bool {
  const now = <u64>memory.size() * PAGE;
  if (address <= now) return true;
  if (address > <u64>hardEnd) return false;
  const missing = address - now;
  let step = max<u64>(now >> 4, STEP_MIN);
  while (true) {
    const wanted = min<u64>(max<u64>(missing, step), <u64>hardEnd - now);
    if (memory.grow(<i32>((wanted + PAGE - 1) / PAGE)) >= 0) return true;
    if (step <= STEP_LEAST || wanted == missing) return false;
    step >>= 1;
  }
}

/** Makes the pool longer, by a free block of at least `size` bytes; whether there was room. */
function extend(size: u32): bool {
  const before = load<u32>(end);
  const held = before && isFree(end - before) ? before : 0;
  if (!growTo(<u64>end + size - held + HEADER)) return false;
  if (held) takeFree(end - held);
  const block = end - held;
  end = <u32>min<u64>(<u64>memory.size() * PAGE, <u64>ADDRESS_MAX) - HEADER;
  store<u32>(end, 0, 4);
  addFree(block, end - block);
  return true;
}

/** Takes `size` bytes of a free block and gives the rest back; returns its content. */
function useBlock(block: u32, size: u32): u32 {
  takeFree(block);
  const rest = sizeOf(block) - size;
  if (rest >= LEAST) {
    setSize(block, size, 0);
    addFree(block + size, rest);
  } else {
    setSize(block, size + rest, 0);
  }
  used += <u64>sizeOf(block);
  return block + HEADER;
}

// @ts-expect-error: decorator
@inline
function sizeFor(bytes: u32): u32 {
  return max(LEAST, (bytes + HEADER + UNIT - 1) & ~(UNIT - 1));
}

/** A block of `bytes`, its content undefined. Traps where the memory's end is reached. */
export function allocate(bytes: u32): u32 {
  const size = sizeFor(bytes);
  let block = findFree(size);
  if (!block) {
    if (!extend(size)) unreachable();
    block = findFree(size);
    // The one just made may be of the class below, whose blocks are not all large enough.
    if (!block) block = end - load<u32>(end);
  }
  return useBlock(block, size);
}

/** The same for what one can do without: 0 where it is beyond what may be used. */
export function tryAllocate(bytes: u32): u32 {
  const size = sizeFor(bytes);
  if (used + <u64>size > softLimit) return 0;
  if (!findFree(size) && !extend(size)) return 0;
  return allocate(bytes);
}

/** Gives a block back; 0 is none. */
export function release(content: u32): void {
  if (!content) return;
  let block = content - HEADER;
  let size = sizeOf(block);
  used -= <u64>size;
  const next = block + size;
  if (isFree(next)) {
    takeFree(next);
    size += sizeOf(next);
  }
  const before = load<u32>(block);
  if (before && isFree(block - before)) {
    block -= before;
    takeFree(block);
    size += before;
  }
  addFree(block, size);
}

/** A larger block with the old content, the rest zero. */
export function enlarge(block: u32, oldBytes: u32, newBytes: u32): u32 {
  const larger = allocate(newBytes);
  if (block) memory.copy(larger, block, oldBytes);
  memory.fill(larger + oldBytes, 0, newBytes - oldBytes);
  release(block);
  return larger;
}

/** The next of the sizes that grow by a quarter: what grows bit by bit is copied rarely then. */
export function roundUp(bytes: u32): u32 {
  let low: u32 = 0;
  let high: u32 = sizeCount - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(sizes + middle * 4) < bytes) low = middle + 1;
    else high = middle;
  }
  return load<u32>(sizes + low * 4);
}

/** What a block of `bytes` takes. */
export function blockBytes(bytes: u32): u32 {
  return sizeFor(bytes);
}

/** Grows the memory once for what is about to be allocated; nothing when there is not so much. */
export function checkRoomFor(bytes: u64): void {
  if (<u64>end + bytes < <u64>hardEnd) extend(<u32>bytes);
}

export function heapTotalBytes(): f64 {
  return <f64>(<u64>memory.size() * PAGE);
}

/** In blocks in use. */
export function usedBytes(): f64 {
  return <f64>used;
}
