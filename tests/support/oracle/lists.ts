// The seven lists, whole and unhurried: the scenario's own ranking first, then the fills in their
// order.
import type { RecommendRequest, Relaxation } from '../../../engine/index.ts';
import { nearnessOf } from './content.ts';
import { type Basket, historyOf, type State } from './counts.ts';
import { compareByHash } from './hash.ts';
import {
  type Entry,
  fillSteps,
  knowsItem,
  knowsStore,
  type Ranked,
  type Step,
  sorted,
} from './popularity.ts';
import { createScorer, type Scorer, type Taste } from './scores.ts';
import { type Part, partsBy, sumOf } from './terms.ts';
import { momentOf } from './time.ts';

const followWeight = 0.36;
const priorWeight = 0.06;
const addOnHabitWeight = 0.5;
const millisecondsPerDay = 86_400_000;

export interface OracleList {
  /** The whole catalogue as far as it may be listed; a reply is the first `limit` of it. */
  readonly entries: readonly Entry[];
  readonly relaxations: readonly Relaxation[];
  /** The items that the member's own history moved: one of them makes a list personalised. */
  readonly moved: ReadonlySet<string>;
}

interface Question {
  readonly state: State;
  readonly request: RecommendRequest;
  readonly scorer: Scorer;
  readonly history: readonly Basket[];
  readonly taste: Taste;
}

interface Ranking {
  readonly entries: readonly Ranked[];
  readonly moved: OracleList['moved'];
}

/** Answers a request from the counts. */
export function oracleList(state: State, asked: RecommendRequest): OracleList {
  const request = asOfSurvivors(state, asked);
  const scorer = scorerFor(state, request.asOf);
  const history = historyOf(state, request.memberId);
  const question = { state, request, scorer, history, taste: scorer.taste(history) };
  const { steps, moved } = stepsOf(question);
  const entries = withNewcomers(question, distinctEligible(question, steps));
  const shown = entries.slice(0, request.limit);
  return {
    entries,
    relaxations: [...contextRelaxations(question), ...fillRelaxations(shown)],
    moved: new Set(
      entries.flatMap(({ itemId, stage }) =>
        stage === 'ranked' && moved.has(itemId) ? [itemId] : [],
      ),
    ),
  };
}

/** Whoever asks by an item that is another one now means that one. */
function asOfSurvivors({ ledger }: State, request: RecommendRequest): RecommendRequest {
  const { survivorOf } = ledger.sameItems;
  const { itemId, basket, exclude } = request;
  return {
    ...request,
    ...(itemId !== undefined && { itemId: survivorOf(itemId) }),
    basket: basket.map((line) => ({ ...line, itemId: survivorOf(line.itemId) })),
    exclude: exclude.map(survivorOf),
  };
}

const scorers = new WeakMap<State, Map<string | undefined, Scorer>>();

/**
 * One scorer serves all questions about one state and one day, because its rows take most of the
 * time.
 */
function scorerFor(state: State, asOf: string | undefined): Scorer {
  const ofState = scorers.get(state) ?? new Map<string | undefined, Scorer>();
  scorers.set(state, ofState);
  const known = ofState.get(asOf);
  if (known !== undefined) return known;
  const asOfDay =
    asOf === undefined ? undefined : Math.floor(momentOf(asOf).epochMs / millisecondsPerDay);
  const scorer = createScorer(state, { asOfDay });
  ofState.set(asOf, scorer);
  return scorer;
}

function stepsOf(question: Question): { readonly steps: readonly Step[] } & Pick<Ranking, 'moved'> {
  const { state, request } = question;
  const fills = fillSteps(state, request);
  if (request.scenario === 'popular') {
    const [first, ...others] = fills;
    // What is asked for is a ranking here, not a fill.
    const steps =
      first === undefined ? others : [{ ...first, stage: 'ranked' as const }, ...others];
    return { steps, moved: new Set() };
  }
  const { entries, moved } = rank(question);
  const ranked: Step = { stage: 'ranked', entries: sorted(entries) };
  return { steps: [ranked, ...fills], moved };
}

