// A member's history as it lies on disk, read into baskets. The byte format is shared with
// engine/views/history.ts:
//
// entry: occurredAtMs f64 | purchaseSequence f64 | addedAt f64 | removedAt f64 (0: live) | store
// u32 (0: none)
//          | daypart u8 | idLength u8 | lines u16
//          | lines × (itemNumber u32, quantity u32, returned u32)
//          | purchaseId bytes, padded with zeros to a multiple of 4
//
// Entries stand in (occurredAtMs, purchaseId) order, lines in (id hash, id) order.
//
// basket, 32 B: day i32 | store u32 | daypart u32 | firstItem u32 (address) | items u32
//               | touched u32 | 0 | 0
import { allocate, enlarge, release, roundUp } from './heap';

const ENTRY_BYTES: u32 = 40;
const ENTRY_ADDED: u32 = 16;
const ENTRY_REMOVED: u32 = 24;
const ENTRY_STORE: u32 = 32;
const ENTRY_DAYPART: u32 = 36;
const ENTRY_ID_LENGTH: u32 = 37;
const ENTRY_LINES: u32 = 38;
const LINE_BYTES: u32 = 12;

export const BASKET_BYTES: u32 = 32;
export const BASKET_DAY: u32 = 0;
export const BASKET_STORE: u32 = 4;
export const BASKET_DAYPART: u32 = 8;
export const BASKET_FIRST: u32 = 12;
export const BASKET_ITEMS: u32 = 16;
export const BASKET_TOUCHED: u32 = 20;

const MILLISECONDS_PER_DAY: f64 = 86400000.0;

/** Two histories at a time: what counted before a change and what counts after it. */
let input: u32 = 0;
let inputBytes: u32 = 0;
let basketsA: u32 = 0;
let basketsABytes: u32 = 0;
let itemsA: u32 = 0;
let itemsABytes: u32 = 0;
let countA: u32 = 0;
let basketsB: u32 = 0;
let basketsBBytes: u32 = 0;
let itemsB: u32 = 0;
let itemsBBytes: u32 = 0;
let countB: u32 = 0;

/** Readers of a snapshot may look so far beyond its end (records.ts). */
const INPUT_SLACK: u32 = 16;

/** Where the caller writes `bytes` of a stored history before it calls readHistory. */
export function historyInput(bytes: u32): u32 {
  if (bytes + INPUT_SLACK > inputBytes) {
    release(input, inputBytes);
    inputBytes = roundUp(max(bytes + INPUT_SLACK, 4096));
    input = allocate(inputBytes);
  }
  return input;
}

function room(block: u32, bytes: u32, wanted: u32): u32 {
  return wanted > bytes ? enlarge(block, bytes, wanted) : block;
}

/**
 * An upper bound of what `bytes` of history hold: every entry has at least 40 bytes, every line 12.
 */
function reserve(side: u32, bytes: u32): void {
  const basketBytes = roundUp((bytes / ENTRY_BYTES + 1) * BASKET_BYTES);
  const itemBytes = roundUp((bytes / LINE_BYTES + 1) * 4);
  if (side == 0) {
    basketsA = room(basketsA, basketsABytes, basketBytes);
    basketsABytes = max(basketsABytes, basketBytes);
    itemsA = room(itemsA, itemsABytes, itemBytes);
    itemsABytes = max(itemsABytes, itemBytes);
  } else {
    basketsB = room(basketsB, basketsBBytes, basketBytes);
    basketsBBytes = max(basketsBBytes, basketBytes);
    itemsB = room(itemsB, itemsBBytes, itemBytes);
    itemsBBytes = max(itemsBBytes, itemBytes);
  }
}

/**
 * Reads `bytes` at historyInput into the baskets of `side` (0 or 1): the entries that were live as
 * of sequence `asOf` (Infinity: now) and have a piece left. Returns how many baskets.
 */
export function readHistory(side: u32, bytes: u32, asOf: f64): u32 {
  reserve(side, bytes);
  let basket = side == 0 ? basketsA : basketsB;
  let item = side == 0 ? itemsA : itemsB;
  let count: u32 = 0;
  let at = input;
  const end = input + bytes;
  while (at < end) {
    const lines = <u32>load<u16>(at, ENTRY_LINES);
    const removed = load<f64>(at, ENTRY_REMOVED);
    const first = item;
    if (load<f64>(at, ENTRY_ADDED) <= asOf && (removed == 0 || removed > asOf)) {
      let line = at + ENTRY_BYTES;
      for (let k: u32 = 0; k < lines; k++) {
        // A line wholly returned leaves the basket.
        if (load<u32>(line, 4) > load<u32>(line, 8)) {
          store<u32>(item, load<u32>(line));
          item += 4;
        }
        line += LINE_BYTES;
      }
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
    at += ENTRY_BYTES + lines * LINE_BYTES + ((<u32>load<u8>(at, ENTRY_ID_LENGTH) + 3) & ~3);
  }
  if (side == 0) countA = count;
  else countB = count;
  return count;
}

// @ts-expect-error: decorator
@inline
export function basketsOf(side: u32): u32 {
  return side == 0 ? basketsA : basketsB;
}

// @ts-expect-error: decorator
@inline
export function basketCount(side: u32): u32 {
  return side == 0 ? countA : countB;
}

/** How many baskets both sides begin with that are the same in everything that counts. */
export function commonBaskets(): u32 {
  const most = min(countA, countB);
  let common: u32 = 0;
  while (common < most) {
    const a = basketsA + common * BASKET_BYTES;
    const b = basketsB + common * BASKET_BYTES;
    if (load<u64>(a) != load<u64>(b)) break;
    if (load<u32>(a, BASKET_DAYPART) != load<u32>(b, BASKET_DAYPART)) break;
    const bytes = load<u32>(a, BASKET_ITEMS) * 4;
    if (bytes != load<u32>(b, BASKET_ITEMS) * 4) break;
    if (memory.compare(load<u32>(a, BASKET_FIRST), load<u32>(b, BASKET_FIRST), bytes) != 0) break;
    common++;
  }
  return common;
}
