// Tests of the scoreboard, its intervals, and the variety of lists.
import { expect, test } from 'vitest';
import { createRandom } from '../../engine/index.ts';
import { bootstrapIntervals } from './bootstrap.ts';
import { Scoreboard } from './scoreboard.ts';
import { coverageOf, noveltyOf } from './variety.ts';

test('the mean is over receipts, not over members', () => {
  const board = new Scoreboard(['recall10', 'phr10']);
  board.add('ann', [1, 1]);
  board.add('ann', [0.5, 1]);
  board.add('bob', [0, 0]);
  expect(board.count).toBe(3);
  expect(board.means()).toEqual({ recall10: 0.5, phr10: 2 / 3 });
});

test('without receipts the means are 0 and there are no intervals', () => {
  const board = new Scoreboard(['recall10']);
  expect(board.means()).toEqual({ recall10: 0 });
  expect(board.intervals(1)).toBeUndefined();
});

test('an interval holds the mean, repeats by its seed and moves with it', () => {
  const board = new Scoreboard(['recall10']);
  const random = createRandom(7);
  for (let member = 0; member < 200; member += 1) board.add(`m${member}`, [random.next()]);
  const { recall10: mean } = board.means();
  const [low, high] = board.intervals(1)!['recall10']!;
  expect(low).toBeLessThan(mean!);
  expect(high).toBeGreaterThan(mean!);
  expect(board.intervals(1)).toEqual(board.intervals(1));
  expect(board.intervals(2)).not.toEqual(board.intervals(1));
});

test('the interval is that of the normal law where the law holds', () => {
  const random = createRandom(3);
  const clusters = Array.from({ length: 2_000 }, () => ({ sums: [random.next()], count: 1 }));
  const [low, high] = bootstrapIntervals(clusters, { seed: 1, samples: 4_000 })[0]!;
  // The deviation of a uniform draw is sqrt(1/12).
  const expected = (2 * 1.96 * Math.sqrt(1 / 12)) / Math.sqrt(2_000);
  expect(Math.abs((high - low) / expected - 1)).toBeLessThan(0.1);
});

test('receipts of one member are drawn together, which widens the interval', () => {
  const together = new Scoreboard(['hit']);
  const apart = new Scoreboard(['hit']);
  for (let index = 0; index < 400; index += 1) {
    const value = Math.floor(index / 20) % 2;
    together.add(`m${Math.floor(index / 20)}`, [value]);
    apart.add(`m${index}`, [value]);
  }
  const width = (board: Scoreboard) => {
    const [low, high] = board.intervals(1)!['hit']!;
    return high - low;
  };
  // Twenty alike receipts are worth one: sqrt(20) times as wide.
  expect(width(together) / width(apart)).toBeGreaterThan(3.5);
});

test('coverage is the share of known items listed, novelty the mean self-information', () => {
  const listings = new Map([
    ['milk', 3],
    ['truffle', 1],
    ['unsold', 5],
  ]);
  const supports: Readonly<Record<string, number>> = { milk: 50, truffle: 25 };
  const popularity = { receipts: 100, supportOf: (id: string) => supports[id] ?? 0 };
  expect(coverageOf(listings, 12)).toBe(0.25);
  expect(coverageOf(listings, 0)).toBe(0);
  // Three listings of one bit, one of two; what nobody bought has no share.
  expect(noveltyOf(listings, popularity)).toBeCloseTo((3 * 1 + 1 * 2) / 4, 12);
  expect(noveltyOf(new Map(), popularity)).toBe(0);
});
