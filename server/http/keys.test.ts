// API keys over HTTP: asked for by every path but health and the documents, and refused in words.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openKeys, type TestKeys } from '../../tests/support/keys.ts';
import { type Loopback, openLoopback, type Reply } from '../../tests/support/loopback.ts';
import type { NewKey } from '../access/change-keys.ts';
import { operations } from '../operations.ts';

let keys: TestKeys;
let loopback: Loopback;
const texts: Record<string, string> = {};
beforeAll(async () => {
  keys = await openKeys();
  const make = (name: string, scopes: NewKey['scopes'], changes: Partial<NewKey> = {}) => {
    texts[name] = keys.make(scopes, changes).text;
  };
  make('reader', ['read']);
  make('metrics', ['metrics']);
  make('bound', ['read', 'write', 'metrics'], { stores: ['S1'] });
  make('old', ['read'], { expiresAt: '2020-01-01T00:00:00.000Z' });
  make('far', ['read'], { addresses: ['10.0.0.0/8'] });
  make('slow', ['read'], { ratePerSecond: 1 });
  make('popular', ['read'], { scenarios: ['popular'] });
  loopback = await openLoopback({}, { authenticate: keys.authenticate() });
});
afterAll(async () => {
  await loopback.close();
  await keys.remove();
});

const withKey = (name: string | undefined, path: string, method = 'GET'): Promise<Reply> => {
  const headers = name === undefined ? {} : { 'x-api-key': texts[name] ?? name };
  return loopback.send(method, path, method === 'GET' ? undefined : {}, headers);
};

const list = '/v1/members/ann/recommendations?storeId=S1';

test.each(operations.filter(({ scope }) => scope !== 'open'))(
  '$method $path is refused without a key, before anything of it is read',
  async ({ method, path }) => {
    const target = path.replaceAll(/\{\w+\}/g, 'x');
    const body = method === 'GET' ? undefined : '{not read';
    for (const headers of [{}, { authorization: 'Basic YTpi' }, { 'x-api-key': 'ck_x' }]) {
      const reply = await loopback.send(method, target, body, headers);
      expect(reply.status).toBe(401);
      expect(reply.headers['www-authenticate']).toBe('Bearer realm="caini"');
      expect(reply.json).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'API_KEY' });
    }
  },
);

describe('a key', () => {
  test('comes as x-api-key or as a bearer, on the hot way and on any other', async () => {
    for (const path of [list, '/v1/members/%61nn/recommendations', '/v1/items']) {
      expect((await withKey('reader', path)).status, path).toBe(200);
      for (const scheme of ['Bearer', 'bearer']) {
        const headers = { authorization: `${scheme} ${texts['reader']}` };
        expect((await loopback.send('GET', path, undefined, headers)).status, path).toBe(200);
      }
    }
  });

  test.each([
    ['reader', '/v1/admin/checkpoint', 'POST', 403, 'SCOPE_MISSING'],
    ['reader', '/metrics', 'GET', 403, 'SCOPE_MISSING'],
    ['bound', '/metrics', 'GET', 403, 'STORE_FOREIGN'],
    ['bound', '/v1/members/ann/recommendations?storeId=S2', 'GET', 403, 'STORE_FOREIGN'],
    ['bound', '/v1/members/ann/recommendations', 'GET', 403, 'STORE_FOREIGN'],
    ['popular', list, 'GET', 403, 'SCENARIO_FOREIGN'],
    ['old', list, 'GET', 403, 'KEY_EXPIRED'],
    ['far', list, 'GET', 403, 'ADDRESS_FOREIGN'],
    ['bound', list, 'GET', 200, undefined],
    ['popular', '/v1/items/popular', 'GET', 200, undefined],
    ['metrics', '/metrics', 'GET', 200, undefined],
  ])('%s asks %s by %s and gets %d %s', async (name, path, method, status, reason) => {
    const reply = await withKey(name, path, method);
    expect(reply.status).toBe(status);
    expect(reply.json?.reason).toBe(reason);
  });

  test('that asks too often gets 429, and when to come back', async () => {
    expect((await withKey('slow', list)).status).toBe(200);
    const reply = await withKey('slow', '/v1/items');
    expect(reply.status).toBe(429);
    expect(reply.headers['retry-after']).toBe('1');
    expect(reply.json.reason).toBe('KEY_RATE');
  });

  test('of a store is shown that store alone', async () => {
    for (const storeId of ['S0', 'S1', 'S2']) {
      await loopback.engine.writes.ingest([{ kind: 'store', store: { storeId } }]);
    }
    const { json } = await withKey('bound', '/v1/stores?limit=1');
    expect(json.stores.map(({ storeId }: { storeId: string }) => storeId)).toEqual(['S1']);
    expect(json).not.toHaveProperty('nextAfter');
  });
});

describe('without a key', () => {
  test('health, readiness and the documents are answered', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs']) {
      expect((await loopback.get(path)).status, path).toBe(200);
    }
  });

  test('readiness says how much there is to this machine, not through a proxy', async () => {
    expect((await loopback.get('/readyz')).json).toHaveProperty('items');
    const headers = { 'x-forwarded-for': '10.1.2.3' };
    const { json } = await loopback.send('GET', '/readyz', undefined, headers);
    expect(json).toEqual({ ready: true });
    const withOne = { ...headers, 'x-api-key': texts['metrics'] };
    expect((await loopback.send('GET', '/readyz', undefined, withOne)).json).toHaveProperty(
      'items',
    );
    const wrong = { ...headers, 'x-api-key': 'ck_wrong' };
    expect((await loopback.send('GET', '/readyz', undefined, wrong)).json).toEqual({ ready: true });
  });

  test('a path that is not there is told so, as to everybody', async () => {
    expect((await loopback.get('/v1/nothing')).status).toBe(404);
  });
});

test('a batch with one receipt of another store is refused as a whole', async () => {
  const receipt = (purchaseId: string, storeId: string) => ({
    purchaseId,
    storeId,
    occurredAt: '2026-05-01T09:10:00+08:00',
    lines: [{ itemId: 'milk', quantity: 1 }],
  });
  const send = (...purchases: object[]) =>
    loopback.send('POST', '/v1/purchases', { purchases }, { 'x-api-key': texts['bound'] });
  const mixed = await send(receipt('b-1', 'S1'), receipt('b-2', 'S2'));
  expect(mixed.status).toBe(403);
  expect(mixed.json).toMatchObject({ reason: 'STORE_FOREIGN', errors: [{ field: 'storeId' }] });
  expect([...loopback.engine.records.receipts()]).toEqual([]);
  expect((await send(receipt('b-1', 'S1'))).status).toBe(200);
});
