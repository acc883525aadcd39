// Verify, checkpoint, compact and expire: done once for all who ask, given up when nobody waits, at
// every door.

import { cpSync, readFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, type Event, openEngine } from '../engine/index.ts';
import { listen as listenGrpc } from '../server/grpc/listen.ts';
import { listen as listenHttp } from '../server/http/listen.ts';
import type { EngineAccess } from '../server/operations/operation.ts';
import type { Door } from '../server/serve.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';
import { newClient } from './support/till.ts';

const now = Date.UTC(2026, 5, 1);
const receipts = 4_000;

function purchase(number: number): Event {
  const lines = Array.from({ length: 6 }, (_, line) => ({
    itemId: `item-${(number * 7 + line * line * 13) % 200}`,
    quantity: 1,
  })).filter(({ itemId }, at, all) => all.findIndex((other) => other.itemId === itemId) === at);
  const occurredAt = new Date(now - 9e9 + number * 60_000).toISOString();
  const rest = { memberId: `m${number % 300}`, channel: 'pos' as const, occurredAt, lines };
  return { kind: 'purchase', purchase: { purchaseId: `p${number}`, ...rest } };
}

let folder: TemporaryFolder;
let engine: Engine;
let doors: { http: Door; grpc: Door };
const notes: string[] = [];

beforeAll(async () => {
  folder = await makeTemporaryFolder('long-work');
  const dataDir = join(folder.path, 'data');
  engine = await openEngine({ dataDir, clock: () => now, notify: (note) => notes.push(note) });
  for (let at = 0; at < receipts; at += 500) {
    await engine.writes.ingest(Array.from({ length: 500 }, (_, more) => purchase(at + more)));
  }
  const access: EngineAccess = { engine: () => engine, readiness: () => engine.status() };
  const parts = { host: '127.0.0.1', port: 0, access, log: pino({ level: 'silent' }) };
  doors = { http: await listenHttp(parts), grpc: await listenGrpc(parts) };
});

afterAll(async () => {
  WebAssembly.Instance = RealInstance;
  await doors.http.close();
  await doors.grpc.close();
  await engine.close();
  await folder.remove();
});

const RealInstance = WebAssembly.Instance;
let made = 0;

beforeAll(() => {
  WebAssembly.Instance = class extends RealInstance {
    constructor(...given: ConstructorParameters<typeof RealInstance>) {
      super(...given);
      made += 1;
    }
  };
});

/** How many memories for counts are made from here on; a recount takes one. */
function countMemories(): () => number {
  const before = made;
  return () => made - before;
}

const outcome = (asked: Promise<unknown>) =>
  asked.then(
    () => 'done',
    (error: { reason?: string }) => error.reason,
  );

test('callers of verify share one recount, its answer and its progress', async () => {
  const memories = countMemories();
  const received = [0, 0, 0];
  const asked = received.map((_, caller) =>
    engine.upkeep.verify({
      progress: (done) => {
        received[caller] = done;
      },
    }),
  );
  const [first, ...others] = await Promise.all(asked);
  for (const audit of others) expect(audit).toBe(first);
  expect(first).toMatchObject({ ok: true, events: receipts });
  expect(new Set(received).size).toBe(1);
  expect(received[0]).toBeGreaterThan(0);
  expect(memories()).toBe(1);
});

test('a hundred verifies that nobody waits for leave nothing behind', async () => {
  const memories = countMemories();
  const turns = [0, 1, 2, 5];
  for (let call = 0; call < 100; call++) {
    const stop = new AbortController();
    const asked = outcome(engine.upkeep.verify({ signal: stop.signal }));
    for (let turn = 0; turn < turns[call % turns.length]!; turn++) await setImmediate();
    stop.abort();
    expect(await asked).toBe('ABANDONED');
  }
  const atEnd = memories();
  // Nothing is in line any more: what comes next begins at once.
  await engine.upkeep.checkpoint();
  expect(memories()).toBe(atEnd);
  expect(atEnd).toBeLessThanOrEqual(100);
  expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  expect(memories()).toBe(atEnd + 1);
});

test('a hundred that are dropped together are one recount at most', async () => {
  const memories = countMemories();
  const stops = Array.from({ length: 100 }, () => new AbortController());
  const asked = stops.map(({ signal }) => outcome(engine.upkeep.verify({ signal })));
  for (let turn = 0; turn < 3; turn++) await setImmediate();
  for (const stop of stops) stop.abort();
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['ABANDONED']));
  await engine.upkeep.checkpoint();
  expect(memories()).toBeLessThanOrEqual(1);
});

test('a verify covers what was acknowledged before it was asked for', async () => {
  let isOver = false;
  const asked: Promise<{ events: number; least: number }>[] = [];
  const writing = (async () => {
    for (let at = receipts; !isOver; at += 10) {
      await engine.writes.ingest(Array.from({ length: 10 }, (_, more) => purchase(at + more)));
      const least = engine.status().events;
      asked.push(engine.upkeep.verify().then(({ ok, events }) => ({ ok, events, least })));
    }
  })();
  while (asked.length < 40) await setImmediate();
  isOver = true;
  await writing;
  for (const { events, least } of await Promise.all(asked)) {
    expect(events).toBeGreaterThanOrEqual(least);
  }
});

