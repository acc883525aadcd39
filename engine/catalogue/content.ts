// What the catalogue says of items, their words and their shelves, and which are alike by it: all
// there is to go by before a first sale. Items are read in slices; what is not read yet is alike to
// nothing, but for the item that somebody asks for.
import { limits } from '../base/limits.ts';
import { Stamps } from '../base/stamps.ts';
import { Groups } from './groups.ts';
import type { Registry } from './registry.ts';
import type { Item } from './shapes.ts';

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

export interface ContentNeighbour {
  readonly number: number;
  readonly nearness: number;
}

/** What was read of an item. */
interface Reading {
  /** Its words, then its shelves, narrowest first; below 0 what nobody else has. */
  readonly groups: readonly number[];
  /** How many of them are words. */
  readonly words: number;
}

/** The texts of what an item's groups are: words without the brand's, and its shelves. */
interface Texts {
  readonly words: readonly string[];
  readonly shelves: readonly string[];
}

const noTexts: Texts = { words: [], shelves: [] };

/** The brand's words do not tell what a thing is. */
function textsOf({ name, brand, category = [] }: Item): Texts {
  const ofBrand = new Set(wordsOf(brand));
  const words = wordsOf(name).filter((word) => !ofBrand.has(word));
  return { words, shelves: shelvesOf(category) };
}

/**
 * The path and each beginning of it, narrowest first. Unambiguous, whatever characters the levels
 * hold, and never a word.
 */
function shelvesOf(category: readonly string[]): readonly string[] {
  let path = '';
  const shelves: string[] = [];
  for (const level of category) {
    path += `/${level.length}:${level}`;
    shelves.push(path);
  }
  return shelves.reverse();
}

export class Content {
  /** Another number after every change of what is known of any item. */
  version = 0;
  private readonly items: Registry<Item>;
  private readonly isMerged: (number: number) => boolean;
  private readonly groups = new Groups();
  private readonly seen = new Stamps();
  /** By item number: what was read of it. */
  private readonly readings: (Reading | undefined)[] = [];
  /** Items below this are known, and all below the other one are read or have changed since. */
  private known = 0;
  private readTo = 0;
  /** To be read before the others. */
  private readonly changed = new Set<number>();

  /** Of what is merged into another item the catalogue says nothing. */
  constructor(items: Registry<Item>, isMerged: (number: number) => boolean = () => false) {
    this.items = items;
    this.isMerged = isMerged;
  }

  /** To be called for items that are new or have changed, once they are on the disk. */
  update(numbers: Iterable<number>): void {
    for (const number of numbers) {
      this.known = Math.max(this.known, number + 1);
      this.changed.add(number);
    }
  }

  /** To be called when a change was taken back: what was read of it may have been too new. */
  onUndone(numbers: Iterable<number>): void {
    for (const number of numbers) if (number < this.known) this.changed.add(number);
  }

  /** All that the catalogue holds is known, and none of it has been read. */
  begin(): void {
    this.known = this.items.size;
  }

  /** Whether the catalogue says anything of an item. */
  hasWords(number: number): boolean {
    if (this.isMerged(number)) return false;
    const { name, category } = this.items.valueOf(number);
    return Boolean(name) || Boolean(category?.length);
  }

  /**
   * Reads items for about `units`, each a word or a shelf; returns how many are left of them, which
   * is none while there are items to read.
   */
  read(units: number): number {
    let left = units;
    for (const number of this.changed) {
      if (left <= 0) return 0;
      left -= this.index(number);
    }
    for (; this.readTo < this.known; this.readTo++) {
      if (left <= 0) return 0;
      if (this.readings[this.readTo] === undefined) left -= this.index(this.readTo);
    }
    return Math.max(0, left);
  }

  /** Puts an item into its groups; returns what that cost, in units. */
  private index(number: number): number {
    this.version += 1;
    this.changed.delete(number);
    while (this.readings.length <= number) this.readings.push(undefined);
    const before = this.readings[number];
    const texts = this.textsOf(number);
    for (const group of before?.groups ?? []) this.groups.remove(group, number);
    this.readings[number] = readingOf(texts, (text) => this.groups.add(text, number));
    return 1 + texts.words.length + texts.shelves.length;
  }

  private textsOf(number: number): Texts {
    return this.isMerged(number) ? noTexts : textsOf(this.items.valueOf(number));
  }

  /** What is asked for is read at once, but for what may still be undone. */
  private readNow(number: number): void {
    if (number >= this.known) return;
    if (this.readings[number] === undefined || this.changed.has(number)) this.index(number);
  }

  private readingOf(number: number): Reading {
    const reading = this.readings[number];
    if (reading !== undefined && number < this.known) return reading;
    return readingOf(this.textsOf(number), (text) => this.groups.find(text));
  }