function rank(question: Question): Ranking {
  switch (question.request.scenario) {
    case 'guess-you-like':
      return mixed(question);
    case 'discover':
      return discovered(question);
    case 'buy-again':
      return again(question);
    case 'bought-together':
      return unmoved(complementsOf(question));
    case 'basket-add-on':
      return addOn(question);
    case 'similar':
      return unmoved(similarTo(question));
    case 'popular':
      return unmoved([]);
  }
}

/**
 * An item is ranked when something speaks for it: it was bought, follows something bought, or
 * sells. What speaks are integers above zero, so that a list never hangs on how small a float can
 * be: an item of the member is ranked even while nobody in the chain has come back for anything.
 */
function mixed({ state, scorer, history, taste }: Question): Ranking {
  if (history.length === 0) return unmoved([]);
  const follow = scorer.follow(taste);
  const mix = scorer.ownMix(history);
  // The more is known of a taste, the more what follows from it tells.
  const trust = Math.sqrt(sumOf(taste) / 10);
  const entries: Ranked[] = [];
  const moved = new Set<string>();
  for (const itemId of state.ledger.items.keys()) {
    const isBought = taste.weights.has(itemId);
    const led = followWeight * mix * trust * (follow.get(itemId) ?? 0);
    const again = scorer.repeat(history, itemId);
    const popular = priorWeight * mix * scorer.prior(itemId);
    const whole = followWeight * mix * trust;
    const parts = (): Part[] => [
      { type: 'bought_before', score: again },
      ...partsBy('bought_after', taste, { rows: scorer.next, itemId, scale: whole / sumOf(taste) }),
      { type: 'popular_in_chain', score: popular },
    ];
    const score = again + led + popular;
    if (isBought || follow.has(itemId)) moved.add(itemId);
    const isSold = (state.counts.items.pop.get(itemId) ?? 0n) > 0n;
    if (isSold || moved.has(itemId)) entries.push({ itemId, score, parts });
  }
  return { entries, moved };
}

const discoverAgeDecay = 0.7;
const discoverAnchors = 50;

/** The member's items weigh less the older they are: what is new follows what was bought lately. */
function recentTaste({ scorer, history }: Question): Taste {
  const { weights, whole } = scorer.taste(history, discoverAgeDecay);
  const newestFirst = [...new Set([...history].reverse().flatMap(({ items }) => items))];
  const heaviest = newestFirst
    .map((itemId) => [itemId, weights.get(itemId) ?? 0] as const)
    .sort(([, left], [, right]) => right - left)
    .slice(0, discoverAnchors);
  return { weights: new Map(heaviest), whole };
}

function discovered(question: Question): Ranking {
  const { state, scorer, history, taste } = question;
  if (history.length === 0) return unmoved([]);
  const recent = recentTaste(question);
  const lead = scorer.lead(recent, taste);
  const priorWeight = Math.min(4, 0.6 * scorer.mix ** 1.2);
  const sold = [...state.ledger.items.keys()].filter(
    (itemId) => (state.counts.items.last.get(itemId) ?? 0n) > 0n || lead.has(itemId),
  );
  const entries = sold
    .filter((itemId) => !taste.weights.has(itemId))
    .map((itemId) => {
      const popular = priorWeight * scorer.lastBuy(itemId);
      const parts = (): Part[] => [
        ...scorer.leadParts(recent, taste, itemId),
        { type: 'popular_in_chain', score: popular },
      ];
      return { itemId, score: (lead.get(itemId) ?? 0) + popular, parts };
    });
  return { entries, moved: new Set(lead.keys()) };
}

function again(question: Question): Ranking {
  const { weights } = question.taste;
  const { entries } = mixed(question);
  return {
    entries: entries.filter(({ itemId }) => weights.has(itemId)),
    moved: new Set(weights.keys()),
  };
}

function addOn({ state, request, scorer, history, taste }: Question): Ranking {
  const ticket = ticketOf(request);
  const parts = new Map<string, Part[]>();
  const addTo = (itemId: string, part: Part) =>
    parts.set(itemId, [...(parts.get(itemId) ?? []), part]);
  for (const anchor of ticket.filter((itemId) => knowsItem(state, itemId))) {
    for (const [itemId, score] of scorer.together(anchor)) {
      const part = {
        type: 'bought_together',
        itemId: anchor,
        score: score / ticket.length,
      } as const;
      addTo(itemId, part);
    }
  }
  for (const itemId of taste.weights.keys()) {
    const asOneMore = addOnHabitWeight / (Math.max(1, ticket.length) + 1);
    const score = asOneMore * scorer.repeat(history, itemId);
    addTo(itemId, { type: 'bought_before', score });
  }
  const entries = [...parts].map(([itemId, ofItem]) => ({
    itemId,
    score: ofItem.reduce((sum, { score }) => sum + score, 0),
    parts: () => ofItem,
  }));
  return { entries, moved: new Set(taste.weights.keys()) };
}

