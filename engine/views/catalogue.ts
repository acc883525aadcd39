// Items and stores in memory: outside ids to dense numbers, what is known of each, and their id
// hashes.
import { assert } from '../base/errors.ts';

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

/**
 * A dense numbering of outside ids with a value each; numbers start at `first` and never change.
 */
export class Registry<Value> {
  private readonly numbers = new Map<string, number>();
  private readonly ids: string[] = [];
  private readonly values: Known<Value>[] = [];
  private hashes = new BigUint64Array(256);
  private readonly hashId: HashId;
  private readonly first: number;
  private readonly marks: Marks[] = [];

  constructor(hashId: HashId, first: 0 | 1) {
    this.hashId = hashId;
    this.first = first;
  }

  get size(): number {
    return this.ids.length;
  }

  /** The number that the next new id gets. */
  get nextNumber(): number {
    return this.first + this.ids.length;
  }

  numberOf(id: string): number | undefined {
    return this.numbers.get(id);
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
    return this.hashes[number - this.first]!;
  }

  private known(number: number): Known<Value> {
    const known = this.values[number - this.first];
    assert(known !== undefined, `number ${number} is not registered`);
    return known;
  }

  push(id: string, value: Value, sequence: number): number {
    const index = this.ids.length;
    if (index === this.hashes.length) {
      const larger = new BigUint64Array(index * 2);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes[index] = this.hashId(id);
    this.numbers.set(id, this.first + index);
    this.ids.push(id);
    this.values.push({ value, sequence });
    return this.first + index;
  }

  replace(number: number, value: Value, sequence: number): void {
    this.values[number - this.first] = { value, sequence };
    for (const marks of this.marks) marks.set(number, 0, 0);
  }

  /** Marks that this registry keeps in step, for as long as it lives. */
  addMarks(): Marks {
    const marks = new Marks();
    this.marks.push(marks);
    return marks;
  }

  /** Forgets the numbers from `size` on: their transaction did not commit. */
  truncate(size: number): void {
    for (const id of this.ids.splice(size)) this.numbers.delete(id);
    this.values.length = size;
    for (const marks of this.marks) marks.clear();
  }

  /** The values of those that are wanted, in the order of their numbers. */
  *entries(isWanted: (number: number) => boolean): IterableIterator<Value> {
    for (const [index, { value }] of this.values.entries()) {
      if (isWanted(this.first + index)) yield value;
    }
  }
}

/** Ascending by id hash, then by id bytes: the order of lines in a basket and of equal scores. */
export function compareByHash<Value>(registry: Registry<Value>, a: number, b: number): number {
  const hashA = registry.hashOf(a);
  const hashB = registry.hashOf(b);
  if (hashA !== hashB) return hashA < hashB ? -1 : 1;
  return Buffer.compare(Buffer.from(registry.idOf(a)), Buffer.from(registry.idOf(b)));
}
