// Which items are one: each may be merged into another, and that one into a third. What is kept is
// what was said last of each item; what it comes to follows from that alone.

/** What was said last of an item, and where that stands in the log. */
export interface MergeWord {
  /** Undefined: that it is an item of its own again. */
  readonly into: number | undefined;
  readonly sequence: number;
}

const nobody: ReadonlySet<number> = new Set();

export class ItemMerges {
  private readonly words = new Map<number, MergeWord>();
  /** Those that were merged into one, directly. */
  private readonly mergedInto = new Map<number, Set<number>>();
  private readonly survivors = new Map<number, number>();
  private readonly idOf: (number: number) => string;

  constructor(idOf: (number: number) => string) {
    this.idOf = idOf;
  }

  /** Whether nothing was ever said. */
  get isEmpty(): boolean {
    return this.words.size === 0;
  }

  wordOf(number: number): MergeWord | undefined {
    return this.words.get(number);
  }

  /** Undefined takes away what was said: its transaction did not commit. */
  say(number: number, word: MergeWord | undefined): void {
    const before = this.words.get(number)?.into;
    if (before !== undefined) this.mergedInto.get(before)?.delete(number);
    if (word === undefined) this.words.delete(number);
    else this.words.set(number, word);
    const after = word?.into;
    if (after !== undefined) {
      const others = this.mergedInto.get(after) ?? new Set();
      this.mergedInto.set(after, others.add(number));
    }
    this.survivors.clear();
  }

  /** The item that one stands for: itself, mostly. */
  survivorOf(number: number): number {
    if (this.words.size === 0) return number;
    const known = this.survivors.get(number);
    if (known !== undefined) return known;
    const survivor = this.follow(number);
    if (survivor !== number) this.survivors.set(number, survivor);
    return survivor;
  }

  isMerged(number: number): boolean {
    return this.survivorOf(number) !== number;
  }

  /**
   * Where two origins merged items into each other at once there is a circle: its survivor is the
   * one whose id comes first, on every node.
   */
  private follow(number: number): number {
    const path = [number];
    for (let at = this.words.get(number)?.into; at !== undefined; at = this.words.get(at)?.into) {
      const first = path.indexOf(at);
      if (first >= 0) {
        return path
          .slice(first)
          .reduce((one, other) => (this.idOf(other) < this.idOf(one) ? other : one));
      }
      path.push(at);
    }
    return path.at(-1)!;
  }

  /** An item and all that are merged into it, one by way of another too. */
  groupOf(number: number): ReadonlySet<number> {
    const group = new Set([number]);
    for (const each of group) {
      for (const other of this.mergedInto.get(each) ?? nobody) group.add(other);
    }
    return group;
  }
}
