// How much of long work is done in one turn of the event loop.
import { expect, test } from 'vitest';
import { doorLimits } from './limits.ts';
import { longListOf, Turns } from './pieces.ts';

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
