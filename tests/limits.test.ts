// Limits of callers at both doors: what is told to whoever asks too often, and what is counted.
import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { slowFailures } from '../server/access/failures.ts';
import { createMemberLimits } from '../server/access/member-limits.ts';
import { type Cuts, createCuts } from '../server/cuts.ts';
import { openKeys, type TestKeys } from './support/keys.ts';
import { type Loopback, openLoopback } from './support/loopback.ts';
import { ask, openTill, type Refusal, refusalOf, type Till } from './support/till.ts';

/** It does not move: nothing fills up by itself. */
const steady = () => 1_000;
let keys: TestKeys;
let overHttp: Loopback;
let overGrpc: Till;
let cuts: Cuts;
beforeAll(async () => {
  keys = await openKeys({ steady });
  keys.make(['read']);
  cuts = createCuts(pino({ level: 'silent' }));
  const door = () => ({
    cuts,
    authenticate: slowFailures(keys.authenticate(), { failuresPerMinute: 4, steady }),
    limitMember: createMemberLimits({ requestsPerMinute: 3, guideMembersPerMinute: 2, steady }),
  });
  overHttp = await openLoopback({}, door());
  overGrpc = await openTill(door());
});
afterAll(async () => {
  await Promise.all([overHttp.close(), overGrpc.close()]);
  await keys.remove();
});

const listOf = (memberId: string, key: string) =>
  overHttp.send('GET', `/v1/members/${memberId}/recommendations`, undefined, { 'x-api-key': key });

async function called(memberId: string, key: string): Promise<'OK' | Refusal> {
  const metadata = Metadata.fromHttp2Headers({ 'x-api-key': key });
  const client = overGrpc.client('RecommendationService');
  const asked = ask(client, 'RecommendForMember', { memberId }, { metadata });
  return asked.then(
    () => 'OK' as const,
    (error) => refusalOf(error),
  );
}

const countOf = (door: string, reason: string) =>
  cuts.all.find((cut) => cut.door === door && cut.reason === reason)?.count ?? 0;

test('failed keys are slowed, each counted once, and a known one passes', async () => {
  const { text } = keys.make(['read']);
  await expect.poll(async () => (await listOf('somebody', text)).status).toBe(200);
  const before = countOf('http', 'API_KEY');
  const slowedBefore = countOf('http', 'FAILED_ATTEMPTS');
  let failed = 0;
  let reply = await listOf('ann', 'wrong');
  for (; reply.status === 401; failed += 1) reply = await listOf('ann', 'wrong');
  expect(reply).toMatchObject({
    status: 429,
    headers: { 'retry-after': '15', 'content-type': 'application/problem+json' },
    json: { code: 'RESOURCE_EXHAUSTED', reason: 'FAILED_ATTEMPTS' },
  });
  expect(countOf('http', 'API_KEY') - before).toBe(failed);
  expect(countOf('http', 'FAILED_ATTEMPTS') - slowedBefore).toBe(1);
  // Every other path counts the same.
  const other = await overHttp.send('POST', '/v1/recommendations', {}, { 'x-api-key': 'wrong' });
  expect(other.json.reason).toBe('FAILED_ATTEMPTS');
  expect((await listOf('bob', text)).status).toBe(200);
  expect((await overHttp.get('/readyz')).status).toBe(200);
});

test('over gRPC failed keys are slowed too', async () => {
  const said: (string | undefined)[] = [];
  for (let count = 0; count < 6; count++) {
    const refusal = (await called('ann', 'wrong')) as Refusal;
    said.push(refusal.info?.reason);
    if (refusal.info?.reason === 'FAILED_ATTEMPTS') {
      expect(refusal).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryAfterMs: 15_000 });
    }
  }
  expect(said).toEqual([...Array(4).fill('API_KEY'), ...Array(2).fill('FAILED_ATTEMPTS')]);
  expect(countOf('grpc', 'FAILED_ATTEMPTS')).toBe(2);
});

test('a member that is asked for all the time has to wait, at both doors', async () => {
  const { text } = keys.make(['read']);
  await expect.poll(async () => (await listOf('somebody-else', text)).status).toBe(200);
  await expect.poll(() => called('somebody-else', text)).toBe('OK');
  for (let count = 0; count < 3; count++) expect((await listOf('loop', text)).status).toBe(200);
  const [hot, other] = [
    await listOf('loop', text),
    await overHttp.send('GET', '/v1/members/loop/buy-again', undefined, { 'x-api-key': text }),
  ];
  for (const reply of [hot, other]) {
    expect(reply).toMatchObject({
      status: 429,
      headers: { 'retry-after': '20' },
      json: { reason: 'MEMBER_RATE', errors: [{ field: 'memberId', limit: 3 }] },
    });
  }
  expect(countOf('http', 'MEMBER_RATE')).toBe(2);
  for (let count = 0; count < 3; count++) expect(await called('loop', text)).toBe('OK');
  expect(await called('loop', text)).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    info: { reason: 'MEMBER_RATE' },
    retryAfterMs: 20_000,
  });
  expect(countOf('grpc', 'MEMBER_RATE')).toBe(1);
});

test('what may not be asked takes nothing of what others may ask about that member', async () => {
  const { text } = keys.make(['read']);
  const { text: foreign } = keys.make(['read'], { scenarios: ['popular'] });
  await expect.poll(async () => (await listOf('friend', text)).status).toBe(200);
  await expect.poll(async () => (await listOf('victim', foreign)).status).toBe(403);
  for (let count = 0; count < 6; count++) {
    expect((await listOf('victim', foreign)).json.reason).toBe('SCENARIO_FOREIGN');
    const buyAgain = '/v1/members/victim/buy-again';
    const reply = await overHttp.send('GET', buyAgain, undefined, { 'x-api-key': foreign });
    expect(reply.json.reason).toBe('SCENARIO_FOREIGN');
  }
  for (let count = 0; count < 3; count++) expect((await listOf('victim', text)).status).toBe(200);
});

test('changes of a member count, an erase never waits, and a till is let through', async () => {
  const { text } = keys.make(['privacy', 'till']);
  const send = (method: string, path: string, body: unknown) =>
    overHttp.send(method, path, body, { 'x-api-key': text });
  const consent = () => send('PUT', '/v1/members/carl/consent', { purposes: {} });
  // Until the key is known: before that it is one more that fails.
  await expect
    .poll(async () => String((await consent()).json.reason))
    .not.toMatch(/API_KEY|FAILED/);
  for (let count = 0; count < 4; count++) await consent();
  expect((await consent()).json.reason).toBe('MEMBER_RATE');
  for (let count = 0; count < 5; count++) {
    const basket = { memberId: 'carl', basket: [] };
    expect((await send('POST', '/v1/baskets/recommendations', basket)).status).toBe(200);
  }
  expect((await send('DELETE', '/v1/members/carl', undefined)).status).toBe(200);
});

test('a guide cannot walk through the members', async () => {
  const { text, key } = keys.make(['guide']);
  await expect.poll(async () => (await listOf('g-1', text)).status).toBe(200);
  expect((await listOf('g-2', text)).status).toBe(200);
  expect(await listOf('g-3', text)).toMatchObject({
    status: 429,
    json: { reason: 'KEY_MEMBERS', detail: expect.stringContaining(key.id) },
  });
  expect((await listOf('g-1', text)).status).toBe(200);
});
