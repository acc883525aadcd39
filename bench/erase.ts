// Erase under reads: members of a chain of 20 k members and 200 k receipts of 8 lines, beside one
// raw fsync.
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Engine, openEngine, recommendRequestSchema } from '../engine/index.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import { defaultWorkload, receipts } from './workload.ts';

const workload = { ...defaultWorkload, members: 20_000, meanLines: 8, anonymousShare: 0 };
const receiptCount = 200_000;
const eraseCount = 300;
const batchSize = 500;
const readsPerSecond = 1_000;

function rawSyncs(folder: string): number[] {
  const descriptor = openSync(join(folder, 'raw'), 'w');
  const samples = Array.from({ length: eraseCount }, () => {
    const startedAt = performance.now();
    writeSync(descriptor, Buffer.alloc(4_096));
    fsyncSync(descriptor);
    return performance.now() - startedAt;
  });
  closeSync(descriptor);
  return samples;
}

/** Asks for lists at a fixed rate until asked to stop; returns how many it got. */
async function readOn(engine: Engine, isDone: () => boolean): Promise<number> {
  let reads = 0;
  const startedAt = performance.now();
  while (!isDone()) {
    const due = ((performance.now() - startedAt) / 1_000) * readsPerSecond;
    for (; reads < due; reads++) {
      const memberId = `member-${(reads * 7919) % workload.members}`;
      engine.lists.recommend(recommendRequestSchema.parse({ memberId }));
    }
    await setTimeout(1);
  }
  return reads;
}

export async function benchErase(record: RecordRow): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'caini-bench-'));
  const engine = await openEngine({ dataDir: join(folder, 'data') });
  try {
    const list = [...receipts(receiptCount, workload)];
    for (let at = 0; at < list.length; at += batchSize) {
      const batch = list.slice(at, at + batchSize);
      await engine.writes.ingest(batch.map((purchase) => ({ kind: 'purchase', purchase })));
    }
    const rawSamples = rawSyncs(folder);
    const raw = figuresOf(rawSamples);
    let isDone = false;
    const reading = readOn(engine, () => isDone);
    const samples: number[] = [];
    for (let index = 0; index < eraseCount; index++) {
      const startedAt = performance.now();
      const receipt = await engine.members.erase(`member-${(index * 61) % workload.members}`);
      samples.push(performance.now() - startedAt);
      if (receipt.found && receipt.digestBefore === receipt.digestAfter)
        throw new Error('no change');
    }
    isDone = true;
    const reads = await reading;
    record({
      name: `under ${readsPerSecond} reads/s`,
      unit: 'ms',
      samples,
      limit: { name: 'raw fsync', samples: rawSamples },
    });
    const { median, p99 } = figuresOf(samples);
    const beside = `beside ${reads} reads  raw fsync ${rounded(raw.median)} ms`;
    return `erase ${rounded(median)} ms  p99 ${rounded(p99)} ms  ${beside}`;
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
