// A list by numbers becomes the reply that everybody reads: names where there are any, no field of
// what is not known.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { Registry } from '../catalogue/registry.ts';
import type { Item } from '../catalogue/shapes.ts';
import { nameReply, type RankedItem, reasonAbout, reasonOf } from './ranked.ts';

const { h64 } = await xxhash();
const catalogue = new Registry<Item>((id) => h64(id), 0);
catalogue.push('milk', { itemId: 'milk', name: '牛奶', priceFen: 0, status: 'active' }, 1);
catalogue.push('tea', { itemId: 'tea', status: 'active' }, 0);

const named = (item: RankedItem) => {
  const rest = { recommendationId: 'x', scenario: 'popular', personalized: false } as const;
  return nameReply({ ...rest, relaxations: [], watermark: '1', catalogue, items: [item] }).items[0];
};

test('an item has its name and its price, also one that is free', () => {
  const reasons = [reasonAbout('bought_after', 0, 2)];
  expect(named({ number: 0, score: 0.1, reasons: [reasonOf('bought_before', 3)] })).toEqual({
    ...{ itemId: 'milk', name: '牛奶', priceFen: 0, score: 0.1 },
    reasons: [{ type: 'bought_before', count: 3 }],
  });
  expect(named({ number: 1, score: 1, reasons })).toEqual({
    ...{ itemId: 'tea', score: 1 },
    reasons: [{ type: 'bought_after', itemId: 'milk', itemName: '牛奶', count: 2 }],
  });
});

test('scores have nine digits that count, and terms those of their anchors', () => {
  const score = Math.fround(1 / 3);
  const terms = [
    { type: 'bought_after', anchorNumber: 1, score },
    { type: 'popular_in_chain', score: 0 },
  ] as const;
  expect(named({ number: 1, score, reasons: [], terms })).toEqual({
    ...{ itemId: 'tea', score: 0.333333343, reasons: [] },
    terms: [
      { type: 'bought_after', itemId: 'tea', score: 0.333333343 },
      { type: 'popular_in_chain', score: 0 },
    ],
  });
});

test('when it is due again is told as a date', () => {
  const due = { usualGapDays: 7, nextDueDay: 20_605 };
  expect(named({ number: 1, score: 1, reasons: [], ...due })).toMatchObject({
    ...{ usualGapDays: 7, nextDueOn: '2026-06-01' },
  });
});
