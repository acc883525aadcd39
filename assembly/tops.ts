// The best of a long popularity row without reading it whole: a tree of the best slots over the
// slots of its cells. Nodes are learnt by who comes past, some at a time, and then follow every
// change; all are forgotten when the cells move to another block.
//
//   tops:  slot u32 of the best cell of each BRANCHES slots (NONE: none of them sells) | of each
//          BRANCHES of those | … down to BRANCHES of them at most
//
// What stands over a node that is not known is not known either.

import { release, tryAllocate } from './heap';
import { isHashedBefore, mark } from './items';
import {
  CELL_BYTES,
  CELL_KEY,
  CELL_WEIGHT,
  EMPTY,
  MARK_HASH,
  ROW_CAPACITY,
  ROW_CELLS,
  ROW_VIEW,
} from './layout';
import { isWanted, offer } from './topk';
import { plain } from './weight';

const BRANCHES_LOG: u32 = 4;
const BRANCHES: u32 = 1 << BRANCHES_LOG;
/** A row of fewer slots is read whole: 1 ns each. */
const SLOTS_MIN: u32 = 4096;
/** Of slots that are learnt for one list: 0.1 to 0.3 ms. */
const LEARNT_AT_ONCE: u32 = 16384;
const UNKNOWN: u32 = 0xffffffff;
const NONE: u32 = 0xfffffffe;

/** How many slots lists have looked at since the start: what they cost, told without a clock. */
export let slotsRead: u32 = 0;

/** So many slots may still be learnt of. */
let budget: u32 = 0;

/** So many nodes stand over so many below them. */
// @ts-expect-error: decorator
@inline
function nodesOver(count: u32): u32 {
  return (count + BRANCHES - 1) >> BRANCHES_LOG;
}

/** What the tops of a row of so many slots take. */
export function topsBytes(slots: u32): u32 {
  if (slots < SLOTS_MIN) return 0;
  let nodes: u32 = 0;
  for (let count = slots; count > BRANCHES; ) {
    count = nodesOver(count);
    nodes += count;
  }
  return nodes * 4;
}

/** The cells of a row move, or go. */
export function forgetTops(row: u32): void {
  release(load<u32>(row, ROW_VIEW));
  store<u32>(row, 0, ROW_VIEW);
}

/** What an item scores here, 0 where it does not sell. */
// @ts-expect-error: decorator
@inline
function scoreAt(cell: u32): f32 {
  if (load<u32>(cell, CELL_KEY) == EMPTY) return 0;
  const weight = load<i64>(cell, CELL_WEIGHT);
  return weight > 0 ? <f32>plain(weight) : 0;
}

/** The better one of two slots by what is listed first: score, then id hash. */
function betterOf(cells: u32, one: u32, other: u32): u32 {
  if (one == other || other == NONE) return one;
  if (one == NONE) return other;
  const cell = cells + one * CELL_BYTES;
  const otherCell = cells + other * CELL_BYTES;
  const score = scoreAt(cell);
  const otherScore = scoreAt(otherCell);
  if (score != otherScore) return score > otherScore ? one : other;
  return isHashedBefore(load<u32>(cell), load<u32>(otherCell)) ? one : other;
}

/** The best of the slots that a lowest node stands over. */
function bestOfSlots(cells: u32, capacity: u32, node: u32): u32 {
  const end = min(capacity, (node + 1) << BRANCHES_LOG);
  let best = NONE;
  let bestScore: f32 = 0;
  let bestHash: u32 = 0;
  for (let slot = node << BRANCHES_LOG; slot < end; slot++) {
    const cell = cells + slot * CELL_BYTES;
    const score = scoreAt(cell);
    if (score == 0 || score < bestScore) continue;
    const hash = load<u32>(mark(load<u32>(cell)), MARK_HASH);
    if (score == bestScore) {
      if (hash > bestHash) continue;
      if (hash == bestHash && betterOf(cells, best, slot) == best) continue;
    }
    best = slot;
    bestScore = score;
    bestHash = hash;
  }
  return best;
}

/** The best of the nodes at `below`, `count` in all, that a node stands over. */
function bestOfNodes(cells: u32, below: u32, count: u32, node: u32): u32 {
  const end = min(count, (node + 1) << BRANCHES_LOG);
  let best = NONE;
  for (let child = node << BRANCHES_LOG; child < end; child++) {
    const slot = load<u32>(below + child * 4);
    if (slot == UNKNOWN) return UNKNOWN;
    best = betterOf(cells, best, slot);
  }
  return best;
}

