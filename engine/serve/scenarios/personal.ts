// The lists that start from a member's history: guess-you-like, discover and buy-again
// (docs/reference/scores.md).
import { limits } from '../../base/limits.ts';
import { type Explained, explained } from '../../kernel/explain.ts';
import type { Anchor } from '../../kernel/kernel.ts';
import type { ServeContext } from '../context.ts';
import type { Candidate, Ranking, Source } from '../draft.ts';
import { type RankedItem, type RankedReason, reasonAbout, reasonOf } from '../ranked.ts';
import type { ReasonType } from '../request.ts';
import { beginSelection, candidatesFrom, tasteAgeDecay } from '../selection.ts';
import { anchorTerms, explainedTerms } from '../terms.ts';

/** Of docs/reference/scores.md. */
const designShares = { coOccurrence: 0.3, prior: 0.05 };
const shares = { coOccurrence: 0.36, prior: 0.06 };
/** So much taste is needed before what leads on from it counts in full, times the root. */
const tasteUsual = 10;
/** Of discover: what is new is led to by what was bought lately. */
const discoverAgeDecay = 0.7;
/** The share of what is bought next beside what members have in common, times odds^0.7. */
const sequenceShare = 0.17;
const sequenceShareMax = 0.6;
/** What members bought last weighs this much, times odds^1.2. */
const lastBuyWeight = 0.6;
const lastBuyWeightMax = 4;

/**
 * Makes the member's baskets the anchors of this request; false when there is nothing to start
 * from.
 */
function weigh(context: ServeContext, wanted: number, ageDecay = tasteAgeDecay): boolean {
  const { kernel, history, relaxations } = context;
  if (!history) return false;
  beginSelection(context, wanted);
  const anchors = kernel.run.weighHistory(ageDecay);
  kernel.run.keepHeaviest(limits.leadsMax);
  if (anchors > 0) return true;
  relaxations.push('member_has_no_history');
  return false;
}

interface Mix {
  readonly byAccumulator: number;
  readonly byPopularity: number;
  /** Which repeat term. */
  readonly repeat: number;
}

/** (1 - tau) / tau shares the list between what is bought again and what is new. */
function deriveMix({ kernel: { run, layout }, formula }: ServeContext): Mix {
  const { repeats } = layout;
  const isBaseline = formula === 'baseline';
  const share = isBaseline ? run.repeatShare() : run.ownRepeatShare();
  const odds = (1 - share) / share;
  const { coOccurrence, prior } = isBaseline ? designShares : shares;
  const taste = run.affinityTotal();
  const baskets = run.popularityTotal();
  return {
    byAccumulator: (coOccurrence * odds) / (isBaseline ? taste : Math.sqrt(tasteUsual * taste)),
    byPopularity: baskets > 0 ? (prior * odds) / baskets : 0,
    repeat: isBaseline ? repeats.design : repeats.habit,
  };
}

/** The parts of each survivor's score of guess-you-like, by its place. */
function termsOf(context: ServeContext, survivors: readonly Candidate[], mix: Mix) {
  const { kernel } = context;
  const after = anchorTerms(context, survivors, {
    ...({ type: 'bought_after', table: kernel.layout.tables.next, squared: false } as const),
    ...{ scale: mix.byAccumulator, byInFactor: true },
  });
  return (place: number) =>
    explainedTerms(context, () => {
      const { number } = survivors[place]!;
      const index = kernel.run.anchorOf(number);
      const again = index < 0 ? 0 : kernel.run.repeatTerm(index, mix.repeat);
      return [
        { type: 'bought_before', score: again },
        ...after(place),
        { type: 'popular_in_chain', score: mix.byPopularity * kernel.popularity(number) },
      ];
    });
}

function explain(
  context: ServeContext,
  survivors: readonly Candidate[],
  { mix, withRepeat }: { readonly mix: Mix; readonly withRepeat: boolean },
): RankedItem[] {
  const found = explained(context.kernel, 'next', survivors);
  const terms = context.explains ? termsOf(context, survivors, mix) : undefined;
  return found.map((each, place) => {
    const { number, score } = survivors[place]!;
    const reasons = reasonsFor(each, mix, withRepeat);
    if (!terms) return { number, score, reasons };
    return { number, score, reasons, ...terms(place) };
  });
}

