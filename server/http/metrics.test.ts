// The page of /metrics as monitoring reads it: names, types, help and labels are a contract.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Engine } from '../../engine/index.ts';
import { openLoopback } from '../../tests/support/loopback.ts';
import type { EngineAccess, Readiness } from '../operations/operation.ts';
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

/** The lines of a page, without those that are empty. */
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

test('every name, type, help text and label stays as it is', async () => {
  const engine = { inspect: { digest: () => '00ff' } } as unknown as Engine;
  const access: EngineAccess = { engine: () => engine, readiness: () => readiness };
  const { text } = await metricsPage({ access, cuts });
  const known = readFileSync(new URL('metrics.prom', import.meta.url), 'utf8');
  expect(linesOf(text)).toEqual(linesOf(known));
});

test('a node alone tells nothing of others, and asking twice counts nothing twice', async () => {
  const loopback = await openLoopback();
  try {
    const first = await loopback.get('/metrics');
    expect(first.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const second = await loopback.get('/metrics');
    expect(second.text).toBe(first.text);
    expect(first.text).toContain('\ncaini_refused_of_erased_total 0\n');
    expect(first.text).toContain('\ncaini_suspicious_receipts_total{why="clock_ahead"} 0\n');
    expect(first.text).not.toMatch(/caini_(node|redis|follow|cluster)/);
  } finally {
    await loopback.close();
  }
});
