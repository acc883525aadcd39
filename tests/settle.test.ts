// How far served neighbour lists may lag behind exact ones, and that settling makes them exact.
// The second chain is Online Retail, which is never part of the repository.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { defaultWorkload, receipts } from '../bench/workload.ts';
import {
  type Engine,
  openEngine,
  type Purchase,
  purchaseSchema,
  recommendRequestSchema,
} from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const root = join(import.meta.dirname, '..');
const retail = join(root, '../shared/data/online_retail_y2_replay.csv.gz');
const retailReceipts = 5_000;
/** Lists that are asked for, of each table. */
const asked = 200;
const listLength = 20;
/** What is served while nothing was settled holds at least this share of the exact list. */
const overlapMin = 0.98;
const batchSize = 500;

async function take(engine: Engine, purchases: readonly Purchase[]): Promise<void> {
  for (let at = 0; at < purchases.length; at += batchSize) {
    const batch = purchases.slice(at, at + batchSize);
    await engine.writes.ingest(batch.map((purchase) => ({ kind: 'purchase', purchase })));
  }
}

function listOf(engine: Engine, request: object): string[] {
  const parsed = recommendRequestSchema.parse({ limit: listLength, ...request });
  return engine.lists.recommend(parsed).items.map(({ itemId }) => itemId);
}

/** Lists that rest on SAME (what goes with an item) and on NEXT (what a member has not bought). */
function askAll(engine: Engine, purchases: readonly Purchase[]) {
  const items = new Set(purchases.flatMap(({ lines }) => lines.map(({ itemId }) => itemId)));
  const members = new Set(purchases.flatMap(({ memberId }) => memberId ?? []));
  return {
    same: [...items]
      .slice(0, asked)
      .map((itemId) => listOf(engine, { scenario: 'bought-together', itemId })),
    next: [...members]
      .slice(0, asked)
      .map((memberId) => listOf(engine, { scenario: 'discover', memberId })),
  };
}

function meanOverlap(served: readonly string[][], exact: readonly string[][]): number {
  const shares = exact.map((list, at) => {
    const held = list.filter((itemId) => served[at]!.includes(itemId)).length;
    return list.length === 0 ? 1 : held / list.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** Makes every row's view early, lets it lag behind the rest of the chain, then settles it. */
function compare(name: string, purchases: readonly Purchase[]) {
  return withTemporaryFolder(async (folder) => {
    const engine = await openEngine({ dataDir: join(folder, 'data') });
    try {
      await take(engine, purchases.slice(0, purchases.length / 4));
      askAll(engine, purchases);
      await take(engine, purchases.slice(purchases.length / 4));
      const served = askAll(engine, purchases);
      await engine.upkeep.settle();
      const exact = askAll(engine, purchases);
      const overlaps = {
        next: meanOverlap(served.next, exact.next),
        same: meanOverlap(served.same, exact.same),
      };
      console.log(`${name}: ${JSON.stringify(overlaps)} of the top ${listLength} before settling`);
      // What was opened anew has no view to lag: each is made when it is first read.
      cpSync(join(folder, 'data'), join(folder, 'copy'), { recursive: true });
      const anew = await openEngine({ dataDir: join(folder, 'copy') });
      expect(askAll(anew, purchases)).toEqual(exact);
      await anew.close();
      return overlaps;
    } finally {
      await engine.close();
    }
  }, 'settle');
}

test('lists that lag behind a chain of random receipts are nearly the exact ones', async () => {
  const workload = { ...defaultWorkload, items: 600, members: 300 };
  const { next, same } = await compare('random receipts', [...receipts(3_000, workload)]);
  expect(next).toBeGreaterThan(overlapMin);
  expect(same).toBeGreaterThan(overlapMin);
});

function retailPurchases(): Purchase[] {
  const rows = gunzipSync(readFileSync(retail)).toString().split('\n').slice(1);
  const baskets = new Map<string, { memberId: string; occurredAt: string; items: Set<string> }>();
  for (const row of rows) {
    const [purchaseId, memberId, occurredAt, itemId] = row.split(',');
    if (!purchaseId || !itemId) continue;
    const basket = baskets.get(purchaseId) ?? { memberId, occurredAt, items: new Set<string>() };
    basket.items.add(itemId);
    baskets.set(purchaseId, basket as typeof basket & { memberId: string; occurredAt: string });
  }
  return [...baskets].slice(0, retailReceipts).map(([purchaseId, basket]) =>
    purchaseSchema.parse({
      purchaseId,
      ...(basket.memberId ? { memberId: basket.memberId } : {}),
      occurredAt: basket.occurredAt,
      lines: [...basket.items].map((itemId) => ({ itemId, quantity: 1 })),
    }),
  );
}

// The data of ../shared is never part of the repository.
test.skipIf(!existsSync(retail))(
  'and so they are on Online Retail',
  { timeout: 300_000 },
  async () => {
    const { next, same } = await compare('Online Retail', retailPurchases());
    expect(next).toBeGreaterThan(overlapMin);
    expect(same).toBeGreaterThan(overlapMin);
  },
);

test('rows settle by themselves when nothing is asked', () =>
  withTemporaryFolder(async (folder) => {
    const purchases = [...receipts(1_500, { ...defaultWorkload, items: 300, members: 100 })];
    const engine = await openEngine({ dataDir: join(folder, 'data') });
    try {
      await take(engine, purchases.slice(0, 300));
      askAll(engine, purchases);
      await take(engine, purchases.slice(300));
      cpSync(join(folder, 'data'), join(folder, 'copy'), { recursive: true });
      const anew = await openEngine({ dataDir: join(folder, 'copy') });
      const exact = askAll(anew, purchases);
      await anew.close();
      await vi.waitFor(() => expect(askAll(engine, purchases)).toEqual(exact), {
        timeout: 20_000,
        interval: 200,
      });
    } finally {
      await engine.close();
    }
  }, 'settle'));

test('settling keeps no process awake', () =>
  withTemporaryFolder(async (folder) => {
    // Nothing is closed: the program ends because nothing is left to do.
    const door = JSON.stringify(join(root, 'dist/engine/index.js'));
    const program = `
      import { openEngine, purchaseSchema } from ${door};
      const engine = await openEngine({ dataDir: ${JSON.stringify(join(folder, 'data'))} });
      const lines = ['a', 'b', 'c'].map((itemId) => ({ itemId, quantity: 1 }));
      const occurredAt = '2026-05-01T00:00:00Z';
      const purchase = purchaseSchema.parse({ purchaseId: 'p', occurredAt, lines });
      await engine.writes.ingest([{ kind: 'purchase', purchase }]);
      console.log('counted');`;
    const options = { encoding: 'utf8', timeout: 30_000 } as const;
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], options);
    expect([ended.status, ended.stdout, ended.stderr]).toEqual([0, 'counted\n', '']);
  }, 'settle'));
