// Hot replies, byte for byte those of the generated codec.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ScanSessionResponse } from '#proto/caini/v1/checkout.js';
import { RecommendResponse } from '#proto/caini/v1/recommendation.js';
import { nameReply, roundScore } from '../../engine/index.ts';
import { catalogue, rankedItem, rankedReply, term } from '../../tests/support/ranked-replies.ts';
import { createFragments } from './fragments.ts';
import { toReason, toRecommendResponse } from './replies.ts';

test('a list is what the generated codec makes of it, whatever was listed before', () => {
  const fragments = createFragments();
  fc.assert(
    fc.property(rankedReply, (list) => {
      const generated = RecommendResponse.encode(toRecommendResponse(nameReply(list))).finish();
      expect(fragments.list(list).equals(generated)).toBe(true);
      expect(fragments.list(list).equals(generated)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a list with terms is what the generated codec makes of it', () => {
  const fragments = createFragments();
  fc.assert(
    fc.property(rankedReply, fc.array(term, { minLength: 1 }), (list, terms) => {
      const reported = { ...list, items: list.items.map((each) => ({ ...each, terms })) };
      const generated = RecommendResponse.encode(toRecommendResponse(nameReply(reported))).finish();
      expect(fragments.list(reported).equals(generated)).toBe(true);
      for (const { terms: decoded } of RecommendResponse.decode(generated).items) {
        expect(decoded.map(({ score }) => score)).toEqual(
          terms.map(({ score }) => roundScore(score) + 0),
        );
      }
    }),
  );
});

test('advice is what the generated codec makes of it', () => {
  const fragments = createFragments();
  const offer = rankedItem.filter(({ reasons }) => reasons.length > 0);
  const offers = fc.array(offer, { minLength: 1, maxLength: 3 });
  const seq = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(seq, offers, catalogue, rankedReply, (forSeq, offered, items, any) => {
      const { items: named } = nameReply({ ...any, items: offered, catalogue: items });
      const reported = named.map(({ itemId, name, priceFen, reasons }) => ({
        itemId,
        name,
        priceFen,
        reason: toReason(reasons[0]!),
      }));
      const advice = { forSeq, items: reported };
      const generated = ScanSessionResponse.encode({ event: { $case: 'advice', advice } }).finish();
      expect(fragments.advice(forSeq, offered, items).equals(generated)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
