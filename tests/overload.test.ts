// More is asked than can be answered: what is served and what is refused, seen from outside, over
// both doors. The clock of the load shedder is ours, so that no test waits.
import { afterEach, expect, test } from 'vitest';
import type { Engine } from '../engine/index.ts';
import { LoadShedder } from '../server/load-shedder.ts';
import type { EngineAccess } from '../server/operations/operation.ts';
import { type Loopback, openLoopback } from './support/loopback.ts';
import { ask, openTill, refusalOf } from './support/till.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** Time runs so fast that a turn is over as soon as it has begun, until it is slowed down. */
function hastyClock() {
  let at = 0;
  const clock = { stepMs: 50, now: () => at };
  clock.now = () => {
    at += clock.stepMs;
    return at;
  };
  return clock;
}

const codelLimits = { spared: 0, ageMs: 20, patienceMs: 100, overloadAgeMs: 5 };

async function openHttp(loadShedder: LoadShedder, access?: EngineAccess): Promise<Loopback> {
  const loopback = await openLoopback({}, { loadShedder, ...(access && { access }) });
  opened.push(loopback);
  return loopback;
}

const list = 'GET /v1/members/ann/recommendations?limit=1 HTTP/1.1\r\nhost: a\r\n';
const health = 'GET /healthz HTTP/1.1\r\nhost: a\r\n';

function receipt(purchaseId: string): string {
  const lines = [{ itemId: 'milk', quantity: 1 }];
  const body = JSON.stringify({ purchaseId, occurredAt: '2026-05-01T09:10:00+08:00', lines });
  const headers = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  return `POST /v1/purchases HTTP/1.1\r\nhost: a\r\n${headers}@${body}`;
}

/** Sends all of them at once on one connection, so that one turn of the server reads them. */
async function askAtOnce(loopback: Loopback, requests: readonly string[]): Promise<string[]> {
  const bytes = requests.map((request, index) => {
    const [head, body = ''] = request.split('@');
    return `${head}${index === requests.length - 1 ? 'connection: close\r\n' : ''}\r\n${body}`;
  });
  const answers = await loopback.raw(bytes.join(''));
  return answers.split(/(?=HTTP\/1\.1 \d{3} )/);
}

const statusOf = (answer: string): number => Number(answer.slice(9, 12));

test('lists beyond what can be served are refused and told when to come back', async () => {
  const clock = hastyClock();
  const loopback = await openHttp(new LoadShedder(() => clock.now(), { lists: codelLimits }));
  const answers = await askAtOnce(loopback, [...Array(9).fill(list), health]);
  expect(answers.map(statusOf)).toEqual([200, ...Array(8).fill(503), 200]);
  const [head, body] = answers[1]!.split('\r\n\r\n') as [string, string];
  expect(head).toMatch(/\r\nretry-after: 1\r\n/);
  expect(head).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/);
  expect(JSON.parse(body)).toMatchObject({ status: 503, reason: 'OVERLOADED' });
});

test('receipts go on while lists are refused', async () => {
  const clock = hastyClock();
  const loopback = await openHttp(new LoadShedder(() => clock.now(), { lists: codelLimits }));
  const answers = await askAtOnce(loopback, [list, list, receipt('r-1'), list, receipt('r-2')]);
  expect(answers.map(statusOf)).toEqual([200, 503, 201, 503, 201]);
});

test('lists go on while receipts are refused unread', async () => {
  const loadShedder = new LoadShedder();
  const loopback = await openHttp(loadShedder);
  // The same engine, but behind with counting.
  const writes = Object.create(loopback.engine.writes, { isBehind: { value: true } });
  const behind = Object.create(loopback.engine, { writes: { value: writes } }) as Engine;
  const access = { engine: () => behind, readiness: () => behind.status() };
  const other = await openHttp(loadShedder, access);
  const answers = await askAtOnce(other, [receipt('r-1'), list, receipt('r-2'), health]);
  expect(answers.map(statusOf)).toEqual([503, 200, 503, 200]);
  expect(loopback.engine.status().events).toBe(0);
});

test('whoever comes when it is over is served', async () => {
  const clock = hastyClock();
  const loopback = await openHttp(new LoadShedder(() => clock.now(), { lists: codelLimits }));
  await askAtOnce(loopback, Array(9).fill(list));
  clock.stepMs = 0;
  const answers = await askAtOnce(loopback, Array(9).fill(list));
  expect(answers.map(statusOf)).toEqual(Array(9).fill(200));
});

test('callers who are few are served, however long it takes', async () => {
  const clock = hastyClock();
  const loadShedder = new LoadShedder(() => clock.now(), {
    lists: { ...codelLimits, spared: 8 },
    listsMs: 60,
  });
  const loopback = await openHttp(loadShedder);
  const answers = await askAtOnce(loopback, Array(9).fill(list));
  expect(answers.map(statusOf)).toEqual(Array(9).fill(200));
});

test('a burst waits and is served whole', async () => {
  let looks = 0;
  // Every look takes a millisecond: five lists a turn, and twenty-five turns until it is too late.
  const loadShedder = new LoadShedder(() => looks++, {
    lists: { ...codelLimits, ageMs: 200 },
  });
  const loopback = await openHttp(loadShedder);
  const answers = await askAtOnce(loopback, Array(40).fill(list));
  expect(answers.map(statusOf)).toEqual(Array(40).fill(200));
});

test('over gRPC a list is refused with RESOURCE_EXHAUSTED and when to come back', async () => {
  const clock = hastyClock();
  const till = await openTill({
    loadShedder: new LoadShedder(() => clock.now(), { listsMs: 0, lists: codelLimits }),
  });
  opened.push(till);
  const client = till.client('RecommendationService');
  const answer = await ask(client, 'RecommendForMember', { memberId: 'ann' }).catch(refusalOf);
  expect(answer).toMatchObject({ code: 'RESOURCE_EXHAUSTED', info: { reason: 'OVERLOADED' } });
  expect(answer.retryAfterMs).toBe(1_000);
});
