// Power loss: a trace of all writes, cut at random moments; whatever of the unsynced is gone,
// nothing promised is. STORM_POINTS sets at how many moments, STORM_SEED repeats a run. Needs gcc,
// for the shim that records the writes.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withDiskFolder } from '../support/folders.ts';
import { type Chance, chanceOf, seedOfRun } from './chance.ts';
import { compileWorker, Worker } from './child.ts';
import { choosePoints, losePower } from './disk.ts';
import { type Change, readTrace } from './trace.ts';
import type { Report } from './worker.ts';

const points = Number(process.env['STORM_POINTS'] ?? 60);
const controlPoints = 20;
/** Few tills make many small commits, so many moments between them. */
const tills = 4;
const operationsMax = 1_200;
const silenceMsMax = 30_000;
const looksOfAWorker = 20;
const isLinux = process.platform === 'linux';
const hasCompiler = isLinux && spawnSync('gcc', ['--version']).status === 0;

interface Recording {
  readonly changes: readonly Change[];
  readonly rootInode: number;
  readonly script: string;
}

interface RecordOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly isWithoutSync?: boolean;
}

function buildShim(folder: string): string {
  const shim = join(folder, 'disk-trace.so');
  const source = join(import.meta.dirname, 'disk-trace.c');
  execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-o', shim, source, '-ldl', '-lpthread']);
  return shim;
}

/** Lets a storm rage in a process whose writes are recorded, until it has sent all. */
async function record(home: string, seed: number, options: RecordOptions): Promise<Recording> {
  const script = compileWorker(join(home, 'code'));
  const root = join(home, 'traced');
  const file = join(home, 'trace');
  mkdirSync(root);
  const traced = { LD_PRELOAD: buildShim(home), DISK_TRACE_ROOT: root, DISK_TRACE_FILE: file };
  const hook = join(home, 'code/tests/storms/no-sync.js');
  const worker = new Worker({
    script,
    environment: { ...traced, UV_USE_IO_URING: '0', ...options.environment },
    nodeOptions: options.isWithoutSync ? ['--import', hook] : [],
  });
  try {
    worker.give({
      kind: 'live',
      folder: root,
      round: 0,
      seed,
      tills,
      operationsMax,
      isThorough: false,
    });
    for (const wanted of ['opening', 'looked', 'over']) {
      const report = await worker.hear(silenceMsMax);
      expect(report, `recording: ${JSON.stringify(report)}`).toMatchObject({ state: wanted });
    }
  } finally {
    await worker.kill();
  }
  return { changes: readTrace(file, root), rootInode: statSync(root).ino, script };
}

/** Opens one rebuilt folder with the real engine; returns what is wrong with it. */
async function lookAt(worker: Worker, folder: string, seed: number): Promise<readonly string[]> {
  worker.give({ kind: 'look', folder, round: 0, seed, tills, operationsMax: 0, isThorough: true });
  let report: Report | string = await worker.hear(silenceMsMax);
  while (typeof report !== 'string' && report.state === 'opening')
    report = await worker.hear(silenceMsMax);
  if (typeof report === 'string') return [`the process that opened it died: ${report}`];
  return report.state === 'looked' ? report.problems : [report.state];
}

interface Loss {
  readonly point: string;
  readonly problems: readonly string[];
}

/** Cuts the power at so many moments and tells at which of them something promised was gone. */
async function cutPower(home: string, recording: Recording, count: number, chance: Chance) {
  const { changes, rootInode, script } = recording;
  const losses: Loss[] = [];
  let worker = new Worker({ script });
  try {
    for (const [number, at] of choosePoints(changes, count, chance).entries()) {
      if (!worker.isAlive || number % looksOfAWorker === looksOfAWorker - 1) {
        await worker.kill();
        worker = new Worker({ script });
      }
      const folder = join(home, 'rebuilt', String(number));
      const seed = chance.integer(2 ** 31);
      losePower({ changes, rootInode, at }, folder, chanceOf(seed));
      const problems = await lookAt(worker, folder, seed);
      if (problems.length > 0) losses.push({ point: `change ${at}, seed ${seed}`, problems });
      rmSync(folder, { recursive: true, force: true });
    }
  } finally {
    await worker.kill();
  }
  return losses;
}

async function lossesOf(count: number, options: RecordOptions = {}): Promise<readonly Loss[]> {
  const seed = seedOfRun();
  console.log(`power loss: STORM_SEED=${seed}`);
  return withDiskFolder(async (home) => {
    const recording = await record(home, seed, options);
    const { changes } = recording;
    const names = changes.map((change) => ('path' in change ? change.path : ''));
    // A compaction, a checkpoint and an erase must be among what the power loss can meet.
    const wanted = ['data/chain.old', 'data/chain/counts.checkpoint', 'data/erased/ledger'];
    expect(names).toEqual(expect.arrayContaining(wanted));
    const syncs = changes.filter(({ kind }) => kind === 'sync').length;
    console.log(`power loss: ${changes.length} changes, ${syncs} syncs`);
    return cutPower(home, recording, count, chanceOf(seed));
  }, 'power-loss');
}

const note = hasCompiler
  ? ''
  : ' (skipped: it needs Linux and gcc for the shim that records writes)';
// Without a compiler there is no shim, and nothing else sees the order of writes and syncs.
const powerTest = test.skipIf(!hasCompiler);

powerTest(
  `${points} power losses take nothing that was promised${note}`,
  {
    timeout: 60_000 + points * 5_000,
  },
  async () => {
    expect(await lossesOf(points)).toEqual([]);
  },
);

powerTest(
  `a disk that lies about its syncs loses what was promised${note}`,
  {
    timeout: 300_000,
  },
  async () => {
    const losses = await lossesOf(controlPoints, { environment: { DISK_TRACE_LIES: '1' } });
    console.log(`control, lying disk: ${losses.length} of ${controlPoints} lost something`);
    expect(losses.length).toBeGreaterThan(controlPoints / 4);
  },
);

powerTest(
  `LMDB without its syncs loses what was promised${note}`,
  {
    timeout: 300_000,
  },
  async () => {
    const losses = await lossesOf(controlPoints, { isWithoutSync: true });
    console.log(`control, noSync: ${losses.length} of ${controlPoints} lost something`);
    expect(losses.length).toBeGreaterThan(controlPoints / 4);
  },
);
