// The accumulator: one f32 an item, the list of those touched, and the pass over it that offers
// each and clears it.

import { hot, lastBuys, touched } from './items';
import { HOT_ACC, HOT_BYTES, HOT_IN_FACTOR, HOT_POP, TABLE_NEXT } from './layout';
import { BY_SALES } from './popular';
import { leastScore, offer } from './topk';

const ACC_MIN: f32 = 1.1754943508222875e-38;

let touchedCount: u32 = 0;

/** Begins an empty list. */
export function clearList(): void {
  touchedCount = 0;
}

/** Adds a value to one item's accumulator. */
export function addScore(item: u32, value: f32): void {
  endTouched(addTouching(touchedEnd(), hot(0), item, atLeastMinimum(value)));
}

/** Never exactly zero, or the item would be put on the touched list a second time. */
// @ts-expect-error: decorator
@inline
export function atLeastMinimum(value: f32): f32 {
  return value > ACC_MIN ? value : ACC_MIN;
}

/** The same of four. */
// @ts-expect-error: decorator
@inline
export function atLeastMinimums(values: v128): v128 {
  return f32x4.pmax(values, f32x4.splat(ACC_MIN));
}

/**
 * Adds a value that is not 0. Where the list of touched items ends goes in and comes out, and so
 * stays in a register: as a global it would be stored and loaded again for every value.
 */
// @ts-expect-error: decorator
@inline
export function addTouching(end: u32, hots: u32, item: u32, value: f32): u32 {
  const at = hots + item * HOT_BYTES;
  const old = load<f32>(at, HOT_ACC);
  store<u32>(end, item);
  store<f32>(at, old + value, HOT_ACC);
  return end + (<u32>(old == 0) << 2);
}

/** Where the next touched item goes. */
// @ts-expect-error: decorator
@inline
export function touchedEnd(): u32 {
  return touched + touchedCount * 4;
}

/** After addTouching. */
// @ts-expect-error: decorator
@inline
export function endTouched(end: u32): void {
  touchedCount = (end - touched) >> 2;
}

// @ts-expect-error: decorator
@inline
export function priorOf(item: u32, prior: u32): f64 {
  return <f64>load<f32>(prior == BY_SALES ? hot(item) + HOT_POP : lastBuys(item));
}

// @ts-expect-error: decorator
@inline
export function blend(item: u32, byAccumulator: f64, table: u32, byPrior: f64, prior: u32): f64 {
  const at = hot(item);
  const value = <f64>load<f32>(at, HOT_ACC);
  const scaled = table == TABLE_NEXT ? value * <f64>load<f32>(at, HOT_IN_FACTOR) : value;
  return byAccumulator * scaled + byPrior * priorOf(item, prior);
}

export function clearTouched(): void {
  const end = touchedEnd();
  for (let at = touched; at < end; at += 4) store<f32>(hot(load<u32>(at)), 0, HOT_ACC);
}

/** Offers what was touched and not asked yet. */
export function offerTouched(byAccumulator: f64, table: u32, byPrior: f64, prior: u32): void {
  const end = touchedEnd();
  let at = touched;
  if (table == TABLE_NEXT && prior == BY_SALES) at = offerFours(byAccumulator, byPrior);
  for (; at < end; at += 4) {
    const item = load<u32>(at);
    offerOne(item, byAccumulator, table, byPrior, prior);
    store<f32>(hot(item), 0, HOT_ACC);
  }
}

/** Offers a touched item that has not been asked: what has been has a cleared accumulator. */
function offerOne(item: u32, byAccumulator: f64, table: u32, byPrior: f64, prior: u32): void {
  if (load<f32>(hot(item), HOT_ACC) == 0) return;
  offer(item, <f32>blend(item, byAccumulator, table, byPrior, prior));
}

/** More than four roundings of f32 make of a sum of products, and what underflows in them. */
const BOUND_FACTOR: f32 = 1.000001;
const BOUND_SLACK: f32 = 1e-36;

/**
 * Passes four touched items at a time whose scores, computed in f32 and rounded up, cannot get in:
 * nearly all. The others are blended as ever. Returns where fewer than four are left.
 */
function offerFours(byAccumulator: f64, byPrior: f64): u32 {
  const end = touchedEnd();
  const hots = hot(0);
  const byAcc = f32x4.splat(<f32>byAccumulator * BOUND_FACTOR);
  const byPop = f32x4.splat(<f32>byPrior * BOUND_FACTOR);
  const slack = f32x4.splat(BOUND_SLACK);
  let least = f32x4.splat(leastScore());
  let at = touched;
  for (; at + 12 < end; at += 16) {
    const a = hots + load<u32>(at) * HOT_BYTES;
    const b = hots + load<u32>(at, 4) * HOT_BYTES;
    const c = hots + load<u32>(at, 8) * HOT_BYTES;
    const d = hots + load<u32>(at, 12) * HOT_BYTES;
    const hotA = v128.load(a);
    const hotB = v128.load(b);
    const hotC = v128.load(c);
    const hotD = v128.load(d);
    const lowAB = v128.shuffle<u32>(hotA, hotB, 0, 4, 1, 5);
    const lowCD = v128.shuffle<u32>(hotC, hotD, 0, 4, 1, 5);
    const accs = v128.shuffle<u32>(lowAB, lowCD, 0, 1, 4, 5);
    const ins = v128.shuffle<u32>(lowAB, lowCD, 2, 3, 6, 7);
    const highAB = v128.shuffle<u32>(hotA, hotB, 2, 6, 3, 7);
    const highCD = v128.shuffle<u32>(hotC, hotD, 2, 6, 3, 7);
    const pops = v128.shuffle<u32>(highAB, highCD, 0, 1, 4, 5);
    const scaled = f32x4.mul(byAcc, f32x4.mul(accs, ins));
    const bounds = f32x4.add(f32x4.add(scaled, f32x4.mul(byPop, pops)), slack);
    if (v128.any_true(f32x4.ge(bounds, least))) {
      for (let one = at; one < at + 16; one += 4) {
        offerOne(load<u32>(one), byAccumulator, TABLE_NEXT, byPrior, BY_SALES);
      }
      least = f32x4.splat(leastScore());
    }
    store<f32>(a, 0, HOT_ACC);
    store<f32>(b, 0, HOT_ACC);
    store<f32>(c, 0, HOT_ACC);
    store<f32>(d, 0, HOT_ACC);
  }
  return at;
}
