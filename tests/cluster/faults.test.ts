// Everything that can befall the Redis between the nodes, and the nodes themselves, while receipts
// come in: what was acknowledged is kept, serving goes on, and the counts are equal soon after.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  agree,
  eventually,
  hasRedis,
  type NodeUnderTest,
  type RedisUnderTest,
  runRedis,
  startNode,
  startRedis,
} from '../support/cluster.ts';
import { type FaultProxy, openFaultProxy } from '../support/fault-proxy.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/folders.ts';
import { Load } from '../support/load.ts';

/** From the end of a fault on. */
const healedMsMax = 10_000;
const options = { timeout: 180_000 };

let folder: TemporaryFolder;
let redis: RedisUnderTest;
let line: FaultProxy;
/** From the followers to the origin. */
let originLine: FaultProxy;
let shop: NodeUnderTest;
let followers: NodeUnderTest[];
let load: Load;

// Needs redis-server and redis-cli, which .ci/run installs where it may.
describe.skipIf(!hasRedis)('with a Redis of our own (skipped without redis-server)', () => {
  beforeEach(async () => {
    folder = await makeTemporaryFolder('faults');
    redis = await startRedis(join(folder.path, 'redis'));
    line = await openFaultProxy(redis.port);
    const common = { redis: `redis://127.0.0.1:${line.port}` };
    const dataDir = (name: string) => join(folder.path, name);
    shop = await startNode({ dataDir: dataDir('shop'), role: 'origin', name: 'shop', ...common });
    await shop.ready();
    originLine = await openFaultProxy(shop.grpcPort);
    const origin = `127.0.0.1:${originLine.port}`;
    followers = await Promise.all(
      ['f1', 'f2'].map((name) =>
        startNode({ dataDir: dataDir(name), role: 'follower', name, origin, ...common }),
      ),
    );
    await Promise.all(followers.map((follower) => follower.ready()));
    await eventually('Redis carries', () => carriedBy('redis'));
    load = new Load(shop, 4);
    await load.more(20);
  });
  afterEach(async () => {
    await load.stop();
    await Promise.all([shop, ...followers].map((node) => node.kill()));
    await line.close();
    await originLine.close();
    await redis.kill();
    await folder.remove();
  });

  test('Redis is killed and started again', options, async () => {
    await redis.kill();
    await load.more(50);
    await followersServe();
    await agreeUnderLoad();
    redis = await startRedis(redis.folder, redis.port);
    await healed();
    await eventually('Redis carries again', () => carriedBy('redis'));
    expect(load.failures).toBe(0);
  });

  test('Redis is halted and goes on', options, async () => {
    redis.signal('SIGSTOP');
    await load.more(50);
    await followersServe();
    await eventually('the log carries', () => carriedBy('grpc'));
    redis.signal('SIGCONT');
    await healed();
    expect(load.failures).toBe(0);
  });

  test('Redis is emptied, and again', options, async () => {
    for (let round = 0; round < 5; round++) {
      runRedis(redis.port, 'FLUSHALL');
      await load.more(20);
    }
    await healed();
    expect(load.failures).toBe(0);
  });

  test('a replica that lags takes the place of Redis', options, async () => {
    const replica = await startRedis(join(folder.path, 'replica'));
    try {
      runRedis(replica.port, 'REPLICAOF', '127.0.0.1', String(redis.port));
      await eventually('the replica has caught up', () =>
        runRedis(replica.port, 'INFO', 'replication').includes('master_link_status:up'),
      );
      runRedis(replica.port, 'REPLICAOF', 'NO', 'ONE');
      await load.more(50);
      line.leadTo(replica.port);
      await load.more(50);
      await healed();
      await eventually('the replica carries', () => carriedBy('redis'));
      expect(load.failures).toBe(0);
    } finally {
      await replica.kill();
    }
  });

  test('the stream is trimmed past a follower that was halted', options, async () => {
    followers[0]!.signal('SIGSTOP');
    await load.more(100);
    runRedis(redis.port, 'XTRIM', stream(), 'MAXLEN', '1');
    await load.more(20);
    followers[0]!.signal('SIGCONT');
    await healed();
  });

  test('the line to Redis is slow, then swallows everything, then is cut', options, async () => {
    line.set({ delayMs: 300 });
    await load.more(50);
    line.set('hole');
    await load.more(50);
    await agreeUnderLoad();
    line.set('cut');
    await load.more(50);
    line.set('none');
    await healed();
    await eventually('Redis carries again', () => carriedBy('redis'));
    expect(load.failures).toBe(0);
  });

  test('the line to the origin swallows everything, with Redis and without', options, async () => {
    originLine.set('hole');
    await load.more(50);
    // The frames go on over Redis: nobody needs the origin for them.
    await agreeUnderLoad();
    line.set('hole');
    await load.more(100);
    await followersServe();
    originLine.set('none');
    await agreeUnderLoad();
    line.set('none');
    await healed();
    await eventually('Redis carries again', () => carriedBy('redis'));
    expect(load.failures).toBe(0);
  });

  test('somebody else writes into the stream', options, async () => {
    const frames = runRedis(redis.port, 'XLEN', stream());
    expect(Number(frames)).toBeGreaterThan(0);
    runRedis(redis.port, 'XADD', stream(), '*', 'f', 'forged');
    await eventually('the forged frame is told', async () => {
      const { cluster } = await followers[0]!.readiness();
      return cluster.counters.forgedFrames > 0;
    });
    await healed();
  });

  test(
    'the stream is spoiled: ids that run ahead, ids used up, another type',
    options,
    async () => {
      const lastId = '18446744073709551615-18446744073709551615';
      const add = (id: string) => runRedis(redis.port, 'XADD', stream(), id, 'f', 'forged');
      const drop = () => runRedis(redis.port, 'DEL', stream());
      // What is done, and what once it is read: a stream that was dropped begins at ids of now.
      const ways = [
        [() => add(`${Date.now() + 3_600_000}-1`), drop],
        [() => add(lastId), () => {}],
        [drop, () => runRedis(redis.port, 'SET', stream(), 'no stream')],
      ] as const;
      const forged = async () => (await followers[0]!.readiness()).cluster.counters.forgedFrames;
      for (const [index, [spoil, goOn]] of ways.entries()) {
        const before = await forged();
        spoil();
        if (spoil !== drop) await eventually('it is read', async () => (await forged()) > before);
        goOn();
        await load.more(10);
        await eventually(`way ${index} is mended`, async () => {
          const reported = await Promise.all(followers.map((node) => node.readiness()));
          const lasts = runRedis(redis.port, 'XREVRANGE', stream(), '+', '-', 'COUNT', '1');
          const isNow = Number(lasts.split('-')[0]) <= Date.now() + 1_000;
          return isNow && reported.every(({ cluster }) => cluster.follows[0].carrier === 'redis');
        });
      }
      await healed();
    },
  );

  test('the origin is killed in the midst of publishing', options, async () => {
    for (let round = 0; round < 3; round++) {
      await shop.kill();
      await followersServe();
      shop.start();
      await shop.ready();
      await load.more(20);
    }
    await healed();
  });

  test('a follower is killed while it folds, and another is away for long', options, async () => {
    await followers[1]!.kill();
    for (let round = 0; round < 3; round++) {
      await followers[0]!.kill();
      await load.more(30);
      followers[0]!.start();
      await followers[0]!.ready();
    }
    followers[1]!.start();
    await followers[1]!.ready();
    // At every step of its start, too: of the next five, few come to their end.
    for (const lifeMs of [80, 250, 400, 600, 900]) {
      await followers[1]!.kill();
      rmSync(followers[1]!.options.dataDir, { recursive: true, force: true });
      followers[1]!.start();
      await pause(lifeMs);
    }
    await followers[1]!.ready();
    await healed();
  });

  test(
    'after an erase nothing of the member can be read in Redis or on its disk',
    options,
    async () => {
      const lines = [{ itemId: 'unmistakable-item', quantity: 1 }];
      const reported = {
        memberId: 'unmistakable-member',
        occurredAt: '2026-05-01T09:10:00+08:00',
        lines,
      };
      const bought = await shop.send('POST', '/v1/purchases', {
        purchaseId: 'unmistakable-1',
        ...reported,
      });
      expect(bought.status).toBe(201);
      await eventually('all have it', () => agreeNow(bought.body.watermark));
      const receipt = await shop.ask('DELETE', '/v1/members/unmistakable-member');
      const names = receipt.nodes.map(({ node, acknowledged }: Acknowledged) => [
        node,
        acknowledged,
      ]);
      expect(names).toEqual([
        ['f1', true],
        ['f2', true],
      ]);
      runRedis(redis.port, 'BGREWRITEAOF');
      await eventually('the file is rewritten', () =>
        runRedis(redis.port, 'INFO', 'persistence').includes('aof_rewrite_in_progress:0'),
      );
      const bytes = readAppended();
      expect(bytes.includes(stream())).toBe(true);
      expect(bytes.includes('unmistakable')).toBe(false);
      expect(runRedis(redis.port, 'XRANGE', stream(), '-', '+')).not.toContain('unmistakable');
      await healed();
    },
  );
});

