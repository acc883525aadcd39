// What a list is before it is named: item numbers, best first, each with its reasons.
import { millisecondsPerDay } from '../base/clock.ts';
import type { Registry } from '../catalogue/registry.ts';
import type { Item } from '../catalogue/shapes.ts';
import { roundScore } from '../kernel/joiner.ts';
import type { Reason, ReasonType, RecommendedItem, RecommendReply, ScoreTerm } from './request.ts';

/** A part of a score. */
export interface RankedTerm {
  readonly type: ReasonType;
  readonly anchorNumber?: number;
  readonly score: number;
}

/** Always with all its fields: objects of one shape are read fastest. */
export interface RankedReason {
  readonly type: ReasonType;
  /** The other item that it speaks of. */
  readonly anchorNumber: number | undefined;
  readonly count: number | undefined;
}

export interface RankedItem {
  readonly number: number;
  readonly score: number;
  readonly reasons: readonly RankedReason[];
  /** Only when asked for: they sum to the score. */
  readonly terms?: readonly RankedTerm[];
  readonly usualGapDays?: number;
  /** Days since 1970-01-01. */
  readonly nextDueDay?: number;
}

export type Catalogue = Pick<Registry<Item>, 'valueOf' | 'addMarks'>;

/** The same reply as RecommendReply, for who encodes it at once: items by their numbers. */
export interface RankedReply extends Omit<RecommendReply, 'items'> {
  readonly items: readonly RankedItem[];
  /** What the numbers stand for, until the next write. */
  readonly catalogue: Catalogue;
}

export function reasonOf(type: ReasonType, count?: number): RankedReason {
  return { type, anchorNumber: undefined, count };
}

/** A reason that speaks of another item. */
export function reasonAbout(type: ReasonType, anchorNumber: number, count?: number): RankedReason {
  return { type, anchorNumber, count };
}

/** The reply as everybody reads it. */
export function nameReply({ catalogue, items, ...rest }: RankedReply): RecommendReply {
  const { recommendationId, scenario, ...others } = rest;
  const named = items.map((item) => nameItem(item, catalogue));
  return { recommendationId, scenario, items: named, ...others };
}

function nameItem(ranked: RankedItem, catalogue: Catalogue): RecommendedItem {
  const { number, score, reasons, terms, usualGapDays, nextDueDay } = ranked;
  const { itemId, name, priceFen } = catalogue.valueOf(number);
  return {
    itemId,
    ...(name !== undefined && { name }),
    ...(priceFen !== undefined && { priceFen }),
    score: roundScore(score),
    reasons: reasons.map((reason) => nameReason(reason, catalogue)),
    ...(terms !== undefined && { terms: terms.map((term) => nameTerm(term, catalogue)) }),
    ...(usualGapDays !== undefined && { usualGapDays }),
    ...(nextDueDay !== undefined && { nextDueOn: dateOf(nextDueDay) }),
  };
}

function nameReason({ type, anchorNumber, count }: RankedReason, catalogue: Catalogue): Reason {
  const anchor = anchorNumber === undefined ? undefined : catalogue.valueOf(anchorNumber);
  return {
    type,
    ...(anchor !== undefined && { itemId: anchor.itemId }),
    ...(anchor?.name !== undefined && { itemName: anchor.name }),
    ...(count !== undefined && { count }),
  };
}

export function nameTerm(
  { type, anchorNumber, score }: RankedTerm,
  catalogue: Catalogue,
): ScoreTerm {
  const rounded = roundScore(score);
  if (anchorNumber === undefined) return { type, score: rounded };
  return { type, itemId: catalogue.valueOf(anchorNumber).itemId, score: rounded };
}

const dates = new Map<number, string>();
const datesMax = 4_096;

/** An RFC 3339 date. Lists name the days of a few weeks over and over, and one costs 0.6 µs. */
export function dateOf(day: number): string {
  const known = dates.get(day);
  if (known !== undefined) return known;
  if (dates.size >= datesMax) dates.clear();
  const date = new Date(day * millisecondsPerDay).toISOString().slice(0, 10);
  dates.set(day, date);
  return date;
}
