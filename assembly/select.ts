// Selects the best of what was added up, with the terms that need no accumulator: popularity and
// what is bought again.

import { ANCHOR_AGAIN, ANCHOR_BYTES, anchorCount, anchors, epoch } from './accumulate';
import { reboughtRate } from './habits';
import { hot, itemCount, mark, touched } from './items';
import { HOT_ACC, MARK_FLAGS, MARK_STAMP } from './layout';
import { flagOf, popularCount, popularList, popularThreshold } from './popular';
import { repeatTermAt } from './repeat';
import { isSettledAbove, offer } from './topk';
import { blend, clearTouched, offerTouched, priorOf, touchedEnd } from './touched';

/**
 * Selects by: byAccumulator · acc(j) [· IN[j]^-0.3 when `table` is NEXT] + byPrior · POP[j] (when
 * `prior` is 0) or LAST[j] (1) + the repeat term of kind `repeat` (repeat.ts). `withAnchors`:
 * whether anchors may be listed. `withOthers`: whether anything else may. Clears the accumulator.
 */
export function select(
  byAccumulator: f64,
  table: u32,
  byPrior: f64,
  prior: u32,
  repeat: u32,
  withAnchors: bool,
  withOthers: bool,
): void {
  const k0 = reboughtRate();
  for (let k: u32 = 0; k < anchorCount; k++) {
    const anchor = anchors + k * ANCHOR_BYTES;
    const item = load<u32>(anchor);
    if (withAnchors) {
      const again = repeat ? repeatTermAt(anchor, repeat, k0) : 0;
      store<f64>(anchor, again, ANCHOR_AGAIN);
      offer(item, <f32>(blend(item, byAccumulator, table, byPrior, prior) + again));
    }
    store<f32>(hot(item), 0, HOT_ACC);
  }
  if (withOthers && byPrior > 0) {
    const list = popularList(prior);
    const end = list + popularCount(prior) * 4;
    for (let at = list; at < end; at += 4) {
      const item = load<u32>(at);
      if (load<u32>(mark(item), MARK_STAMP) == epoch) continue;
      const score = <f32>blend(item, byAccumulator, table, byPrior, prior);
      // The list may still hold items whose every sale was taken back.
      if (score > 0) offer(item, score);
      store<f32>(hot(item), 0, HOT_ACC);
    }
  }
  if (withOthers) offerTouched(byAccumulator, table, byPrior, prior);
  else clearTouched();
  if (withOthers && byPrior > 0) offerRemaining(byPrior, prior);
}

/**
 * Only when the short list of the best could not settle the places: asks every item that was not
 * offered yet.
 */
function offerRemaining(byPrior: f64, prior: u32): void {
  if (isSettledAbove(<f32>(byPrior * <f64>popularThreshold(prior)))) return;
  const end = touchedEnd();
  for (let at = touched; at < end; at += 4) store<u32>(mark(load<u32>(at)), epoch, MARK_STAMP);
  for (let item: u32 = 0; item < itemCount; item++) {
    const marks = mark(item);
    if (load<u32>(marks, MARK_STAMP) == epoch) continue;
    if (load<u32>(marks, MARK_FLAGS) & flagOf(prior)) continue;
    const value = priorOf(item, prior);
    if (value > 0) offer(item, <f32>(byPrior * value));
  }
}
