// The numbers that rank items, from the counts, in plain doubles: docs/reference/scores.md with the
// constants scaled to the newest day.
import type { Basket, Row, State } from './counts.ts';
import { habitCell, standingOf } from './habits.ts';
import { compareByHash } from './hash.ts';
import { unfixed } from './weights.ts';

const neighboursServed = 50;
const tasteAgeDecay = 0.9;
const repurchasePrior = 10;
const sameShrink = 3;

export type Scores = ReadonlyMap<string, number>;

/** What a member's own baskets say. */
export interface Taste {
  /** f_u: the member's weight of each item ever bought and kept. */
  readonly weights: Scores;
  /** Z: the weight that an item bought every time would have. */
  readonly whole: number;
}

export interface ScorerOptions {
  /** The day to weigh against; the newest day with a basket when absent. */
  readonly asOfDay?: number | undefined;
  /**
   * Breaks ties at the end of a row. Only a comparison with another program needs another order.
   */
  readonly compareIds?: (left: string, right: string) => number;
}

export interface LeadPart {
  readonly type: 'bought_by_same_members' | 'bought_after';
  readonly itemId: string;
  readonly score: number;
}

export interface Scorer {
  /** s(i,·) of the NEXT view: the 50 best. */
  next(anchor: string): Scores;
  /** s(i,·) of the add-on view: the 50 best. */
  together(anchor: string): Scores;
  /** The 50 best of the MEM view. */
  members(anchor: string): Scores;
  /** MEM or SAME of two items over the root of the product of their ON or N. */
  cosine(table: 'mem' | 'same', anchor: string, itemId: string): number;
  /** The same, shrunk by one basket of now. */
  beside(table: 'mem' | 'same', anchor: string, itemId: string): number;
  taste(history: readonly Basket[], ageDecay?: number): Taste;
  /** D(j) of discover: what the member's items lead to among what was never bought; sums to 1. */
  lead(taste: Taste, bought: Taste): Scores;
  /** What each item of a taste gave to D(j) of one item, by either view. */
  leadParts(taste: Taste, bought: Taste, itemId: string): readonly LeadPart[];
  /** LAST[j] over the sum of all. */
  lastBuy(itemId: string): number;
  /** The repeat term of the baseline formulas (docs/reference/scores.md), of a member's taste. */
  designRepeat(taste: Taste, itemId: string): number;
  /** The shipped repeat term of one item for a member of this history. */
  repeat(history: readonly Basket[], itemId: string): number;
  /** (1−τ)/τ of the member alone, shrunk to the chain's. */
  ownMix(history: readonly Basket[]): number;
  /** The co-occurrence term of every item that the member's items lead to, before mixing. */
  follow(taste: Taste): Scores;
  /** POP[j]/POP_TOTAL. */
  prior(itemId: string): number;
  /** (1−τ)/τ. */
  readonly mix: number;
}

/** Everything is derived here and now; a new state needs a new scorer. */
export function createScorer(state: State, options: ScorerOptions = {}): Scorer {
  const { counts } = state;
  const now = options.asOfDay ?? newestBasketDay(state);
  const scale = now === undefined ? 1 : state.decay.weightOf(now);
  const compareIds = options.compareIds ?? compareByHash;
  const nextRows = remember((anchor) => best(nextRow(state, anchor, scale), compareIds));
  const sameRows = remember((anchor) =>
    normalised(best(sameRow(state, anchor, scale), compareIds)),
  );
  const memberRows = remember((anchor) =>
    normalised(best(memRow(state, anchor, scale), compareIds)),
  );
  const sequenceRows = remember((anchor) => {
    // The view holds the best fifty as guess-you-like ranks them.
    const served = best(nextRow(state, anchor, scale), compareIds);
    const squares = mapRow(state.counts.next.get(anchor), (weight, itemId) => {
      const toItem = value(counts.items.in, itemId);
      const ofAnchor = value(counts.items.out, anchor);
      return (
        ratio(weight * (weight / (weight + sameShrink * scale)), ofAnchor ** 0.8 * toItem ** 0.2) **
        2
      );
    });
    return normalised(new Map([...squares].filter(([itemId]) => served.has(itemId))));
  });
  const chainRate = ratio(total(counts.items.rep), total(counts.items.opp));
  const rate = (itemId: string) =>
    ratio(
      value(counts.items.rep, itemId) + repurchasePrior * scale * chainRate,
      value(counts.items.opp, itemId) + repurchasePrior * scale,
    );
  return {
    next: nextRows,
    together: sameRows,
    members: memberRows,
    cosine: (table, anchor, itemId) => cosineOf(state, table, [anchor, itemId]),
    beside(table, anchor, itemId) {
      const weight = unfixed(counts[table].get(anchor)?.get(itemId)?.weight ?? 0n);
      if (weight <= 0) return 0;
      return (cosineOf(state, table, [anchor, itemId]) * weight) / (weight + scale);
    },
    taste: tasteOf,
    lead(taste, bought) {
      const byMembers = shareOut(leadFrom(taste, bought, memberRows));
      const bySequence = shareOut(leadFrom(taste, bought, sequenceRows));
      const share = sequenceShare(state, byMembers, bySequence);
      const lead = new Map<string, number>();
      for (const [itemId, score] of byMembers) lead.set(itemId, (1 - share) * score);
      for (const [itemId, score] of bySequence) {
        lead.set(itemId, (lead.get(itemId) ?? 0) + share * score);
      }
      return lead;
    },
    leadParts: (taste, bought, itemId) =>
      leadPartsOf(state, { taste, bought, itemId, memberRows, sequenceRows }),
    lastBuy: (itemId) => ratio(value(counts.items.last, itemId), total(counts.items.last)),
    designRepeat: ({ weights, whole }, itemId) =>
      ((weights.get(itemId) ?? 0) / (whole + 0.5)) * (chainRate + rate(itemId)),
    repeat: (history, itemId) => habitTerm(state, history, { itemId, scale }),
    ownMix: (history) => ownMixOf(state, history),
    follow: ({ weights }) => followFrom(weights, nextRows),
    prior: (itemId) => ratio(value(counts.items.pop, itemId), unfixed(counts.popTotal)),
    mix: mixOf(state),
  };
}

