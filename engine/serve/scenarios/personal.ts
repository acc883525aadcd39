// The lists that start from a member's history: guess-you-like, discover and buy-again (DESIGN
// section 5).
import { tables } from '../../kernel/exports.ts';
import { beginSelection, type ServeContext } from '../context.ts';
import { withNewcomers } from '../explore.ts';
import { emptyRanking, type RankedItem, type RankedReason, type Ranking } from '../ranked.ts';

const coOccurrenceShare = 0.3;
const priorShare = 0.05;
const reasonsMax = 3;

/**
 * Makes the member's baskets the anchors of this request; false when there is nothing to start
 * from.
 */
function weigh(context: ServeContext): boolean {
  const { kernel, history, relaxations } = context;
  if (!history) return false;
  kernel.readHistory(0, history);
  beginSelection(context, context.limit);
  if (kernel.run.weighHistory() > 0) return true;
  relaxations.push('member_has_no_history');
  return false;
}

interface Mix {
  readonly byAccumulator: number;
  readonly byPopularity: number;
}

/** (1 - tau) / tau shares the list between what is bought again and what is new. */
function deriveMix({ kernel: { run } }: ServeContext): Mix {
  const share = run.repeatShare();
  const odds = (1 - share) / share;
  const baskets = run.popularityTotal();
  return {
    byAccumulator: (coOccurrenceShare * odds) / run.affinityTotal(),
    byPopularity: baskets > 0 ? (priorShare * odds) / baskets : 0,
  };
}

interface Weighed {
  readonly reason: RankedReason;
  readonly weight: number;
}

function repeatReason({ kernel }: ServeContext, number: number): Weighed | undefined {
  const index = kernel.run.anchorOf(number);
  if (index < 0) return undefined;
  const count = kernel.anchor(index).receipts;
  return { reason: { type: 'bought_before', count }, weight: kernel.run.repeatTerm(index) };
}

function afterReason({ kernel }: ServeContext, place: number, number: number, mix: Mix) {
  const { run } = kernel;
  const best = run.bestAnchor(place);
  if (best < 0) return undefined;
  const anchorNumber = kernel.anchor(best).item;
  const count = run.pairCount(tables.next, anchorNumber, number);
  const weight = mix.byAccumulator * run.bestTerm(place) * kernel.inFactor(number);
  return { reason: { type: 'bought_after', anchorNumber, count }, weight } as const;
}

function popularReason({ kernel }: ServeContext, number: number, mix: Mix): Weighed | undefined {
  const count = kernel.support(number);
  if (count === 0) return undefined;
  return {
    reason: { type: 'popular_in_chain', count },
    weight: mix.byPopularity * kernel.popularity(number),
  };
}

function explain(context: ServeContext, mix: Mix, withRepeat: boolean): RankedItem[] {
  context.kernel.run.explainResults(tables.next);
  return context.kernel.results().map(({ item: number, score }, place) => {
    const reasons: (Weighed | undefined)[] = [
      withRepeat ? repeatReason(context, number) : undefined,
      afterReason(context, place, number, mix),
      popularReason(context, number, mix),
    ];
    const known = reasons.filter((reason) => reason !== undefined);
    known.sort((a, b) => b.weight - a.weight);
    return { number, score, reasons: known.slice(0, reasonsMax).map(({ reason }) => reason) };
  });
}

export function guessYouLike(context: ServeContext): Ranking {
  if (!weigh(context)) return emptyRanking;
  const { run } = context.kernel;
  const mix = deriveMix(context);
  run.accumulateNext();
  run.select(mix.byAccumulator, tables.next, mix.byPopularity, 1, true, true);
  const items = explain(context, mix, true);
  const personalized = items.some(({ reasons }) =>
    reasons.some(({ type }) => type !== 'popular_in_chain'),
  );
  return { items: withNewcomers(context, items), personalized };
}

export function discover(context: ServeContext): Ranking {
  if (!weigh(context)) return emptyRanking;
  const { run } = context.kernel;
  const mix = deriveMix(context);
  run.accumulateNext();
  run.select(mix.byAccumulator, tables.next, mix.byPopularity, 0, false, true);
  const items = explain(context, mix, false);
  const personalized = items.some(({ reasons }) =>
    reasons.some(({ type }) => type === 'bought_after'),
  );
  return { items: withNewcomers(context, items), personalized };
}

/** When the member is likely to want an item again; nothing while nobody came back for it. */
function dueDate({ kernel }: ServeContext, index: number) {
  const usualGapDays = kernel.run.usualGapDays(index);
  if (usualGapDays === 0) return {};
  return {
    usualGapDays: Math.round(usualGapDays * 10) / 10,
    nextDueDay: kernel.anchor(index).lastDay + Math.round(usualGapDays),
  };
}

export function buyAgain(context: ServeContext): Ranking {
  if (!weigh(context)) return emptyRanking;
  const { kernel } = context;
  kernel.run.select(0, tables.none, 0, 1, true, false);
  const items = kernel.results().map(({ item: number, score }): RankedItem => {
    const index = kernel.run.anchorOf(number);
    const reasons = [{ type: 'bought_before', count: kernel.anchor(index).receipts } as const];
    return { number, score, reasons, ...dueDate(context, index) };
  });
  return { items, personalized: items.length > 0 };
}
