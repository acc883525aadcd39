// One cell that changes by itself, in the memory of a follower or of its origin, is found by the
// other within a minute, reported, and repaired: a follower takes a new snapshot, an origin counts
// anew. An origin whose folder was put back has lost entries: who holds them gives them back.
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/cluster.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/folders.ts';
import { type InnerNode, startInnerNode } from '../support/inner-nodes.ts';
import { flipOneCell } from '../support/kernels.ts';

const foundMsMax = 60_000;

let folder: TemporaryFolder;
let nodes: InnerNode[] = [];

beforeEach(async () => {
  folder = await makeTemporaryFolder('divergence');
});
afterEach(async () => {
  for (const node of nodes.reverse()) await node.close();
  nodes = [];
  await folder.remove();
});

async function start(
  role: 'origin' | 'follower',
  follows: readonly string[],
  port = 0,
): Promise<InnerNode> {
  const node = await startInnerNode({ folder: folder.path, role, follows, port });
  nodes.push(node);
  await node.engine.ready;
  return node;
}

async function startPair() {
  const origin = await start('origin', []);
  const lines = ['milk', 'bread', 'eggs'].map((itemId) => ({ itemId, quantity: 1 }));
  const purchases = Array.from({ length: 30 }, (_, index) => ({
    kind: 'purchase' as const,
    purchase: {
      purchaseId: `r-${index}`,
      memberId: `m-${index % 4}`,
      channel: 'pos' as const,
      occurredAt: `2026-05-${10 + (index % 18)}T09:10:00+08:00`,
      lines: lines.slice(index % 2),
    },
  }));
  await origin.engine.writes.ingest(purchases);
  const follower = await start('follower', [origin.address]);
  await eventually('they have compared', () => clusterOf(follower).digests === 'same');
  return { origin, follower };
}

const clusterOf = (node: InnerNode) => node.engine.status().cluster!;

test('a cell that flips at a follower is found, and a new snapshot mends it', {
  timeout: 120_000,
}, async () => {
  const { origin, follower } = await startPair();
  expect(await follower.inner().replication.addsUp()).toBe(true);
  flipOneCell(follower.inner());
  expect(await follower.inner().replication.addsUp()).toBe(false);
  const isFound = () => clusterOf(follower).counters.reseeds === 1;
  expect(await eventually('it is found', isFound, foundMsMax)).toBeLessThan(foundMsMax);
  await eventually('it serves again', () => follower.engine.status().ready);
  expect(await follower.inner().replication.addsUp()).toBe(true);
  expect(follower.engine.inspect.digest()).toBe(origin.engine.inspect.digest());
});

test('a cell that flips at the origin is found by its follower, and counted anew', {
  timeout: 120_000,
}, async () => {
  const { origin, follower } = await startPair();
  flipOneCell(origin.inner());
  const isFound = () => origin.inner().replication.addsUp();
  await eventually('it is found and counted anew', isFound, foundMsMax);
  expect(clusterOf(follower).counters).toMatchObject({ reseeds: 0 });
  expect(clusterOf(follower).counters.differences).toBeGreaterThan(0);
  await eventually('they are the same again', () => clusterOf(follower).digests === 'same');
  expect(follower.engine.inspect.digest()).toBe(origin.engine.inspect.digest());
});

const bought = (purchaseId: string) => {
  const occurredAt = '2026-05-30T09:10:00+08:00';
  const lines = [{ itemId: 'tea', quantity: 1 }];
  const purchase = { purchaseId, occurredAt, channel: 'pos' as const, lines };
  return [{ kind: 'purchase' as const, purchase }];
};

/** Stops the origin and starts an older copy of its folder under its name and address. */
async function putBack(origin: InnerNode, kept: string): Promise<InnerNode> {
  const port = Number(origin.address.split(':').at(-1));
  nodes = nodes.filter((node) => node !== origin);
  await origin.close();
  rmSync(join(folder.path, 'origin'), { recursive: true });
  renameSync(kept, join(folder.path, 'origin'));
  return start('origin', [], port);
}

test('followers give back what an origin has lost that was put back without a restore', {
  timeout: 120_000,
}, async () => {
  const { origin, follower } = await startPair();
  await origin.engine.upkeep.checkpoint();
  const kept = join(folder.path, 'kept');
  cpSync(join(folder.path, 'origin'), kept, { recursive: true });
  const areSame = (one: InnerNode) => () =>
    follower.engine.status().watermark === one.engine.status().watermark &&
    follower.engine.inspect.digest() === one.engine.inspect.digest();
  for (let index = 0; index < 5; index++)
    await origin.engine.writes.ingest(bought(`lost-${index}`));
  await eventually('both have it', areSame(origin));
  const older = await putBack(origin, kept);
  // As soon as it listens it may write, before anybody has sent it anything.
  for (let index = 0; index < 7; index++) await older.engine.writes.ingest(bought(`new-${index}`));
  await eventually('the origin has both', () => older.engine.status().events === 42);
  await eventually('they are the same', areSame(older));
  const ids = new Set([...older.engine.records.receipts()].map(({ purchaseId }) => purchaseId));
  expect([...ids].filter((id) => /lost|new/.test(id))).toHaveLength(12);
  await older.engine.writes.ingest(bought('last'));
  await eventually('they go on', areSame(older));
});
