// What the catalogue says of items, their words and their shelves, and which are alike by it: all
// there is to go by before a first sale.
import type { Item } from '../log/events.ts';
import type { Registry } from './catalogue.ts';

/** Items read at one call: some 4 µs each, so that a large catalogue is read over several calls. */
const itemsAtOnce = 2_000;
/** Words and shelves of more items than this tell little of any, and would make a look-up slow. */
const itemsOfGroupMax = 2_000;
const wordPattern = /\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{M}])+|\p{N}+/gu;
const hanPattern = /^\p{Script=Han}/u;

/** Han runs become their overlapping pairs, since they are written without spaces. */
function pairsOf(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

/** The distinct words of a name, lower case after NFKC (UAX #15); numbers are words too. */
export function wordsOf(name: string | undefined): readonly string[] {
  const found = name?.normalize('NFKC').toLowerCase().match(wordPattern) ?? [];
  return [...new Set(found.flatMap((run) => (hanPattern.test(run) ? pairsOf(run) : [run])))];
}

/** The share of category levels that two items have in common from the top, 0 … 1; squared. */
function shelfNearness(a: readonly string[], b: readonly string[]): number {
  const levels = Math.max(a.length, b.length);
  let shared = 0;
  while (shared < levels && a[shared] === b[shared]) shared += 1;
  return (shared / levels) ** 2;
}

export interface ContentNeighbour {
  readonly number: number;
  readonly nearness: number;
}

interface Reading {
  readonly words: readonly string[];
  /** The path and each beginning of it, narrowest first. */
  readonly shelves: readonly string[];
  readonly category: readonly string[];
}

/** The brand's words do not tell what a thing is. */
function readingOf({ name, brand, category = [] }: Item): Reading {
  const ofBrand = new Set(wordsOf(brand));
  const words = wordsOf(name).filter((word) => !ofBrand.has(word));
  const shelves = category.map((_, index) => shelfKey(category.slice(0, category.length - index)));
  return { words, shelves, category };
}

export class Content {
  /** Another number after every change of what is known of any item. */
  version = 0;
  private readonly items: Registry<Item>;
  /** By item number: what was read of it. */
  private readonly read: (Reading | undefined)[] = [];
  private readonly itemsByWord = new Map<string, Set<number>>();
  private readonly itemsByShelf = new Map<string, Set<number>>();

  constructor(items: Registry<Item>) {
    this.items = items;
  }

  /** To be called for items that were changed after they had been read. */
  note(numbers: Iterable<number>): void {
    for (const number of numbers) {
      this.version += 1;
      if (number < this.read.length) this.index(number);
    }
  }

  /** Whether the catalogue says anything of an item. */
  says(number: number): boolean {
    const { name, category } = this.items.valueOf(number);
    return Boolean(name) || Boolean(category?.length);
  }

  private catchUp(): void {
    const end = Math.min(this.items.size, this.read.length + itemsAtOnce);
    while (this.read.length < end) {
      this.read.push(undefined);
      this.index(this.read.length - 1);
    }
  }

  private index(number: number): void {
    this.version += 1;
    const before = this.read[number];
    for (const word of before?.words ?? []) this.itemsByWord.get(word)?.delete(number);
    for (const shelf of before?.shelves ?? []) this.itemsByShelf.get(shelf)?.delete(number);
    const reading = readingOf(this.items.valueOf(number));
    this.read[number] = reading;
    for (const word of reading.words) place(this.itemsByWord, word, number);
    for (const shelf of reading.shelves) place(this.itemsByShelf, shelf, number);
  }

  private readingOf(number: number): Reading {
    return this.read[number] ?? readingOf(this.items.valueOf(number));
  }

  /**
   * (items with the word)^(-1/4): rarer words tell more, as the logarithm of Spärck Jones (1972)
   * has it, but with IEEE operations only, so that every replica orders alike. How many items there
   * are would cancel out, but for a last bit; and replicas may know more or fewer by name.
   */
  private tellingOf(word: string): number {
    const known = this.itemsByWord.get(word)?.size ?? 0;
    return Math.sqrt(Math.sqrt(1 / Math.max(1, known)));
  }

  private telling(words: readonly string[]): number {
    return words.reduce((sum, word) => sum + this.tellingOf(word) ** 2, 0);
  }

  /** The cosine of two names' words, each weighed by how much it tells: 0 … 1. */
  private nameNearness(a: readonly string[], b: readonly string[]): number {
    if (a.length === 0 || b.length === 0) return 0;
    const shared = this.telling(a.filter((word) => b.includes(word)));
    return shared === 0 ? 0 : shared / Math.sqrt(this.telling(a) * this.telling(b));
  }

  /**
   * How alike two items are by what the catalogue says, 0 … 1: the mean of shelf and name where
   * both have a category, else the name alone.
   */
  nearness(a: number, b: number): number {
    const [first, second] = [this.readingOf(a), this.readingOf(b)];
    const name = this.nameNearness(first.words, second.words);
    if (first.category.length === 0 || second.category.length === 0) return name;
    return (shelfNearness(first.category, second.category) + name) / 2;
  }

  /**
   * Up to `most` items that share a telling word or the shelf, nearest first; equal ones by
   * ascending id hash.
   */
  neighbours(
    number: number,
    most: number,
    accepts: (number: number) => boolean,
  ): ContentNeighbour[] {
    this.catchUp();
    const { words, shelves } = this.readingOf(number);
    const candidates = new Set<number>();
    const groups = [
      ...words.map((word) => this.itemsByWord.get(word)),
      ...shelves.map((shelf) => this.itemsByShelf.get(shelf)),
    ];
    for (const group of groups) {
      if (!group || group.size > itemsOfGroupMax) continue;
      for (const other of group) if (other !== number && accepts(other)) candidates.add(other);
    }
    const found = [...candidates].map((other) => ({
      number: other,
      nearness: this.nearness(number, other),
    }));
    found.sort(
      (a, b) =>
        b.nearness - a.nearness ||
        (this.items.hashOf(a.number) < this.items.hashOf(b.number) ? -1 : 1),
    );
    return found.slice(0, most);
  }
}

/** Unambiguous, whatever characters the levels hold. */
function shelfKey(category: readonly string[]): string {
  return JSON.stringify(category);
}

function place(groups: Map<string, Set<number>>, key: string, number: number): void {
  const group = groups.get(key);
  if (group) group.add(number);
  else groups.set(key, new Set([number]));
}
