// An origin and two followers under load while Redis, the lines and the nodes fail in turn, drawn
// from a seed. Afterwards digests, lists and acknowledged receipts are compared. CHAOS_ROUNDS sets
// how many faults there are, CHAOS_SEED repeats a run.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRandom } from '../../engine/index.ts';
import {
  agree,
  eventually,
  hasRedis,
  type NodeUnderTest,
  redisSays,
  startNode,
  startRedis,
} from '../support/cluster.ts';
import { openFaultProxy } from '../support/fault-proxy.ts';
import { withTemporaryFolder } from '../support/folders.ts';
import { Load } from '../support/load.ts';

const rounds = Number(process.env['CHAOS_ROUNDS'] ?? (process.env['CI'] ? 40 : 15));
const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

// Needs redis-server and redis-cli, which .ci/run installs where it may.
test.skipIf(!hasRedis)(
  `${rounds} faults leave three nodes alike (skipped without redis-server)`,
  {
    timeout: 120_000 + rounds * 20_000,
  },
  () => withTemporaryFolder(suffer, 'chaos'),
);

async function suffer(folder: string): Promise<void> {
  console.log(`chaos: CHAOS_SEED=${seed} CHAOS_ROUNDS=${rounds}`);
  const random = createRandom(seed);
  let redis = await startRedis(join(folder, 'redis'));
  const line = await openFaultProxy(redis.port);
  const common = { redis: `redis://127.0.0.1:${line.port}` };
  const dataDir = (name: string) => join(folder, name);
  const shop = await startNode({
    dataDir: dataDir('shop'),
    role: 'origin',
    name: 'shop',
    ...common,
  });
  const originLine = await openFaultProxy(shop.grpcPort);
  const origin = `127.0.0.1:${originLine.port}`;
  const followers = await Promise.all(
    ['f1', 'f2'].map((name) =>
      startNode({ dataDir: dataDir(name), role: 'follower', name, origin, ...common }),
    ),
  );
  const nodes = [shop, ...followers];
  await Promise.all(nodes.map((node) => node.ready(60_000)));
  const load = new Load(shop, 4);
  const erased: string[] = [];
  const for2s = () => pause(100 + random.integer(2_000));
  const anyFollower = () => followers[random.integer(2)]!;
  const faults: Record<string, () => Promise<unknown>> = {
    'redis killed': async () => {
      await redis.kill();
      await for2s();
      redis = await startRedis(redis.folder, redis.port);
    },
    'redis halted': async () => {
      redis.signal('SIGSTOP');
      await for2s();
      redis.signal('SIGCONT');
    },
    'redis emptied': async () => redisSays(redis.port, 'FLUSHALL'),
    'redis slow': async () => {
      line.set({ delayMs: random.integer(400) });
      await for2s();
      line.set('none');
    },
    'redis unreachable': async () => {
      line.set(random.chance(0.5) ? 'hole' : 'cut');
      await for2s();
      line.set('none');
    },
    'origin unreachable': async () => {
      originLine.set(random.chance(0.5) ? 'hole' : 'cut');
      await for2s();
      originLine.set('none');
    },
    'origin killed': async () => {
      await shop.kill();
      await for2s();
      shop.start();
      await shop.ready(60_000);
    },
    'follower killed': () => endAndStart(anyFollower(), for2s),
    'follower halted': async () => {
      const follower = anyFollower();
      follower.signal('SIGSTOP');
      await for2s();
      follower.signal('SIGCONT');
    },
    'follower without its folder': () =>
      endAndStart(anyFollower(), async (follower) => {
        rmSync(follower.options.dataDir, { recursive: true, force: true });
      }),
    'member erased': async () => {
      const memberId = `m${erased.length}`;
      if (erased.length > 8) return;
      erased.push(memberId);
      await shop.ask('DELETE', `/v1/members/${memberId}`);
    },
  };
  try {
    const kinds = Object.keys(faults);
    for (let round = 0; round < rounds; round++) {
      const kind = kinds[random.integer(kinds.length)]!;
      await faults[kind]!().catch((error: Error) => {
        throw new Error(`${kind}: ${error.message}`);
      });
      await pause(random.integer(500));
    }
    await load.stop();
    const healedMs = await eventually('all count the same', () => agree(nodes), 20_000);
    console.log(`chaos: healed in ${Math.round(healedMs)} ms`);
    await judge(nodes, load, erased);
  } catch (error) {
    for (const node of nodes) console.log(node.options.name, node.said.slice(-2_000));
    throw error;
  } finally {
    await load.stop();
    await Promise.all(nodes.map((node) => node.kill()));
    await redis.kill();
    await line.close();
    await originLine.close();
  }
}

async function endAndStart(
  node: NodeUnderTest,
  meanwhile: (node: NodeUnderTest) => Promise<unknown>,
): Promise<void> {
  await node.kill();
  await meanwhile(node);
  node.start();
}

async function judge(
  nodes: readonly NodeUnderTest[],
  load: Load,
  erased: readonly string[],
): Promise<void> {
  for (const node of nodes) {
    await node.ready();
    expect(await node.ask('POST', '/v1/admin/verify', {})).toMatchObject({ differences: [] });
  }
  for (const path of ['/v1/members/m9/recommendations', '/v1/items/milk/similar']) {
    const lists = await Promise.all(nodes.map((node) => node.ask('GET', path)));
    for (const { items } of lists) expect(items).toEqual(lists[0].items);
  }
  // Whose member was erased is gone, and everybody else's is there.
  const lost = (await load.lost()).filter((id) => !erased.includes(load.memberOf(id)));
  expect(lost).toEqual([]);
  expect(load.acknowledged.length).toBeGreaterThan(rounds);
}
