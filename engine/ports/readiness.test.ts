// What may be asked of a chain at each step of its start.
import { expect, test } from 'vitest';
import { Readiness } from './readiness.ts';

function stage() {
  const counting = { waitingFor: undefined as string | undefined, isOversize: false };
  return { counting, readiness: new Readiness(counting) };
}

const again = { name: 'reconciling', what: 'erasing again' } as const;

test('nothing is answered before the catalogue is read', () => {
  const { counting, readiness } = stage();
  counting.waitingFor = 'counting receipts';
  expect(readiness.waitingFor).toBe('reading the catalogue');
  expect(() => readiness.assertKnowsCatalogue()).toThrow('not ready: reading the catalogue');
});

test('items can be read while receipts are counted, lists are not', () => {
  const { counting, readiness } = stage();
  readiness.enter(again);
  counting.waitingFor = 'counting receipts';
  readiness.assertKnowsCatalogue();
  expect(() => readiness.assertReady()).toThrow('not ready: counting receipts');
  counting.waitingFor = undefined;
  expect(readiness.waitingFor).toBe('erasing again');
  readiness.enter({ name: 'open' });
  readiness.assertReady();
});

test('a chain too large for memory may be made smaller, but not before it is reconciled', () => {
  const { counting, readiness } = stage();
  readiness.enter(again);
  Object.assign(counting, { isOversize: true, waitingFor: 'more memory' });
  expect(() => readiness.assertReadyOrOversize()).toThrow('not ready: more memory');
  readiness.enter({ name: 'open' });
  readiness.assertReadyOrOversize();
  expect(() => readiness.assertReady()).toThrow('not ready: more memory');
});

test('after a failure items can be read only if they were read', () => {
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
