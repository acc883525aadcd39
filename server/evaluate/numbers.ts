// Numbers: dense numbers for the ids of members and items, as baselines count by them.
import type { FileReceipt } from '../../engine/index.ts';
import type { LearntReceipt } from './baselines/tune.ts';

class Numbering {
  private readonly numbers = new Map<string, number>();
  private readonly ids: string[] = [];

  get size(): number {
    return this.ids.length;
  }

  /** The number of an id, the next one when it is new. */
  of(id: string): number {
    const known = this.numbers.get(id);
    if (known !== undefined) return known;
    this.numbers.set(id, this.ids.length);
    return this.ids.push(id) - 1;
  }

  known(id: string): number | undefined {
    return this.numbers.get(id);
  }

  idsOf(numbers: readonly number[]): string[] {
    return numbers.map((number) => this.ids[number]!);
  }
}

export class Numbers {
  readonly members = new Numbering();
  readonly items = new Numbering();

  numbered({ memberId, itemIds }: FileReceipt): LearntReceipt {
    return {
      member: memberId === undefined ? undefined : this.members.of(memberId),
      items: itemIds.map((id) => this.items.of(id)),
    };
  }
}
