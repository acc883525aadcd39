// Proofs of the seeded generator: repeatable, within bounds, even.
import { expect, test } from 'vitest';
import { createRandom, uniformOf, weightedIndex } from './random.ts';

const draws = (seed: number, count: number) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

test('the same seed gives the same numbers and another seed gives others', () => {
  expect(draws(7, 50)).toEqual(draws(7, 50));
  expect(draws(7, 50)).not.toEqual(draws(8, 50));
});

test('numbers lie in [0, 1) and fill it evenly', () => {
  const tenths = new Array<number>(10).fill(0);
  for (const number of draws(3, 100_000)) tenths[Math.floor(number * 10)]! += 1;
  expect(tenths).toHaveLength(10);
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('whole numbers, chances and bell draws keep their bounds', () => {
  const random = createRandom(11);
  const wholes = new Set(Array.from({ length: 1_000 }, () => random.integer(3)));
  expect([...wholes].toSorted()).toEqual([0, 1, 2]);
  const bells = Array.from({ length: 10_000 }, () => random.aroundOne());
  expect(Math.min(...bells)).toBeGreaterThanOrEqual(0.55);
  expect(Math.max(...bells)).toBeLessThan(1.45);
  expect(random.chance(0)).toBe(false);
  expect(random.chance(1)).toBe(true);
});

test('a weighted draw never lands on weight zero and follows the weights', () => {
  expect(weightedIndex([0, 1, 0], 0)).toBe(1);
  expect(weightedIndex([0, 1, 0], 0.999_999)).toBe(1);
  expect(weightedIndex([1, 3], 0.24)).toBe(0);
  expect(weightedIndex([1, 3], 0.26)).toBe(1);
});

test('the taste of a household for a shelf is a pure and even function of both', () => {
  expect(uniformOf(5, 9)).toBe(uniformOf(5, 9));
  const tastes = Array.from({ length: 10_000 }, (_, index) => uniformOf(index, 4));
  const mean = tastes.reduce((sum, taste) => sum + taste) / tastes.length;
  expect(mean).toBeGreaterThan(0.48);
  expect(mean).toBeLessThan(0.52);
});
