// Nodes of two data formats beside each other, as while a chain is upgraded node by node: neither
// takes anything of the other, both say so in one line, and they go on when both have the same.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatVersion } from '../../engine/index.ts';
import { encodeFrame } from '../../server/cluster/frames.ts';
import { nodeSecretOf } from '../../server/cluster/secret.ts';
import { eventually, hasRedis, type RedisUnderTest, startRedis } from '../support/cluster.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/folders.ts';
import { type InnerNode, type InnerNodeOptions, startInnerNode } from '../support/inner-nodes.ts';

const later = formatVersion + 1;
const timeout = 90_000;

let folder: TemporaryFolder;
let nodes: InnerNode[] = [];
/** What the follower has written to its log. */
let reported: string[] = [];

beforeEach(async () => {
  folder = await makeTemporaryFolder('formats');
});
afterEach(async () => {
  for (const node of nodes.toReversed()) await node.close();
  nodes = [];
  reported = [];
  await folder.remove();
});

async function start(options: Omit<InnerNodeOptions, 'folder'>): Promise<InnerNode> {
  const write = (line: string) => void reported.push(JSON.parse(line).msg);
  const log = options.role === 'follower' ? { log: pino({ level: 'warn' }, { write }) } : {};
  const node = await startInnerNode({ folder: folder.path, ...log, ...options });
  nodes.push(node);
  return node;
}

async function stop(node: InnerNode): Promise<number> {
  nodes = nodes.filter((other) => other !== node);
  await node.close();
  return Number(node.address.split(':').at(-1));
}

const buys = (purchaseId: string) => {
  const lines = ['milk', 'bread'].map((itemId) => ({ itemId, quantity: 1 }));
  const occurredAt = '2026-05-30T09:10:00+08:00';
  const purchase = { purchaseId, memberId: 'ann', channel: 'pos' as const, occurredAt, lines };
  return [{ kind: 'purchase' as const, purchase }];
};

const clusterOf = (node: InnerNode) => node.engine.status().cluster!;
const linesOf = (what: RegExp) => reported.filter((line) => what.test(line));
const areSame = (one: InnerNode, other: InnerNode) => () =>
  one.engine.status().watermark === other.engine.status().watermark &&
  one.engine.inspect.digest() === other.engine.inspect.digest();

type Host = InnerNode['host'];
type Admit = (host: Host, call: Parameters<Host['admit']>) => void;

/** The host as it is, but for who is admitted. */
const admittedBy =
  (admit: Admit) =>
  (host: Host): Host =>
    Object.create(host, {
      admit: { value: (...call: Parameters<Host['admit']>) => admit(host, call) },
    });

/** A line that names both. */
const bothNamed = (one: number, other: number) =>
  new RegExp(`has data format ${one}, and (origin|follower) has data format ${other}: neither`);

test('an empty follower takes no snapshot of another format, and one as soon as it may', {
  timeout,
}, async () => {
  let asked = 0;
  const count: Admit = (host, call) => {
    asked += 1;
    host.admit(...call);
  };
  const origin = await start({ role: 'origin', show: admittedBy(count) });
  await origin.engine.ready;
  await origin.engine.writes.ingest(buys('p'));
  const follower = await start({ role: 'follower', follows: [origin.address], format: later });
  const isExplained = () =>
    bothNamed(later, formatVersion).test(follower.engine.status().waitingFor!);
  await eventually('it says why it waits', isExplained);
  await eventually('it has tried again', () => asked > 1);
  expect(linesOf(/no snapshot/)).toHaveLength(1);
  expect(linesOf(bothNamed(later, formatVersion))).toHaveLength(1);
  expect(existsSync(join(folder.path, 'follower', 'chain'))).toBe(false);
  const port = await stop(origin);
  const upgraded = await start({ role: 'origin', port, format: later });
  await upgraded.engine.ready;
  await follower.engine.ready;
  await eventually('they are the same', areSame(upgraded, follower));
});

test('of a node that neither tells nor asks for a format, as the first one, nothing is taken', {
  timeout,
}, async () => {
  const origin = await start({
    role: 'origin',
    format: 0,
    show: admittedBy((host, [path, proof]) => host.admit(path, proof, 0)),
  });
  await origin.engine.ready;
  const follower = await start({ role: 'follower', follows: [origin.address] });
  const isExplained = () => bothNamed(1, formatVersion).test(follower.engine.status().waitingFor!);
  await eventually('it says why it waits', isExplained);
  expect(existsSync(join(folder.path, 'follower', 'chain'))).toBe(false);
});

/** A frame as the origin publishes it that was upgraded while its gRPC is still closed. */
async function publishLater({ url }: RedisUnderTest): Promise<void> {
  const secret = nodeSecretOf('a secret of the tests');
  const head = { node: 'origin', incarnation: 'new', position: 1, newestDay: 0, format: later };
  const frame = encodeFrame(secret, { id: 'new', key: Buffer.alloc(32) }, head, []);
  const redis = new Redis(url);
  await redis.xadd(`caini:${secret.chain}:journal:origin`, '*', 'f', frame);
  redis.disconnect();
}

test.skipIf(!hasRedis)(
  'over gRPC and Redis a follower takes nothing and serves on (skipped without redis-server)',
  {
    timeout,
  },
  async () => {
    const redis = await startRedis(join(folder.path, 'redis'));
    try {
      const redisUrl = redis.url;
      const first = await start({ role: 'origin', redisUrl });
      await first.engine.ready;
      await first.engine.writes.ingest(buys('p'));
      const follows = [first.address];
      const follower = await start({ role: 'follower', follows, redisUrl });
      await follower.engine.ready;
      const carrier = () => clusterOf(follower).follows[0]!.carrier;
      await eventually('Redis carries', () => carrier() === 'redis');

      const port = await stop(first);
      reported = [];
      await publishLater(redis);
      await eventually('it is logged', () => linesOf(bothNamed(later, formatVersion)).length > 0);
      const upgraded = await start({ role: 'origin', redisUrl, port, format: later });
      await upgraded.engine.ready;
      await upgraded.engine.writes.ingest(buys('q'));
      const before = follower.engine.status().watermark;
      for (let index = 0; index < 20; index++)
        await upgraded.engine.writes.ingest(buys(`r-${index}`));
      const trouble = () => clusterOf(follower).follows[0]!.trouble ?? '';
      await eventually('gRPC says so too', () => bothNamed(formatVersion, later).test(trouble()));
      expect(carrier()).toBe('none');
      expect(linesOf(/has data format/)).toHaveLength(1);
      expect(clusterOf(follower).counters).toMatchObject({ forgedFrames: 0, unreadableFrames: 0 });
      expect(clusterOf(follower).counters).toMatchObject({ differences: 0, reseeds: 0 });
      expect(clusterOf(upgraded).digests).not.toBe('differs');

      // It serves what it has, and hands no write to who may read it otherwise.
      expect(follower.engine.status()).toMatchObject({ ready: true, watermark: before });
      const write = follower.engine.writes.ingest(buys('s'));
      await expect(write).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'FORMAT_DIFFERS' });
      expect(
        [...upgraded.engine.records.receipts()].map(({ purchaseId }) => purchaseId),
      ).not.toContain('s');

      await stop(follower);
      const again = await start({ role: 'follower', follows, redisUrl, format: later });
      await again.engine.ready;
      await eventually('they are the same', areSame(upgraded, again));
      await eventually('Redis carries', () => clusterOf(again).follows[0]!.carrier === 'redis');
      await again.engine.writes.ingest(buys('t'));
      await eventually('they go on', areSame(upgraded, again));
    } finally {
      await redis.kill();
    }
  },
);
