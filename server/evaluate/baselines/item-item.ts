// Item-item baselines: neighbours of what the member, or the ticket, holds, by how many receipts
// hold both. Cosine: Sarwar et al., "Item-based collaborative filtering recommendation algorithms",
// WWW 2001. Jaccard: the count of both over the count of either (Jaccard, 1912). Sums over the
// items one starts from: Deshpande and Karypis, ACM TOIS 22(1), 2004.
import { limits } from '../../../engine/index.ts';
import {
  type AddOnBaseline,
  addTo,
  entryOf,
  type ListBaseline,
  type Scores,
  Sums,
} from './baseline.ts';

/** How alike two items are, from the receipts with both, with the one, and with the other. */
export type Likeness = (both: number, first: number, second: number) => number;

export const cosine: Likeness = (both, first, second) => both / Math.sqrt(first * second);
export const jaccard: Likeness = (both, first, second) => both / (first + second - both);

/** Receipts with one item and with two; shared by whoever only likens them otherwise. */
export class PairCounts {
  private readonly single = new Map<number, number>();
  private readonly pairs = new Map<number, Map<number, number>>();

  learn(items: readonly number[]): void {
    for (const item of items) addTo(this.single, item, 1);
    // As in the engine, a wholesale order says nothing of what goes together.
    if (items.length > limits.pairBasketItemsMax) return;
    for (const first of items) {
      const row = entryOf(this.pairs, first, () => new Map<number, number>());
      for (const second of items) if (second !== first) addTo(row, second, 1);
    }
  }

  receiptsWith(item: number): number {
    return this.single.get(item) ?? 0;
  }

  /** Every item bought together with this one, and how often. */
  partnersOf(item: number): Iterable<readonly [other: number, both: number]> {
    return this.pairs.get(item) ?? [];
  }
}

export class ItemItem implements ListBaseline, AddOnBaseline {
  private readonly counts: PairCounts;
  private readonly likeness: Likeness;
  private readonly histories = new Map<number, Map<number, number>>();
  private readonly sums = new Sums();

  /** Whoever made the counts lets them learn. */
  constructor(counts: PairCounts, likeness: Likeness) {
    this.counts = counts;
    this.likeness = likeness;
  }

  learn(member: number | undefined, items: readonly number[]): void {
    if (member === undefined) return;
    const own = entryOf(this.histories, member, () => new Map<number, number>());
    for (const item of items) addTo(own, item, 1);
  }

  /** An item is wholly like itself, so that what is bought often comes back. */
  score(member: number, items: number): Scores {
    const scores = this.sums.cleared(items);
    for (const [item, times] of this.histories.get(member) ?? []) {
      this.addPartners(scores, item, times);
      scores[item]! += times;
    }
    return scores;
  }

  scoreTicket(ticket: readonly number[], items: number): Scores {
    const scores = this.sums.cleared(items);
    for (const item of ticket) this.addPartners(scores, item, 1);
    return scores;
  }

  private addPartners(scores: Scores, item: number, weight: number): void {
    const own = this.counts.receiptsWith(item);
    for (const [other, both] of this.counts.partnersOf(item)) {
      const likeness = this.likeness(both, own, this.counts.receiptsWith(other));
      scores[other]! += weight * likeness;
    }
  }
}
