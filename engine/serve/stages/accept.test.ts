// What a request must say so that it can be answered.
import { expect, test } from 'vitest';
import { limits } from '../../base/limits.ts';
import { type RecommendRequestInput, recommendRequestSchema } from '../request.ts';
import { assertAnswerable, parseRequest } from './accept.ts';

const asked = (input: object) => () => assertAnswerable(recommendRequestSchema.parse(input));

test.each(['similar', 'bought-together'])('%s needs the item that it starts from', (scenario) => {
  expect(asked({ scenario })).toThrow(`itemId is required for scenario ${scenario}`);
  expect(asked({ scenario, itemId: 'milk' })).not.toThrow();
});

test('buy-again needs the member whose history it reads', () => {
  expect(asked({ scenario: 'buy-again' })).toThrow('memberId is required for scenario buy-again');
  expect(asked({ scenario: 'buy-again', memberId: 'm-1' })).not.toThrow();
});

test('every other list can be asked for by anybody', () => {
  for (const scenario of ['guess-you-like', 'discover', 'basket-add-on', 'popular'])
    expect(asked({ scenario })).not.toThrow();
});

test('what a caller leaves out gets its default', () => {
  expect(parseRequest({ memberId: 'm-1' })).toEqual({
    scenario: 'guess-you-like',
    memberId: 'm-1',
    basket: [],
    exclude: [],
    limit: limits.listItemsDefault,
  });
});

test('what is wrong is refused with its field, its value and what it may be', () => {
  const refused = (input: object) => () => parseRequest(input as RecommendRequestInput);
  expect(refused({ limit: 101 })).toThrow(/^limit: .*100.* \(got 101\)$/);
  expect(refused({ scenario: 'guess' })).toThrow(/^scenario: .*popular.* \(got "guess"\)$/);
  expect(refused({ basket: [{ itemId: 7 }] })).toThrow(/^basket\.0\.itemId: .* \(got 7\)$/);
  expect(refused({ member: 'm-1' })).toThrow(/^member: Unrecognized key/);
  expect(refused({ limit: 0, daypart: 'dawn' })).toThrow(/, and 1 more$/);
  const long = 'x'.repeat(10_000);
  expect(refused({ daypart: long })).toThrow(/… \(10000 characters\)\)$/);
});
