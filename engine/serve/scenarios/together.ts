// The lists that start from items: bought-together, basket-add-on and similar (DESIGN sections 5
// and 6).
import type { Item } from '../../log/events.ts';
import { beginSelection, type ServeContext } from '../context.ts';
import { emptyRanking, type RankedItem, type RankedReason, type Ranking } from '../ranked.ts';

/** What a member's own habit adds to an add-on's score. */
const repeatShareOfAddOn = 0.3;
const similarCandidates = 50;
/**
 * What is left of a score between items of different departments: what is bought after beans is
 * mostly filters, and a lookalike is other beans.
 */
const otherCategoryFactor = 0.05;

function togetherReason(
  { kernel }: ServeContext,
  place: number,
  number: number,
): RankedReason | undefined {
  const best = kernel.run.bestAnchor(place);
  if (best < 0) return undefined;
  const anchorNumber = kernel.anchor(best).item;
  const count = kernel.run.pairCount(false, anchorNumber, number);
  return { type: 'bought_together', anchorNumber, count };
}

export function boughtTogether(context: ServeContext): Ranking {
  const { kernel, anchorNumber } = context;
  if (anchorNumber === undefined) return emptyRanking;
  beginSelection(context, context.limit);
  kernel.run.addAnchor(anchorNumber);
  kernel.run.accumulateSame();
  kernel.run.select(1, false, 0, 0, false, true);
  const items = kernel.results().map(({ item: number, score }): RankedItem => {
    const count = kernel.run.pairCount(false, anchorNumber, number);
    return { number, score, reasons: [{ type: 'bought_together', anchorNumber, count }] };
  });
  return { items, personalized: false };
}

interface Habit {
  readonly number: number;
  readonly receipts: number;
  readonly term: number;
}

/** The repeat term of everything the member has bought. */
function habitsOf(context: ServeContext): Habit[] {
  const { kernel, history, relaxations } = context;
  if (!history) return [];
  kernel.readHistory(0, history);
  beginSelection(context, 0);
  const count = kernel.run.weighHistory();
  if (count === 0) relaxations.push('member_has_no_history');
  return Array.from({ length: count }, (_, index) => {
    const { item: number, receipts } = kernel.anchor(index);
    return { number, receipts, term: kernel.run.repeatTerm(index) };
  });
}

export function basketAddOn(context: ServeContext): Ranking {
  const { kernel, ticket, ticketSize, relaxations } = context;
  const { run } = kernel;
  const isForTill = context.audience === 'till';
  const habits = habitsOf(context);
  if (ticketSize > 0 && ticket.length === 0) relaxations.push('basket_unknown');
  if (ticket.length === 0 && habits.length === 0) return emptyRanking;
  beginSelection(context, context.limit);
  for (const number of ticket) run.addAnchor(number);
  run.accumulateSame();
  const size = Math.max(1, ticketSize);
  for (const { number, term } of habits) {
    // To offer what only this member's history leads to would tell of it, whatever the reason says.
    if (isForTill && !kernel.isScored(number)) continue;
    run.addScore(number, repeatShareOfAddOn * term * size);
  }
  run.select(1 / size, false, 0, 0, false, true);
  run.explainResults(false);
  const bought = new Map(habits.map((habit) => [habit.number, habit.receipts]));
  const items = kernel.results().map(({ item: number, score }, place): RankedItem => {
    const reasons: (RankedReason | undefined)[] = [togetherReason(context, place, number)];
    const count = bought.get(number);
    if (count !== undefined && !isForTill) reasons.push({ type: 'bought_before', count });
    return { number, score, reasons: reasons.filter((reason) => reason !== undefined) };
  });
  // With one item listed it would say that the member bought it before.
  const personalized = !isForTill && items.some(({ number }) => bought.has(number));
  return { items, personalized };
}

/** 1 for the same shelf, less the earlier the category paths part; 1 when either has none. */
export function categoryFactor(a: Item, b: Item): number {
  if (!a.category?.length || !b.category?.length) return 1;
  const levels = Math.max(a.category.length, b.category.length);
  let shared = 0;
  while (shared < levels && a.category[shared] === b.category[shared]) shared += 1;
  return otherCategoryFactor + (1 - otherCategoryFactor) * (shared / levels) ** 2;
}

export function similar(context: ServeContext): Ranking {
  const { kernel, anchorNumber } = context;
  const { items: registry } = context.registries;
  if (anchorNumber === undefined) return emptyRanking;
  beginSelection(context, similarCandidates);
  kernel.run.addAnchor(anchorNumber);
  kernel.run.accumulateNext();
  kernel.run.select(1, true, 0, 0, false, true);
  const anchor = registry.valueOf(anchorNumber);
  const items = kernel.results().map(({ item: number, score }): RankedItem => {
    const count = kernel.run.pairCount(true, anchorNumber, number);
    const factor = categoryFactor(anchor, registry.valueOf(number));
    return {
      number,
      score: score * factor,
      reasons: [{ type: 'bought_after', anchorNumber, count }],
    };
  });
  // The kernel's order already settles equal scores by id hash, and sort keeps it.
  items.sort((a, b) => b.score - a.score);
  return { items: items.slice(0, context.limit), personalized: false };
}
