// The benchmark of several nodes: from acknowledged at the origin to visible at a follower, reads a
// second with more processes, a new follower, and how fast one catches up.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { openEngine } from '../engine/index.ts';
import { figuresOf, type RecordRow, rounded, table } from './figures.ts';
import { programWords } from './load/process.ts';
import { defaultWorkload, receipts } from './workload.ts';

const learnt = Number(process.env['BENCH_RECEIPTS'] ?? 50_000);
const missed = 25_000;
const published = 500;
const publishedPerSecond = 50;
const readSeconds = 8;

/** Resolves with the line that sums it up. */
export async function benchCluster(record: RecordRow): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'caini-bench-cluster-'));
  const output: string[] = [];
  try {
    await learn(join(folder, 'origin'), 0, learnt);
    const alone = await readsOf(folder, 0);
    const one = await readsOf(folder, 1);
    const two = await readsOf(folder, 2);
    const ports = await readsOverPorts(folder);
    const limit = { name: 'the origin alone', samples: [alone] };
    const rates = { '1 follower behind one port': one, '2 followers behind one port': two };
    for (const [name, rate] of Object.entries({ ...rates, '2 on ports of their own': ports })) {
      record({ name, unit: 'lists/s', samples: [rate], limit });
    }
    const [seed, catchUp] = await seedAndCatchUp(folder);
    output.push(`${seed}, ${catchUp}`);
    for (const redis of hasRedis() ? [false, true] : [false])
      output.push(await visible(folder, redis, record));
    const reads = `reads/s: one process ${alone}, behind one port 1 follower ${one}, 2 ${two}`;
    return `cluster ${reads}, 2 on ports of their own ${ports}; ${output.join('; ')}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Written in this process, before any node has the folder. */
async function learn(dataDir: string, from: number, to: number): Promise<void> {
  const engine = await openEngine({ dataDir, origin: 'bench' });
  let batch: { kind: 'purchase'; purchase: ReturnType<typeof next> }[] = [];
  const all = receipts(to, { ...defaultWorkload, members: 20_000 });
  const next = () => all.next().value!;
  for (let index = 0; index < to; index++) {
    const purchase = next();
    if (index < from) continue;
    batch.push({ kind: 'purchase', purchase });
    if (batch.length < 500) continue;
    await engine.writes.ingest(batch);
    batch = [];
  }
  await engine.close();
}

interface Node {
  readonly http: string;
  readonly grpc: string;
  ask(path: string, body?: object): Promise<Reply>;
  ready(): Promise<void>;
  stop(): Promise<void>;
}

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a bench looks at a few fields of replies.
  readonly body: any;
}

async function startNode(
  dataDir: string,
  settings: Record<string, string | number>,
): Promise<Node> {
  const [http, grpc] = await Promise.all([freePort(), freePort()]);
  const given = { 'data-dir': dataDir, 'http-port': http, 'grpc-port': grpc, ...settings };
  const options = Object.entries(given).map(([key, value]) => `--${key}=${value}`);
  const env = { ...process.env, CAINI_NODE_SECRET: 'of one bench only', CAINI_LOG_LEVEL: 'error' };
  const child = spawn(process.execPath, [...programWords, 'serve', ...options], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${http}`;
  const ask = async (path: string, body?: object): Promise<Reply> => {
    const reply = await fetch(`${url}${path}`, {
      ...(body && {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    return { status: reply.status, body: await reply.json() };
  };
  return {
    http: url,
    grpc: `127.0.0.1:${grpc}`,
    ask,
    ready: () => until(async () => (await ask('/readyz')).body.ready === true),
    stop: () => stopped(child),
  };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is().catch(() => false))) await pause(10);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const origin = { role: 'origin', 'node-name': 'bench' };

/** Lists of many members over kept connections. */
async function readsPerSecond(urls: readonly string[]): Promise<number> {
  const paths = Array.from({ length: 500 }, (_, index) => {
    return `/v1/members/member-${index * 7}/recommendations?limit=20`;
  });
  const averages = urls.map(async (url) => {
    const connections = 32 / urls.length;
    const requests = paths.map((path) => ({ path }));
    const {
      requests: rates,
      non2xx,
      errors,
    } = await autocannon({
      url,
      connections,
      duration: readSeconds,
      requests,
    });
    if (non2xx + errors > 0) throw new Error(`${non2xx} lists were refused, ${errors} lost`);
    return rates.average;
  });
  return Math.round((await Promise.all(averages)).reduce((sum, rate) => sum + rate, 0));
}

async function readsOf(folder: string, followers: number): Promise<number> {
  const node = await startNode(join(folder, 'origin'), { ...origin, followers });
  try {
    await node.ready();
    // Each of them is to be ready, and asks are dealt out in turn.
    for (let asked = 0; asked < 20; asked++) await node.ready();
    await pause(followers === 0 ? 0 : 3_000);
    return await readsPerSecond([node.http]);
  } finally {
    await node.stop();
  }
}

async function readsOverPorts(folder: string): Promise<number> {
  const shop = await startNode(join(folder, 'origin'), origin);
  const nodes = [shop];
  try {
    await shop.ready();
    for (const name of ['port-1', 'port-2']) {
      const settings = { role: 'follower', 'node-name': name, origin: shop.grpc };
      nodes.push(await startNode(join(folder, name), settings));
    }
    await Promise.all(nodes.map((node) => node.ready()));
    return await readsPerSecond(nodes.slice(1).map(({ http }) => http));
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

async function seedAndCatchUp(folder: string): Promise<readonly [string, string]> {
  const dataDir = join(folder, 'late');
  let shop = await startNode(join(folder, 'origin'), origin);
  await shop.ready();
  const start = performance.now();
  let late = await follow(dataDir, shop);
  await late.ready();
  const seconds = (performance.now() - start) / 1_000;
  const { events } = (await shop.ask('/readyz')).body;
  await Promise.all([late.stop(), shop.stop()]);
  await learn(join(folder, 'origin'), learnt, learnt + missed);
  shop = await startNode(join(folder, 'origin'), origin);
  await shop.ready();
  late = await follow(dataDir, shop);
  const rate = await catchUpRate(late, events + missed);
  await Promise.all([late.stop(), shop.stop()]);
  const seed = `a new follower of ${events} receipts in ${rounded(seconds)} s`;
  return [seed, `catch-up ${Math.round(rate)} events/s`];
}

function follow(dataDir: string, shop: Node, more: object = {}): Promise<Node> {
  return startNode(dataDir, { role: 'follower', 'node-name': 'late', origin: shop.grpc, ...more });
}

/** From the first entry that is seen to the last. */
async function catchUpRate(node: Node, wanted: number): Promise<number> {
  let first: { events: number; at: number } | undefined;
  let last = { events: 0, at: 0 };
  while (last.events < wanted) {
    const { events = 0 } = (await node.ask('/readyz').catch(() => undefined))?.body ?? {};
    last = { events, at: performance.now() };
    if (events > 0) first ??= last;
    await pause(20);
  }
  return ((last.events - first!.events) * 1_000) / (last.at - first!.at);
}

/** From the answer of the origin to the answer of a follower that holds it. */
async function visible(folder: string, withRedis: boolean, record: RecordRow): Promise<string> {
  const port = await freePort();
  const options = ['--port', String(port), '--save', '', '--appendonly', 'no'];
  const redis = withRedis ? spawn('redis-server', options, { stdio: 'ignore' }) : undefined;
  const carrier = { redis: withRedis ? `redis://127.0.0.1:${port}` : 'none' };
  const shop = await startNode(join(folder, 'origin'), { ...origin, ...carrier });
  const late = await follow(join(folder, 'late'), shop, carrier);
  try {
    await Promise.all([shop.ready(), late.ready()]);
    await pause(3_000);
    const samples = await publishAtRate(shop, late, withRedis ? 'redis' : 'grpc');
    const { n, min, median, p99 } = figuresOf(samples);
    const way = withRedis ? 'over Redis' : 'over gRPC';
    record({ name: `publish to visible ${way}`, unit: 'ms', samples });
    const cells = [way, String(n), ...[min, median, p99].map(rounded)];
    console.log(table([['publish to visible', 'n', 'min ms', 'p50 ms', 'p99 ms'], cells]));
    return `visible ${way} p50 ${rounded(median)} ms p99 ${rounded(p99)} ms`;
  } finally {
    await Promise.all([late.stop(), shop.stop()]);
    redis?.kill();
  }
}

async function publishAtRate(shop: Node, late: Node, run: string): Promise<number[]> {
  const samples: number[] = [];
  const waiting: Promise<void>[] = [];
  const start = performance.now();
  for (let sent = 0; sent < published; sent++) {
    const due = start + (sent * 1_000) / publishedPerSecond;
    while (performance.now() < due) await pause(Math.ceil(due - performance.now()));
    waiting.push(publish(shop, late, `visible-${run}-${sent}`).then((ms) => void samples.push(ms)));
  }
  await Promise.all(waiting);
  return samples;
}

async function publish(shop: Node, late: Node, purchaseId: string): Promise<number> {
  const lines = ['item-1', 'item-2', 'item-3'].map((itemId) => ({ itemId, quantity: 1 }));
  const purchase = { purchaseId, memberId: 'member-1', occurredAt: '2026-05-31T00:00:00Z', lines };
  const { body } = await shop.ask('/v1/purchases', purchase);
  const acknowledged = performance.now();
  const path = `/v1/items/popular?limit=1&minWatermark=${encodeURIComponent(body.watermark)}`;
  while ((await late.ask(path)).status !== 200);
  return performance.now() - acknowledged;
}
