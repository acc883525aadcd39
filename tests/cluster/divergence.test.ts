// One cell that changes by itself, in the memory of a follower or of its origin, is found by the
// other within a minute, told, and mended: a follower takes a new snapshot, an origin counts anew.
// An origin whose folder was put back has lost entries: who holds them gives them back.
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Engine, openEngine, systemClock } from '../../engine/index.ts';
import { type ClusterNode, createNode } from '../../server/cluster/node.ts';
import { nodeSecretOf } from '../../server/cluster/secret.ts';
import { listen } from '../../server/grpc/listen.ts';
import type { Door } from '../../server/serve.ts';
import { eventually } from '../support/cluster.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/folders.ts';
import { flipOneCell } from '../support/kernels.ts';

const foundMsMax = 60_000;
const log = pino({ level: 'silent' });

interface Node extends ClusterNode {
  readonly door: Door;
  readonly inner: () => Engine;
}

let folder: TemporaryFolder;
let nodes: Node[] = [];

beforeEach(async () => {
  folder = await makeTemporaryFolder('divergence');
});
afterEach(async () => {
  for (const { door, stop, engine } of nodes.reverse()) {
    stop();
    await door.close();
    await engine.close();
  }
  nodes = [];
  await folder.remove();
});

async function start(
  role: 'origin' | 'follower',
  follows: readonly string[],
  port = 0,
): Promise<Node> {
  const dataDir = join(folder.path, role);
  let inner: Engine | undefined;
  const node = createNode({
    role,
    node: role,
    dataDir,
    follows: follows.map((address) => ({ address, readFile: () => Buffer.alloc(0) })),
    redisUrl: undefined,
    secret: nodeSecretOf('a secret of the tests'),
    forwardsWrites: true,
    settings: 'the usual',
    clock: systemClock,
    log,
    openEngine: async (options) => {
      inner = await openEngine({ dataDir, ...options });
      return inner;
    },
  });
  const { engine } = node;
  const access = { engine: () => engine, readiness: () => engine.status() };
  const door = await listen({ host: '127.0.0.1', port, access, log, node: node.host });
  const started = { ...node, door, inner: () => inner! };
  nodes.push(started);
  node.start();
  await engine.ready;
  return started;
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
  const follower = await start('follower', [origin.door.url.replace('grpc://', '')]);
  await eventually('they have compared', () => clusterOf(follower).digests === 'same');
  return { origin, follower };
}

const clusterOf = (node: Node) => node.engine.status().cluster!;

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
async function putBack(origin: Node, kept: string): Promise<Node> {
  const port = Number(origin.door.url.split(':').at(-1));
  nodes = nodes.filter((node) => node !== origin);
  origin.stop();
  await origin.door.close();
  await origin.engine.close();
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
  const areSame = (one: Node) => () =>
    follower.engine.status().watermark === one.engine.status().watermark &&
    follower.engine.inspect.digest() === one.engine.inspect.digest();
  for (let index = 0; index < 5; index++)
    await origin.engine.writes.ingest(bought(`lost-${index}`));
  await eventually('both have it', areSame(origin));
  const older = await putBack(origin, kept);
  // As soon as it listens it may write, before anybody has told it anything.
  for (let index = 0; index < 7; index++) await older.engine.writes.ingest(bought(`new-${index}`));
  await eventually('the origin has both', () => older.engine.status().events === 42);
  await eventually('they are the same', areSame(older));
  const ids = new Set([...older.engine.records.receipts()].map(({ purchaseId }) => purchaseId));
  expect([...ids].filter((id) => /lost|new/.test(id))).toHaveLength(12);
  await older.engine.writes.ingest(bought('last'));
  await eventually('they go on', areSame(older));
});