function newestBasketDay(state: State): number | undefined {
  const days = [...state.counts.days.keys()];
  return days.length === 0 ? undefined : Math.max(...days);
}

function tasteOf(history: readonly Basket[], ageDecay = tasteAgeDecay): Taste {
  const weights = new Map<string, number>();
  let whole = 0;
  for (const [at, basket] of history.entries()) {
    const weight = ageDecay ** (history.length - 1 - at);
    whole += weight;
    for (const itemId of basket.items) weights.set(itemId, (weights.get(itemId) ?? 0) + weight);
  }
  return { weights, whole };
}

function leadFrom({ weights }: Taste, bought: Taste, row: (anchor: string) => Scores): Scores {
  const lead = new Map<string, number>();
  for (const [anchor, weight] of weights) {
    for (const [itemId, score] of row(anchor)) {
      const leads = score > 0 && !bought.weights.has(itemId);
      if (leads) lead.set(itemId, (lead.get(itemId) ?? 0) + weight * score);
    }
  }
  return lead;
}

function leadPartsOf(
  state: State,
  of: {
    readonly taste: Taste;
    readonly bought: Taste;
    readonly itemId: string;
    readonly memberRows: Scorer['members'];
    readonly sequenceRows: Scorer['next'];
  },
): LeadPart[] {
  const { taste, bought, itemId, memberRows, sequenceRows } = of;
  const byMembers = leadFrom(taste, bought, memberRows);
  const bySequence = leadFrom(taste, bought, sequenceRows);
  const share = sequenceShare(state, byMembers, bySequence);
  const sources = [
    { type: 'bought_by_same_members', rows: memberRows, led: byMembers, part: 1 - share },
    { type: 'bought_after', rows: sequenceRows, led: bySequence, part: share },
  ] as const;
  return sources.flatMap(({ type, rows, led, part }) => {
    const whole = [...led.values()].reduce((sum, score) => sum + score, 0);
    return [...taste.weights].map(([anchor, weight]) => {
      const score = whole === 0 ? 0 : (part * weight * (rows(anchor).get(itemId) ?? 0)) / whole;
      return { type, itemId: anchor, score };
    });
  });
}

/** Of what is bought next, beside what members have in common. */
function sequenceShare(state: State, byMembers: Scores, bySequence: Scores): number {
  const wanted = Math.min(0.6, 0.17 * mixOf(state) ** 0.7);
  return byMembers.size === 0 ? 1 : bySequence.size === 0 ? 0 : wanted;
}

function shareOut(scores: Scores): Scores {
  const whole = [...scores.values()].reduce((sum, score) => sum + score, 0);
  return new Map(whole === 0 ? [] : [...scores].map(([itemId, score]) => [itemId, score / whole]));
}

function followFrom(weights: Scores, row: (anchor: string) => Scores): Scores {
  const whole = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const follow = new Map<string, number>();
  for (const [anchor, weight] of weights) {
    for (const [itemId, score] of row(anchor)) {
      follow.set(itemId, (follow.get(itemId) ?? 0) + (weight * score) / whole);
    }
  }
  return follow;
}

function mixOf({ counts }: State): number {
  if (counts.shareCount === 0n) return 1;
  const share = unfixed(counts.shareSum) / Number(counts.shareCount);
  const clipped = Math.min(0.8, Math.max(0.1, share));
  return (1 - clipped) / clipped;
}

