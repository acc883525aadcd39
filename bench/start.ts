// How long a chain of 10 M directed cells takes to open: cold openings in processes of their own,
// beside what none can do without (reading the checkpoint, touching the memory) and beside the
// check of the data file, which runs meanwhile in a process of its own.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratchFolder } from './chain.ts';
import { figuresOf, type RecordRow, rounded, table } from './figures.ts';
import type { Opened, OpenJob } from './load/opener.ts';
import { askProcess } from './load/process.ts';
import { makePairs, type PairChain } from './pairs.ts';

const pairsWanted = 10_000_000;
const rounds = 15;
const millisecondsMax = 500;
/** Seen from dist/bench/. */
const checkChild = join(import.meta.dirname, '../engine/store/check-child.js');

const run = promisify(execFile);

async function openCold(dataDir: string, chain: PairChain): Promise<Opened> {
  const job: OpenJob = { dataDir };
  const opened = await askProcess<Opened>('opener.js', job);
  if (opened.digest !== chain.digest) throw new Error('the chain has another digest now');
  if (opened.events !== chain.events) throw new Error('the chain has lost events');
  return opened;
}

async function touchOnly(dataDir: string, chain: PairChain): Promise<number> {
  const job: OpenJob = { dataDir, touchBytes: chain.memory.usedBytes };
  return (await askProcess<Opened>('opener.js', job)).milliseconds;
}

/** The whole life of the process: a start waits for its end. */
async function checkAlone(dataDir: string): Promise<number> {
  const startedAt = performance.now();
  await run(process.execPath, [checkChild, join(dataDir, 'chain')]);
  return performance.now() - startedAt;
}

export async function benchStart(record: RecordRow): Promise<string> {
  const scratch = scratchFolder();
  try {
    const dataDir = join(scratch.path, 'data');
    const chain = await makePairs(dataDir, pairsWanted);
    const { pairs } = chain.memory;
    const opened: Opened[] = [];
    const [touch, check]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      opened.push(await openCold(dataDir, chain));
      touch.push(await touchOnly(dataDir, chain));
      check.push(await checkAlone(dataDir));
    }
    const open = opened.map(({ milliseconds }) => milliseconds);
    const computed = opened.map(({ processorMs }) => processorMs);
    const perTenMillion = open.map((milliseconds) => (milliseconds * pairsWanted) / pairs);
    record({
      name: '10 M pairs, cold process',
      unit: 'ms',
      samples: perTenMillion,
      limit: { name: 'reading the file, touching the memory', samples: touch },
      bars: [{ of: 'median', atMost: millisecondsMax }],
    });
    record({ name: 'its processor time', unit: 'ms', samples: computed });
    const rows = [['what', 'n', 'min ms', 'median ms', 'p99 ms']];
    const add = (name: string, samples: readonly number[]) => {
      const { n, min, median, p99 } = figuresOf(samples);
      rows.push([name, String(n), ...[min, median, p99].map(rounded)]);
    };
    add(`opening ${(pairs / 1e6).toFixed(1)} M pairs`, open);
    add('the same for 10 M', perTenMillion);
    add('its processor time', computed);
    add('reading and touching alone', touch);
    add('the check alone, meanwhile', check);
    console.log(table(rows));
    const { min, median, p99 } = figuresOf(perTenMillion);
    const share = (100 * figuresOf(check).median) / figuresOf(open).median;
    return (
      `start 10 M pairs  n ${rounds}  min ${rounded(min)} ms  median ${rounded(median)} ms  ` +
      `p99 ${rounded(p99)} ms  processor ${rounded(figuresOf(computed).median)} ms  ` +
      `check ${share.toFixed(0)} % of it, beside  ` +
      `ratio ${rounded(figuresOf(open).median / figuresOf(touch).median)}`
    );
  } finally {
    scratch.remove();
  }
}
