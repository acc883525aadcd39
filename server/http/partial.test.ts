// Receipts of which a part can be used, and batches of which nothing can.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '../../engine/index.ts';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';
import { operations } from '../operations.ts';

let loopback: Loopback;
beforeAll(async () => {
  loopback = await openLoopback();
});
afterAll(() => loopback.close());

const receipt = (purchaseId: string, lines: readonly unknown[], more: object = {}) => ({
  ...{ purchaseId, occurredAt: '2026-05-01T09:10:00+08:00', lines, ...more },
});
const send = (body: object | string) => loopback.send('POST', '/v1/purchases', body);
const itemsOf = (purchaseId: string) =>
  [...loopback.engine.records.receipts()]
    .filter((row) => row.purchaseId === purchaseId)
    .map(({ itemId }) => itemId);

const lines = [
  { itemId: 'a' },
  { itemId: '' },
  { itemId: 'b', quantity: 0 },
  { itemId: 'c', quantity: -2 },
  { itemId: 'd', unitPriceFen: 100, lineTotalFen: 1 },
  5,
];

test('without partial one bad line costs the receipt, and every fault is told', async () => {
  const { status, json } = await send(receipt('p-1', lines));
  expect(status).toBe(422);
  const fields = json.errors.map(({ field }: { field: string }) => field);
  expect(fields).toEqual(['lines[1].itemId', 'lines[2].quantity', 'lines[5]']);
  expect(itemsOf('p-1')).toEqual([]);
});

test('with partial the others are taken, and places are those of what was sent', async () => {
  const { status, json } = await send(receipt('p-2', lines, { partial: true }));
  expect(status).toBe(201);
  expect(json.leftOutLines).toEqual([1, 2, 3, 5]);
  const warned = json.warnings.map(({ reason, field }: Record<string, string>) => [reason, field]);
  expect(warned).toEqual([
    ['LINE_LEFT_OUT', 'lines[1].itemId'],
    ['LINE_LEFT_OUT', 'lines[2].quantity'],
    ['LINE_LEFT_OUT', 'lines[5]'],
    ['TOTAL_DIFFERS', 'lines[4].lineTotalFen'],
    ['LINE_LEFT_OUT', 'lines[3].quantity'],
  ]);
  expect(itemsOf('p-2')).toEqual(['a', 'd']);
  operations.find(({ name }) => name === 'ingestPurchases')!.replies.created!.parse(json);
  const again = await send(receipt('p-2', lines, { partial: true }));
  expect([again.status, again.json.leftOutLines]).toEqual([200, [1, 2, 3, 5]]);
});

test('a refusal by the engine names the line that was sent', async () => {
  const much = { itemId: 'c', quantity: -2 };
  const sent = [{}, much];
  const { status, json } = await send(receipt('p-3', sent, { partial: true }));
  expect([status, json.result.field]).toEqual([422, 'lines[1].quantity']);
  expect(json.errors).toMatchObject([{ field: 'lines[1].quantity', value: '-2' }]);
});

test('what the format finds wrong with a line leaves out that line', async () => {
  const text = JSON.stringify(receipt('p-4', [{ itemId: 'a' }, { itemId: 'b', quantity: 7 }]));
  const body = text.replace('"quantity":7', '"quantity":-0').replace('{', '{"partial":true,');
  const { status, json } = await send(body);
  expect([status, json.leftOutLines, itemsOf('p-4')]).toEqual([201, [1], ['a']]);
});

test('what is wrong beside the lines, or with all of them, costs the receipt', async () => {
  const partial = { partial: true };
  for (const body of [
    receipt('p-5', lines, { ...partial, memberId: '' }),
    receipt('p-5', [{}, {}], partial),
    receipt('p-5', [], partial),
    receipt('p-5', lines, { partial: 'yes' }),
  ]) {
    expect((await send(body)).status).toBe(422);
  }
  expect(itemsOf('p-5')).toEqual([]);
});

test('of 2,000 lines all bad ones are named, and the first of them explained', async () => {
  const many = Array.from({ length: limits.purchaseLinesMax }, (_, index) => {
    return index % 2 === 0 ? { itemId: `item-${index}` } : { itemId: `item-${index}`, quantity: 0 };
  });
  const { status, json } = await send(receipt('p-6', many, { partial: true }));
  expect(status).toBe(201);
  expect(json.leftOutLines).toHaveLength(1_000);
  expect(json.warnings).toHaveLength(limits.warningsMax + 1);
  expect(json.warnings.at(-1).message).toBe('980 more warnings');
  expect(itemsOf('p-6')).toHaveLength(1_000);
});

test('a batch of which nothing is taken is 422, with a result for each', async () => {
  const bad = [receipt('p-7', []), 5, receipt('p-7', [{ itemId: 'a', quantity: -1 }])];
  const { status, json } = await send({ purchases: bad });
  expect(status).toBe(422);
  operations.find(({ name }) => name === 'ingestPurchases')!.replies.noneAccepted!.parse(json);
  const statuses = json.results.map((result: { status: string }) => result.status);
  expect(statuses).toEqual(['rejected', 'rejected', 'rejected']);
  const voided = receipt('p-7', [{ itemId: 'a' }, { itemId: 'a', quantity: -1 }]);
  const mixed = await send({ purchases: [...bad, voided] });
  expect([mixed.status, mixed.json.results[3].status]).toEqual([200, 'voided']);
});

test('goods come back by the member without a receipt, and whole without lines', async () => {
  await send(receipt('p-8', [{ itemId: 'x', quantity: 0.5 }, { itemId: 'y' }], { memberId: 'm' }));
  const goods = { returnId: 'r-1', occurredAt: '2026-05-02T09:10:00+08:00' };
  const path = '/v1/members/m/returns';
  const first = await loopback.send('POST', path, {
    ...goods,
    lines: [{ itemId: 'x', quantity: 0.7 }],
  });
  expect([first.status, first.json.unmatchedQuantity]).toEqual([201, 0.2]);
  expect(itemsOf('p-8')).toEqual(['y']);
  const whole = { ...goods, returnId: 'r-2' };
  const back = () => loopback.send('POST', '/v1/purchases/p-8/returns', whole);
  expect([(await back()).status, (await back()).status]).toEqual([201, 200]);
  expect(itemsOf('p-8')).toEqual([]);
  const none = await loopback.send('POST', '/v1/purchases/p-8/returns', { ...whole, lines: [] });
  expect(none.status).toBe(422);
});