interface Acknowledged {
  readonly node: string;
  readonly acknowledged: boolean;
}

/** The stream of the origin; its name says which chain it is of. */
function stream(): string {
  return runRedis(redis.port, 'KEYS', 'caini:*:journal:shop').trim();
}

async function carriedBy(carrier: string): Promise<boolean> {
  const reported = await Promise.all(followers.map((follower) => follower.readiness()));
  return reported.every(({ cluster }) => cluster.follows[0].carrier === carrier);
}

async function followersServe(): Promise<void> {
  for (const follower of followers) {
    expect((await follower.send('GET', '/v1/items/popular')).status).toBe(200);
  }
}

/** What is acknowledged now is at every follower soon, while more comes in. */
async function agreeUnderLoad(): Promise<void> {
  const { watermark } = await shop.readiness();
  await eventually('the followers hold it', () => agreeNow(watermark));
}

async function agreeNow(watermark: string): Promise<boolean> {
  const path = `/v1/items/popular?minWatermark=${encodeURIComponent(watermark)}`;
  const replies = await Promise.all(followers.map((follower) => follower.send('GET', path)));
  return replies.every(({ status }) => status === 200);
}

async function healed(): Promise<void> {
  await agreeUnderLoad();
  await load.stop();
  const nodes = [shop, ...followers];
  await eventually('all count the same', () => agree(nodes), healedMsMax);
  const lists = await Promise.all(
    nodes.map((node) => node.ask('GET', '/v1/members/m3/recommendations')),
  );
  for (const { items } of lists) expect(items).toEqual(lists[0].items);
  for (const node of nodes) {
    expect(await node.ask('POST', '/v1/admin/verify', {})).toMatchObject({ differences: [] });
  }
  expect(await load.lost()).toEqual([]);
  const { events } = await shop.readiness();
  expect(events).toBeGreaterThanOrEqual(load.acknowledged.length);
  const { reseeds } = (await followers[0]!.readiness()).cluster.counters;
  expect(reseeds, 'nobody needed a new snapshot').toBe(0);
}

/** All that Redis has on its disk. */
function readAppended(): Buffer {
  const appended = join(redis.folder, 'appendonlydir');
  const names = existsSync(appended) ? readdirSync(appended) : [];
  return Buffer.concat(names.map((name) => readFileSync(join(appended, name))));
}
