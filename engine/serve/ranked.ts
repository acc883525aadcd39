// What a scenario answers before rules, filling and encoding: item numbers, best first, each with
// its reasons.
import type { ReasonType } from './request.ts';

export interface RankedReason {
  readonly type: ReasonType;
  readonly anchorNumber?: number;
  readonly count?: number;
}

/** A part of a score. */
export interface RankedTerm {
  readonly type: ReasonType;
  readonly anchorNumber?: number;
  readonly score: number;
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

export interface Ranking {
  readonly items: readonly RankedItem[];
  readonly personalized: boolean;
}

export const emptyRanking: Ranking = { items: [], personalized: false };
