// What expiry, changed settings, restores and verify do beside each other; each was a bug once.
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  type EngineOptions,
  type Event,
  openEngine,
  purchaseSchema,
  recommendRequestSchema,
  returnSchema,
} from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 4, 1);

function buys(id: string, memberId: string | undefined, items: string[], atMs = start): Event {
  return {
    kind: 'purchase',
    purchase: purchaseSchema.parse({
      purchaseId: id,
      ...(memberId === undefined ? {} : { memberId }),
      occurredAt: new Date(atMs).toISOString(),
      lines: items.map((itemId) => ({ itemId, quantity: 2 })),
    }),
  };
}

function returns(id: string, purchaseId: string, items: string[], atMs: number): Event {
  return {
    kind: 'return',
    return: returnSchema.parse({
      returnId: id,
      purchaseId,
      occurredAt: new Date(atMs).toISOString(),
      lines: items.map((itemId) => ({ itemId, quantity: 2 })),
    }),
  };
}

/** What a crash leaves: the folder as it is while the engine has it open. */
function crashCopy(from: string, to: string): string {
  cpSync(from, to, { recursive: true });
  return to;
}

function open(dataDir: string, options: Partial<EngineOptions> = {}) {
  const { clock = () => start + 10 * day } = options;
  return openEngine({ dataDir, ...options, clock, steadyClock: clock });
}

test('a ticket that expires beside its own return is taken back once', () =>
  withTemporaryFolder(async (dataDir) => {
    let now = start;
    const engine = await open(dataDir, { clock: () => now, retentionDays: 5 });
    await engine.writes.ingest([buys('p1', undefined, ['a', 'b', 'c'])]);
    now += 9 * day;
    const returned = engine.writes.ingest([returns('r1', 'p1', ['a'], now)]);
    const expired = engine.writes.expire();
    await returned;
    expect(await expired).toBe(1);
    expect((await engine.upkeep.verify()).differences).toEqual([]);
    expect(engine.inspect.digest()).toBe('0000000000000000');
    await engine.close();
  }));

test.each(['return', 'erase'])('a half-life changed and changed back around a %s', (what) =>
  withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    let engine = await open(dataDir);
    await engine.writes.ingest([
      buys('p1', 'm', ['a', 'b', 'c']),
      buys('p2', 'm', ['a', 'd'], start + 1),
    ]);
    await engine.close();
    engine = await open(dataDir, { halfLifeDays: 30 });
    if (what === 'erase') await engine.members.erase('m');
    else await engine.writes.ingest([returns('r1', 'p1', ['a', 'b'], start + 2)]);
    const copy = crashCopy(dataDir, join(folder, 'copy'));
    await engine.close();
    engine = await open(copy);
    expect((await engine.upkeep.verify()).differences).toEqual([]);
    await engine.close();
  }),
);

test('nothing is served or accepted before the erased are erased again', () =>
  withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    let engine = await open(dataDir);
    const members = Array.from({ length: 20 }, (_, index) => `member-${index}`);
    await engine.writes.ingest(
      members.map((member, index) => buys(`p${index}`, member, ['a', 'b'])),
    );
    const old = crashCopy(dataDir, join(folder, 'old'));
    for (const member of [...members, 'ghost']) await engine.members.erase(member);
    const copy = crashCopy(dataDir, join(folder, 'copy'));
    await engine.close();
    rmSync(join(copy, 'chain'), { recursive: true });
    cpSync(join(old, 'chain'), join(copy, 'chain'), { recursive: true });
    engine = await open(copy, { openAtOnce: true });
    while (!engine.status().ready) await setImmediate();
    const request = recommendRequestSchema.parse({ memberId: 'member-7', scenario: 'buy-again' });
    expect(engine.lists.recommend(request).personalized).toBe(false);
    const [late] = await engine.writes.ingest([buys('late', 'ghost', ['a'])]);
    expect(late).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED' });
    expect([...engine.records.receipts()]).toEqual([]);
    await engine.close();
  }));

test('a verify that waits before a landmark moves compares like with like', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await open(dataDir, { halfLifeDays: 1, popularityHalfLifeDays: 1 });
    await engine.writes.ingest([buys('p1', 'm', ['a', 'b'], start - 100 * day)]);
    await engine.writes.ingest([buys('p2', 'm', ['a', 'c'], start - 99 * day)]);
    const crossing = engine.writes.ingest([buys('p3', 'm', ['b', 'c'], start - 93 * day)]);
    await setImmediate();
    const audits = [engine.upkeep.verify(), engine.upkeep.verify()];
    await crossing;
    for (const audit of await Promise.all(audits)) expect(audit.differences).toEqual([]);
    await engine.close();
  }));

test('a return that comes after its receipt expired leaves no id behind', () =>
  withTemporaryFolder(async (dataDir) => {
    let now = start;
    const engine = await open(dataDir, { clock: () => now, retentionDays: 5 });
    await engine.writes.ingest([buys('secret-receipt', 'secret-member', ['a', 'b'])]);
    now += 8 * day;
    expect(await engine.writes.expire()).toBe(1);
    const [late] = await engine.writes.ingest([returns('r1', 'secret-receipt', ['a'], now)]);
    expect(late).toMatchObject({ status: 'rejected', reason: 'OUTSIDE_RETENTION' });
    await engine.members.erase('secret-member');
    await engine.upkeep.compact();
    await engine.close();
    const chain = join(dataDir, 'chain');
    for (const name of readdirSync(chain)) {
      expect(readFileSync(join(chain, name)).includes('secret')).toBe(false);
    }
  }));
