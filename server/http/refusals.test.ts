// Every kind of bad input: a clear 4xx with field, value and limit, and a state that did not move.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BadReceipt, badReceipts, receipt } from '../../tests/support/bad-receipts.ts';
import { type Loopback, openLoopback, type Reply } from '../../tests/support/loopback.ts';

let loopback: Loopback;
beforeAll(async () => {
  loopback = await openLoopback();
  const { status } = await loopback.send('POST', '/v1/purchases', receipt({ purchaseId: 'taken' }));
  expect(status).toBe(201);
});
afterAll(() => loopback.close());

/** The answer names what is expected, and nothing was written or counted. */
async function expectRefusal(
  send: () => Promise<Reply>,
  expected: Omit<BadReceipt, 'name' | 'body'>,
) {
  const { engine } = loopback;
  const before = [engine.inspect.digest(), engine.status().events];
  const reply = await send();
  const { status, ...violation } = expected;
  expect(reply.status, reply.text).toBe(status);
  expect(reply.headers['content-type']).toBe('application/problem+json');
  expect(reply.json).toMatchObject({
    status,
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(reply.json.errors).toContainEqual({
    value: expect.any(String),
    limit: expect.anything(),
    message: expect.any(String),
    ...violation,
  });
  expect([engine.inspect.digest(), engine.status().events]).toEqual(before);
}

describe('a receipt with', () => {
  test.each(badReceipts)('$name', async ({ name: _name, body, ...expected }) => {
    await expectRefusal(() => loopback.send('POST', '/v1/purchases', body), expected);
  });
});

test('a refused receipt carries its result too', async () => {
  const body = receipt({ purchaseId: 'taken', memberId: 'bob' });
  const { json } = await loopback.send('POST', '/v1/purchases', body);
  expect(json.result).toMatchObject({ id: 'taken', status: 'conflict' });
  const malformed = await loopback.send('POST', '/v1/purchases', receipt({ lines: [] }));
  expect(malformed.json.result).toMatchObject({ id: 'r-1', status: 'rejected', field: 'lines' });
});

describe('a list asked for with', () => {
  const path = '/v1/members/ann/recommendations';
  test.each([
    { query: 'limit=0', status: 422, field: 'limit', value: '0', limit: 1 },
    { query: 'limit=101', status: 422, field: 'limit', value: '101', limit: 100 },
    { query: 'limit=1.5', status: 422, field: 'limit', value: '"1.5"' },
    { query: 'limit=-0', status: 422, field: 'limit', value: '"-0"' },
    { query: 'limit=', status: 422, field: 'limit', value: '""' },
    { query: 'limit=9007199254740992', status: 422, field: 'limit', value: '9007199254740992' },
    { query: 'limit=5&limit=6', status: 422, field: 'limit', value: '"6"', limit: 'once' },
    { query: 'colour=red', status: 422, field: 'colour', value: '"red"' },
    { query: '__proto__=1', status: 422, field: '__proto__', value: '"1"' },
    { query: 'scenario=similar', status: 422, field: 'scenario', value: '"similar"' },
    { query: 'daypart=dawn', status: 422, field: 'daypart', value: '"dawn"' },
    { query: 'storeId=', status: 422, field: 'storeId', value: '""', limit: 1 },
    { query: 'asOf=2026-05-01T09:10:00+08:00', status: 422, field: 'asOf' },
    { query: 'storeId=%', status: 400, field: '"storeId"', value: '"%"' },
    { query: 'storeId=%ff', status: 400, field: '"storeId"', value: '"%ff"' },
    { query: 'storeId=%c0%af', status: 400, field: '"storeId"' },
    { query: 'storeId=%ed%a0%80', status: 400, field: '"storeId"' },
    { query: `storeId=${'a'.repeat(129)}`, status: 422, field: 'storeId', limit: 128 },
    { query: `storeId=${'a'.repeat(400_000)}`, status: 431, field: 'request', limit: 16_384 },
  ])('$query', async ({ query, ...expected }) => {
    await expectRefusal(() => loopback.get(`${path}?${query}`), expected);
  });
});

test('what only the engine can refuse is told with value and limit too', async () => {
  const body = { scenario: 'similar' };
  const expected = { status: 422, field: 'itemId', value: 'absent' };
  await expectRefusal(() => loopback.send('POST', '/v1/recommendations', body), expected);
  const query = 'minWatermark=other';
  const reported = { status: 422, field: 'minWatermark', value: '"other"' };
  await expectRefusal(() => loopback.get(`/v1/items/popular?${query}`), reported);
});

describe('over HTTP', () => {
  const post = '/v1/purchases';
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const gbk = { 'content-type': 'application/json; charset=gbk' };
  const brotli = { 'content-encoding': 'br' };
  test.each([
    {
      name: 'a form',
      method: 'POST',
      path: post,
      headers: form,
      status: 415,
      field: 'content-type',
    },
    {
      name: 'another charset',
      method: 'POST',
      path: post,
      headers: gbk,
      status: 415,
      field: 'content-type',
    },
    {
      name: 'a coding that is not taken',
      method: 'POST',
      path: post,
      headers: brotli,
      status: 415,
      field: 'content-encoding',
    },
    { name: 'a query on a POST', method: 'POST', path: `${post}?a=1`, status: 422, field: 'query' },
    { name: 'an unknown path', method: 'POST', path: '/v1/purchase', status: 404, field: 'path' },
    { name: 'a slash too many', method: 'POST', path: `${post}/`, status: 404, field: 'path' },
    {
      name: 'another method',
      method: 'PUT',
      path: post,
      status: 405,
      field: 'method',
      limit: 'POST',
    },
    {
      name: 'a write to a list',
      method: 'PUT',
      path: '/v1/items/popular',
      status: 405,
      field: 'method',
      limit: 'GET, HEAD',
    },
    {
      name: 'a bad id',
      method: 'PUT',
      path: '/v1/items/%zz',
      status: 400,
      field: 'itemId',
      value: '"%zz"',
    },
    {
      name: 'two ids',
      method: 'PUT',
      path: '/v1/items/a',
      body: { itemId: 'b' },
      status: 422,
      field: 'itemId',
      value: '"b"',
      limit: '"a"',
    },
  ])('$name', async ({ name: _name, method, path, headers, body, ...expected }) => {
    await expectRefusal(() => loopback.send(method, path, body ?? receipt(), headers), expected);
  });

  test('405 says in a header what is allowed', async () => {
    const { headers } = await loopback.send('DELETE', '/v1/items/a', undefined);
    expect(headers['allow']).toBe('GET, HEAD, PUT');
  });

  test('a chunked body without a length is cut off at the limit', async () => {
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    const head = 'POST /v1/purchases HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    const reply = await loopback.raw(
      `${head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(17)}`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 413 /);
    expect(reply).toContain('"limit":1048576');
  });

  test('what is not HTTP is told so as a problem', async () => {
    expect(await loopback.raw('HELLO\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*problem\+json/);
    const unencoded = 'GET /v1/items/咖啡 HTTP/1.1\r\nhost: a\r\n\r\n';
    expect(await loopback.raw(unencoded)).toContain('must be percent-encoded');
    const badHost = 'GET /healthz HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n';
    expect(await loopback.raw(badHost)).toMatch(/^HTTP\/1\.1 400 [\s\S]*problem\+json/);
  });
});