function wantsItem({ scenario }: RecommendRequest): boolean {
  return scenario === 'similar' || scenario === 'bought-together';
}

function ticketOf(request: RecommendRequest): readonly string[] {
  return [...new Set(request.basket.map(({ itemId }) => itemId))];
}

/** What lies in a basket with the item no less often than chance would have it. */
function complementsOf({ state, request, scorer }: Question): Ranked[] {
  const anchor = request.itemId ?? '';
  const { counts } = state;
  const receipts = [...counts.days.values()].reduce((sum, ofDay) => sum + ofDay, 0);
  const support = (itemId: string) => Number(counts.items.support.get(itemId) ?? 0n);
  return [...scorer.together(anchor)].flatMap(([itemId, together]) => {
    const count = counts.same.get(anchor)?.get(itemId)?.count ?? 0;
    if ((count * receipts) / (support(anchor) * support(itemId)) < 1) return [];
    const score = together * (1 - 0.8 * nearnessOf(state).of(anchor, itemId));
    return [{ itemId, score, parts: () => [{ type: 'bought_together', itemId: anchor, score }] }];
  });
}

function activeIn({ ledger }: State, request: RecommendRequest): (itemId: string) => boolean {
  const barred = new Set([...request.exclude, ...ticketOf(request), request.itemId]);
  return (itemId) => !barred.has(itemId) && ledger.isOffered(itemId);
}

function similarTo({ state, request, scorer }: Question): Ranked[] {
  const anchor = request.itemId ?? '';
  const nearness = nearnessOf(state);
  const mayList = activeIn(state, request);
  const hasMembers = (state.counts.items.on.get(anchor) ?? 0n) > 0n;
  const near = nearness.neighbours(anchor).filter(mayList);
  const met = hasMembers ? scorer.members(anchor) : scorer.together(anchor);
  const candidates = new Set([
    ...near.slice(0, Math.max(50, request.limit)),
    ...[...met].flatMap(([itemId, score]) => (score > 0 && mayList(itemId) ? [itemId] : [])),
  ]);
  return [...candidates].map((itemId) => {
    const both = scorer.beside(hasMembers ? 'mem' : 'same', anchor, itemId);
    const inOneBasket = hasMembers ? scorer.cosine('same', anchor, itemId) : 0;
    const kept = 1 - 0.5 * Math.min(1, inOneBasket);
    const byContent = (0.05 + nearness.of(anchor, itemId)) * kept;
    const type = hasMembers ? 'bought_by_same_members' : 'bought_together';
    const parts = (): Part[] => [
      { type: 'alike', itemId: anchor, score: byContent * 0.02 },
      { type, itemId: anchor, score: byContent * both },
    ];
    return { itemId, score: byContent * (0.02 + both), parts };
  });
}

const placesPerNewcomer = 10;

/** Each tenth place of what is ranked goes to a new item that is alike to what was bought. */
function withNewcomers(question: Question, entries: readonly Entry[]): Entry[] {
  const { state, request } = question;
  const shown = entries.filter(({ stage }) => stage === 'ranked').slice(0, request.limit);
  const places = Math.floor(shown.length / placesPerNewcomer);
  const isAsked = request.scenario === 'guess-you-like' || request.scenario === 'discover';
  if (!isAsked || places === 0) return [...entries];
  const listed = new Set(shown.map(({ itemId }) => itemId));
  const candidates = newcomersFor(question).filter((itemId) => !listed.has(itemId));
  const day = dayOf(state, request);
  const taken: string[] = [];
  for (let place = 0; place < Math.min(places, candidates.length); place += 1) {
    const itemId = candidates[(day + place) % candidates.length] ?? '';
    shown.splice((place + 1) * placesPerNewcomer - 1, 0, { itemId, stage: 'new', score: 0 });
    taken.push(itemId);
  }
  const kept = shown.slice(0, request.limit);
  const others = entries.filter(({ itemId }) => !listed.has(itemId) && !taken.includes(itemId));
  return [...kept, ...others];
}

