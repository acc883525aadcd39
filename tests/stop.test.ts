// SIGTERM whatever runs: the process ends within ten seconds with the right exit code, and nothing
// is left half.
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Event, openEngine } from '../engine/index.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';
import { caini, type Ended, type Running, startCaini } from './support/program.ts';

/** Enough that every piece of work takes a while. */
const receipts = 12_000;
/** What the issue sets; the processes themselves need a second or two. */
const stopMsMax = 10_000;

let folder: TemporaryFolder;
let original: string;
const running: Running[] = [];

function purchase(number: number): Event {
  const lines = Array.from({ length: 8 }, (_, line) => ({
    itemId: `item-${(number * 7 + line * (line + 3) * 13) % 900}`,
    quantity: 1,
  })).filter(({ itemId }, at, all) => all.findIndex((other) => other.itemId === itemId) === at);
  const occurredAt = new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString();
  const rest = { memberId: `m${number % 700}`, channel: 'pos' as const, occurredAt, lines };
  return { kind: 'purchase', purchase: { purchaseId: `p${number}`, ...rest } };
}

beforeAll(async () => {
  folder = await makeTemporaryFolder('stop');
  original = join(folder.path, 'original');
  const engine = await openEngine({ dataDir: original });
  for (let at = 0; at < receipts; at += 1_000) {
    await engine.writes.ingest(Array.from({ length: 1_000 }, (_, more) => purchase(at + more)));
  }
  await engine.close();
  const backup = await caini('backup', join(folder.path, 'backup'), '--data-dir', original);
  expect(backup.code).toBe(0);
}, 120_000);

afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => folder.remove());

let copies = 0;

function copyOfOriginal(): string {
  copies += 1;
  const dataDir = join(folder.path, `data-${copies}`);
  cpSync(original, dataDir, { recursive: true });
  return dataDir;
}

interface Served {
  readonly server: Running;
  readonly url: URL;
}

/** Resolves when the door is open, which is before everything is counted. */
async function serve(dataDir: string, ...more: string[]): Promise<Served> {
  const ports = ['--http-port', '0', '--grpc-port', 'none'];
  const server = startCaini(['serve', '--data-dir', dataDir, ...ports, ...more]);
  running.push(server);
  let output = '';
  while (!output.includes('\n')) output += String((await once(server.child.stdout!, 'data'))[0]);
  return { server, url: new URL(/http:\/\/[\w.:]+/.exec(output)![0]) };
}

interface Reading {
  /** Resolves with the first bytes of the answer. */
  readonly begun: Promise<void>;
  readonly answer: Promise<string>;
}

function post(url: URL, path: string): Reading {
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const answer = new Promise<string>((resolve) => {
    const headers = { accept: 'application/x-ndjson', 'content-length': 0 };
    const outgoing = request(new URL(path, url), { method: 'POST', headers }, (incoming) => {
      let body = '';
      incoming.on('data', (bytes) => {
        body += bytes;
        begin();
      });
      incoming.on('close', () => resolve(body.trim().split('\n').at(-1)!));
    });
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end();
  });
  return { begun, answer };
}

/** Tells the process to stop and waits for its end, which must come in time. */
async function terminate({ child, ended }: Running): Promise<Ended> {
  const startedAt = performance.now();
  child.kill('SIGTERM');
  const end = await ended;
  // A bound that the issue sets, not a measurement.
  expect(performance.now() - startedAt, end.stderr).toBeLessThan(stopMsMax);
  return end;
}

/** The chain opens with everything in it, and nothing else lies there. */
async function assertWhole(dataDir: string, events = receipts): Promise<void> {
  const names = readdirSync(dataDir).filter((name) => !['chain.ballast', 'audit'].includes(name));
  expect(names.sort()).toEqual(['chain', 'erased']);
  const engine = await openEngine({ dataDir });
  try {
    expect(engine.status()).toMatchObject({ ready: true, events });
  } finally {
    await engine.close();
  }
}

test.each(['verify', 'compact'])('a server stops in the midst of a %s', async (work) => {
  const dataDir = copyOfOriginal();
  const { server, url } = await serve(dataDir);
  while (!(await isReady(url))) await wait(50);
  const { begun, answer } = post(url, `/v1/admin/${work}`);
  await begun;
  const { code, stderr } = await terminate(server);
  expect([code, stderr.includes('"level":60')]).toEqual([0, false]);
  expect(JSON.parse(await answer)).toMatchObject({ status: 503, reason: 'CLOSING' });
  await assertWhole(dataDir);
});

