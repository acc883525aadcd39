// Receipts that take the place of others, and members who are found after the payment, over HTTP.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';

let loopback: Loopback;
beforeAll(async () => {
  loopback = await openLoopback();
});
afterAll(() => loopback.close());

const receipt = (purchaseId: string, itemId: string, more: object = {}) => ({
  ...{ purchaseId, occurredAt: '2026-05-01T09:10:00+08:00', lines: [{ itemId }], ...more },
});
const post = (path: string, body: object) => loopback.send('POST', path, body);
const send = (body: object) => post('/v1/purchases', body);
const attach = (purchaseId: string, memberId: string) =>
  post(`/v1/purchases/${purchaseId}/member`, { memberId });
const held = () =>
  [...loopback.engine.records.receipts()].map(({ purchaseId, memberId, itemId }) =>
    [purchaseId, memberId, itemId].join(' '),
  );

test('a correction is created, and a duplicate when it comes again', async () => {
  expect((await send(receipt('p', 'milk'))).status).toBe(201);
  expect((await send(receipt('n', 'tea', { replaces: ' p ' }))).status).toBe(201);
  expect((await send(receipt('n', 'tea', { replaces: 'p' }))).status).toBe(200);
  expect((await send(receipt('p', 'milk'))).status).toBe(200);
  expect(held()).toEqual(['n  tea']);
});

test('what cannot be replaced is refused with field and value', async () => {
  const { status, json } = await send(receipt('m', 'tea', { replaces: 'nowhere' }));
  expect([status, json.reason]).toEqual([422, 'PURCHASE_UNKNOWN']);
  expect(json.errors).toMatchObject([{ field: 'replaces', value: '"nowhere"' }]);
  const replaced = await send(receipt('m', 'tea', { replaces: 'p' }));
  expect([replaced.status, replaced.json.reason]).toEqual([422, 'PURCHASE_REPLACED']);
  expect((await send(receipt('p', 'rice'))).status).toBe(409);
  expect((await send(receipt('m', 'tea', { replaces: '' }))).json.errors).toMatchObject([
    { field: 'replaces' },
  ]);
});

test('a batch answers each of them by itself', async () => {
  const purchases = [
    receipt('b-1', 'milk'),
    receipt('b-2', 'eggs', { replaces: 'b-1' }),
    receipt('b-3', 'rice', { replaces: 'b-1' }),
  ];
  for (const statuses of [
    ['created', 'created', 'rejected'],
    ['duplicate', 'duplicate', 'rejected'],
  ]) {
    const { status, json } = await send({ purchases });
    expect(status).toBe(200);
    expect(json.results.map((result: { status: string }) => result.status)).toEqual(statuses);
  }
});

test('an anonymous receipt gets a member, once', async () => {
  await send(receipt('w', 'salt'));
  expect((await attach('w', 'ann')).status).toBe(201);
  expect(held()).toContain('w ann salt');
  expect((await attach('w', 'ann')).json).toMatchObject({ id: 'w', status: 'duplicate' });
  const other = await attach('w', 'bob');
  expect([other.status, other.json.reason]).toEqual([409, 'MEMBER_DIFFERS']);
  const unknown = await attach('nowhere', 'ann');
  expect([unknown.status, unknown.json.reason]).toEqual([422, 'PURCHASE_UNKNOWN']);
  expect(unknown.json.errors).toMatchObject([{ field: 'purchaseId', value: '"nowhere"' }]);
});
