// Which items may be listed: bitmaps of one bit an item. A selection lists what has its bit in four
// of them (the catalogue's own and up to three that the request names) and is not barred. One more
// says which items are no goods: histories are read without them.

import { allocate, blockBytes, enlarge, release } from './heap';

/**
 * Bitmaps by their numbers: what the catalogue lets be listed, what this request bars, what these
 * counts leave out, others.
 */
const LISTABLE: u32 = 0;
const BARRED: u32 = 1;
const UNCOUNTED: u32 = 2;
const OWN: u32 = 3;

/** Their addresses u32, how many there are, and how many there is room for. */
let bitmaps: u32 = 0;
let made: u32 = 0;
let room: u32 = 0;
/** Items that each has a bit for. */
let capacity: u32 = 0;

/** The numbers of the three that are asked beside LISTABLE; LISTABLE itself where none is. */
let secondAsked: u32 = LISTABLE;
let thirdAsked: u32 = LISTABLE;
let fourthAsked: u32 = LISTABLE;
/** Where those asked and the barred lie: known without a look into the table. */
let first: u32 = 0;
let second: u32 = 0;
let third: u32 = 0;
let fourth: u32 = 0;
let bars: u32 = 0;
let uncounted: u32 = 0;
/** Items that these counts leave out: most chains have none, and then nobody asks the bitmap. */
export let uncountedItems: u32 = 0;

/** The items that are barred, item u32 each, in the order in which they were. */
let barred: u32 = 0;
let barredCount: u32 = 0;
let barredRoom: u32 = 0;

export function startEligible(): void {
  barredRoom = 1024;
  barred = allocate(barredRoom * 4);
  for (let bitmap: u32 = 0; bitmap < OWN; bitmap++) makeBitmap();
}

// @ts-expect-error: decorator
@inline
function bytesFor(items: u32): u32 {
  // One word at least: a block without content is none.
  return ((items >> 5) + 1) << 2;
}

// @ts-expect-error: decorator
@inline
function addressOf(bitmap: u32): u32 {
  return load<u32>(bitmaps + bitmap * 4);
}

/** Bytes that all bitmaps would take with room for so many items. */
export function bitmapsBytes(items: u32): u64 {
  return <u64>made * blockBytes(bytesFor(items));
}

/** Gives every bitmap room for so many items; the new ones have no bit. */
export function growBitmaps(items: u32): void {
  const before = bytesFor(capacity);
  const after = bytesFor(items);
  for (let bitmap: u32 = 0; bitmap < made; bitmap++) {
    const larger = allocate(after);
    memory.fill(larger, 0, after);
    memory.copy(larger, addressOf(bitmap), before);
    release(addressOf(bitmap));
    store<u32>(bitmaps + bitmap * 4, larger);
  }
  capacity = items;
  locate();
}

/** Makes a bitmap without any bit; returns its number. */
export function makeBitmap(): u32 {
  if (made == room) {
    const larger = max<u32>(16, room * 2);
    bitmaps = enlarge(bitmaps, room * 4, larger * 4);
    room = larger;
  }
  const bytes = bytesFor(capacity);
  const bitmap = allocate(bytes);
  memory.fill(bitmap, 0, bytes);
  store<u32>(bitmaps + made * 4, bitmap);
  made++;
  locate();
  return made - 1;
}

function locate(): void {
  first = addressOf(LISTABLE);
  if (made < OWN) return;
  bars = addressOf(BARRED);
  uncounted = addressOf(UNCOUNTED);
  second = addressOf(secondAsked);
  third = addressOf(thirdAsked);
  fourth = addressOf(fourthAsked);
}

// @ts-expect-error: decorator
@inline
function wordOf(item: u32): u32 {
  return (item >> 5) << 2;
}

// @ts-expect-error: decorator
@inline
function bitOf(item: u32): u32 {
  return <u32>1 << (item & 31);
}

export function setBit(bitmap: u32, item: u32, isSet: bool): void {
  const at = addressOf(bitmap) + wordOf(item);
  const word = load<u32>(at);
  store<u32>(at, isSet ? word | bitOf(item) : word & ~bitOf(item));
}

/** What is on the shelf and known (items.ts); every other bitmap is the affair of who made it. */
export function setListable(item: u32, isListable: bool): void {
  setBit(LISTABLE, item, isListable);
}

/**
 * Whether these counts leave an item out, because it is no goods. May only change while no receipt
 * that counts holds it, or what was added for it could not be taken back.
 */
export function setUncounted(item: u32, isUncountedNow: bool): void {
  if (isUncounted(item) == isUncountedNow) return;
  setBit(UNCOUNTED, item, isUncountedNow);
  uncountedItems += isUncountedNow ? 1 : -1;
}

// @ts-expect-error: decorator
@inline
export function isUncounted(item: u32): bool {
  return <bool>((load<u32>(uncounted + wordOf(item)) >> (item & 31)) & 1);
}

/**
 * Begins to decide anew: nothing is barred, and an item must have its bit in each of three bitmaps
 * that makeBitmap made; 0 where there is no such bitmap.
 */
export function askBitmaps(one: u32, other: u32, last: u32): void {
  secondAsked = one;
  thirdAsked = other;
  fourthAsked = last;
  locate();
  unbar(0);
}

/** Never to be listed until `askBitmaps`, or until `unbar` of what was barred before it. */
export function bar(item: u32): void {
  const at = bars + wordOf(item);
  const word = load<u32>(at);
  if (word & bitOf(item)) return;
  if (barredCount == barredRoom) {
    barred = enlarge(barred, barredRoom * 4, barredRoom * 8);
    barredRoom *= 2;
  }
  store<u32>(at, word | bitOf(item));
  store<u32>(barred + barredCount * 4, item);
  barredCount++;
}

export function barredTotal(): u32 {
  return barredCount;
}

/** Keeps only the first so many that were barred. */
export function unbar(kept: u32): void {
  for (; barredCount > kept; barredCount--) {
    const item = load<u32>(barred + (barredCount - 1) * 4);
    const at = bars + wordOf(item);
    store<u32>(at, load<u32>(at) & ~bitOf(item));
  }
}

/** Whether an item may be listed, as far as bitmaps and bars go. */
// @ts-expect-error: decorator
@inline
export function isAllowed(item: u32): bool {
  const word = wordOf(item);
  const inAll = load<u32>(first + word) & load<u32>(second + word);
  const inOthers = load<u32>(third + word) & load<u32>(fourth + word);
  return <bool>(((inAll & inOthers & ~load<u32>(bars + word)) >> (item & 31)) & 1);
}

export function isEligible(item: u32): bool {
  return isAllowed(item);
}

/** Keeps the first `most` that may be listed of `count` items at an address; returns how many. */
export function keepEligible(items: u32, count: u32, most: u32): u32 {
  let kept: u32 = 0;
  for (let k: u32 = 0; k < count && kept < most; k++) {
    const item = load<u32>(items + k * 4);
    if (!isAllowed(item)) continue;
    store<u32>(items + kept * 4, item);
    kept++;
  }
  return kept;
}