  /**
   * (items with the word)^(-1/2), the square of its rarity: rarer words count more, as the
   * logarithm of Spärck Jones (1972) has it. How many items there are would cancel out, but for a
   * last bit; and replicas may know more or fewer by name.
   */
  private totalRarity({ groups, words }: Reading): number {
    let sum = 0;
    for (let at = 0; at < words; at++) sum += this.groups.rarityOf(groups[at]!);
    return sum;
  }

  private markWords({ groups, words }: Reading): void {
    this.groups.unmark();
    for (let at = 0; at < words; at++) this.groups.mark(groups[at]!);
  }

  /**
   * How alike two items are by what the catalogue says, 0 … 1: the mean of shelf and name where
   * both have a category, else the name alone.
   */
  nearness(a: number, b: number): number {
    this.readNow(a);
    this.readNow(b);
    const [first, second] = [this.readingOf(a), this.readingOf(b)];
    this.markWords(first);
    return this.nearnessOf(first, this.totalRarity(first), second);
  }

  /** Of a first item whose words are marked, with their total rarity. */
  private nearnessOf(first: Reading, ofFirst: number, second: Reading): number {
    const name = this.nameNearness(ofFirst, second);
    if (shelvesIn(first) === 0 || shelvesIn(second) === 0) return name;
    return (shelfNearness(first, second) + name) / 2;
  }

  /** The cosine of two names' words, each weighed by its rarity: 0 … 1. */
  private nameNearness(ofFirst: number, { groups, words }: Reading): number {
    let [shared, ofSecond] = [0, 0];
    for (let at = 0; at < words; at++) {
      const word = groups[at]!;
      const rarity = this.groups.rarityOf(word);
      ofSecond += rarity;
      if (this.groups.isMarked(word)) shared += rarity;
    }
    return shared === 0 ? 0 : shared / Math.sqrt(ofFirst * ofSecond);
  }

  /**
   * Up to `most` items that share a word that counts or the shelf, nearest first; equal ones by
   * ascending id hash. Also returns how many were compared.
   */
  neighbours(
    number: number,
    most: number,
    accepts: (number: number) => boolean,
  ): { readonly found: readonly ContentNeighbour[]; readonly compared: number } {
    this.readNow(number);
    const reading = this.readingOf(number);
    const candidates = this.candidatesOf(reading, number, accepts);
    const ofFirst = this.totalRarity(reading);
    this.markWords(reading);
    const nearness = new Float64Array(candidates.length);
    for (const [at, other] of candidates.entries()) {
      nearness[at] = this.nearnessOf(reading, ofFirst, this.readings[other]!);
    }
    // Sorted as numbers alone first: only those that may be listed are put in order.
    const least = nearness.toSorted().at(-most) ?? 0;
    const found: ContentNeighbour[] = [];
    for (const [at, other] of candidates.entries()) {
      if (nearness[at]! >= least) found.push({ number: other, nearness: nearness[at]! });
    }
    found.sort((a, b) => b.nearness - a.nearness || this.items.compareHashes(a.number, b.number));
    return { found: found.slice(0, most), compared: candidates.length };
  }

  /** The members of its groups but itself, the rarest first, as many as are compared at a time. */
  private candidatesOf(
    reading: Reading,
    itself: number,
    accepts: (number: number) => boolean,
  ): number[] {
    const { groups, seen } = this;
    const own = reading.groups.filter((group) => group >= 0);
    own.sort((a, b) => groups.sizeOf(a) - groups.sizeOf(b));
    seen.begin();
    seen.add(itself);
    const candidates: number[] = [];
    let looked = 0;
    for (const group of own) {
      looked += groups.sizeOf(group);
      if (looked > limits.alikeComparedMax) break;
      for (const run of groups.membersOf(group)) {
        for (const other of run) if (seen.add(other) && accepts(other)) candidates.push(other);
      }
    }
    return candidates;
  }
}

function readingOf({ words, shelves }: Texts, numberOf: (text: string) => number): Reading {
  return { groups: [...words.map(numberOf), ...shelves.map(numberOf)], words: words.length };
}

function shelvesIn({ groups, words }: Reading): number {
  return groups.length - words;
}

/** The share of category levels that two items have in common from the top, 0 … 1; squared. */
function shelfNearness(a: Reading, b: Reading): number {
  const [least, most] = [shelvesIn(a), shelvesIn(b)].sort((one, other) => one - other);
  let shared = 0;
  while (shared < least! && a.groups.at(-1 - shared) === b.groups.at(-1 - shared)) shared += 1;
  return (shared / most!) ** 2;
}