/** Where the checkpoint on the disk stands. */
function checkpointAt(): number {
  const bytes = readFileSync(join(folder.path, 'data/chain/counts.checkpoint'), 'latin1');
  return Number(/"sequence":(\d+)/.exec(bytes)![1]);
}

test('a checkpoint holds what was acknowledged before it was asked for', async () => {
  const { events } = engine.status();
  for (let at = 0; at < 20; at++) {
    const earlier = engine.upkeep.checkpoint();
    await engine.writes.ingest([purchase(100_000 + events + at)]);
    const least = engine.status().events;
    await engine.upkeep.checkpoint();
    expect(checkpointAt()).toBeGreaterThanOrEqual(least);
    await earlier;
  }
});

test('a compaction that is asked for after an erase takes its bytes', async () => {
  const secret = 'member-that-is-erased-meanwhile';
  const { purchase: bought } = purchase(200_000) as { purchase: object };
  const dataDir = join(folder.path, 'data');
  await engine.writes.ingest([
    { kind: 'purchase', purchase: { ...bought, memberId: secret } } as Event,
  ]);
  notes.length = 0;
  const running = engine.upkeep.compact();
  for (let turn = 0; turn < 30; turn++) await setImmediate();
  await engine.members.erase(secret);
  const next = [engine.upkeep.compact(), engine.upkeep.compact()];
  await Promise.all([running, ...next]);
  const copy = join(folder.path, 'copy');
  cpSync(join(dataDir, 'chain'), copy, { recursive: true });
  expect(readFileSync(join(copy, 'data.mdb')).includes(secret)).toBe(false);
  expect(notes.filter((note) => note.startsWith('compacted'))).toHaveLength(2);
});

interface Asked {
  readonly outgoing: ClientRequest;
  readonly answered: Promise<string>;
}

function post(path: string, accept: string): Asked {
  let outgoing!: ClientRequest;
  const answered = new Promise<string>((resolve) => {
    const headers = { accept, 'content-length': 0 };
    outgoing = request(new URL(path, doors.http.url), { method: 'POST', headers }, (incoming) => {
      let body = '';
      incoming.on('data', (bytes) => {
        body += bytes;
      });
      incoming.on('end', () => resolve(`${incoming.statusCode} ${body}`));
      incoming.on('error', () => resolve('cut'));
    });
    outgoing.on('error', () => resolve('cut'));
    outgoing.end();
  });
  return { outgoing, answered };
}

/** Until everything that was given up has ended: a verify has the line for itself. */
async function untilIdle(memories: () => number): Promise<void> {
  for (let before = -1; before !== memories(); ) {
    before = memories();
    await engine.upkeep.checkpoint();
    for (let turn = 0; turn < 20; turn++) await setImmediate();
  }
}

test.each(['application/json', 'application/x-ndjson'])(
  'a hundred clients of HTTP that go away end the verify they asked for (%s)',
  async (accept) => {
    const memories = countMemories();
    const staying = post('/v1/admin/verify', accept);
    const leaving = Array.from({ length: 100 }, () => post('/v1/admin/verify', accept));
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const { outgoing } of leaving) outgoing.destroy();
    // Who stays is answered.
    expect(await staying.answered).toContain('"ok":true');
    await Promise.all(leaving.map(({ answered }) => answered));
    await untilIdle(memories);
    const atEnd = memories();
    expect(atEnd).toBeLessThanOrEqual(leaving.length + 1);
    await engine.upkeep.verify();
    expect(memories()).toBe(atEnd + 1);
  },
);

test('progress of every long operation comes over HTTP, and the result last', async () => {
  for (const path of ['verify', 'compact', 'expire', 'checkpoint']) {
    const { answered } = post(`/v1/admin/${path}`, 'application/x-ndjson');
    const [status, ...lines] = (await answered).trim().split(/\s(?={)|\n/);
    expect(status).toBe('200');
    const last = JSON.parse(lines.at(-1)!) as object;
    expect(last).not.toHaveProperty('total');
    if (path === 'verify') expect(JSON.parse(lines[0]!)).toHaveProperty('total');
  }
});

test('a call of gRPC that is cancelled ends what it asked for', async () => {
  const memories = countMemories();
  const client = newClient(doors.grpc.url, 'AdminService');
  try {
    for (let call = 0; call < 20; call++) {
      const stream = client.Verify({});
      const ended = new Promise((resolve) => stream.on('error', resolve).on('end', resolve));
      stream.on('data', () => {});
      await new Promise((resolve) => setTimeout(resolve, call % 5));
      stream.cancel();
      await ended;
    }
    const compacting = new Promise<string>((resolve) => {
      const call = client.Compact({}, (error: { details?: string } | null) =>
        resolve(error?.details ?? 'done'),
      );
      setTimeout(() => call.cancel(), 5);
    });
    expect(await compacting).toMatch(/cancel|done/i);
    await untilIdle(memories);
    expect(memories()).toBeLessThanOrEqual(20);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  } finally {
    client.close();
  }
});