function dayOf(state: State, { asOf }: RecommendRequest): number {
  if (asOf !== undefined) return Math.floor(momentOf(asOf).epochMs / millisecondsPerDay);
  const days = [...state.counts.days.keys()];
  return days.length === 0 ? state.decay.landmarkDay : Math.max(...days);
}

/** Items of fewer than five receipts, those nearest to what weighs most with the member first. */
function newcomersFor(question: Question): string[] {
  const { state, request, history } = question;
  const { weights: bought } = question.taste;
  const taste = request.scenario === 'discover' ? recentTaste(question) : question.taste;
  const nearness = nearnessOf(state);
  const newestFirst = [...new Set([...history].reverse().flatMap(({ items }) => items))];
  const mayList = activeIn(state, request);
  const scores = new Map<string, number>();
  for (const itemId of state.ledger.items.keys()) {
    const isNew = (state.counts.items.support.get(itemId) ?? 0n) < 5n;
    if (!isNew || !mayList(itemId) || bought.has(itemId)) continue;
    for (const anchor of newestFirst.slice(0, 50)) {
      const near = nearness.of(anchor, itemId);
      const score = near * (taste.weights.get(anchor) ?? 0);
      if (near < 0.2 || score === 0) continue;
      scores.set(itemId, Math.max(score, scores.get(itemId) ?? 0));
    }
  }
  const ordered = [...scores].sort(
    ([leftId, left], [rightId, right]) => right - left || compareByHash(leftId, rightId),
  );
  return ordered.map(([itemId]) => itemId);
}

const unmoved = (entries: readonly Ranked[]): Ranking => ({ entries, moved: new Set() });

function distinctEligible({ state, request, taste }: Question, steps: readonly Step[]): Entry[] {
  const barred = new Set([...request.exclude, ...ticketOf(request)]);
  if (wantsItem(request) && request.itemId !== undefined) barred.add(request.itemId);
  if (request.scenario === 'discover')
    for (const itemId of taste.weights.keys()) barred.add(itemId);
  const entries: Entry[] = [];
  for (const { stage, entries: offered } of steps) {
    for (const { itemId, score, parts } of offered) {
      if (barred.has(itemId) || !state.ledger.isOffered(itemId)) continue;
      barred.add(itemId);
      entries.push({ itemId, stage, score, ...(parts === undefined ? {} : { parts }) });
    }
  }
  return entries;
}

function contextRelaxations({ state, request, history }: Question): Relaxation[] {
  const { scenario, memberId, itemId, storeId } = request;
  const found: Relaxation[] = [];
  if (memberId !== undefined) found.push(...memberRelaxations({ state, request, history }));
  if (itemId !== undefined && !knowsItem(state, itemId)) found.push('item_unknown');
  const ticket = scenario === 'basket-add-on' ? ticketOf(request) : [];
  if (ticket.length > 0 && !ticket.some((known) => knowsItem(state, known))) {
    found.push('basket_unknown');
  }
  if (storeId !== undefined && !knowsStore(state, storeId)) found.push('store_unknown');
  return found;
}

function memberRelaxations({
  state: { ledger },
  request,
  history,
}: Pick<Question, 'state' | 'request' | 'history'>): Relaxation[] {
  const { scenario, memberId = '' } = request;
  if (ledger.people.isOptedOut(memberId)) return ['member_opted_out'];
  const isUnknown = ledger.receiptsOf(memberId).length === 0 || ledger.isNobody(memberId);
  if (isUnknown) return ['member_unknown'];
  const asksHistory = !wantsItem(request) && scenario !== 'popular';
  return asksHistory && history.length === 0 ? ['member_has_no_history'] : [];
}

function fillRelaxations(shown: readonly Entry[]): Relaxation[] {
  const stages = [...new Set(shown.map(({ stage }) => stage))];
  return stages.flatMap((stage) =>
    stage === 'ranked' || stage === 'new' ? [] : [`filled_from_${stage}` as const],
  );
}
