// The quick look may be stricter than the schema, never more generous, and never different.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayparts, plainIdRules, scenarios } from '../../engine/index.ts';
import { operations } from '../operations.ts';
import { acceptMemberList } from './accept.ts';
import { cleanInput } from './input-rules.ts';

const { input } = operations.find(({ name }) => name === 'recommendForMember')!;

const id = fc.oneof(
  { arbitrary: fc.string({ maxLength: 44 }), weight: 5 },
  { arbitrary: fc.constantFrom('ann', '咖啡', '🍜'), weight: 5 },
  { arbitrary: fc.constantFrom('', 'a\ud800', '猜'.repeat(43), 'a'.repeat(129)), weight: 1 },
);
const wild = fc.constantFrom(null, 1.5, -0, Number.NaN, {}, [], true);
const mostly = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: value, weight: 9 }, { arbitrary: wild, weight: 1 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(mostly(value), { nil: undefined });

const given = fc
  .record({
    memberId: mostly(id),
    storeId: maybe(id),
    scenario: maybe(fc.constantFrom(...scenarios, 'other')),
    daypart: maybe(fc.constantFrom(...dayparts, 'dawn')),
    limit: maybe(fc.integer({ min: -2, max: 103 })),
    exclude: maybe(fc.array(id, { maxLength: 3 })),
    colour: fc.option(fc.constant('red'), { nil: undefined, freq: 1 }),
  })
  .map((record) =>
    Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)),
  );

const noEngine = {
  engine: (): never => {
    throw new Error('asked');
  },
};

test('what it accepts the schema accepts, with the same result', () => {
  let accepted = 0;
  fc.assert(
    fc.property(given, (raw) => {
      const request = acceptMemberList(raw, plainIdRules);
      if (request === undefined) return;
      accepted += 1;
      const asked = { value: raw, parseIssues: [] };
      expect(cleanInput(input, asked, noEngine)).toBe(asked);
      expect(request).toEqual({ basket: [], ...input.parse(raw) });
    }),
    { numRuns: 5_000 },
  );
  expect(accepted).toBeGreaterThan(20);
});

test('the usual request is accepted', () => {
  const raw = { memberId: 'ann', storeId: 's1', limit: 10, exclude: ['milk'] };
  expect(acceptMemberList(raw, plainIdRules)).toMatchObject({ ...raw, scenario: 'guess-you-like' });
});
