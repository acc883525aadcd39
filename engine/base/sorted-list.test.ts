// Kept orders: whatever comes and goes, they hold what a sort would give.
import { expect, test } from 'vitest';
import { createRandom } from './random.ts';
import { SortedList } from './sorted-list.ts';

test('after any additions and removals all stand in their order', () => {
  const { integer, chance } = createRandom(3);
  for (let round = 0; round < 20; round++) {
    const rank = (number: number) => (number * 7_919) % 10_007;
    const order = new SortedList((a, b) => rank(a) - rank(b));
    const there = new Set<number>();
    for (let step = 0; step < 4_000; step++) {
      const number = integer(3_000);
      if (there.has(number) && chance(0.5)) {
        order.remove(number);
        there.delete(number);
      } else if (!there.has(number)) {
        order.add(number);
        there.add(number);
      }
    }
    const expected = [...there].sort((a, b) => rank(a) - rank(b));
    expect([...order.runs()].flat()).toEqual(expected);
    const from = integer(10_007);
    const after = [...order.runs((number) => rank(number) > from)].flat();
    expect(after).toEqual(expected.filter((number) => rank(number) > from));
    for (const number of there) order.remove(number);
    expect([order.isEmpty, [...order.runs()].flat()]).toEqual([true, []]);
  }
});

test('a number finds its place among 300,000 by a few comparisons', () => {
  let compared = 0;
  const order = new SortedList((a, b) => {
    compared += 1;
    return a - b;
  });
  for (let number = 0; number < 300_000; number++) order.add(number * 2);
  const { integer } = createRandom(5);
  for (let step = 0; step < 1_000; step++) {
    compared = 0;
    const number = 2 * integer(300_000) + 1;
    order.add(number);
    order.remove(number);
    expect(compared).toBeLessThan(60);
  }
});

test('what is read from the middle is a few hundred at a time', () => {
  const order = new SortedList((a, b) => a - b);
  for (let number = 0; number < 100_000; number++) order.add(number);
  const [first] = order.runs((number) => number >= 50_000);
  expect(first![0]).toBe(50_000);
  expect(first!.length).toBeLessThanOrEqual(512);
});
