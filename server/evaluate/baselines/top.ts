// Counting baselines: the best sellers, the member's own best, and the one filled up with the other
// (Li et al., "A next basket recommendation reality check", ACM TOIS 41(4), 2023).
import {
  type AddOnBaseline,
  addTo,
  entryOf,
  type ListBaseline,
  type Scores,
  Sums,
} from './baseline.ts';

/** G-TopFreq: what most receipts hold, for everybody and every ticket alike. */
export class GlobalTop implements ListBaseline, AddOnBaseline {
  private readonly receipts = new Map<number, number>();
  private readonly sums = new Sums();

  learn(_member: number | undefined, items: readonly number[]): void {
    for (const item of items) addTo(this.receipts, item, 1);
  }

  score(_member: number, items: number): Scores {
    const scores = this.sums.cleared(items);
    for (const [item, count] of this.receipts) scores[item] = count;
    return scores;
  }

  scoreTicket(_ticket: readonly number[], items: number): Scores {
    return this.score(0, items);
  }
}

/** P-TopFreq: what the member has bought most often. */
export class PersonalTop implements ListBaseline {
  private readonly byMember = new Map<number, Map<number, number>>();
  private readonly sums = new Sums();

  learn(member: number | undefined, items: readonly number[]): void {
    if (member === undefined) return;
    const own = entryOf(this.byMember, member, () => new Map<number, number>());
    for (const item of items) addTo(own, item, 1);
  }

  /** Receipts by item, the items in the order of their first purchase. */
  receiptsOf(member: number): ReadonlyMap<number, number> {
    return this.byMember.get(member) ?? new Map();
  }

  /** Equals in the order of their first purchase. */
  score(member: number, items: number): Scores {
    const scores = this.sums.cleared(items);
    const own = this.receiptsOf(member);
    let place = 0;
    for (const [item, count] of own) {
      place += 1;
      scores[item] = count + 1 - place / (own.size + 1);
    }
    return scores;
  }
}

/** What settles equals among the items that a member has bought equally often. */
export type TieBreak = 'first bought' | 'popularity';

/**
 * GP-TopFreq: the member's own best, then the best sellers. As published, equals of the first stand
 * in the order in which the member first bought them; by popularity it is a stronger method.
 */
export class PersonalThenGlobalTop implements ListBaseline {
  private readonly global = new GlobalTop();
  private readonly personal = new PersonalTop();
  private readonly ties: TieBreak;
  private receipts = 0;

  constructor(ties: TieBreak) {
    this.ties = ties;
  }

  learn(member: number | undefined, items: readonly number[]): void {
    this.receipts += 1;
    this.global.learn(member, items);
    this.personal.learn(member, items);
  }

  score(member: number, items: number): Scores {
    const scores = this.global.score(member, items);
    // No share reaches 1, so that one purchase of one's own outweighs any popularity.
    const receipts = this.receipts + 1;
    for (let item = 0; item < items; item += 1) scores[item]! /= receipts;
    const own = this.personal.receiptsOf(member);
    let place = 0;
    for (const [item, count] of own) {
      place += 1;
      const tie = this.ties === 'popularity' ? scores[item]! : 1 - place / (own.size + 1);
      scores[item] = count + tie;
    }
    return scores;
  }
}
