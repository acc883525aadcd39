// How alike items are by the catalogue, from the whole catalogue at once: docs/reference/scores.md,
// "Nearness".
import type { Item } from '../../../engine/index.ts';
import type { State } from './counts.ts';
import { compareByHash } from './hash.ts';

/** Distinct words in lower case; runs of Han characters as their overlapping pairs. */
function words({ name = '', brand = '' }: Item): string[] {
  const brandWords = split(brand);
  return split(name).filter((word) => !brandWords.includes(word));
}

function split(text: string): string[] {
  const found: string[] = [];
  for (const run of text
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []) {
    for (const part of run.match(/\p{Script=Han}+|\p{N}+|[^\p{Script=Han}\p{N}]+/gu) ?? []) {
      const characters = [...part];
      const isHan = /\p{Script=Han}/u.test(part);
      if (!isHan || characters.length === 1) found.push(part);
      else
        for (const [at, next] of characters.slice(1).entries()) found.push(characters[at] + next);
    }
  }
  return found.filter((word, at) => found.indexOf(word) === at);
}

export interface Nearness {
  of(left: string, right: string): number;
  /** What shares a word or the top shelf with an item, nearest first. */
  neighbours(itemId: string): readonly string[];
}

const known = new WeakMap<State, Nearness>();

/** Remembered by state, because every question about it asks again. */
export function nearnessOf(state: State): Nearness {
  const before = known.get(state);
  if (before !== undefined) return before;
  const { items, sameItems } = state.ledger;
  // Of what is merged into another item the catalogue says nothing.
  const catalogue = [...items.values()].filter(
    ({ itemId }) => sameItems.survivorOf(itemId) === itemId,
  );
  const wordsById = new Map(catalogue.map((item) => [item.itemId, words(item)]));
  const holders = new Map<string, number>();
  for (const list of wordsById.values()) {
    for (const word of list) holders.set(word, (holders.get(word) ?? 0) + 1);
  }
  const weigh = (list: readonly string[]) =>
    list.reduce((sum, word) => sum + Math.sqrt(Math.sqrt(1 / (holders.get(word) ?? 1))) ** 2, 0);
  const wordsOf = (itemId: string) => wordsById.get(itemId) ?? [];
  const pathOf = (itemId: string) => state.ledger.items.get(itemId)?.category ?? [];
  const nearness: Nearness = {
    of(left, right) {
      const [a, b] = [wordsOf(left), wordsOf(right)];
      const shared = weigh(a.filter((word) => b.includes(word)));
      const name = shared === 0 ? 0 : shared / Math.sqrt(weigh(a) * weigh(b));
      const [path, other] = [pathOf(left), pathOf(right)];
      return path.length === 0 || other.length === 0 ? name : (shelf(path, other) + name) / 2;
    },
    neighbours(itemId) {
      const others = catalogue.map((item) => item.itemId).filter((other) => other !== itemId);
      const met = others.filter((other) => nearness.of(itemId, other) > 0);
      const near = new Map(met.map((other) => [other, nearness.of(itemId, other)]));
      return met.sort(
        (left, right) =>
          (near.get(right) ?? 0) - (near.get(left) ?? 0) || compareByHash(left, right),
      );
    },
  };
  known.set(state, nearness);
  return nearness;
}

function shelf(path: readonly string[], other: readonly string[]): number {
  const apart = path.findIndex((level, at) => level !== other[at]);
  const shared = apart === -1 ? path.length : apart;
  return (shared / Math.max(path.length, other.length)) ** 2;
}
