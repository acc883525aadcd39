// What a scenario answers before rules, filling and encoding: item numbers, best first, each with
// its reasons.
import type { Item } from '../log/events.ts';
import type { Registry } from '../views/catalogue.ts';
import type { Reason, ReasonType } from './request.ts';

/** A part of a score. */
export interface RankedTerm {
  readonly type: ReasonType;
  readonly anchorNumber?: number;
  readonly score: number;
}

export interface RankedItem {
  readonly number: number;
  readonly score: number;
  readonly reasons: readonly Reason[];
  /** Only when asked for: they sum to the score. */
  readonly terms?: readonly RankedTerm[];
  readonly usualGapDays?: number;
  /** Days since 1970-01-01. */
  readonly nextDueDay?: number;
}

export interface Ranking {
  readonly items: readonly RankedItem[];
  readonly personalized: boolean;
}

export const emptyRanking: Ranking = { items: [], personalized: false };

/** A reason that speaks of another item, named as the catalogue has it. */
export function reasonOf(
  items: Registry<Item>,
  type: ReasonType,
  anchorNumber: number,
  count?: number,
): Reason {
  const { itemId, name: itemName } = items.valueOf(anchorNumber);
  if (count === undefined) {
    return itemName === undefined ? { type, itemId } : { type, itemId, itemName };
  }
  if (itemName === undefined) return { type, itemId, count };
  return { type, itemId, itemName, count };
}
