// Replies of any shape, as encoders get them: items by their numbers, and a catalogue of their own.
import fc from 'fast-check';
import {
  type Catalogue,
  type Item,
  type RankedItem,
  type RankedReply,
  Registry,
  reasonTypes,
  relaxationTypes,
  scenarios,
} from '../../engine/index.ts';

const { record, constantFrom, oneof } = fc;

export const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
/** Whole numbers around where their encodings grow. */
export const amount = oneof(
  constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 53 - 1),
  fc.nat(),
);
const score = oneof(
  constantFrom(
    0,
    -0,
    1,
    0.1,
    1e-6,
    99_999_999.99,
    0.999_999_999_9,
    1e8,
    1e21,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  fc.double({ noNaN: true, min: 1e-7, max: 1e9 }),
  fc.float({ noNaN: true, min: 0, max: 16 }),
);
const itemId = oneof(
  constantFrom('milk', '牛奶', 'a"b\\c\u0000', '__proto__', 'x'.repeat(128)),
  text,
);
const status = fc.constant('active' as const);
const catalogueItem = record(
  { itemId, status, name: oneof(constantFrom('鲜牛奶 250ml', '🍜"'), text), priceFen: amount },
  { requiredKeys: ['itemId', 'status'] },
) as fc.Arbitrary<Item>;

const itemsMax = 40;
const type = constantFrom(...reasonTypes);
const place = fc.nat({ max: itemsMax - 1 });
const reason = record({
  type,
  anchorNumber: fc.option(place, { nil: undefined }),
  count: fc.option(amount, { nil: undefined }),
});
export const term = record(
  { type, anchorNumber: place, score },
  { requiredKeys: ['type', 'score'] },
) as fc.Arbitrary<NonNullable<RankedItem['terms']>[number]>;
export const rankedItem = record(
  {
    number: place,
    score,
    reasons: fc.array(reason, { maxLength: 3 }),
    usualGapDays: score,
    nextDueDay: fc.nat({ max: 40_000 }),
  },
  { requiredKeys: ['number', 'score', 'reasons'] },
) as fc.Arbitrary<RankedItem>;

export function catalogueOf(items: readonly Item[]): Registry<Item> {
  const registry = new Registry<Item>(() => 0n, 0);
  for (const item of items) registry.push(item.itemId, item, 1);
  return registry;
}

/** Of numbers 0 to `itemsMax` - 1. */
export const catalogue: fc.Arbitrary<Catalogue> = fc
  .array(catalogueItem, { minLength: itemsMax, maxLength: itemsMax })
  .map(catalogueOf);

export const rankedReply = record({
  recommendationId: fc.uuid(),
  scenario: constantFrom(...scenarios),
  items: fc.array(rankedItem, { maxLength: 100 }),
  personalized: fc.boolean(),
  relaxations: fc.uniqueArray(constantFrom(...relaxationTypes)),
  watermark: oneof(fc.constant(''), text),
  catalogue,
}) as fc.Arbitrary<RankedReply>;
