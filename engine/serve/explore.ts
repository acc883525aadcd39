// A bounded share of places for new items, which would never be listed if only receipts spoke.
import { limits } from '../base/limits.ts';
import type { ServeContext } from './context.ts';
import { type RankedItem, reasonAbout } from './ranked.ts';
import { told } from './terms.ts';

interface Candidate {
  readonly number: number;
  readonly anchorNumber: number;
  readonly score: number;
}

/** Of one request's anchors, newest first: what is new and alike to them, nearest first. */
function candidatesOf(context: ServeContext): Candidate[] {
  const { kernel, newcomers, registries } = context;
  const { run } = kernel;
  const excluded = new Set(context.excluded);
  const anchorCount = run.anchorTotal();
  const isNew = (number: number) => kernel.support(number) < limits.newcomerReceipts;
  const best = new Map<number, Candidate>();
  let pairs = 0;
  for (let index = 0; index < Math.min(anchorCount, limits.neighboursServed); index++) {
    const anchorNumber = kernel.anchorItem(index);
    const guests = newcomers.near(anchorNumber);
    if (guests.length === 0) continue;
    pairs += guests.length;
    if (pairs > limits.newcomerPairsMax) break;
    const { affinity } = kernel.anchor(index);
    for (const { number, nearness } of guests) {
      const score = affinity * nearness;
      if (score <= (best.get(number)?.score ?? 0) || run.anchorOf(number) >= 0) continue;
      if (!isNew(number)) continue;
      if (excluded.has(number) || registries.items.valueOf(number).status !== 'active') continue;
      best.set(number, { number, anchorNumber, score });
    }
  }
  return [...best.values()].sort(
    (a, b) => b.score - a.score || registries.items.compareHashes(a.number, b.number),
  );
}

/**
 * Every tenth place goes to a new item that is alike to what the member has bought, another one
 * each day. To be called while the member's items are the kernel's anchors.
 */
export function withNewcomers(
  context: ServeContext,
  ranked: readonly RankedItem[],
): readonly RankedItem[] {
  const places = Math.floor(ranked.length / limits.placesPerNewcomer);
  if (places === 0 || context.newcomers.isEmpty) return ranked;
  const listed = new Set(ranked.map(({ number }) => number));
  const candidates = candidatesOf(context).filter(({ number }) => !listed.has(number));
  const list = [...ranked];
  for (let place = 0; place < Math.min(places, candidates.length); place++) {
    const { number, anchorNumber } = candidates[(context.day + place) % candidates.length]!;
    const at = (place + 1) * limits.placesPerNewcomer - 1;
    const [before, after] = [list[at - 1]?.score ?? 0, list[at]?.score ?? 0];
    const reasons = [reasonAbout('new_item', anchorNumber)];
    const score = (before + after) / 2;
    const terms = told(context, () => [{ type: 'new_item', anchorNumber, score }]);
    list.splice(at, 0, { number, score, reasons, ...terms });
  }
  return list.slice(0, context.limit);
}
