// Items that count as another one, because the catalogue says that the two are one: their lines are
// read as lines of the other. Most chains have none, and then nobody asks.
import { allocate, enlarge, release, roundUp } from './heap';
import { isHashedBefore } from './items';

/** How many items count as another one. */
export let mergedItems: u32 = 0;
/** By item: the one that it counts as, and 1 more; 0: itself. */
let survivors: u32 = 0;
/** Items that have a place there. */
let places: u32 = 0;

/** Lines of one receipt: item u32 | 0 u32 | bought f64 | brought back f64. */
const LINE_BYTES: u32 = 24;
const LINE_BOUGHT: u32 = 8;
const LINE_BACK: u32 = 16;
let lines: u32 = 0;
let linesRoom: u32 = 0;
let lineCount: u32 = 0;

/**
 * From here on the first counts as the second; as itself where they are one. May only change while
 * no receipt that counts holds it, or what was added for it could not be taken back.
 */
export function setSurvivor(item: u32, survivor: u32): void {
  if (survivorOf(item) == survivor) return;
  if (item >= places) makePlaces(item + 1);
  const was = load<u32>(survivors + item * 4) != 0;
  const is = item != survivor;
  store<u32>(survivors + item * 4, is ? survivor + 1 : 0);
  if (was != is) mergedItems += is ? 1 : -1;
}

function makePlaces(wanted: u32): void {
  const larger = max(max(wanted, places * 2), 1024);
  survivors = enlarge(survivors, places * 4, larger * 4);
  memory.fill(survivors + places * 4, 0, (larger - places) * 4);
  places = larger;
}

/** The item that one counts as: itself, mostly. */
export function survivorOf(item: u32): u32 {
  if (item >= places) return item;
  const survivor = load<u32>(survivors + item * 4);
  return survivor ? survivor - 1 : item;
}

/** Begins the lines of a receipt, at most so many. */
export function startLines(most: u32): void {
  lineCount = 0;
  if (most <= linesRoom) return;
  release(lines);
  linesRoom = max<u32>(256, most);
  lines = allocate(roundUp(linesRoom * LINE_BYTES));
}

/** Puts a line into its place by the id hash; lines that come in this order move none. */
export function addLine(item: u32, bought: f64, back: f64): void {
  const survivor = survivorOf(item);
  let at = lines + lineCount * LINE_BYTES;
  for (; at > lines && isBefore(survivor, load<u32>(at - LINE_BYTES)); at -= LINE_BYTES) {
    memory.copy(at, at - LINE_BYTES, LINE_BYTES);
  }
  store<u32>(at, survivor);
  store<f64>(at, bought, LINE_BOUGHT);
  store<f64>(at, back, LINE_BACK);
  lineCount++;
}

/** What is not registered yet has no hash, and is put together by its number all the same. */
function isBefore(item: u32, other: u32): bool {
  if (item == other) return false;
  if (isHashedBefore(item, other)) return true;
  return !isHashedBefore(other, item) && item < other;
}

/** Writes the items that have a piece left, each once, to an address; returns how many. */
export function writeItemsLeft(to: u32): u32 {
  let count: u32 = 0;
  const end = lines + lineCount * LINE_BYTES;
  let at = lines;
  while (at < end) {
    const item = load<u32>(at);
    let left: f64 = 0;
    for (; at < end && load<u32>(at) == item; at += LINE_BYTES) {
      left += load<f64>(at, LINE_BOUGHT) - load<f64>(at, LINE_BACK);
    }
    if (left <= 0) continue;
    store<u32>(to + count * 4, item);
    count++;
  }
  return count;
}
