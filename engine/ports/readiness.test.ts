// What may be asked of a chain at each step of its start.
import { expect, test } from 'vitest';
import { Readiness } from './readiness.ts';

function stage() {
  const keeper = { waitingFor: undefined as string | undefined, isOversize: false };
  return { keeper, readiness: new Readiness(keeper) };
}

const again = { name: 'reconciling', what: 'erasing again' } as const;

test('nothing is told before the catalogue is read', () => {
  const { keeper, readiness } = stage();
  keeper.waitingFor = 'counting receipts';
  expect(readiness.waitingFor).toBe('reading the catalogue');
  expect(() => readiness.assertKnowsCatalogue()).toThrow('not ready: reading the catalogue');
});

test('items are told while receipts are counted, lists are not', () => {
  const { keeper, readiness } = stage();
  readiness.enter(again);
  keeper.waitingFor = 'counting receipts';
  readiness.assertKnowsCatalogue();
  expect(() => readiness.assertReady()).toThrow('not ready: counting receipts');
  keeper.waitingFor = undefined;
  expect(readiness.waitingFor).toBe('erasing again');
  readiness.enter({ name: 'open' });
  readiness.assertReady();
});

test('a chain too large for memory may be made smaller, but not before it is reconciled', () => {
  const { keeper, readiness } = stage();
  readiness.enter(again);
  Object.assign(keeper, { isOversize: true, waitingFor: 'more memory' });
  expect(() => readiness.assertReadyOrOversize()).toThrow('not ready: more memory');
  readiness.enter({ name: 'open' });
  readiness.assertReadyOrOversize();
  expect(() => readiness.assertReady()).toThrow('not ready: more memory');
});

test('after a failure items are told only if they were read', () => {
  const early = stage().readiness;
  early.fail('Error: damaged');
  expect(() => early.assertKnowsCatalogue()).toThrow('not ready: Error: damaged');
  const late = stage().readiness;
  late.enter(again);
  late.fail('Error: damaged');
  late.assertKnowsCatalogue();
  expect(late.waitingFor).toBe('Error: damaged');
  expect(() => late.assertReadyOrOversize()).toThrow('not ready: Error: damaged');
});
