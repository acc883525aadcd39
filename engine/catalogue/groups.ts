// Groups of items that share something: each is known by a text, and numbered while it has members.

import { ShardedMap } from '../base/sharded-map.ts';
import { SortedList } from '../base/sorted-list.ts';
import { Stamps } from '../base/stamps.ts';

const byNumber = (one: number, other: number): number => one - other;

export class Groups {
  private readonly numbers = new ShardedMap<number>();
  private readonly texts: string[] = [];
  /** Most groups have one member, which needs no object. */
  private readonly members: (number | SortedList)[] = [];
  private readonly sizes: number[] = [];
  /** n^(-1/2) of each group of n members. */
  private rarities = new Float64Array(1_024);
  /** Numbers of groups that have lost their last member. */
  private readonly free: number[] = [];
  private readonly marked = new Stamps();

  /** -1 when nobody is in it. */
  find(text: string): number {
    return this.numbers.get(text) ?? -1;
  }

  add(text: string, member: number): number {
    const group = this.numbers.get(text);
    if (group === undefined) return this.begin(text, member);
    const members = this.members[group]!;
    if (typeof members === 'number') {
      const order = new SortedList(byNumber);
      order.add(members);
      this.members[group] = order;
    }
    (this.members[group] as SortedList).add(member);
    this.grow(group, 1);
    return group;
  }

  remove(group: number, member: number): void {
    const members = this.members[group]!;
    if (typeof members !== 'number') members.remove(member);
    this.grow(group, -1);
    if (this.sizes[group]! > 0) return;
    this.numbers.delete(this.texts[group]!);
    this.free.push(group);
  }

  private begin(text: string, member: number): number {
    const group = this.free.pop() ?? this.members.length;
    this.numbers.set(text, group);
    this.texts[group] = text;
    this.members[group] = member;
    this.sizes[group] = 0;
    if (group >= this.rarities.length) {
      const rarities = new Float64Array(2 * group);
      rarities.set(this.rarities);
      this.rarities = rarities;
    }
    this.grow(group, 1);
    return group;
  }

  private grow(group: number, by: 1 | -1): void {
    const size = this.sizes[group]! + by;
    this.sizes[group] = size;
    // IEEE operations only, so that every replica has the same bits.
    const root = Math.sqrt(Math.sqrt(1 / Math.max(1, size)));
    this.rarities[group] = root * root;
  }

  sizeOf(group: number): number {
    return this.sizes[group]!;
  }

  /** Some hundred at a time. */
  membersOf(group: number): Iterable<readonly number[]> {
    const members = this.members[group]!;
    return typeof members === 'number' ? [[members]] : members.runs();
  }

  /** How rare a group is; 1 for a group without members. */
  rarityOf(group: number): number {
    return group < 0 ? 1 : this.rarities[group]!;
  }

  /** Forgets all marks. */
  unmark(): void {
    this.marked.begin();
  }

  mark(group: number): void {
    if (group >= 0) this.marked.add(group);
  }

  isMarked(group: number): boolean {
    return this.marked.has(group);
  }
}