/** How likely the member buys an item again, by how its buyers come back and how it stands. */
function habitTerm(
  { counts }: State,
  history: readonly Basket[],
  { itemId, scale }: { readonly itemId: string; readonly scale: number },
): number {
  const standing = standingOf(history, itemId);
  const cells = [...counts.habits.values()];
  const rebought = cells.reduce((sum, cell) => sum + cell.rebought, 0n);
  const expected = cells.reduce((sum, cell) => sum + cell.expected, 0n);
  const usual = ratio(Number(rebought), unfixed(expected));
  if (standing === undefined || usual === 0) return 0;
  let [own, whole] = [0, 0];
  for (const [at, { items }] of history.entries()) {
    const weight = tasteAgeDecay ** (history.length - 1 - at) / items.length ** 0.25;
    whole += weight;
    if (items.includes(itemId)) own += weight;
  }
  const shrunk = (of: number, against: number, prior: number, toward: number) =>
    (of + prior * scale * toward) / (against + prior * scale);
  const { items } = counts;
  const [all, allExpected] = [value(items.rebought, itemId), value(items.expected, itemId)];
  const [once, onceExpected] = [
    value(items.reboughtOnce, itemId),
    value(items.expectedOnce, itemId),
  ];
  const ofItem = shrunk(all, allExpected, 5, usual);
  const rate =
    standing.times === 1
      ? shrunk(once, onceExpected, 20, ofItem)
      : shrunk(all - once, allExpected - onceExpected, 20, ofItem);
  const cell = counts.habits.get(habitCell(standing)) ?? { expected: 0n, rebought: 0n };
  const lift = (Number(cell.rebought) + 35 * usual) / (unfixed(cell.expected) + 35) / usual;
  return (own / (whole + 0.5)) * rate * lift ** 0.75;
}

function ownMixOf(state: State, history: readonly Basket[]): number {
  const chain = 1 / (mixOf(state) + 1);
  const seen = new Set<string>();
  let shares = 0;
  for (const [at, { items }] of history.entries()) {
    if (at > 0) shares += items.filter((itemId) => seen.has(itemId)).length / items.length;
    for (const itemId of items) seen.add(itemId);
  }
  const later = Math.max(0, history.length - 1);
  const share = Math.min(0.9, Math.max(0.05, (shares + 30 * chain) / (later + 30)));
  return (1 - share) / share;
}

function nextRow({ counts }: State, anchor: string, scale: number): Scores {
  const out = value(counts.items.out, anchor);
  return mapRow(counts.next.get(anchor), (weight, itemId) => {
    const toItem = value(counts.items.in, itemId);
    return ((weight / (out ** 0.7 * toItem ** 0.3)) * weight) / (weight + scale);
  });
}

function sameRow({ counts }: State, anchor: string, scale: number): Scores {
  const ofAnchor = value(counts.items.n, anchor);
  return mapRow(counts.same.get(anchor), (weight, itemId) => {
    const ofItem = value(counts.items.n, itemId);
    const share = weight / (ofAnchor ** 0.9 * ofItem ** 0.1);
    return ((share * weight) / (weight + sameShrink * scale)) ** 2;
  });
}

function memRow({ counts }: State, anchor: string, scale: number): Scores {
  const ofAnchor = value(counts.items.on, anchor);
  return mapRow(counts.mem.get(anchor), (weight, itemId) => {
    const ofItem = value(counts.items.on, itemId);
    const shrunk = weight / (weight + sameShrink * scale);
    return ratio(shrunk * weight, Math.sqrt(ofAnchor * ofItem)) ** 2;
  });
}

function cosineOf(
  { counts }: State,
  table: 'mem' | 'same',
  [anchor, itemId]: readonly [string, string],
): number {
  const weight = unfixed(counts[table].get(anchor)?.get(itemId)?.weight ?? 0n);
  const own = table === 'mem' ? counts.items.on : counts.items.n;
  return weight <= 0 ? 0 : ratio(weight, Math.sqrt(value(own, anchor) * value(own, itemId)));
}

/** A cell that has faded to weight zero keeps its count but leads nowhere any more. */
function mapRow(row: Row | undefined, score: (weight: number, itemId: string) => number): Scores {
  const scores = new Map<string, number>();
  for (const [itemId, { weight }] of row ?? []) {
    if (weight > 0n) scores.set(itemId, score(unfixed(weight), itemId));
  }
  return scores;
}

function best(scores: Scores, compareIds: (left: string, right: string) => number): Scores {
  const ordered = [...scores].sort(
    ([leftId, left], [rightId, right]) => right - left || compareIds(leftId, rightId),
  );
  return new Map(ordered.slice(0, neighboursServed));
}

function normalised(scores: Scores): Scores {
  const length = Math.sqrt([...scores.values()].reduce((sum, score) => sum + score, 0));
  return new Map([...scores].map(([itemId, score]) => [itemId, ratio(score, length)]));
}

function remember(compute: (anchor: string) => Scores): (anchor: string) => Scores {
  const known = new Map<string, Scores>();
  return (anchor) => {
    const before = known.get(anchor);
    if (before !== undefined) return before;
    const scores = compute(anchor);
    known.set(anchor, scores);
    return scores;
  };
}

function value(counter: ReadonlyMap<string, bigint>, itemId: string): number {
  return unfixed(counter.get(itemId) ?? 0n);
}

function total(counter: ReadonlyMap<string, bigint>): number {
  return unfixed([...counter.values()].reduce((sum, weight) => sum + weight, 0n));
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