/** The heaviest first, of equal ones in this order. A sort for each item costs 0.3 µs. */
function reasonsFor(found: Explained, mix: Mix, withRepeat: boolean): RankedReason[] {
  const { own, receipts, anchorItem, term, count, inFactor, support, popularity } = found;
  // Below 0: there is none.
  const again = withRepeat && own >= 0 ? found.again : -1;
  const after = anchorItem >= 0 ? mix.byAccumulator * term * inFactor : -1;
  const popular = support > 0 ? mix.byPopularity * popularity : -1;
  const before = again < 0 ? undefined : reasonOf('bought_before', receipts);
  const led = after < 0 ? undefined : reasonAbout('bought_after', anchorItem, count);
  const sells = popular < 0 ? undefined : reasonOf('popular_in_chain', support);
  const [first, second] = again >= after ? [before, led] : [led, before];
  if (popular > Math.max(again, after)) return listOf(sells, first, second);
  if (popular > Math.min(again, after)) return listOf(first, sells, second);
  return listOf(first, second, sells);
}

type Maybe = RankedReason | undefined;

/** Those there are. An array that grows has room for 16 more. */
function listOf(a: Maybe, b: Maybe, c: Maybe): RankedReason[] {
  if (a === undefined) return b === undefined ? (c === undefined ? [] : [c]) : listOf(b, c, a);
  if (b === undefined) return c === undefined ? [a] : [a, c];
  return c === undefined ? [a, b] : [a, b, c];
}

/** Whether anything but popularity speaks for one of them. */
function isMoved(items: readonly RankedItem[]): boolean {
  return items.some(({ reasons }) => reasons.some(({ type }) => type !== 'popular_in_chain'));
}

export function guessYouLike(context: ServeContext, wanted: number): Ranking {
  if (!weigh(context, wanted)) return [];
  const { run, layout } = context.kernel;
  const { tables, priors } = layout;
  const mix = deriveMix(context);
  run.accumulateNext();
  run.select(
    mix.byAccumulator,
    tables.next,
    mix.byPopularity,
    priors.sales,
    mix.repeat,
    true,
    true,
  );
  return candidatesFrom(context, {
    explain: (survivors) => explain(context, survivors, { mix, withRepeat: true }),
    isPersonal: isMoved,
  });
}

/** The same of discover; `byLastBuys` is what LAST was multiplied by. */
function newTermsOf(context: ServeContext, survivors: readonly Candidate[], byLastBuys: number) {
  const { tables } = context.kernel.layout;
  const parts = newSources.map(({ type, table }) => {
    const part = {
      type,
      table: tables[table],
      squared: true,
      scale: 1,
      byInFactor: false,
    } as const;
    return anchorTerms(context, survivors, part);
  });
  return (place: number) =>
    explainedTerms(context, () => {
      const score = byLastBuys * context.kernel.lastBuys(survivors[place]!.number);
      return [...parts.flatMap((part) => part(place)), { type: 'popular_in_chain', score }];
    });
}

const newSources = [
  { table: 'mem', type: 'bought_by_same_members' },
  { table: 'next', type: 'bought_after' },
] as const;

function explainNew(
  context: ServeContext,
  survivors: readonly Candidate[],
  byLastBuys: number,
): RankedItem[] {
  const { kernel } = context;
  const byMembers = explained(kernel, 'mem', survivors);
  const byReceipts = explained(kernel, 'next', survivors);
  const terms = context.explains ? newTermsOf(context, survivors, byLastBuys) : undefined;
  return byMembers.map((ofMembers, place) => {
    const { number, score } = survivors[place]!;
    const { support } = ofMembers;
    const ofReceipts = byReceipts[place]!;
    const reasons: RankedReason[] = [];
    const add = (type: ReasonType, { anchorItem, count }: Explained): void => {
      if (anchorItem >= 0) reasons.push(reasonAbout(type, anchorItem, count));
    };
    const isReceiptsFirst = ofReceipts.term > ofMembers.term;
    if (isReceiptsFirst) add('bought_after', ofReceipts);
    add('bought_by_same_members', ofMembers);
    if (!isReceiptsFirst) add('bought_after', ofReceipts);
    if (support > 0) reasons.push(reasonOf('popular_in_chain', support));
    if (!terms) return { number, score, reasons };
    return { number, score, reasons, ...terms(place) };
  });
}

