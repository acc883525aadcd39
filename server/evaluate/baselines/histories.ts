// Histories: the baskets of each member, and who has bought an item; what the neighbour methods
// share.
import { entryOf } from './baseline.ts';

export class Histories {
  private readonly baskets = new Map<number, (readonly number[])[]>();
  private readonly items = new Map<number, Set<number>>();
  private readonly buyers = new Map<number, number[]>();
  /** Member numbers are below this. */
  memberNumbers = 0;

  learn(member: number, items: readonly number[]): void {
    this.memberNumbers = Math.max(this.memberNumbers, member + 1);
    entryOf(this.baskets, member, () => [] as (readonly number[])[]).push(items);
    const own = entryOf(this.items, member, () => new Set<number>());
    for (const item of items) {
      if (own.has(item)) continue;
      own.add(item);
      entryOf(this.buyers, item, () => [] as number[]).push(member);
    }
  }

  /** In the order they were learnt. */
  basketsOf(member: number): readonly (readonly number[])[] {
    return this.baskets.get(member) ?? [];
  }

  itemsOf(member: number): ReadonlySet<number> {
    return this.items.get(member) ?? new Set();
  }

  buyersOf(item: number): readonly number[] {
    return this.buyers.get(item) ?? [];
  }
}
