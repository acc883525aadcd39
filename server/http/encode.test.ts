// The hot reply says what JSON.stringify says, whatever was listed before.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Item, nameReply, type RankedReply } from '../../engine/index.ts';
import { catalogueOf, rankedItem, rankedReply, term } from '../../tests/support/ranked-replies.ts';
import { doorLimits } from '../limits.ts';
import { createListEncoder } from './encode.ts';

const encode = createListEncoder();
const textOf = (reply: RankedReply) => Buffer.from(encode(reply), 'latin1').toString();

test('a list is the bytes of its JSON, also when its items are known by heart', () => {
  fc.assert(
    fc.property(rankedReply, (reply) => {
      const json = JSON.stringify(nameReply(reply));
      expect(textOf(reply)).toBe(json);
      expect(textOf(reply)).toBe(json);
    }),
    { numRuns: 500 },
  );
});

test('terms are told beside it', () => {
  fc.assert(
    fc.property(rankedReply, rankedItem, fc.array(term), (reply, item, terms) => {
      const reported = { ...reply, items: [{ ...item, terms }] };
      expect(textOf(reported)).toBe(JSON.stringify(nameReply(reported)));
    }),
  );
});

/** A list of these items, by their numbers. */
function listOf(items: readonly Item[]): RankedReply {
  return {
    recommendationId: 'r',
    scenario: 'popular',
    items: items.map((_, number) => ({ number, score: 1, reasons: [] })),
    personalized: false,
    relaxations: [],
    watermark: '1',
    catalogue: catalogueOf(items),
  };
}

test('an item that is renamed is listed by its new name, and a new one by its own', () => {
  const items = catalogueOf([{ itemId: 'milk', status: 'active', name: '牛奶' }]);
  const reply = { ...listOf([]), items: [{ number: 0, score: 1, reasons: [] }], catalogue: items };
  expect(textOf(reply)).toContain('"牛奶"');
  items.replace(0, { itemId: 'milk', status: 'active', name: '鲜牛奶', priceFen: 250 }, 2);
  expect(textOf(reply)).toContain('"鲜牛奶","priceFen":250');
  // What did not commit is forgotten, and its number given to another.
  items.truncate(0);
  items.push('bread', { itemId: 'bread', status: 'active' }, 3);
  expect(textOf(reply)).toBe(JSON.stringify(nameReply(reply)));
});

test('a catalogue of more than is remembered is listed all the same', () => {
  const size = 2_000;
  const itemBytes = 2 * 200;
  const lists = Math.ceil((1.5 * doorLimits.fragmentBytesMax) / (size * itemBytes));
  const all = Array.from({ length: lists * size }, (_, index): Item => {
    return { itemId: `item-${index}`, status: 'active', name: 'x'.repeat(180) };
  });
  const whole = listOf(all);
  // Twice, so that what was forgotten comes again.
  for (let at = 0; at < 2 * lists; at++) {
    const items = whole.items.slice((at % lists) * size, ((at % lists) + 1) * size);
    const reply = { ...whole, items };
    expect(textOf(reply) === JSON.stringify(nameReply(reply)), `list ${at}`).toBe(true);
  }
});

test('a list of any length is one text', () => {
  for (const length of [0, 1, 1_000, 30_000]) {
    const reply = listOf(Array(length).fill({ itemId: 'milk', status: 'active' }));
    expect(textOf(reply) === JSON.stringify(nameReply(reply)), `${length} items`).toBe(true);
  }
});
