// Shared cards: of all who have none, or of the shop itself. What comes under them
// counts as if nobody had shown a card, from the receipt on that tells, and for as long as it does.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, type Event, openEngine, recommendRequestSchema } from '../engine/index.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';
import { countDifferences, listDifferences } from './support/oracle/compare.ts';
import { createOracle, type Oracle } from './support/oracle/oracle.ts';

const start = Date.parse('2026-03-02T00:00:00Z');
const day = 86_400_000;
const minute = 60_000;
const timeZone = 'UTC';
const now = () => start + 60 * day;

let folder: TemporaryFolder;
let engine: Engine;
let oracle: Oracle;

const open = (name = 'data') =>
  openEngine({ dataDir: join(folder.path, name), clock: now, steadyClock: now, timeZone });

beforeEach(async () => {
  folder = await makeTemporaryFolder('nobody');
  engine = await open();
  oracle = createOracle({ now, timeZone });
});

afterEach(async () => {
  await engine.close();
  await folder.remove();
});

function buys(purchaseId: string, memberId: string, atMs: number): Event {
  const number = Number(/\d+$/.exec(purchaseId)?.[0] ?? 0);
  const items = ['milk', `thing-${number % 7}`, `thing-${number % 5}`];
  const lines = [...new Set(items)].map((itemId) => ({ itemId, quantity: 1 }));
  const occurredAt = new Date(atMs).toISOString();
  const rest = { channel: 'pos' as const, occurredAt, lines };
  return { kind: 'purchase', purchase: { purchaseId, memberId, ...rest } };
}

/** Receipts of one card, minutes apart. */
const crowd = (memberId: string, from: number, to: number, atMs = start): Event[] =>
  Array.from({ length: to - from }, (_, at) =>
    buys(`${memberId}-${from + at}`, memberId, atMs + (from + at) * minute),
  );

const consents = (memberId: string, personalization: boolean, atMs: number): Event => ({
  kind: 'consent',
  consent: { memberId, personalization, occurredAt: new Date(atMs).toISOString() },
});

async function send(...events: readonly Event[]): Promise<void> {
  const results = await engine.writes.ingest(events, { trustsDays: true });
  for (const [at, event] of events.entries()) {
    expect(results[at]?.status).toBe(oracle.accept(event).status);
  }
}

function expectSame(engineNow = engine): void {
  const state = oracle.state();
  expect(countDifferences(engineNow.inspect, state)).toEqual([]);
  for (const memberId of ['card', 'ann']) {
    const request = recommendRequestSchema.parse({ scenario: 'guess-you-like', memberId });
    expect(listDifferences(engineNow.lists.recommend(request), state, request)).toEqual([]);
  }
}

describe('with more than 30 receipts on one day', () => {
  beforeEach(async () => {
    await send(...crowd('ann', 0, 3), ...crowd('ann', 3, 5, start + day));
    await send(...crowd('card', 0, 30), ...crowd('card', 40, 45, start + 2 * day));
  });

  test('a card counts as a person up to 30, and as tickets from there', async () => {
    expectSame();
    await send(...crowd('card', 30, 31));
    expectSame();
    await send(...crowd('card', 31, 36));
    expectSame();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });

  test('what comes back does not make it a person again', async () => {
    await send(...crowd('card', 30, 32));
    const lines = [{ itemId: 'milk', quantity: 1 }];
    const occurredAt = new Date(start + day).toISOString();
    const goods = {
      returnId: 'r',
      purchaseId: 'card-3',
      channel: 'pos' as const,
      occurredAt,
      lines,
    };
    await send({ kind: 'return', return: goods });
    expectSame();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });

  test('its consent is asked all the same', async () => {
    await send(...crowd('card', 30, 40));
    await send(consents('card', false, start + day));
    expectSame();
    await send(...crowd('card', 50, 60));
    expectSame();
    await send(consents('card', true, start + 2 * day));
    expectSame();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });

  test('merged with a person it makes them nobody', async () => {
    await send(...crowd('card', 30, 33));
    await send({ kind: 'merge', merge: { memberId: 'ann', fromMemberId: 'card' } });
    expectSame();
    await send(...crowd('ann', 60, 64, start + 3 * day));
    expectSame();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });

  test('two ids of one person make one crowded day between them', async () => {
    await send(...crowd('eve', 0, 20));
    await send({ kind: 'merge', merge: { memberId: 'eve', fromMemberId: 'card' } });
    expectSame();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });

  test('it is erased to the last receipt', async () => {
    await send(...crowd('card', 30, 40));
    const { removed } = await engine.members.erase('card');
    oracle.erase('card');
    expect(removed.receipts).toBe(45);
    expectSame();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });

  test.each(['before', 'after'])('a crash with a checkpoint %s it became nobody', async (when) => {
    if (when === 'after') await send(...crowd('card', 30, 34));
    await engine.upkeep.checkpoint();
    if (when === 'before') await send(...crowd('card', 30, 34));
    await send(...crowd('card', 34, 37), ...crowd('ann', 10, 12, start + 4 * day));
    cpSync(join(folder.path, 'data'), join(folder.path, 'copy'), { recursive: true });
    const copy = await open('copy');
    try {
      expectSame(copy);
      expect(await copy.upkeep.verify()).toMatchObject({ ok: true });
    } finally {
      await copy.close();
    }
  });

  test('a crash after its erase takes out what the checkpoint counts', async () => {
    await send(...crowd('card', 30, 40));
    await engine.upkeep.checkpoint();
    await engine.members.erase('card');
    oracle.erase('card');
    cpSync(join(folder.path, 'data'), join(folder.path, 'copy'), { recursive: true });
    const copy = await open('copy');
    try {
      expectSame(copy);
    } finally {
      await copy.close();
    }
  });
});

test('a card of more than 3,000 receipts is nobody, and one of as many is somebody', async () => {
  for (let at = 0; at < 3_000; at += 300) {
    // 60 a day would be a shared card: 20 a day.
    const events = Array.from({ length: 300 }, (_, index) => {
      const number = at + index;
      return buys(
        `card-${number}`,
        'card',
        start - 200 * day + Math.floor(number / 20) * day + (number % 20) * minute,
      );
    });
    await send(...events);
  }
  expectSame();
  await send(buys('card-3000', 'card', start));
  expectSame();
  await send(buys('card-3001', 'card', start - 300 * day));
  expectSame();
  await engine.members.erase('card');
  oracle.erase('card');
  expectSame();
  expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
}, 120_000);
