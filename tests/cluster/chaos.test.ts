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
  type ProcessUnderTest,
  type RedisUnderTest,
  runRedis,
  startNode,
  startRedis,
} from '../support/cluster.ts';
import { type Fault, type FaultProxy, openFaultProxy } from '../support/fault-proxy.ts';
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

interface Stage {
  readonly random: ReturnType<typeof createRandom>;
  redis: RedisUnderTest;
  /** To Redis, and from the followers to the origin. */
  readonly line: FaultProxy;
  readonly originLine: FaultProxy;
  readonly shop: NodeUnderTest;
  readonly followers: readonly NodeUnderTest[];
  readonly erased: string[];
}

async function setTheStage(folder: string): Promise<Stage> {
  const redis = await startRedis(join(folder, 'redis'));
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
  await Promise.all([shop, ...followers].map((node) => node.ready(60_000)));
  return { random: createRandom(seed), redis, line, originLine, shop, followers, erased: [] };
}

type Faults = Readonly<Record<string, () => Promise<unknown>>>;

const aWhile = ({ random }: Stage) => pause(100 + random.integer(2_000));

function faultsOfRedis(stage: Stage): Faults {
  const { random, line } = stage;
  const during = async (fault: Fault) => {
    line.set(fault);
    await aWhile(stage);
    line.set('none');
  };
  return {
    'redis killed': async () => {
      await stage.redis.kill();
      await aWhile(stage);
      stage.redis = await startRedis(stage.redis.folder, stage.redis.port);
    },
    'redis halted': () => halt(stage, stage.redis),
    'redis emptied': async () => runRedis(stage.redis.port, 'FLUSHALL'),
    'redis slow': () => during({ delayMs: random.integer(400) }),
    'redis unreachable': () => during(random.chance(0.5) ? 'hole' : 'cut'),
  };
}

function faultsOfNodes(stage: Stage): Faults {
  const { random, originLine, shop, followers, erased } = stage;
  const anyFollower = () => followers[random.integer(followers.length)]!;
  return {
    'origin unreachable': async () => {
      originLine.set(random.chance(0.5) ? 'hole' : 'cut');
      await aWhile(stage);
      originLine.set('none');
    },
    'origin killed': async () => {
      await endAndStart(shop, () => aWhile(stage));
      await shop.ready(60_000);
    },
    'follower killed': () => endAndStart(anyFollower(), () => aWhile(stage)),
    'follower halted': () => halt(stage, anyFollower()),
    'follower without its folder': () =>
      endAndStart(anyFollower(), async (follower) => {
        rmSync(follower.options.dataDir, { recursive: true, force: true });
      }),
    'member erased': async () => {
      if (erased.length > 8) return;
      erased.push(`m${erased.length}`);
      await shop.ask('DELETE', `/v1/members/${erased.at(-1)}`);
    },
  };
}

async function suffer(folder: string): Promise<void> {
  console.log(`chaos: CHAOS_SEED=${seed} CHAOS_ROUNDS=${rounds}`);
  const stage = await setTheStage(folder);
  const { random, shop, followers } = stage;
  const nodes = [shop, ...followers];
  const load = new Load(shop, 4);
  try {
    const faults = Object.entries({ ...faultsOfRedis(stage), ...faultsOfNodes(stage) });
    for (let round = 0; round < rounds; round++) {
      const [kind, befall] = faults[random.integer(faults.length)]!;
      await befall().catch((error: Error) => {
        throw new Error(`${kind}: ${error.message}`);
      });
      await pause(random.integer(500));
    }
    await load.stop();
    const healedMs = await eventually('all count the same', () => agree(nodes), 20_000);
    console.log(`chaos: healed in ${Math.round(healedMs)} ms`);
    await check(nodes, load, stage.erased);
  } catch (error) {
    for (const node of nodes) console.log(node.options.name, node.output.slice(-2_000));
    throw error;
  } finally {
    await load.stop();
    await Promise.all(nodes.map((node) => node.kill()));
    await stage.redis.kill();
    await Promise.all([stage.line.close(), stage.originLine.close()]);
  }
}

async function halt(stage: Stage, victim: ProcessUnderTest): Promise<void> {
  victim.signal('SIGSTOP');
  await aWhile(stage);
  victim.signal('SIGCONT');
}

async function endAndStart(
  node: NodeUnderTest,
  meanwhile: (node: NodeUnderTest) => Promise<unknown>,
): Promise<void> {
  await node.kill();
  await meanwhile(node);
  node.start();
}

async function check(
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
