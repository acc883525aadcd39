// A proxy in front of the doors: whose word on the address of a client counts, at both of them.
import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClientAddresses } from '../server/client-address.ts';
import { openKeys, type TestKeys } from './support/keys.ts';
import { type Loopback, openLoopback } from './support/loopback.ts';
import { ask, openTill, refusalOf, type Till } from './support/till.ts';

const loopbackNetwork = { networks: ['127.0.0.0/8'], header: 'x-forwarded-for' } as const;
const kinds = ['trusting', 'distrusting'] as const;
type Kind = (typeof kinds)[number];

let keys: TestKeys;
let key: string;
const overHttp = new Map<Kind, Loopback>();
const overGrpc = new Map<Kind, Till>();
beforeAll(async () => {
  keys = await openKeys();
  key = keys.make(['read'], { addresses: ['203.0.113.0/24'] }).text;
  const authenticate = keys.authenticate();
  for (const kind of kinds) {
    const addresses = createClientAddresses(loopbackNetwork);
    const door = { authenticate, ...(kind === 'trusting' && { addresses }) };
    overHttp.set(kind, await openLoopback({}, door));
    overGrpc.set(kind, await openTill(door));
  }
});
afterAll(async () => {
  for (const door of [...overHttp.values(), ...overGrpc.values()]) await door.close();
  await keys.remove();
});

/** What a door says to one who shows the key: a reason, or `OK`. */
async function asked(kind: Kind, headers: Record<string, string>): Promise<readonly string[]> {
  const path = '/v1/members/ann/recommendations';
  const shown = { 'x-api-key': key, ...headers };
  const reply = await overHttp.get(kind)!.send('GET', path, undefined, shown);
  const metadata = Metadata.fromHttp2Headers(shown);
  const client = overGrpc.get(kind)!.client('RecommendationService');
  const called = await ask(client, 'RecommendForMember', { memberId: 'ann' }, { metadata }).then(
    () => 'OK',
    (error) => refusalOf(error).info?.reason ?? '',
  );
  return [reply.json.reason ?? 'OK', called];
}

const both = (reason: string) => [reason, reason];

test.each([
  ['203.0.113.7', 'OK'],
  ['198.51.100.1, 203.0.113.7', 'OK'],
  ['203.0.113.7, 198.51.100.1', 'ADDRESS_FOREIGN'],
  ['203.0.113.7, unknown', 'ADDRESS_FOREIGN'],
  ['203.0.113.7, 127.0.0.2', 'OK'],
  ['203.0.113.7:4711', 'OK'],
])('a trusted proxy says that %s asks: %s', async (list, reason) => {
  expect(await asked('trusting', { 'x-forwarded-for': list })).toEqual(both(reason));
});

test('nobody else can say who asks', async () => {
  for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-client-ip']) {
    const value = name === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7';
    expect(await asked('distrusting', { [name]: value })).toEqual(both('ADDRESS_FOREIGN'));
    if (name === 'x-forwarded-for') continue;
    expect(await asked('trusting', { [name]: value })).toEqual(both('ADDRESS_FOREIGN'));
  }
});

test('a header that comes several times is one list', async () => {
  const lines = [
    'GET /v1/members/ann/recommendations HTTP/1.1',
    'host: 127.0.0.1',
    `x-api-key: ${key}`,
    'x-forwarded-for: 203.0.113.7',
    'X-Forwarded-For: 198.51.100.1',
    'connection: close',
  ];
  const reply = await overHttp.get('trusting')!.raw(`${lines.join('\r\n')}\r\n\r\n`);
  expect(reply).toContain('ADDRESS_FOREIGN');
  expect(reply).toContain('198.51.100.1');
});

test('no header makes a stranger one who sits at this machine', async () => {
  for (const kind of kinds) {
    const own = await overHttp.get(kind)!.get('/readyz');
    expect(Object.keys(own.json).length).toBeGreaterThan(1);
    for (const list of ['127.0.0.1', '::1', '203.0.113.7', 'unknown', '']) {
      const headers = { 'x-forwarded-for': list };
      const reply = await overHttp.get(kind)!.send('GET', '/readyz', undefined, headers);
      expect(Object.keys(reply.json), list).toEqual(['ready']);
    }
  }
});
