// A member's history as it lies on disk, read into baskets. The byte format of entries is shared
// with engine/history/entry.ts, which describes it.
//
// basket, 32 B: day i32 | store u32 | daypart u32 | firstItem u32 (address) | items u32
//               | touched u32 | 0 | 0
import { isUncounted, uncountedItems } from './eligible';
import { allocate, release, roundUp } from './heap';
import { addLine, mergedItems, startLines, survivorOf, writeItemsLeft } from './merged';

export const ENTRY_BYTES: u32 = 44;
const ENTRY_ADDED: u32 = 16;
const ENTRY_REMOVED: u32 = 24;
const ENTRY_STORE: u32 = 32;
const ENTRY_DAYPART: u32 = 36;
const ENTRY_ID_LENGTH: u32 = 37;
const ENTRY_LINES: u32 = 38;
const ENTRY_FLAGS: u32 = 42;
const PAID_FLAG: u32 = 1;
const PAID_BYTES: u32 = 8;
const MONEY_FLAG: u32 = 2;
/** Quantities and money are f64, and not u32. */
const WIDE_FLAG: u32 = 4;
/** The shortest line: an item and two quantities. */
export const LINE_BYTES: u32 = 12;
/** The highest bit says that it was a gift. */
const ITEM_MASK: u32 = 0x7fffffff;

export const BASKET_BYTES: u32 = 32;
export const BASKET_DAY: u32 = 0;
export const BASKET_STORE: u32 = 4;
export const BASKET_DAYPART: u32 = 8;
export const BASKET_FIRST: u32 = 12;
export const BASKET_ITEMS: u32 = 16;
export const BASKET_TOUCHED: u32 = 20;

const MILLISECONDS_PER_DAY: f64 = 86400000.0;

/**
 * Histories that are held at a time: what counted before a change, what counts after it, and that
 * of the request that goes on, which may be asked between two slices of a change.
 */
const SIDES: u32 = 3;
export const BEFORE_SIDE: u32 = 0;
export const AFTER_SIDE: u32 = 1;
export const REQUEST_SIDE: u32 = 2;

/** side: baskets u32 (address) | their bytes u32 | items u32 (address) | their bytes u32 | count */
const SIDE_BYTES: u32 = 20;
const SIDE_BASKETS_BYTES: u32 = 4;
const SIDE_ITEMS: u32 = 8;
const SIDE_ITEMS_BYTES: u32 = 12;
const SIDE_COUNT: u32 = 16;

let sides: u32 = 0;
let input: u32 = 0;
let inputBytes: u32 = 0;

export function startHistory(): void {
  sides = allocate(SIDES * SIDE_BYTES);
  memory.fill(sides, 0, SIDES * SIDE_BYTES);
}

/** Readers of a snapshot may look so far beyond its end (records.ts). */
const INPUT_SLACK: u32 = 16;

/** Where the caller writes `bytes` of a stored history before it calls readHistory. */
export function historyInput(bytes: u32): u32 {
  if (bytes + INPUT_SLACK > inputBytes) {
    release(input);
    inputBytes = roundUp(max(bytes + INPUT_SLACK, 4096));
    input = allocate(inputBytes);
  }
  return input;
}

/** A block of at least `wanted` bytes; what it held before need not be kept. */
function room(at: u32, wanted: u32): void {
  if (wanted <= load<u32>(at, 4)) return;
  release(load<u32>(at));
  store<u32>(at, allocate(wanted));
  store<u32>(at, wanted, 4);
}

/**
 * An upper bound of what `bytes` of history hold: every entry has at least 44 bytes, every line 12.
 */
function reserve(side: u32, bytes: u32): void {
  room(side, roundUp((bytes / ENTRY_BYTES + 1) * BASKET_BYTES));
  room(side + SIDE_ITEMS, roundUp((bytes / LINE_BYTES + 1) * 4));
}

// @ts-expect-error: decorator
@inline
function sideAt(side: u32): u32 {
  return sides + side * SIDE_BYTES;
}

/**
 * Reads `bytes` at historyInput into the baskets of a side: the entries that
 * were live as of sequence `asOf` (Infinity: now) and have a piece of goods left. Returns how many
 * baskets.
 */
