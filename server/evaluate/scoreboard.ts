// Scoreboard: the values of many receipts under some metrics, their means and intervals.
import { bootstrapIntervals, type Interval } from './bootstrap.ts';

export type Figures = Readonly<Record<string, number>>;
export type Intervals = Readonly<Record<string, Interval>>;

interface Sums {
  readonly sums: number[];
  count: number;
}

/** Collects one row of values a receipt; what belongs to one member is drawn together. */
export class Scoreboard {
  private readonly names: readonly string[];
  private readonly byMember = new Map<string, Sums>();
  private listCount = 0;

  constructor(names: readonly string[]) {
    this.names = names;
  }

  /** How many receipts were scored. */
  get count(): number {
    return this.listCount;
  }

  /** `values` in the order of the names. */
  add(memberKey: string, values: readonly number[]): void {
    let sums = this.byMember.get(memberKey);
    if (sums === undefined) {
      sums = { sums: values.map(() => 0), count: 0 };
      this.byMember.set(memberKey, sums);
    }
    for (const [index, value] of values.entries()) sums.sums[index]! += value;
    sums.count += 1;
    this.listCount += 1;
  }

  /** The mean over receipts, 0 without any. */
  means(): Figures {
    const totals = this.names.map(() => 0);
    for (const { sums } of this.byMember.values()) {
      for (const [index, sum] of sums.entries()) totals[index]! += sum;
    }
    const count = Math.max(1, this.listCount);
    return Object.fromEntries(this.names.map((name, index) => [name, totals[index]! / count]));
  }

  /** Undefined without receipts. */
  intervals(seed: number): Intervals | undefined {
    if (this.listCount === 0) return undefined;
    const intervals = bootstrapIntervals([...this.byMember.values()], { seed });
    return Object.fromEntries(this.names.map((name, index) => [name, intervals[index]!]));
  }
}