function isReady(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    request(new URL('/readyz', url), (incoming) => {
      incoming.resume().on('end', () => resolve(incoming.statusCode === 200));
    })
      .on('error', () => resolve(false))
      .end();
  });
}

test('a server stops while it counts what is stored', async () => {
  const dataDir = copyOfOriginal();
  rmSync(join(dataDir, 'chain/counts.checkpoint'));
  const { server } = await serve(dataDir);
  const { code, stderr } = await terminate(server);
  expect([code, stderr.includes('cannot serve')]).toEqual([0, false]);
  await assertWhole(dataDir);
});

test('a server stops while it loads the demo, whole receipts each', async () => {
  const dataDir = join(folder.path, 'demo');
  const { server } = await serve(dataDir, '--demo-if-empty');
  while (!existsSync(join(dataDir, 'chain/data.mdb'))) await wait(20);
  await wait(500);
  expect((await terminate(server)).code).toBe(0);
  const engine = await openEngine({ dataDir });
  expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  await engine.close();
});

test('clients that hold on to a stopping server are cut off in time', async () => {
  const dataDir = copyOfOriginal();
  const { server, url } = await serve(dataDir);
  while (!(await isReady(url))) await wait(50);
  const slow = connect(Number(url.port), url.hostname);
  slow.on('error', () => {});
  slow.write(
    'POST /v1/purchases HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n',
  );
  slow.write('content-length: 1000\r\n\r\n{"purchaseId":');
  const { begun } = post(url, '/v1/admin/verify');
  await begun;
  expect((await terminate(server)).code).toBe(0);
  slow.destroy();
  await assertWhole(dataDir);
});

/** Whether a process has the data file of a chain open (Linux). */
function hasOpened({ child }: Running): boolean {
  const descriptors = `/proc/${child.pid}/fd`;
  try {
    return readdirSync(descriptors).some((name) =>
      readlinkSync(join(descriptors, name)).includes('/chain/data.mdb'),
    );
  } catch {
    return false;
  }
}

interface Stopped {
  readonly arguments: (dataDir: string, out: string) => readonly string[];
  /** Whether it has begun. */
  readonly begun: (dataDir: string, out: string, program: Running) => boolean;
}

const inFolder = (name: string) => (dataDir: string) => existsSync(join(dataDir, name));

const commands: Readonly<Record<string, Stopped>> = {
  verify: { arguments: () => ['verify'], begun: (_dataDir, _out, program) => hasOpened(program) },
  compact: { arguments: () => ['compact'], begun: inFolder('chain.new') },
  backup: {
    arguments: (_dataDir, out) => ['backup', join(out, 'backup')],
    begun: (_dataDir, out) => existsSync(join(out, 'backup.unfinished')),
  },
  restore: {
    arguments: () => ['restore', join(folder.path, 'backup')],
    begun: inFolder('chain.restoring'),
  },
  'restore, near its end,': {
    arguments: () => ['restore', join(folder.path, 'backup')],
    begun: inFolder('chain.replaced'),
  },
  export: {
    arguments: (_dataDir, out) => ['export', '--out', join(out, 'receipts.csv')],
    begun: (_dataDir, out) => existsSync(join(out, 'receipts.csv.unfinished')),
  },
};

// What is open is read from /proc.
test.skipIf(process.platform !== 'linux').each(Object.keys(commands))(
  'caini %s stops in the midst of it and leaves everything as it was (Linux)',
  async (name) => {
    const [dataDir, out] = [copyOfOriginal(), join(folder.path, `out-${copies}`)];
    mkdirSync(out);
    const command = commands[name]!;
    const program = startCaini([...command.arguments(dataDir, out), '--data-dir', dataDir]);
    running.push(program);
    let isOver = false;
    void program.ended.then(() => {
      isOver = true;
    });
    while (!isOver && !command.begun(dataDir, out, program)) await wait(2);
    const { code, stderr, stdout } = await terminate(program);
    expect([code, stdout], stderr).toEqual([130, '']);
    expect(stderr).toMatch(/^caini \w+: stopped; [^\n]+\n$/);
    expect(readdirSync(out)).toEqual([]);
    await assertWhole(dataDir);
  },
);