/**
 * What the same members came to buy, with a share of what is bought next, each summing to 1 over
 * what the member has not bought, and what members bought last (docs/reference/scores.md).
 * Returns the weight of the latter.
 */
function rankNew(context: ServeContext): number {
  const { run, layout } = context.kernel;
  const { tables, priors, repeats } = layout;
  const share = run.repeatShare();
  const odds = (1 - share) / share;
  run.keepHeaviest(limits.neighboursServed);
  const [byMembers, bySequence] = [run.sumSquares(tables.mem), run.sumSquares(tables.next)];
  const wanted = Math.min(sequenceShareMax, sequenceShare * run.power(odds, 0.7));
  const sequence = byMembers === 0 ? 1 : bySequence === 0 ? 0 : wanted;
  if (byMembers > 0) run.accumulateSquares(tables.mem, (1 - sequence) / byMembers);
  if (bySequence > 0) run.accumulateSquares(tables.next, sequence / bySequence);
  const lastBuys = run.lastTotal();
  const weight = Math.min(lastBuyWeightMax, lastBuyWeight * run.power(odds, 1.2));
  const byPrior = lastBuys > 0 ? weight / lastBuys : 0;
  run.select(1, tables.none, byPrior, priors.lastBuys, repeats.none, false, true);
  return byPrior;
}

export function discover(context: ServeContext, wanted: number): Ranking {
  const isBaseline = context.formula === 'baseline';
  if (!weigh(context, wanted, isBaseline ? tasteAgeDecay : discoverAgeDecay)) return [];
  const { run, layout } = context.kernel;
  const { tables, priors, repeats } = layout;
  let explains: Source['explain'];
  if (isBaseline) {
    const mix = deriveMix(context);
    run.accumulateNext();
    run.select(
      mix.byAccumulator,
      tables.next,
      mix.byPopularity,
      priors.sales,
      repeats.none,
      false,
      true,
    );
    explains = (survivors) => explain(context, survivors, { mix, withRepeat: false });
  } else {
    const byLastBuys = rankNew(context);
    explains = (survivors) => explainNew(context, survivors, byLastBuys);
  }
  return candidatesFrom(context, { explain: explains, isPersonal: isMoved });
}

/** When the member is likely to want an item again; nothing while nobody came back for it. */
function dueDate({ kernel }: ServeContext, index: number, { lastDay }: Anchor) {
  const usualGapDays = kernel.run.usualGapDays(index);
  if (usualGapDays === 0) return {};
  return {
    usualGapDays: Math.round(usualGapDays * 10) / 10,
    nextDueDay: lastDay + Math.round(usualGapDays),
  };
}

/**
 * What guess-you-like makes of the items bought before: what leads to an item tells of its return
 * too (on Ta-Feng recall .665 against .643 by the repeat term alone).
 */
export function buyAgain(context: ServeContext, wanted: number): Ranking {
  if (!weigh(context, wanted)) return [];
  const { kernel } = context;
  const { tables, priors } = kernel.layout;
  const mix = deriveMix(context);
  kernel.run.accumulateNext();
  kernel.run.select(
    mix.byAccumulator,
    tables.next,
    mix.byPopularity,
    priors.sales,
    mix.repeat,
    true,
    false,
  );
  const explainAgain = (survivors: readonly Candidate[]): RankedItem[] => {
    const terms = context.explains ? termsOf(context, survivors, mix) : undefined;
    return survivors.map(({ number, score }, place) => {
      const index = kernel.run.anchorOf(number);
      const anchor = kernel.anchor(index);
      const reasons = [reasonOf('bought_before', anchor.receipts)];
      return { number, score, reasons, ...terms?.(place), ...dueDate(context, index, anchor) };
    });
  };
  return candidatesFrom(context, {
    explain: explainAgain,
    isPersonal: (items) => items.length > 0,
  });
}
