// Pieces of long work: one in each turn of the event loop, however many wait.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { doorLimits } from './limits.ts';
import { longListOf, nextPiece, Turns } from './pieces.ts';

test('of many that wait, each turn of the event loop takes one, in their order', async () => {
  let turn = 0;
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      await setImmediate();
      turn += 1;
    }
  })();
  const taken: { readonly who: number; readonly turn: number }[] = [];
  const work = async (who: number) => {
    for (let piece = 0; piece < 3; piece++) {
      await nextPiece();
      taken.push({ who, turn });
    }
  };
  await Promise.all([0, 1, 2, 3].map(work));
  isOver = true;
  await counting;
  expect(taken.map(({ who }) => who)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  expect(new Set(taken.map((each) => each.turn)).size).toBe(taken.length);
});

test('a turn is over when as much was done as fits into one', async () => {
  const turns = new Turns();
  expect(turns.isOver(doorLimits.turnEntries - 1)).toBe(false);
  expect(turns.isOver(1)).toBe(true);
  await turns.next();
  expect(turns.isOver(doorLimits.turnEntries - 1)).toBe(false);
});

test('a reply is long when one of its lists is', () => {
  const entries = (count: number) => Array(count).fill({});
  expect(longListOf({ items: entries(doorLimits.pieceEntries), a: 1 })).toBeUndefined();
  expect(longListOf({ a: 1, items: entries(doorLimits.pieceEntries + 1) })).toBe('items');
});
