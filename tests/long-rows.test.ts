// Rows of hundreds of neighbours while they grow, shrink, are saved and are read: what a chain of
// few items never shows.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Engine,
  type Event,
  openEngine,
  purchaseSchema,
  type RecommendRequest,
  recommendRequestSchema,
  returnSchema,
} from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { countDifferences, listDifferences } from './support/oracle/compare.ts';
import { createOracle, type Oracle } from './support/oracle/oracle.ts';
import { townClockMs, townEvents } from './support/oracle/town.ts';

const timeZone = 'Asia/Shanghai';
const now = () => townClockMs;

interface Pair {
  readonly engine: Engine;
  readonly oracle: Oracle;
}

const open = (dataDir: string, notify: (message: string) => void = () => {}) =>
  openEngine({ dataDir, clock: now, timeZone, notify });

async function send({ engine, oracle }: Pair, events: readonly Event[]): Promise<void> {
  for (const event of events) oracle.accept(event);
  await engine.writes.ingest(events, { trustsDays: true });
}

/** Everything that a purchase sold comes back, a day later. */
function returnOf(event: Event): Event[] {
  if (event.kind !== 'purchase') return [];
  const { purchaseId, occurredAt, lines } = event.purchase;
  const atMs = Math.min(townClockMs, Date.parse(occurredAt) + 86_400_000);
  const pieces = new Map<string, number>();
  for (const { itemId, quantity } of lines) {
    pieces.set(itemId, (pieces.get(itemId) ?? 0) + quantity);
  }
  const goods = {
    returnId: `back-${purchaseId}`,
    purchaseId,
    occurredAt: new Date(atMs).toISOString(),
    lines: [...pieces].map(([itemId, quantity]) => ({ itemId, quantity })),
  };
  return [{ kind: 'return', return: returnSchema.parse(goods) }];
}

const asked: readonly RecommendRequest[] = (['similar', 'bought-together'] as const).flatMap(
  (scenario) =>
    [0, 1, 2, 3, 7, 12].map((at) =>
      recommendRequestSchema.parse({ scenario, itemId: `item-${at}`, limit: 100 }),
    ),
);

function expectSame({ engine, oracle }: Pair): void {
  const state = oracle.state();
  expect(countDifferences(engine.inspect, state)).toEqual([]);
  const lists = asked.flatMap((request) =>
    listDifferences(engine.lists.recommend(request), state, request),
  );
  expect(lists).toEqual([]);
}

test('a town that is asked while it grows and shrinks lists what the oracle lists', () =>
  withTemporaryFolder(async (dataDir) => {
    const pair = { engine: await open(dataDir), oracle: createOracle({ now, timeZone }) };
    try {
      const events = townEvents();
      const half = events.length / 2;
      await send(pair, events.slice(0, half));
      expectSame(pair);
      for (let at = half; at < events.length; at += 120) {
        await send(pair, events.slice(at, at + 120));
        expectSame(pair);
      }
      const back = events.flatMap(returnOf);
      for (let at = 0; at < back.length; at += 140) {
        await send(pair, back.slice(at, at + 140));
        expectSame(pair);
      }
      expect(pair.engine.inspect.digest()).toBe('0000000000000000');
    } finally {
      await pair.engine.close();
    }
  }, 'long-rows'));

/** A receipt of these, by a member or by nobody. */
function bought(items: string[], who: { memberId?: string; number: number; day: number }): Event {
  const { memberId, number, day } = who;
  const purchase = purchaseSchema.parse({
    purchaseId: `${items} ${memberId} ${number}`,
    ...(memberId === undefined ? {} : { memberId }),
    occurredAt: new Date(townClockMs - (10 - day) * 86_400_000).toISOString(),
    lines: items.map((itemId) => ({ itemId, quantity: 1 })),
  });
  return { kind: 'purchase', purchase };
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => from + at);

/** Members who bought `before` first and `itemId` on the next day. */
function followers(before: string, itemId: string, fans: readonly number[]): Event[] {
  return fans.flatMap((fan) => {
    const memberId = `${itemId}-fan-${fan}`;
    return [
      bought([before], { memberId, number: 0, day: 1 }),
      bought([itemId], { memberId, number: 0, day: 2 }),
    ];
  });
}

/** Tickets that hold beans and `itemId`. */
function companions(itemId: string, tickets: readonly number[]): Event[] {
  return tickets.map((number) => bought(['beans', itemId], { number, day: 2 }));
}

interface Rise {
  readonly scenario: 'similar' | 'basket-add-on';
  readonly early: readonly Event[];
  readonly late: readonly Event[];
}

/** After the late events the grinder, which was nowhere among the first fifty, is the first. */
async function expectRise({ scenario, early, late }: Rise): Promise<void> {
  await withTemporaryFolder(async (dataDir) => {
    const pair = { engine: await open(dataDir), oracle: createOracle({ now, timeZone }) };
    const start = scenario === 'similar' ? { itemId: 'beans' } : { basket: [{ itemId: 'beans' }] };
    const request = recommendRequestSchema.parse({ scenario, ...start, limit: 100 });
    const list = () => {
      const reply = pair.engine.lists.recommend(request);
      expect(listDifferences(reply, pair.oracle.state(), request)).toEqual([]);
      return reply.items.map(({ itemId }) => itemId);
    };
    try {
      await send(pair, early);
      expect(list().slice(0, 50)).not.toContain('grinder');
      await send(pair, late);
      expect(list()[0]).toBe('grinder');
    } finally {
      await pair.engine.close();
    }
  }, 'long-rows');
}

