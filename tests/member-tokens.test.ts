// Tokens of members at both doors: every way to name a member, every place that is not for them,
// and what an issuer alone locks. tests/access.test.ts walks all operations.
import { once } from 'node:events';
import { connect } from 'node:net';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { revokeIssuer } from '../server/access/change-issuers.ts';
import { doorLimits } from '../server/limits.ts';
import { converse } from './support/conversation.ts';
import { openKeys, type TestKeys } from './support/keys.ts';
import { type Loopback, openLoopback } from './support/loopback.ts';
import { ask, type Message, openTill, refusalOf, type Till } from './support/till.ts';
import { openIssuers, type Sign, type TestIssuers } from './support/tokens.ts';

let keys: TestKeys;
let issuers: TestIssuers;
let loopback: Loopback;
let till: Till;
let sign: Sign;
let ann: string;
beforeAll(async () => {
  keys = await openKeys();
  issuers = await openIssuers();
  ({ sign } = issuers.make());
  ann = await sign({ sub: 'ann' });
  // No API key was ever made: the issuer alone locks the doors.
  const authenticate = keys.authenticate(issuers.tokens());
  loopback = await openLoopback({}, { authenticate });
  till = await openTill({ authenticate });
  const line = { itemId: 'milk', quantity: 1 };
  const channel = 'pos' as const;
  const receipt = {
    storeId: 'S1',
    channel,
    occurredAt: '2026-05-01T09:10:00+08:00',
    lines: [line],
  };
  for (const { engine } of [loopback, till]) {
    await engine.writes.ingest([
      { kind: 'purchase', purchase: { purchaseId: 'p1', memberId: 'ann', ...receipt } },
      { kind: 'purchase', purchase: { purchaseId: 'p2', memberId: 'card-77', ...receipt } },
      { kind: 'purchase', purchase: { purchaseId: 'p3', memberId: 'bob', ...receipt } },
      { kind: 'merge', merge: { memberId: 'ann', fromMemberId: 'card-77' } },
    ]);
  }
});
afterAll(async () => {
  await Promise.all([loopback?.close(), till?.close()]);
  await Promise.all([keys?.remove(), issuers?.remove()]);
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const get = async (path: string, token: string) => {
  const { status, json } = await loopback.send('GET', path, undefined, bearer(token));
  return [status, json?.reason];
};
const post = async (path: string, body: unknown, token = ann) => {
  const { status, json } = await loopback.send('POST', path, body, bearer(token));
  return [status, json?.reason];
};

const foreign = [403, 'MEMBER_FOREIGN'];
const letIn = [200, undefined];

test('a server that has an issuer and no key lets nobody in without a token', async () => {
  for (const path of ['/v1/items', '/v1/members/ann/recommendations', '/metrics']) {
    const reply = await loopback.get(path);
    expect([reply.status, reply.json.reason], path).toEqual([401, 'API_KEY']);
  }
  expect((await loopback.send('DELETE', '/v1/members/ann', undefined)).status).toBe(401);
  const client = till.client('RecommendationService');
  const refusal = await ask(client, 'RecommendPopular', {}).catch(refusalOf);
  expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED', info: { reason: 'API_KEY' } });
});

describe('over HTTP', () => {
  const list = (memberId: string) => `/v1/members/${memberId}/recommendations`;

  test('a token is taken where a key is, on the hot way and on the other', async () => {
    const fresh = await sign({ sub: 'ann', jti: 'first' });
    // Never seen before, then known: twice each.
    for (const path of [list('ann'), list('ann'), list('%61nn'), '/v1/items', '/v1/items']) {
      expect(await get(path, fresh), path).toEqual(letIn);
    }
    const own = await loopback.send('GET', list('ann'), undefined, { 'x-api-key': fresh });
    expect(own.status).toBe(200);
    expect(own.json.personalized).toBe(true);
  });

  test('a token in the query, in a cookie or in a body is none', async () => {
    for (const name of ['access_token', 'token', 'authorization', 'x-api-key']) {
      const reply = await loopback.get(`${list('ann')}?${name}=${ann}`);
      expect([reply.status, reply.json.reason], name).toEqual([401, 'API_KEY']);
    }
    const cookie = { cookie: `authorization=Bearer ${ann}` };
    expect((await loopback.send('GET', list('ann'), undefined, cookie)).status).toBe(401);
    const body = { memberId: 'ann', access_token: ann };
    expect((await loopback.send('POST', '/v1/recommendations', body)).status).toBe(401);
  });

  test('no way to write a member leads to another one', async () => {
    const paths = ['bob', '%62ob', 'bob%20', '%E2%80%8Bbob', 'ANN', 'ann2', 'an', 'a%6E%6E%00'];
    for (const memberId of paths) {
      expect(await get(list(memberId), ann), memberId).toEqual(foreign);
      expect(await get(`/v1/members/${memberId}/buy-again`, ann), memberId).toEqual(foreign);
    }
    for (const query of ['memberId=bob', 'memberId=ann&memberId=bob']) {
      expect(await get(`${list('ann')}?${query}`, ann), query).toEqual([422, undefined]);
    }
    for (const query of ['memberId=bob', 'memberId=bob&memberId=ann']) {
      const [status] = await get(`/v1/items/milk/similar?${query}`, ann);
      expect(status, query).toBeGreaterThanOrEqual(403);
    }
    // Blanks and shields around an id are taken off before: what is left is the own one.
    for (const memberId of ['ann', '%20ann', '%3D%22ann%22']) {
      expect(await get(list(memberId), ann), memberId).toEqual(letIn);
    }
  });

  test('a body names its own member, or none, and only where the path does', async () => {
    const lists = '/v1/recommendations';
    expect(await post(lists, { scenario: 'guess-you-like', memberId: 'ann' })).toEqual(letIn);
    expect(await post(lists, { scenario: 'popular' })).toEqual(letIn);
    for (const scenario of ['guess-you-like', 'buy-again', 'discover', 'popular']) {
      expect(await post(lists, { scenario, memberId: 'bob' }), scenario).toEqual(foreign);
    }
    const basket = { storeId: 'S1', basket: [{ itemId: 'milk' }] };
    expect(await post('/v1/baskets/recommendations', basket)).toEqual(letIn);
    const ofBob = { ...basket, memberId: 'bob' };
    expect(await post('/v1/baskets/recommendations', ofBob)).toEqual(foreign);
    const twice = '{"memberId":"ann","memberId":"bob","scenario":"popular"}';
    expect((await post(lists, twice))[0]).toBeGreaterThanOrEqual(400);
    const inside = { scenario: 'popular', identity: { memberId: 'bob' } };
    expect((await post(lists, inside))[0]).toBe(422);
  });

  test('another id of the same person is foreign, and its own list holds both', async () => {
    expect(await get(list('card-77'), ann)).toEqual(foreign);
    const card = await sign({ sub: 'card-77' });
    expect(await get(list('ann'), card)).toEqual(foreign);
    expect(await get(list('card-77'), card)).toEqual(letIn);
    const of = async (memberId: string, token: string) => {
      const path = `/v1/members/${memberId}/buy-again`;
      const { json } = await loopback.send('GET', path, undefined, bearer(token));
      return json.items;
    };
    expect(await of('ann', ann)).toEqual(await of('card-77', card));
  });

  test('whether a foreign member is known cannot be told', async () => {
    const known = await loopback.send('GET', list('bob'), undefined, bearer(ann));
    const unknown = await loopback.send('GET', list('xyz'), undefined, bearer(ann));
    const { errors: _, ...rest } = known.json;
    expect(unknown.json).toMatchObject(rest);
  });

  test('one that leaks erases, merges, exports and writes nothing', async () => {
    const purchase = { purchaseId: 'p9', memberId: 'ann', storeId: 'S1', lines: [] };
    const asked = [
      ['DELETE', '/v1/members/ann', undefined],
      ['POST', '/v1/members/ann/merge', { fromMemberId: 'bob' }],
      ['PUT', '/v1/members/ann/consent', { personalization: false }],
      ['POST', '/v1/members/ann/returns', { returnId: 'r1' }],
      ['POST', '/v1/purchases', { purchases: [purchase] }],
      ['POST', '/v1/purchases/p1/member', { memberId: 'ann' }],
      ['POST', '/v1/purchases/p1/returns', { returnId: 'r1' }],
      ['PUT', '/v1/items/milk', {}],
      ['POST', '/v1/admin/checkpoint', {}],
      ['POST', '/v1/admin/compact', {}],
      ['GET', '/v1/admin/suspicions', undefined],
      ['GET', '/metrics', undefined],
    ] as const;
    const all = await sign({ sub: 'ann', scope: 'privacy admin write lists catalogue metrics' });
    const before = loopback.engine.status().events;
    for (const token of [ann, all]) {
      for (const [method, path, body] of asked) {
        const { status, json } = await loopback.send(method, path, body, bearer(token));
        expect([status, json.reason], path).toEqual([403, 'SCOPE_MISSING']);
      }
    }
    expect(loopback.engine.status().events).toBe(before);
  });

  test('who shows one from another machine is told of the server what strangers are', async () => {
    const headers = { ...bearer(ann), 'x-forwarded-for': '10.1.2.3' };
    const { json } = await loopback.send('GET', '/readyz', undefined, headers);
    expect(json).toEqual({ ready: true });
  });

  test('a refusal says invalid_token, as RFC 6750 has it', async () => {
    const reply = await loopback.send('GET', '/v1/items', undefined, bearer('a.b.c'));
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="caini", error="invalid_token"');
    expect(reply.json).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'TOKEN_INVALID',
      errors: [{ field: 'authorization' }],
    });
    // Nobody is asked for one there, and nobody refused.
    expect((await loopback.send('GET', '/healthz', undefined, bearer('a.b.c'))).status).toBe(200);
  });

  test('many requests of a new token at once are all answered, in a pipeline too', async () => {
    const fresh = await sign({ sub: 'ann', jti: 'many' });
    const all = await Promise.all(Array.from({ length: 50 }, () => get(list('ann'), fresh)));
    expect(all).toEqual(Array.from({ length: 50 }, () => letIn));
    const other = await sign({ sub: 'ann', jti: 'pipeline' });
    const head = (path: string, more = '') =>
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${other}\r\n${more}\r\n`;
    const text = await loopback.raw(
      head('/v1/items/milk') + head(list('ann')) + head(list('bob'), 'connection: close\r\n'),
    );
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '200', '403']);
  });
});

test('who hangs up while a token is verified disturbs nobody', async () => {
  const { hostname, port } = new URL(loopback.url);
  const texts = await Promise.all(
    Array.from({ length: 40 }, (_, index) => sign({ sub: 'ann', jti: `hang-up-${index}` })),
  );
  for (const text of texts) {
    const head = `POST /v1/recommendations HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n`;
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(`${head}authorization: Bearer ${text}\r\n\r\n{}`);
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
  }
  expect(await get('/v1/members/ann/recommendations', await sign({ jti: 'after' }))).toEqual(letIn);
});

test('a flood of new tokens is turned away with words, and leaves no line in the log', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
  const authenticate = keys.authenticate(issuers.tokens());
  const other = await openLoopback({}, { authenticate, log });
  const [head, claims] = ann.split('.');
  const forged = (count: number) =>
    `${head}.${claims}.${Buffer.alloc(64, `${count}.`).toString('base64url')}`;
  const ask = async (count: number) => {
    const path = '/v1/members/ann/recommendations';
    const { status, json } = await other.send('GET', path, undefined, bearer(forged(count)));
    return `${status} ${json.reason}`;
  };
  const most = doorLimits.tokensVerifyingMax;
  // By themselves they would be verified before so many have come.
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = vi
    .spyOn(crypto.subtle, 'verify')
    .mockImplementation(() => released.then(() => false));
  const asked: Promise<string>[] = [];
  try {
    for (let count = 0; count < most; count++) asked.push(ask(count));
    await vi.waitFor(() => expect(held).toHaveBeenCalledTimes(most), 20_000);
    expect(await ask(most)).toBe('503 OVERLOADED');
    // Who was verified before, or shows no token, is answered all the same.
    expect((await other.get('/healthz')).status).toBe(200);
    release();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['401 TOKEN_INVALID']));
  } finally {
    held.mockRestore();
    await other.close();
  }
  // But the one that says once in a while how many were turned away.
  const others = lines.filter((line) => !line.includes('"reason":"TOKEN_INVALID"'));
  expect(others).toEqual([]);
  expect(lines.join('')).not.toContain('ann');
});

describe('over gRPC', () => {
  const metadataOf = (token: string): Metadata => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    return metadata;
  };
  const reasonOf = (error: unknown): string => refusalOf(error).info?.reason ?? 'none';

  test('a token is taken as a bearer, and for its own member alone', async () => {
    const client = till.client('RecommendationService');
    const outcome = (memberId: string) =>
      ask(client, 'RecommendForMember', { memberId }, { metadata: metadataOf(ann) }).then(
        ({ personalized }: Message) => personalized,
        reasonOf,
      );
    expect(await outcome('ann')).toBe(true);
    expect(await outcome('ann')).toBe(true);
    expect(await outcome('bob')).toBe('MEMBER_FOREIGN');
    expect(await outcome('card-77')).toBe('MEMBER_FOREIGN');
  });

  test('one that is refused is told why, and health never asks', async () => {
    const client = till.client('RecommendationService');
    const metadata = metadataOf(await sign({ aud: 'other' }));
    const refusal = await ask(client, 'RecommendPopular', {}, { metadata }).catch(refusalOf);
    expect(refusal).toMatchObject({
      code: 'UNAUTHENTICATED',
      info: { reason: 'TOKEN_INVALID' },
      message: expect.stringContaining('aud must be caini'),
    });
    const health = till.client('grpc.health.v1.Health');
    expect(await ask(health, 'Check', {}, { metadata })).toMatchObject({ status: 'SERVING' });
  });

  test('no stream is open to one, and reflection is not either', async () => {
    const metadata = metadataOf(ann);
    const stream = till.client('IngestService').StreamPurchases(metadata);
    const ended = new Promise((resolve) =>
      stream.on('error', (error: ServiceError) => resolve(reasonOf(error))),
    );
    expect(await ended).toBe('SCOPE_MISSING');
    const recorded = new Promise((resolve) => {
      const call = till
        .client('IngestService')
        .RecordPurchases(metadata, (error: ServiceError) => resolve(reasonOf(error)));
      call.on('error', () => {
        // The answer tells it.
      });
      call.end();
    });
    expect(await recorded).toBe('SCOPE_MISSING');
    const session = converse(till.client('CheckoutService'), metadata);
    session.send({ open: { storeId: 'S1' } });
    expect((await session.ended)?.info?.reason).toBe('SCOPE_MISSING');
    const reflection = till.client('grpc.reflection.v1.ServerReflection');
    const call = reflection.ServerReflectionInfo(metadata);
    const refused = new Promise((resolve) =>
      call.on('error', (error: ServiceError) => resolve(reasonOf(error))),
    );
    call.write({ listServices: '' });
    expect(await refused).toBe('SCOPE_MISSING');
  });

  test('a call that ends while its token is verified disturbs nobody', async () => {
    const client = till.client('RecommendationService');
    for (let count = 0; count < 20; count++) {
      const metadata = metadataOf(await sign({ sub: 'ann', jti: `gone-${count}` }));
      const call = client.RecommendForMember({ memberId: 'ann' }, metadata, () => {});
      await new Promise((resolve) => setImmediate(resolve));
      call.cancel();
    }
    await vi.waitFor(() => expect(till.door.openCalls).toBe(0), 10_000);
    const metadata = metadataOf(ann);
    await ask(client, 'RecommendForMember', { memberId: 'ann' }, { metadata });
  });
});

test('an issuer that is revoked takes its tokens with it, at both doors', async () => {
  const { kid, sign: signOther } = issuers.make();
  const other = await signOther({ sub: 'ann' });
  const path = '/v1/members/ann/recommendations';
  await vi.waitFor(async () => expect(await get(path, other)).toEqual(letIn), 10_000);
  revokeIssuer(issuers.path, kid);
  await vi.waitFor(
    async () => expect(await get(path, other)).toEqual([401, 'TOKEN_INVALID']),
    10_000,
  );
  expect(await get(path, ann)).toEqual(letIn);
});