export function readHistory(side: u32, bytes: u32, asOf: f64): u32 {
  const own = sideAt(side);
  reserve(own, bytes);
  let basket = load<u32>(own);
  let item = load<u32>(own, SIDE_ITEMS);
  let count: u32 = 0;
  const hasOthers = uncountedItems != 0;
  const hasMerges = mergedItems != 0;
  let at = input;
  const end = input + bytes;
  while (at < end) {
    const lines = <u32>load<u16>(at, ENTRY_LINES);
    const flags = <u32>load<u8>(at, ENTRY_FLAGS);
    const isWide = (flags & WIDE_FLAG) != 0;
    const amountBytes: u32 = isWide ? 8 : 4;
    const lineBytes = 4 + 2 * amountBytes;
    const firstLine = at + ENTRY_BYTES + ((flags & PAID_FLAG) != 0 ? PAID_BYTES : 0);
    const removed = load<f64>(at, ENTRY_REMOVED);
    const first = item;
    if (load<f64>(at, ENTRY_ADDED) <= asOf && (removed == 0 || removed > asOf)) {
      let line = firstLine;
      let hasMerged = false;
      for (let k: u32 = 0; k < lines; k++) {
        // A line wholly returned leaves the basket.
        const isLeft = isWide
          ? load<f64>(line, 4) > load<f64>(line, 12)
          : load<u32>(line, 4) > load<u32>(line, 8);
        if (isLeft) {
          const number = load<u32>(line) & ITEM_MASK;
          // A bag or a fee is on the receipt and says nothing about taste.
          if (!hasOthers || !isUncounted(number)) {
            store<u32>(item, number);
            item += 4;
          }
        }
        if (hasMerges) {
          const number = load<u32>(line) & ITEM_MASK;
          hasMerged = hasMerged || survivorOf(number) != number;
        }
        line += lineBytes;
      }
      if (hasMerged) item = first + readMerged(first, firstLine, lines, isWide) * 4;
    }
    if (item > first) {
      store<i32>(basket, <i32>Math.floor(load<f64>(at) / MILLISECONDS_PER_DAY), BASKET_DAY);
      store<u32>(basket, load<u32>(at, ENTRY_STORE), BASKET_STORE);
      store<u32>(basket, <u32>load<u8>(at, ENTRY_DAYPART), BASKET_DAYPART);
      store<u32>(basket, first, BASKET_FIRST);
      store<u32>(basket, (item - first) >> 2, BASKET_ITEMS);
      basket += BASKET_BYTES;
      count++;
    }
    const moneyBytes: u32 = (flags & MONEY_FLAG) != 0 ? lines * 2 * amountBytes : 0;
    const idBytes = (<u32>load<u8>(at, ENTRY_ID_LENGTH) + 3) & ~3;
    at = firstLine + lines * lineBytes + moneyBytes + idBytes;
  }
  store<u32>(own, count, SIDE_COUNT);
  return count;
}

/**
 * The same of the lines of one receipt of which some count as lines of another item: writes what is
 * left to `to`, and returns how many items that is.
 */
function readMerged(to: u32, firstLine: u32, lines: u32, isWide: bool): u32 {
  const lineBytes: u32 = isWide ? 20 : 12;
  startLines(lines);
  for (let k: u32 = 0; k < lines; k++) {
    const line = firstLine + k * lineBytes;
    const number = load<u32>(line) & ITEM_MASK;
    if (isUncounted(survivorOf(number))) continue;
    if (isWide) addLine(number, load<f64>(line, 4), load<f64>(line, 12));
    else addLine(number, <f64>load<u32>(line, 4), <f64>load<u32>(line, 8));
  }
  return writeItemsLeft(to);
}

// @ts-expect-error: decorator
@inline
export function basketsOf(side: u32): u32 {
  return load<u32>(sideAt(side));
}

// @ts-expect-error: decorator
@inline
export function basketCount(side: u32): u32 {
  return load<u32>(sideAt(side), SIDE_COUNT);
}

/** Whether two baskets are the same in everything that counts. */
function isSame(a: u32, b: u32): bool {
  if (load<u64>(a) != load<u64>(b)) return false;
  if (load<u32>(a, BASKET_DAYPART) != load<u32>(b, BASKET_DAYPART)) return false;
  const bytes = load<u32>(a, BASKET_ITEMS) * 4;
  if (bytes != load<u32>(b, BASKET_ITEMS) * 4) return false;
  return memory.compare(load<u32>(a, BASKET_FIRST), load<u32>(b, BASKET_FIRST), bytes) == 0;
}

/** How many baskets the two sides of a change begin with that are the same. */
export function commonBaskets(): u32 {
  const most = min(basketCount(BEFORE_SIDE), basketCount(AFTER_SIDE));
  const a = basketsOf(BEFORE_SIDE);
  const b = basketsOf(AFTER_SIDE);
  let common: u32 = 0;
  while (common < most && isSame(a + common * BASKET_BYTES, b + common * BASKET_BYTES)) common++;
  return common;
}

/** The same of those that they end with, after the first `from`. */
export function commonTail(from: u32): u32 {
  const most = min(basketCount(BEFORE_SIDE), basketCount(AFTER_SIDE)) - from;
  let a = basketsOf(BEFORE_SIDE) + basketCount(BEFORE_SIDE) * BASKET_BYTES;
  let b = basketsOf(AFTER_SIDE) + basketCount(AFTER_SIDE) * BASKET_BYTES;
  let common: u32 = 0;
  for (; common < most; common++) {
    a -= BASKET_BYTES;
    b -= BASKET_BYTES;
    if (!isSame(a, b)) break;
  }
  return common;
}