test('what rises among many of the same members is ranked by them, however much it sells', () => {
  const others = numbers(0, 70).flatMap((at) => followers('beans', `thing-${at}`, numbers(0, 4)));
  const sold = numbers(0, 500).map((number) => bought(['grinder'], { number, day: 2 }));
  return expectRise({
    scenario: 'similar',
    early: [...others, ...sold, ...followers('beans', 'grinder', numbers(0, 3))],
    late: followers('beans', 'grinder', numbers(3, 5)),
  });
});

test('what rises among many in one basket is ranked by baskets, however often it follows', () => {
  const others = numbers(0, 70).flatMap((at) => [
    ...companions(`thing-${at}`, numbers(0, 4)),
    ...followers('paper', `thing-${at}`, [0]),
  ]);
  return expectRise({
    scenario: 'basket-add-on',
    early: [
      ...others,
      ...followers('paper', 'grinder', numbers(0, 40)),
      ...companions('grinder', numbers(0, 3)),
    ],
    late: companions('grinder', numbers(3, 5)),
  });
});

test('a checkpoint taken while receipts pour in is the one that a crash goes on from', () =>
  withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const copy = join(folder, 'copy');
    const pair = { engine: await open(dataDir), oracle: createOracle({ now, timeZone }) };
    const events = townEvents();
    await send(pair, events.slice(0, 500));
    for (let at = 500; at < 800; at += 100) {
      const checkpoint = pair.engine.upkeep.checkpoint();
      for (const event of events.slice(at, at + 100)) await send(pair, [event]);
      await checkpoint;
    }
    cpSync(dataDir, copy, { recursive: true });
    await pair.engine.close();
    const messages: string[] = [];
    const engine = await open(copy, (message) => messages.push(message));
    try {
      expect(messages).toEqual([]);
      await send({ engine, oracle: pair.oracle }, events.slice(800));
      expectSame({ engine, oracle: pair.oracle });
      expect((await engine.upkeep.verify()).differences).toEqual([]);
    } finally {
      await engine.close();
    }
  }, 'long-rows'));

test('a crash after an erase takes back what the checkpoint still counts, once', () =>
  withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const engine = await open(dataDir);
    try {
      await engine.writes.ingest(townEvents());
      await engine.upkeep.checkpoint();
      for (const memberId of ['member-1', 'member-2']) await engine.members.erase(memberId);
      const digest = engine.inspect.digest();
      await expectAfterCrash(dataDir, join(folder, 'before'), digest);
      await engine.upkeep.checkpoint();
      await expectAfterCrash(dataDir, join(folder, 'after'), digest);
    } finally {
      await engine.close();
    }
  }, 'long-rows'));

/** A folder as a crash would leave it opens from its checkpoint, with these counts. */
async function expectAfterCrash(dataDir: string, copy: string, digest: string): Promise<void> {
  cpSync(dataDir, copy, { recursive: true });
  const messages: string[] = [];
  const engine = await open(copy, (message) => messages.push(message));
  try {
    expect(messages).toEqual([]);
    expect(engine.inspect.digest()).toBe(digest);
    expect((await engine.upkeep.verify()).differences).toEqual([]);
  } finally {
    await engine.close();
  }
}

/** Receipts of things and stores that were never seen before, two of a kind in each. */
function newcomers(from: number, to: number): Event[] {
  return Array.from({ length: to - from }, (_, at) => {
    const number = from + at;
    const purchase = purchaseSchema.parse({
      purchaseId: `new-${number}`,
      memberId: `m${number % 90}`,
      storeId: `store-${number >> 2}`,
      occurredAt: new Date(townClockMs - (5_000 - number) * 60_000).toISOString(),
      lines: [number * 2, number * 2 + 1, number % 50].map((item) => ({
        itemId: `thing-${item}`,
        quantity: 1,
      })),
    });
    return { kind: 'purchase', purchase };
  });
}

test('a chain that outgrows the room planned for it keeps every count', () =>
  withTemporaryFolder(async (dataDir) => {
    const messages: string[] = [];
    const oracle = createOracle({ now, timeZone });
    let engine = await open(dataDir);
    try {
      for (const [from, to] of [
        [0, 400],
        [400, 700],
        [700, 1_500],
      ] as const) {
        await send({ engine, oracle }, newcomers(from, to));
        expect(countDifferences(engine.inspect, oracle.state())).toEqual([]);
      }
      await engine.upkeep.checkpoint();
      await engine.close();
      engine = await open(dataDir, (message) => messages.push(message));
      expect(messages).toEqual([]);
      expect(countDifferences(engine.inspect, oracle.state())).toEqual([]);
    } finally {
      await engine.close();
    }
  }, 'long-rows'));
