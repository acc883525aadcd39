// Tests of the ranking metrics: by hand, and against naive ones over random lists.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hitAt, ndcgAt, recallAt, reciprocalRankAt } from './ranking.ts';

const list = ['a', 'b', 'c', 'd'];

test('recall is the share of the receipt that the first k hold', () => {
  expect(recallAt(list, new Set(['b', 'd', 'x']), 4)).toBeCloseTo(2 / 3, 12);
  expect(recallAt(list, new Set(['b', 'd', 'x']), 3)).toBeCloseTo(1 / 3, 12);
  expect(recallAt(list, new Set(['x']), 4)).toBe(0);
});

test('a receipt longer than the list cannot be recalled whole', () => {
  expect(recallAt(['a', 'b'], new Set(['a', 'b', 'c', 'd']), 2)).toBe(0.5);
});

test('the ideal of NDCG goes over the whole receipt', () => {
  // Hits at the places 2 and 4 of a receipt of three items.
  const gain = 1 / Math.log2(3) + 1 / Math.log2(5);
  const ideal = 1 + 1 / Math.log2(3) + 1 / Math.log2(4);
  expect(ndcgAt(list, new Set(['b', 'd', 'x']), 4)).toBeCloseTo(gain / ideal, 12);
  // Were the ideal cut at k, this would be 1.
  expect(ndcgAt(list, new Set(['a', 'x']), 1)).toBeCloseTo(1 / (1 + 1 / Math.log2(3)), 12);
});

test('a hit is a hit however many there are', () => {
  expect(hitAt(list, new Set(['d', 'c']), 4)).toBe(1);
  expect(hitAt(list, new Set(['d', 'c']), 2)).toBe(0);
});

test('the reciprocal rank is that of the first hit among the first k', () => {
  expect(reciprocalRankAt(list, new Set(['c']), 4)).toBeCloseTo(1 / 3, 12);
  expect(reciprocalRankAt(list, new Set(['c', 'b']), 4)).toBe(0.5);
  expect(reciprocalRankAt(list, new Set(['c']), 2)).toBe(0);
});

test('a list shorter than k is judged as it is', () => {
  expect(recallAt(['a'], new Set(['a', 'b']), 10)).toBe(0.5);
  expect(ndcgAt([], new Set(['a']), 10)).toBe(0);
});

test('all metrics agree with naive ones on random lists', () => {
  const items = fc.integer({ min: 0, max: 30 });
  const cases = fc.record({
    ranked: fc.uniqueArray(items, { maxLength: 25 }),
    bought: fc.uniqueArray(items, { minLength: 1, maxLength: 12 }),
    k: fc.integer({ min: 1, max: 25 }),
  });
  fc.assert(
    fc.property(cases, ({ ranked, bought, k }) => {
      const truth = new Set(bought);
      const gains = Array.from({ length: k }, (_, place) =>
        place < ranked.length && bought.includes(ranked[place]!) ? 1 : 0,
      );
      const hits = gains.filter((gain) => gain === 1).length;
      const discounted = (values: readonly number[]) =>
        values.reduce((sum, value, place) => sum + (value * Math.LN2) / Math.log(place + 2), 0);
      expect(recallAt(ranked, truth, k)).toBeCloseTo(hits / bought.length, 12);
      expect(hitAt(ranked, truth, k)).toBe(hits === 0 ? 0 : 1);
      const ndcg = discounted(gains) / discounted(bought.map(() => 1));
      expect(ndcgAt(ranked, truth, k)).toBeCloseTo(ndcg, 12);
      expect(reciprocalRankAt(ranked, truth, k)).toBe(hits === 0 ? 0 : 1 / (gains.indexOf(1) + 1));
    }),
  );
});
