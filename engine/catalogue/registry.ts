// Items and stores in memory: outside ids to dense numbers, what is known of each, their id hashes,
// and the orders in which they are listed.

import { assert } from '../base/errors.ts';
import { hashOfKey, ShardedMap } from '../base/sharded-map.ts';
import { SortedList } from '../base/sorted-list.ts';
import { Barcodes } from './barcodes.ts';
import { CatalogueRoom } from './room.ts';

/** XXH64, seed 0, of an id's UTF-8. */
export type HashId = (id: string) => bigint;

interface Known<Value> {
  readonly value: Value;
  /** Where its last upsert stands in the log; 0 when it was only ever met in a receipt. */
  readonly sequence: number;
}

/**
 * Two whole numbers for each number of a registry: 0 at first and again after each upsert. Of who
 * remembers something of each, packed, since every object between costs a miss of the cache.
 */
export class Marks {
  private values = new Uint32Array(2_048);

  /** `which` is 0 or 1. */
  at(number: number, which: 0 | 1): number {
    return this.values[2 * number + which] ?? 0;
  }

  set(number: number, first: number, second: number): void {
    if (2 * number + 1 >= this.values.length) {
      const larger = new Uint32Array(4 * number + 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[2 * number] = first;
    this.values[2 * number + 1] = second;
  }

  clear(): void {
    this.values.fill(0);
  }
}

export interface Traits<Value> {
  /** Which values are listed together, such as the stores of a city; undefined: with no others. */
  groupOf(value: Value): string | undefined;
  /** By what it is found beside its id. */
  codesOf(value: Value): readonly string[];
  /** Bytes of what is known of it. */
  weigh(value: Value): number;
  /** What all of them together may take. */
  readonly room: CatalogueRoom;
}

/** Of values that are in no groups and have all the room there is. */
function plainTraits(): Traits<unknown> {
  const room = new CatalogueRoom(Number.POSITIVE_INFINITY);
  return { groupOf: () => undefined, codesOf: () => noCodes, weigh: () => 0, room };
}

const noCodes: readonly string[] = [];

/** The items of a large receipt, and of many usual ones. */
const recentMax = 4_096;

/**
 * A dense numbering of outside ids with a value each; numbers start at `first` and never change.
 */
export class Registry<Value> {
  private readonly numbers = new ShardedMap<number>();
  /** Places in `ids` that were looked for lately, as they are again with the same receipt. */
  private readonly recent = new Uint32Array(recentMax);
  private readonly ids: string[] = [];
  private readonly values: Known<Value>[] = [];
  /** Two halves each, the higher one first: to compare BigInts takes three times as long. */
  private hashes = new Uint32Array(512);
  private readonly hashId: HashId;
  private readonly first: number;
  private readonly traits: Traits<Value>;
  private readonly marks: Marks[] = [];
  private readonly codes = new Barcodes();
  private readonly byId = new SortedList((a, b) => (this.idOf(a) < this.idOf(b) ? -1 : 1));
  /** By ascending id hash, each group by itself. */
  private readonly groups = new Map<string, SortedList>();

  constructor(hashId: HashId, first: 0 | 1, traits: Partial<Traits<Value>> = {}) {
    this.hashId = hashId;
    this.first = first;
    this.traits = { ...plainTraits(), ...traits };
  }

  get room(): CatalogueRoom {
    return this.traits.room;
  }

  get size(): number {
    return this.ids.length;
  }

  /** The number that the next new id gets. */
  get nextNumber(): number {
    return this.first + this.ids.length;
  }

  numberOf(id: string): number | undefined {
    const hash = hashOfKey(id);
    const slot = hash & (recentMax - 1);
    const recent = this.recent[slot]!;
    if (this.ids[recent] === id) return this.first + recent;
    const number = this.numbers.get(id, hash);
    if (number !== undefined) this.recent[slot] = number - this.first;
    return number;
  }

  /** Whether any value is found by something else than its id. */
  get hasCodes(): boolean {
    return !this.codes.isEmpty;
  }

  /** Those that a code stands for, by their ids: the first of them is what it means. */
  claimantsOf(code: string): readonly number[] {
    const numbers = this.codes.claimantsOf(code);
    // The same on every node, whichever of them it heard of first.
    return numbers.length < 2
      ? numbers
      : numbers.toSorted((a, b) => (this.idOf(a) < this.idOf(b) ? -1 : 1));
  }

  idOf(number: number): string {
    const id = this.ids[number - this.first];
    assert(id !== undefined, `number ${number} has no id`);
    return id;
  }

  valueOf(number: number): Value {
    return this.known(number).value;
  }

  sequenceOf(number: number): number {
    return this.known(number).sequence;
  }

  hashOf(number: number): bigint {
    const at = 2 * (number - this.first);
    return (BigInt(this.hashes[at]!) << 32n) | BigInt(this.hashes[at + 1]!);
  }

  private known(number: number): Known<Value> {
    const known = this.values[number - this.first];
    assert(known !== undefined, `number ${number} is not registered`);
    return known;
  }

  push(id: string, value: Value, sequence: number): number {
    const index = this.ids.length;
    const number = this.first + index;
    this.keepHash(index, this.hashId(id));
    this.numbers.set(id, number);
    this.ids.push(id);
    this.values.push({ value, sequence });
    this.traits.room.usedBytes += this.traits.weigh(value);
    this.byId.add(number);
    this.codes.add(this.traits.codesOf(value), number);
    this.enter(this.traits.groupOf(value), number);
    return number;
  }

  private keepHash(index: number, hash: bigint): void {
    if (2 * index === this.hashes.length) {
      const larger = new Uint32Array(4 * index);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes[2 * index] = Number(hash >> 32n);
    this.hashes[2 * index + 1] = Number(BigInt.asUintN(32, hash));
  }

  replace(number: number, value: Value, sequence: number): void {
    const [before, after] = [this.traits.groupOf(this.valueOf(number)), this.traits.groupOf(value)];
    const { room, weigh, codesOf } = this.traits;
    room.usedBytes += weigh(value) - weigh(this.valueOf(number));
    this.codes.remove(codesOf(this.valueOf(number)), number);
    this.codes.add(codesOf(value), number);
    this.values[number - this.first] = { value, sequence };
    if (before !== after) {
      this.leave(before, number);
      this.enter(after, number);
    }
    for (const marks of this.marks) marks.set(number, 0, 0);
  }

  private enter(group: string | undefined, number: number): void {
    if (group === undefined) return;
    const order = this.groups.get(group) ?? new SortedList((a, b) => compareByHash(this, a, b));
    this.groups.set(group, order);
    order.add(number);
  }

  private leave(group: string | undefined, number: number): void {
    if (group === undefined) return;
    const order = this.groups.get(group)!;
    order.remove(number);
    if (order.isEmpty) this.groups.delete(group);
  }

  /** Throws RESOURCE_EXHAUSTED, CATALOGUE_FULL, when there is no room for a value. */
  assertRoomFor(id: string, value: Value): void {
    const { room, weigh } = this.traits;
    const number = this.numberOf(id);
    const before = number === undefined ? 0 : weigh(this.valueOf(number));
    room.assertHolds(weigh(value) - before);
  }

  /** The same of values whose ids are all new. */
  assertRoomForAll(values: readonly Value[]): void {
    const { room, weigh } = this.traits;
    room.assertHolds(values.reduce((sum, value) => sum + weigh(value), 0));
  }

  /** Marks that this registry keeps in step, for as long as it lives. */
  addMarks(): Marks {
    const marks = new Marks();
    this.marks.push(marks);
    return marks;
  }

  /** Forgets the numbers from `size` on: their transaction did not commit. */
  truncate(size: number): void {
    for (let number = this.first + size; number < this.nextNumber; number++) {
      this.byId.remove(number);
      this.leave(this.traits.groupOf(this.valueOf(number)), number);
      this.codes.remove(this.traits.codesOf(this.valueOf(number)), number);
      this.traits.room.usedBytes -= this.traits.weigh(this.valueOf(number));
    }
    for (const id of this.ids.splice(size)) this.numbers.delete(id);
    this.values.length = size;
    for (const marks of this.marks) marks.clear();
  }

  /** The values of those that are wanted, in the order of ids, from the first id after `after`. */
  *entries(isWanted: (number: number) => boolean, after = ''): IterableIterator<Value> {
    for (const run of this.byId.runs((number) => this.idOf(number) > after)) {
      for (const number of run) if (isWanted(number)) yield this.valueOf(number);
    }
  }

  /** The numbers of a group by ascending id hash, some hundred at a time. */
  inGroup(group: string): Iterable<readonly number[]> {
    return this.groups.get(group)?.runs() ?? [];
  }

  /** Below 0 when the id hash of the first is the smaller one, 0 when they are equal. */
  compareHashes(a: number, b: number): number {
    const { hashes, first } = this;
    const [one, other] = [2 * (a - first), 2 * (b - first)];
    return hashes[one]! - hashes[other]! || hashes[one + 1]! - hashes[other + 1]!;
  }
}

/** Ascending by id hash, then by id bytes: the order of lines in a basket and of equal scores. */
export function compareByHash<Value>(registry: Registry<Value>, a: number, b: number): number {
  const byHash = registry.compareHashes(a, b);
  if (byHash !== 0 || a === b) return byHash;
  return Buffer.compare(Buffer.from(registry.idOf(a)), Buffer.from(registry.idOf(b)));
}
