// The hot reply says what JSON.stringify says, whatever was listed before.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type RecommendReply,
  reasonTypes,
  relaxationTypes,
  scenarios,
} from '../../engine/index.ts';
import { createListEncoder } from './encode.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
/** Few ids with names and prices that change: the memory must notice. */
const itemId = fc.oneof(fc.constantFrom('milk', '牛奶', 'a"b\\c\u0000', '__proto__'), text);
const name = fc.oneof(fc.constantFrom('鲜牛奶 250ml', '🍜"'), text);
const count = fc.oneof(fc.constantFrom(0, 2 ** 53 - 1), fc.nat());
const number = fc.oneof(
  fc.constantFrom(0, -0, 1e21, 0.1, Number.MIN_VALUE, Number.MAX_VALUE),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
);
const type = fc.constantFrom(...reasonTypes);
/** In the order in which the engine names them. */
const reason = fc
  .record({ type, itemId, itemName: name, count }, { requiredKeys: ['type'] })
  .map(({ type: told, itemId: id, itemName, count: many }) => ({
    type: told,
    ...(id !== undefined && { itemId: id }),
    ...(id !== undefined && itemName !== undefined && { itemName }),
    ...(many !== undefined && { count: many }),
  }));
const item = fc
  .tuple(itemId, name, count, number, fc.array(reason, { maxLength: 3 }), number, fc.nat(15))
  .map(([id, named, priceFen, score, reasons, usualGapDays, which]) => ({
    itemId: id,
    ...((which & 1) === 1 && { name: named }),
    ...((which & 2) === 2 && { priceFen }),
    score,
    reasons,
    ...((which & 8) === 8 && { terms: [{ type: reasonTypes[0], itemId: id, score }] }),
    ...((which & 4) === 4 && { usualGapDays, nextDueOn: '2026-05-14' }),
  }));
const reply = fc
  .tuple(
    fc.uuid(),
    fc.constantFrom(...scenarios),
    fc.array(item, { maxLength: 100 }),
    fc.boolean(),
    fc.uniqueArray(fc.constantFrom(...relaxationTypes)),
    text,
  )
  .map(
    ([
      recommendationId,
      scenario,
      items,
      personalized,
      relaxations,
      watermark,
    ]): RecommendReply => ({
      recommendationId,
      scenario,
      items,
      personalized,
      relaxations,
      watermark,
    }),
  );

test('a list is the bytes of its JSON', () => {
  const encode = createListEncoder();
  fc.assert(
    fc.property(reply, (list) => {
      const bytes = Buffer.from(encode(list), 'latin1');
      expect(bytes.toString()).toBe(JSON.stringify(list));
    }),
    { numRuns: 500 },
  );
});
