// How fresh lists are: from sending a receipt to its acknowledgement, and until another connection
// sees it, alone and under load. Beside the sync of a raw file.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder, seededChain } from './chain.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import { lateReceipts, listStream, receiptStream } from './load/demand.ts';
import type { FreshnessAnswer, FreshnessJob } from './load/freshness.ts';
import type { OpenAnswer, OpenJob } from './load/open-loop.ts';
import { askProcess, startProgram } from './load/process.ts';
import { defaultWorkload } from './workload.ts';

const rounds = 1_000;
const syncs = 300;
const loads = [
  { name: 'alone', reads: 0, receipts: 0 },
  { name: 'under 1,000 reads/s and 200 receipts/s', reads: 1_000, receipts: 200 },
];
/** Longer than the rounds take; the generator is ended with them. */
const loadSeconds = 30;

function rawSyncs(folder: string): number[] {
  const descriptor = openSync(join(folder, 'raw'), 'w');
  const samples = Array.from({ length: syncs }, () => {
    const startedAt = performance.now();
    writeSync(descriptor, Buffer.alloc(4_096));
    fsyncSync(descriptor);
    return performance.now() - startedAt;
  });
  closeSync(descriptor);
  return samples;
}

export async function benchFreshness(record: RecordRow): Promise<string> {
  const scratch = scratchFolder();
  try {
    await seededChain(join(scratch.path, 'data'));
    const program = await startProgram(join(scratch.path, 'data'));
    const { url } = program;
    const occurredAt = new Date(defaultWorkload.endMs).toISOString();
    const figuresText: string[] = [];
    try {
      for (const { name, reads, receipts } of loads) {
        const limit = { name: 'raw fsync', samples: rawSyncs(scratch.path) };
        const ending = new AbortController();
        const bodies = lateReceipts(receipts * loadSeconds, 50);
        const streams = [listStream(reads), receiptStream(receipts, bodies)];
        const load: OpenJob = { url, seconds: loadSeconds, streams };
        const loading =
          reads === 0
            ? Promise.resolve(undefined)
            : askProcess<OpenAnswer>('open-loop.js', load, ending.signal);
        const job: FreshnessJob = { url, rounds, occurredAt };
        const answer = await askProcess<FreshnessAnswer>('freshness.js', job);
        ending.abort();
        await loading;
        if (answer.stale > 0) throw new Error(`${answer.stale} lists were older than an answer`);
        record({ name: `acknowledged, ${name}`, unit: 'ms', samples: answer.acknowledged, limit });
        record({ name: `visible, ${name}`, unit: 'ms', samples: answer.visible, limit });
        const { median, p99 } = figuresOf(answer.visible);
        figuresText.push(`${name}: visible p50 ${rounded(median)} ms p99 ${rounded(p99)} ms`);
      }
    } finally {
      await program.stop();
    }
    return `freshness ${figuresText.join('  ')}`;
  } finally {
    scratch.remove();
  }
}
