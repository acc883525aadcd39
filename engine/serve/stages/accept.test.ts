// What a request must say so that it can be answered.
import { expect, test } from 'vitest';
import { recommendRequestSchema } from '../request.ts';
import { assertAnswerable } from './accept.ts';

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
