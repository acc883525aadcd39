// Pages in browsers: those of other sites send nothing, and no name but ours is answered to.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';
import { operations } from '../operations.ts';

let loopback: Loopback;
beforeAll(async () => {
  loopback = await openLoopback(
    {},
    {
      publicHosts: ['caini.shop.example', 'Caini-1'],
      corsOrigins: ['https://h5.example', '*'],
    },
  );
});
afterAll(() => loopback.close());

const send = (method: string, path: string, headers: object) =>
  loopback.send(method, path, method === 'GET' ? undefined : {}, headers);
const sent = [
  ...[{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }],
  { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  { origin: 'https://other.shop.example', 'sec-fetch-site': 'same-site' },
];

describe('a page of another site', () => {
  const guarded = operations.filter(({ method, scope }) => method !== 'GET' || scope === 'admin');

  test.each(guarded)('does not get to $method $path', async ({ method, path }) => {
    for (const headers of sent) {
      const reply = await send(method, path.replaceAll(/\{\w+\}/g, 'x'), headers);
      expect(reply.status, JSON.stringify(headers)).toBe(403);
      expect(reply.json).toMatchObject({ reason: 'CROSS_SITE', errors: [{ field: 'origin' }] });
    }
  });

  test('reads what its browser lets it read', async () => {
    for (const headers of sent) {
      expect((await send('GET', '/v1/items', headers)).status).toBe(200);
      expect((await send('GET', '/v1/members/ann/recommendations', headers)).status).toBe(200);
    }
  });

  test('that is named sends as it likes', async () => {
    const origin = 'https://h5.example';
    for (const site of [{}, { 'sec-fetch-site': 'cross-site' }]) {
      const reply = await send('POST', '/v1/admin/checkpoint', { origin, ...site });
      expect(reply.status).toBe(200);
      expect(reply.headers['access-control-allow-origin']).toBe('*');
    }
  });
});

test('our own pages, and programs, send as they like', async () => {
  const { host } = new URL(loopback.url);
  for (const headers of [
    {},
    { origin: `http://${host}` },
    { 'sec-fetch-site': 'same-origin', origin: `http://${host}` },
    { 'sec-fetch-site': 'none' },
    // Behind a proxy that speaks TLS.
    { origin: 'https://caini.shop.example', host: 'caini.shop.example' },
  ]) {
    const { status } = await send('POST', '/v1/admin/checkpoint', headers);
    expect(status, JSON.stringify(headers)).toBe(200);
  }
});

describe('a request by name', () => {
  const list = '/v1/members/ann/recommendations';
  const ours = ['localhost', 'localhost:1', '127.0.0.1:1', '[::1]', '10.1.2.3', 'localhost.'];
  const named = ['caini.shop.example', 'CAINI.shop.example:443', 'caini-1:8080', 'a.localhost'];

  test.each([...ours, ...named])('of ours, %s, is answered', async (host) => {
    for (const path of [list, '/healthz']) {
      expect((await send('GET', path, { host })).status, path).toBe(200);
    }
  });

  test.each(['evil.example', 'evil.example:80', 'shop.example', 'localhost.evil.example', 'a'])(
    'of somebody else, %s, is refused, and after a right one too',
    async (host) => {
      for (const path of [list, '/healthz', '/v1/nothing']) {
        await send('GET', path, { host: 'localhost' });
        const reply = await send('GET', path, { host });
        expect(reply.status, path).toBe(421);
        expect(reply.json).toMatchObject({ reason: 'HOST_FOREIGN', errors: [{ field: 'host' }] });
      }
    },
  );

  test('in a whole URL counts instead of the header', async () => {
    const ask = (url: string, host: string) =>
      loopback.raw(`GET ${url} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    expect(await ask('http://evil.example/healthz', 'localhost')).toMatch(/^HTTP\/1.1 421 /);
    expect(await ask('http://localhost/healthz', 'evil.example')).toMatch(/^HTTP\/1.1 200 /);
  });

  test('is not looked at where nobody says which names are ours', async () => {
    const other = await openLoopback();
    expect((await other.send('GET', '/healthz', undefined, { host: 'a' })).status).toBe(200);
    await other.close();
  });
});
