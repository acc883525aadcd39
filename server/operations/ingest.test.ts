// Batches through a door: however they are made, no turn of the event loop validates much of one.
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { itemSchema, limits } from '../../engine/index.ts';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';
import { doorLimits } from '../limits.ts';
import { anonymous } from './caller.ts';
import { defineIngest } from './ingest.ts';

let loopback: Loopback;
beforeAll(async () => {
  loopback = await openLoopback();
});
afterAll(() => loopback.close());

/** Writes items, and tells how many entries each turn of the event loop looked at. */
async function writeCounted(items: readonly unknown[], parseIssues = [] as never[]) {
  let looked = 0;
  const counting = (value: unknown): boolean => {
    looked += Array.isArray(value) ? value.length : 1;
    return true;
  };
  const { tags } = itemSchema.shape;
  const operation = defineIngest({
    name: 'writeItems',
    scope: 'write',
    reach: 'chain',
    member: 'closed',
    method: 'POST',
    path: '/v1/items',
    tag: 'catalogue',
    summary: '',
    input: itemSchema.extend({ tags: tags.refine(counting) }),
    many: { key: 'items', max: limits.batchPurchasesMax },
    idField: 'itemId',
    upsert: true,
    toEvent: (item) => ({ kind: 'item', item }),
  });
  const perTurn: number[] = [];
  let isOver = false;
  const watching = (async () => {
    for (let before = 0; !isOver; before = looked) {
      await setImmediate();
      perTurn.push(looked - before);
    }
  })();
  const access = { engine: () => loopback.engine, readiness: () => loopback.engine.status() };
  const { body } = await operation.run(access, anonymous, { value: { items }, parseIssues });
  isOver = true;
  await watching;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results.
  return { results: (body as any).results as any[], most: Math.max(...perTurn) };
}

test('a batch of 1,000 full items is validated over many turns', async () => {
  const tags = Array.from({ length: 32 }, (_, index) => `tag ${index}`);
  const items = Array.from({ length: 1_000 }, (_, index) => ({ itemId: `full-${index}`, tags }));
  const { results, most } = await writeCounted(items);
  expect(results.map(({ status }) => status)).toEqual(Array(1_000).fill('created'));
  expect(most).toBeLessThanOrEqual(doorLimits.turnEntries + doorLimits.pieceEntries);
});

test('a batch of 1,000 malformed items tells each, the first of them every fault', async () => {
  const junk = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, index]));
  const items = Array.from({ length: 1_000 }, (_, index) => ({ itemId: `junk-${index}`, ...junk }));
  const { results, most } = await writeCounted(items);
  expect(results.map(({ id }) => id)).toEqual(items.map(({ itemId }) => itemId));
  const reported: number[] = results.map(({ errors }) => errors.length);
  expect(reported.slice(0, 50)).toEqual(Array(50).fill(doorLimits.violationsMax));
  expect(reported.slice(50)).toEqual(Array(950).fill(1));
  expect(results[999].message).toContain('and 19 more');
  expect(most).toBeLessThanOrEqual(doorLimits.turnEntries / doorLimits.pieceEntries + 1);
});

test('faults that the format found belong to their element', async () => {
  const [first, second] = ['{"itemId":"a","priceFen":-0}', '{"itemId":"b"}'];
  const { json } = await loopback.send('POST', '/v1/items', `{"items":[${first},${second}]}`);
  expect(json.results.map(({ status }: { status: string }) => status)).toEqual([
    'rejected',
    'created',
  ]);
  expect(json.results[0].field).toBe('priceFen');
});

test('a body of 1 MB is read over many turns, and its answer is whole', async () => {
  const name = '猜'.repeat(200);
  const items = Array.from({ length: 1_000 }, (_, index) => ({ itemId: `long-${index}`, name }));
  const { status, json } = await loopback.send('POST', '/v1/items', { items });
  expect(status).toBe(200);
  expect(json.results).toHaveLength(1_000);
  const page = await loopback.get('/v1/items?limit=1000&after=long-');
  expect(page.json.items.every((item: { name: string }) => item.name === name)).toBe(true);
});