/** The tops of a long row, begun where there are none; 0 for one that has none. */
function topsOf(row: u32): u32 {
  const begun = load<u32>(row, ROW_VIEW);
  const bytes = topsBytes(load<u32>(row, ROW_CAPACITY));
  if (begun || !bytes) return begun;
  const tops = tryAllocate(bytes);
  store<u32>(row, tops, ROW_VIEW);
  // All ones: nothing is known.
  if (tops) memory.fill(tops, 0xff, bytes);
  return tops;
}

/** The weight of the cell in `slot` has risen, or it is new. */
export function slotRose(row: u32, slot: u32): void {
  const cells = load<u32>(row, ROW_CELLS);
  let level = load<u32>(row, ROW_VIEW);
  if (!level || scoreAt(cells + slot * CELL_BYTES) == 0) return;
  let count = nodesOver(load<u32>(row, ROW_CAPACITY));
  let node = slot >> BRANCHES_LOG;
  while (true) {
    const before = load<u32>(level + node * 4);
    if (before == UNKNOWN || betterOf(cells, slot, before) != slot) return;
    store<u32>(level + node * 4, slot);
    if (count <= BRANCHES) return;
    level += count * 4;
    count = nodesOver(count);
    node >>= BRANCHES_LOG;
  }
}

/** What is in `slot` has fallen, is another, or is gone. */
export function slotChanged(row: u32, slot: u32): void {
  const cells = load<u32>(row, ROW_CELLS);
  let level = load<u32>(row, ROW_VIEW);
  if (!level) return;
  const capacity = load<u32>(row, ROW_CAPACITY);
  let count = nodesOver(capacity);
  let node = slot >> BRANCHES_LOG;
  if (load<u32>(level + node * 4) == UNKNOWN) return;
  let best = bestOfSlots(cells, capacity, node);
  while (true) {
    const before = load<u32>(level + node * 4);
    if (before == UNKNOWN) return;
    store<u32>(level + node * 4, best);
    // Where neither the old nor the new best of a node is this slot, nothing above can change.
    if (count <= BRANCHES || (before == best && best != slot)) return;
    node >>= BRANCHES_LOG;
    best = bestOfNodes(cells, level, count, node);
    level += count * 4;
    count = nodesOver(count);
  }
}

/** Offers what sells in some slots. */
function offerSlots(cells: u32, from: u32, end: u32): void {
  slotsRead += end - from;
  for (let slot = from; slot < end; slot++) {
    const cell = cells + slot * CELL_BYTES;
    const score = scoreAt(cell);
    if (score > 0) offer(load<u32>(cell), score);
  }
}

/**
 * Learns, within the budget, what is not known of the nodes from `node` on to `end`, and of those
 * below them; where it `offers`, offers what may still get in of what they stand over.
 */
function passNodes(row: u32, height: u32, from: u32, end: u32, offers: bool): void {
  const cells = load<u32>(row, ROW_CELLS);
  const capacity = load<u32>(row, ROW_CAPACITY);
  let level = load<u32>(row, ROW_VIEW);
  let below = level;
  let belowCount = capacity;
  let count = nodesOver(capacity);
  for (let k: u32 = 0; k < height; k++) {
    below = level;
    level += count * 4;
    belowCount = count;
    count = nodesOver(count);
  }
  for (let node = from; node < min(end, count); node++) {
    const best = load<u32>(level + node * 4);
    if (best == UNKNOWN) {
      if (!offers && !budget) return;
    } else {
      if (!offers || best == NONE) continue;
      const cell = cells + best * CELL_BYTES;
      if (!isWanted(load<u32>(cell), scoreAt(cell))) continue;
    }
    const first = node << BRANCHES_LOG;
    if (height) passNodes(row, height - 1, first, first + BRANCHES, offers);
    else if (offers) offerSlots(cells, first, min(capacity, first + BRANCHES));
    if (best != UNKNOWN) continue;
    if (height) store<u32>(level + node * 4, bestOfNodes(cells, below, belowCount, node));
    else if (budget) {
      budget -= min(budget, BRANCHES);
      store<u32>(level + node * 4, bestOfSlots(cells, capacity, node));
    }
  }
}

function passTops(row: u32, offers: bool): void {
  let height: u32 = 0;
  let count = nodesOver(load<u32>(row, ROW_CAPACITY));
  for (; count > BRANCHES; height++) count = nodesOver(count);
  passNodes(row, height, 0, BRANCHES, offers);
}

/** Offers the best of what sells in a row; others may be offered too. */
export function offerTops(row: u32): void {
  budget = LEARNT_AT_ONCE;
  if (topsOf(row)) passTops(row, true);
  else offerSlots(load<u32>(row, ROW_CELLS), 0, load<u32>(row, ROW_CAPACITY));
}

/** Learns of about `slots` slots of a row; returns of how many, 0 when all is known. */
export function learnTops(row: u32, slots: u32): u32 {
  budget = slots;
  if (topsOf(row)) passTops(row, false);
  return slots - budget;
}
