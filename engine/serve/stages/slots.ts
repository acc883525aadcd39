// Stage "slots": places of a list that are kept for something else than the best score. Every tenth
// one goes to a new item, which would never be listed if only receipts spoke.
import { limits } from '../../base/limits.ts';
import type { ServeContext } from '../context.ts';
import type { Candidate, Draft, Source, Stage } from '../draft.ts';
import { reasonAbout } from '../ranked.ts';
import { explainedTerms } from '../terms.ts';
import { isEligible } from './eligibility.ts';

interface NewItem {
  readonly number: number;
  readonly anchorNumber: number;
  readonly score: number;
}

/** Of one request's anchors, newest first: what is new and alike to them, nearest first. */
function newItemsFor(context: ServeContext): NewItem[] {
  const { kernel, newcomers, registries } = context;
  const { run } = kernel;
  const anchorCount = run.anchorTotal();
  const isNew = (number: number) => kernel.support(number) < limits.newcomerReceipts;
  const best = new Map<number, NewItem>();
  let pairs = 0;
  for (let index = 0; index < Math.min(anchorCount, limits.neighboursServed); index++) {
    const anchorNumber = kernel.anchorItem(index);
    const newItems = newcomers.similarTo(anchorNumber);
    if (newItems.length === 0) continue;
    pairs += newItems.length;
    if (pairs > limits.newcomerPairsMax) break;
    const { affinity } = kernel.anchor(index);
    for (const { number, nearness } of newItems) {
      const score = affinity * nearness;
      if (score <= (best.get(number)?.score ?? 0) || run.anchorOf(number) >= 0) continue;
      if (!isNew(number) || !isEligible(context, number)) continue;
      best.set(number, { number, anchorNumber, score });
    }
  }
  return [...best.values()].sort(
    (a, b) => b.score - a.score || registries.items.compareHashes(a.number, b.number),
  );
}

/** The places of new items by what each is alike to. */
function newItemSource(context: ServeContext, anchors: ReadonlyMap<number, number>): Source {
  return {
    explain: (survivors) =>
      survivors.map(({ number, score }) => {
        const anchorNumber = anchors.get(number)!;
        const reasons = [reasonAbout('new_item', anchorNumber)];
        const terms = explainedTerms(context, () => [{ type: 'new_item', anchorNumber, score }]);
        return { number, score, reasons, ...terms };
      }),
  };
}

function placeNewItems(draft: Draft): void {
  const { context, candidates } = draft;
  const { scenario, limit, newcomers } = context;
  if (scenario !== 'guess-you-like' && scenario !== 'discover') return;
  if (newcomers.isEmpty) return;
  const top = candidates.slice(0, limit).filter(({ source }) => source.fill === undefined);
  const places = Math.floor(top.length / limits.placesPerNewcomer);
  if (places === 0) return;
  const listed = new Set(top.map(({ number }) => number));
  const found = newItemsFor(context).filter(({ number }) => !listed.has(number));
  const placed = new Map<number, number>();
  const source = newItemSource(context, placed);
  const list: Candidate[] = [...top];
  for (let place = 0; place < Math.min(places, found.length); place++) {
    // Another one each day.
    const { number, anchorNumber } = found[(context.day + place) % found.length]!;
    const at = (place + 1) * limits.placesPerNewcomer - 1;
    const [before, after] = [list[at - 1]?.score ?? 0, list[at]?.score ?? 0];
    list.splice(at, 0, { number, score: (before + after) / 2, source });
    placed.set(number, anchorNumber);
  }
  const others = candidates.slice(top.length).filter(({ number }) => !placed.has(number));
  draft.candidates = [...list, ...others];
}

export const slots: Stage = { name: 'slots', run: placeNewItems };
