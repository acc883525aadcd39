// The lists of what goes with items in one basket: bought-together and basket-add-on
// (docs/reference/scores.md).
import { limits } from '../../base/limits.ts';
import { compareByHash } from '../../catalogue/registry.ts';
import { explained } from '../../kernel/explain.ts';
import type { ServeContext } from '../context.ts';
import type { Candidate, Ranking, Source } from '../draft.ts';
import { type RankedReason, reasonAbout, reasonOf } from '../ranked.ts';
import { beginSelection, candidatesFrom, tasteAgeDecay } from '../selection.ts';
import { anchorTerms, explainedTerms } from '../terms.ts';

/**
 * What a member's own habit adds to an add-on's score, as one more item beside those of the ticket:
 * a weight that does not fall as the ticket grows loses on Online Retail.
 */
const habitShareOfAddOn = 0.5;
/** Below it two items meet in a basket less often than chance would have it. */
const liftMin = 1;
/** So much of a score is taken from the nearest lookalike. */
const lookalikeDamping = 0.8;

/**
 * Complements of one item: what lies in one basket with it at least as often as chance would have
 * it, lookalikes held back, since who chose one seldom wants the other beside it.
 */
export function boughtTogether(context: ServeContext, wanted: number): Ranking {
  const { kernel, content, anchorNumber } = context;
  if (anchorNumber === undefined) return [];
  const { run, layout } = kernel;
  const { tables, priors, repeats } = layout;
  const { items } = context.registries;
  beginSelection(context, limits.neighboursServed);
  run.addAnchor(anchorNumber);
  run.accumulateSquares(tables.same, 1);
  run.select(1, tables.none, 0, priors.sales, repeats.none, false, true);
  const ofAnchor = kernel.support(anchorNumber);
  const source: Source = {
    explain: (survivors) =>
      survivors.map(({ number, score }) => {
        const count = run.pairCount(tables.same, anchorNumber, number);
        const reasons = [reasonAbout('bought_together', anchorNumber, count)];
        const terms = explainedTerms(context, () => [
          { type: 'bought_together', anchorNumber, score },
        ]);
        return { number, score, reasons, ...terms };
      }),
  };
  const found = kernel.results().flatMap(({ item: number, score }): Candidate[] => {
    const count = run.pairCount(tables.same, anchorNumber, number);
    // count / receipts over the product of both shares: the lift of Brin et al. (1997).
    const lift = (count * run.receiptTotal()) / (ofAnchor * kernel.support(number));
    if (lift < liftMin) return [];
    const kept = 1 - lookalikeDamping * content.nearness(anchorNumber, number);
    return [{ number, score: Math.fround(score * kept), source }];
  });
  found.sort((a, b) => b.score - a.score || compareByHash(items, a.number, b.number));
  return found.slice(0, wanted);
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
  beginSelection(context, 0);
  const { repeats } = kernel.layout;
  const kind = context.formula === 'baseline' ? repeats.design : repeats.habit;
  const count = kernel.run.weighHistory(tasteAgeDecay);
  if (count === 0) relaxations.push('member_has_no_history');
  return Array.from({ length: count }, (_, index) => {
    const { item: number, receipts } = kernel.anchor(index);
    return { number, receipts, term: kernel.run.repeatTerm(index, kind) };
  });
}

export function basketAddOn(context: ServeContext, wanted: number): Ranking {
  const { kernel, ticket, ticketSize, relaxations } = context;
  const { run, layout } = kernel;
  const { tables, priors, repeats } = layout;
  const isForTill = context.audience === 'till';
  const habits = habitsOf(context);
  if (ticketSize > 0 && ticket.length === 0) relaxations.push('basket_unknown');
  if (ticket.length === 0 && habits.length === 0) return [];
  beginSelection(context, wanted);
  for (const number of ticket) run.addAnchor(number);
  run.accumulateSquares(tables.same, 1);
  const size = Math.max(1, ticketSize);
  const weight =
    context.formula === 'baseline' ? 0.3 * size : (habitShareOfAddOn * size) / (size + 1);
  for (const { number, term } of habits) {
    // To offer what only this member's history leads to would reveal it, whatever the reason says.
    if (isForTill && !kernel.isScored(number)) continue;
    run.addScore(number, weight * term);
  }
  run.select(1 / size, tables.none, 0, priors.sales, repeats.none, false, true);
  const bought = new Map(habits.map((habit) => [habit.number, habit.receipts]));
  const habitOf = new Map(habits.map(({ number, term }) => [number, term]));
  const byTicket = {
    ...({ type: 'bought_together', table: tables.same, squared: true } as const),
    ...{ scale: 1 / size, byInFactor: false },
  };
  return candidatesFrom(context, {
    explain: (survivors) => {
      const all = explained(kernel, 'same', survivors);
      const ofTicket = anchorTerms(context, survivors, byTicket);
      return all.map((found, place) => {
        const { number, score } = survivors[place]!;
        const { anchorItem: anchorNumber } = found;
        const reasons: RankedReason[] = [];
        if (anchorNumber >= 0)
          reasons.push(reasonAbout('bought_together', anchorNumber, found.count));
        const count = bought.get(number);
        if (count !== undefined && !isForTill) reasons.push(reasonOf('bought_before', count));
        const terms = explainedTerms(context, () => [
          ...ofTicket(place),
          { type: 'bought_before', score: (weight * (habitOf.get(number) ?? 0)) / size },
        ]);
        return { number, score, reasons, ...terms };
      });
    },
    // With one item listed it would say that the member bought it before.
    isPersonal: (items) => !isForTill && items.some(({ number }) => bought.has(number)),
  });
}
