// Which items are one: chains of merges, their undo, and circles that two origins made at once.
import { expect, test } from 'vitest';
import { ItemMerges } from './merges.ts';

const ids = ['pear', 'milk', 'apple', 'tea', 'cup'];
const [pear, milk, apple, tea, cup] = [0, 1, 2, 3, 4] as const;

function mergesOf(...pairs: readonly (readonly [number, number])[]): ItemMerges {
  const merges = new ItemMerges((number) => ids[number]!);
  for (const [at, [number, into]] of pairs.entries())
    merges.say(number, { into, sequence: at + 1 });
  return merges;
}

const survivors = (merges: ItemMerges) => ids.map((_, number) => merges.survivorOf(number));

test('an item stands for itself, or for the last of those that it was merged into', () => {
  expect(survivors(mergesOf())).toEqual([0, 1, 2, 3, 4]);
  const merges = mergesOf([pear, milk], [milk, apple], [tea, milk]);
  expect(survivors(merges)).toEqual([apple, apple, apple, apple, cup]);
  expect([...merges.groupOf(milk)].sort()).toEqual([pear, milk, tea]);
  merges.say(milk, { into: undefined, sequence: 4 });
  expect(survivors(merges)).toEqual([milk, milk, apple, milk, cup]);
  expect(merges.isMerged(milk)).toBe(false);
  expect(merges.wordOf(milk)).toEqual({ into: undefined, sequence: 4 });
  merges.say(pear, undefined);
  expect(survivors(merges)).toEqual([pear, milk, apple, milk, cup]);
});

test('of a circle the item whose id comes first stays, in whatever order it was made', () => {
  const pairs = [
    [pear, milk],
    [milk, tea],
    [tea, pear],
    [cup, tea],
  ] as const;
  for (const order of [pairs, [...pairs].reverse()]) {
    expect(survivors(mergesOf(...order))).toEqual([milk, milk, apple, milk, milk]);
  }
});
