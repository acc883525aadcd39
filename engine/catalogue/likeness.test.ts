// What is alike, kept in step with the catalogue by slices of bounded work.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { limits } from '../base/limits.ts';
import { Likeness } from './likeness.ts';
import { Registry } from './registry.ts';
import { type Item, itemSchema } from './shapes.ts';

const { h64 } = await xxhash();

function likenessOf(count: number, supportOf: (number: number) => number = () => 0) {
  const items = new Registry<Item>((id) => h64(id), 0);
  const push = (at: number) => {
    const category = [`shelf ${at % 10}`];
    const item = itemSchema.parse({ itemId: `i${at}`, name: `noun${at % 30} no${at}`, category });
    // The first in the catalogue were written last.
    return items.push(item.itemId, item, 1 + ((at * 7_919) % 100_003));
  };
  for (let at = 0; at < count; at++) push(at);
  const likeness = new Likeness(items, supportOf);
  return { items, likeness, push };
}

/** Runs a start to its end; how many slices it took. */
const begun = (likeness: Likeness) => [...likeness.begin()].length;

/** Slices until nothing is left. */
function workedOff(likeness: Likeness): number {
  let slices = 1;
  while (likeness.processSome()) slices += 1;
  return slices;
}

const newItemsOf = (likeness: Likeness, count: number) =>
  new Set(
    Array.from({ length: count }, (_, number) => likeness.newcomers.similarTo(number)).flatMap(
      (newItems) => newItems.map(({ number }) => number),
    ),
  );

test('at a start the latest upserts with few receipts are kept at hand', () => {
  const isSold = (number: number) => number % 3 === 0;
  const { items, likeness } = likenessOf(6_000, (number) => (isSold(number) ? 9 : 0));
  expect(begun(likeness)).toBeGreaterThanOrEqual(3);
  expect(likeness.newcomers.isEmpty).toBe(true);
  expect(workedOff(likeness)).toBeGreaterThan(limits.newcomersMax / 4);
  const numbers = Array.from({ length: 6_000 }, (_, number) => number).filter((n) => !isSold(n));
  const latest = numbers
    .sort((a, b) => items.sequenceOf(a) - items.sequenceOf(b))
    .slice(-limits.newcomersMax);
  expect(newItemsOf(likeness, 6_000)).toEqual(new Set(latest));
});

test('one upsert is known to who asks next, and a thousand of them over many slices', () => {
  const { likeness, push } = likenessOf(100);
  begun(likeness);
  workedOff(likeness);
  const one = push(100);
  expect(likeness.update(new Set([one]))).toBe(false);
  expect(newItemsOf(likeness, 101)).toContain(one);
  const many = new Set(Array.from({ length: 1_000 }, (_, at) => push(101 + at)));
  expect(likeness.update(many)).toBe(true);
  expect(workedOff(likeness)).toBeGreaterThan(10);
  expect(newItemsOf(likeness, 1_101).size).toBe(limits.newcomersMax);
});

test('receipts that change no item cost nothing', () => {
  const { likeness } = likenessOf(1_000);
  begun(likeness);
  const { version } = likeness.content;
  expect(likeness.update(new Set())).toBe(false);
  expect(likeness.content.version).toBe(version);
});
