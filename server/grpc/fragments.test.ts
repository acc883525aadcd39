// Hot replies, byte for byte those of the generated codec.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ScanSessionResponse } from '#proto/caini/v1/checkout.js';
import { RecommendResponse } from '#proto/caini/v1/recommendation.js';
import {
  type RecommendedItem,
  type RecommendReply,
  reasonTypes,
  relaxationTypes,
  scenarios,
} from '../../engine/index.ts';
import { createFragments } from './fragments.ts';
import { toReason, toRecommendResponse } from './replies.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
/** Few ids with names and prices that change: the memory must notice. */
const itemId = fc.oneof(fc.constantFrom('milk', '牛奶', 'x'.repeat(128)), text);
const name = fc.oneof(fc.constantFrom('鲜牛奶 250ml', 'Milk'), text);
const amount = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 53 - 1),
  fc.nat(),
);
const number = fc.oneof(
  fc.constantFrom(0, 1, 0.1, Number.MIN_VALUE, Number.MAX_VALUE),
  fc.double({ noNaN: true, min: 0 }),
);

const { record, constantFrom } = fc;
const type = constantFrom(...reasonTypes);
/** A name stands beside the id it belongs to. */
const reason = fc.oneof(
  record({ type, count: amount }, { requiredKeys: ['type'] }),
  record({ type, itemId, itemName: name, count: amount }, { requiredKeys: ['type', 'itemId'] }),
);
const item = record(
  {
    itemId,
    name,
    priceFen: amount,
    score: number,
    reasons: fc.array(reason, { minLength: 1, maxLength: 3 }),
    usualGapDays: number,
    nextDueOn: fc.constant('2026-05-14'),
  },
  { requiredKeys: ['itemId', 'score', 'reasons'] },
) as fc.Arbitrary<RecommendedItem>;
const reply = record({
  recommendationId: fc.uuid(),
  scenario: constantFrom(...scenarios),
  items: fc.array(item, { maxLength: 100 }),
  personalized: fc.boolean(),
  relaxations: fc.uniqueArray(constantFrom(...relaxationTypes)),
  watermark: fc.oneof(fc.constant(''), text),
}) as fc.Arbitrary<RecommendReply>;

test('a list is what the generated codec makes of it, whatever was listed before', () => {
  const fragments = createFragments();
  fc.assert(
    fc.property(reply, (list) => {
      const generated = RecommendResponse.encode(toRecommendResponse(list)).finish();
      expect(fragments.list(list).equals(generated)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a list with terms is what the generated codec makes of it', () => {
  const fragments = createFragments();
  const term = record({ type, itemId, score: number }, { requiredKeys: ['type', 'score'] });
  fc.assert(
    fc.property(reply, fc.array(term, { minLength: 1 }), (list, terms) => {
      const told = { ...list, items: list.items.map((each) => ({ ...each, terms })) };
      const generated = RecommendResponse.encode(toRecommendResponse(told)).finish();
      expect(fragments.list(told).equals(generated)).toBe(true);
      for (const { terms: decoded } of RecommendResponse.decode(generated).items) {
        expect(decoded.map(({ score }) => score)).toEqual(terms.map(({ score }) => score));
      }
    }),
  );
});

test('advice is what the generated codec makes of it', () => {
  const fragments = createFragments();
  const offers = fc.array(item, { minLength: 1, maxLength: 3 });
  const seq = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(seq, offers, (forSeq, offered) => {
      const items = offered.map(({ itemId: id, name: itemName, priceFen, reasons }) => ({
        itemId: id,
        name: itemName,
        priceFen,
        reason: toReason(reasons[0]!),
      }));
      const advice = { forSeq, items };
      const generated = ScanSessionResponse.encode({ event: { $case: 'advice', advice } }).finish();
      expect(fragments.advice(forSeq, offered).equals(generated)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
