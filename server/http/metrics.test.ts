// The page of /metrics as monitoring reads it: names, types, help and labels are a contract.
import { expect, test } from 'vitest';
import {
  type Engine,
  Histogram,
  type MeasuresPort,
  type RankedReply,
  type RecommendRequest,
  secondsBounds,
} from '../../engine/index.ts';
import { openLoopback } from '../../tests/support/loopback.ts';
import type { EngineAccess, Readiness } from '../operations/operation.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { metricsPage } from './metrics.ts';

/** A node that has everything to tell. */
const readiness: Readiness = {
  ready: true,
  watermark: '12@main',
  events: 12,
  members: 3,
  items: 5,
  stores: 2,
  memory: { usedBytes: 4_096, maxBytes: 65_536 },
  catalogue: { usedBytes: 2_048, maxBytes: 32_768 },
  refusedOfErased: 1,
  suspicions: { clockAhead: 4, clockBack: 2, ofNobody: 7 },
  cluster: {
    role: 'origin',
    node: 'main',
    redis: 'up',
    digests: 'same',
    follows: [
      { address: 'a"b\\c:1', node: 'x', carrier: 'redis', behind: 4 },
      { address: 'b:2', carrier: 'none' },
    ],
    followers: [
      { node: 'f-1', role: 'follower', watermark: '1', carrier: 'grpc', silentMs: 1_500 },
      { node: 'f-2', role: 'follower', watermark: '1', carrier: 'grpc', silentMs: -1 },
    ],
    counters: {
      gaps: 0,
      forgedFrames: 0,
      unreadableFrames: 0,
      differences: 1,
      reseeds: 2,
      sharedReceipts: 3,
    },
  },
};
const cuts = {
  count() {},
  all: [
    { door: 'http', reason: 'UNREAD', count: 3 },
    { door: 'grpc', reason: 'TOO_MANY_CALLS', count: 1 },
  ],
} as const;

/** Our lines of a page: those of the process are the library's, and never twice the same. */
const linesOf = (text: string): string[] =>
  text.split('\n').filter((line) => /^(?:# \w+ )?caini_/.test(line));

/** What was counted of one request of each kind. */
function countedOnce(): Pick<Parameters<typeof metricsPage>[0], 'telemetry' | 'loadShedder'> {
  const telemetry = new Telemetry();
  telemetry.requests.of('recommendForMember', 'http').observe('200', 0.3);
  telemetry.requests.of('verify', 'grpc').observe('UNAVAILABLE', 20_000);
  telemetry.lists.onList({ limit: 3 } as RecommendRequest, list);
  telemetry.loopDelay.seconds.observe(0.004);
  const [lists, writes] = [new Histogram(secondsBounds), new Histogram(secondsBounds)];
  writes.observe(0.03);
  return { telemetry, loadShedder: { measures: { lists, writes, refused: 4 } } };
}

const list = {
  scenario: 'guess-you-like',
  items: [{}, {}],
  personalized: true,
  relaxations: ['store'],
} as unknown as RankedReply;

const measures = {
  sinceStart: {
    commitSeconds: new Histogram([0.001, 0.01]),
    commitEvents: new Histogram([1, 10]),
    freshnessSeconds: new Histogram([0.001, 0.01]),
    statuses: new Map([['created', 9]]),
    reasons: new Map([['MEMBER_ERASED', 1]]),
    checkpointAtMs: 1_790_000_000_500,
    verified: { atMs: 1_790_000_001_000, ok: false },
  },
  queuedEvents: 3,
  uncheckpointed: 7,
} as unknown as MeasuresPort;

test('every name, type, help text and label stays as it is', async () => {
  const engine = { inspect: { digest: () => '00ff' }, measures } as unknown as Engine;
  const access: EngineAccess = { engine: () => engine, readiness: () => readiness };
  const { text } = await metricsPage({ access, cuts, ...countedOnce() });
  await expect(`${linesOf(text).join('\n')}\n`).toMatchFileSnapshot('metrics.prom');
  expect(text).toContain('\nprocess_cpu_seconds_total ');
});

const receipt = {
  purchaseId: 'p1',
  memberId: 'ann',
  channel: 'pos',
  occurredAt: '2026-05-01T09:10:00+08:00',
  lines: [{ itemId: 'latte' }],
};

test('what is asked is timed by operation, door and code, and lists are looked at', async () => {
  const loopback = await openLoopback();
  try {
    await loopback.send('POST', '/v1/purchases', receipt);
    await loopback.get('/v1/members/ann/recommendations');
    await loopback.get('/v1/items/popular?limit=0');
    const { text } = await loopback.get('/metrics');
    const count = (labels: string): string | undefined =>
      new RegExp(`request_duration_seconds_count\\{${labels}\\} (\\d+)`).exec(text)?.[1];
    expect(count('operation="ingestPurchases",door="http",code="201"')).toBe('1');
    expect(count('operation="recommendForMember",door="http",code="200"')).toBe('1');
    expect(count('operation="recommendPopular",door="http",code="422"')).toBe('1');
    expect(text).toContain('\ncaini_list_items_count{scenario="guess-you-like"} 1\n');
    expect(text).toContain('\ncaini_events_total{status="created"} 1\n');
    expect(text).toContain('\ncaini_freshness_seconds_count 1\n');
    expect(text).toContain('\ncaini_commit_seconds_bucket{le="+Inf"} ');
  } finally {
    await loopback.close();
  }
});

test('a node alone tells nothing of others, and asking twice counts nothing twice', async () => {
  const loopback = await openLoopback();
  try {
    const first = await loopback.get('/metrics');
    expect(first.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const second = await loopback.get('/metrics');
    expect(linesOf(second.text)).toEqual(linesOf(first.text));
    expect(first.text).toContain('\ncaini_refused_of_erased_total 0\n');
    expect(first.text).toContain('\ncaini_suspicious_receipts_total{why="clock_ahead"} 0\n');
    expect(first.text).not.toMatch(/caini_(node|redis|follow|cluster)/);
  } finally {
    await loopback.close();
  }
});
