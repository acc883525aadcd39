// A process of its own that opens a chain once, cold, or does only what no opening can do without:
// reads the checkpoint and touches as much memory.
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from '../../engine/index.ts';
import { answerJob } from './process.ts';

export interface OpenJob {
  readonly dataDir: string;
  /** Undefined: opens the chain. */
  readonly touchBytes?: number;
}

export interface Opened {
  readonly milliseconds: number;
  /** What all threads of the process computed meanwhile, without the check's process. */
  readonly processorMs: number;
  /** Undefined where nothing was opened. */
  readonly digest?: string;
  readonly events?: number;
}

const pieceBytes = 1_048_576;

answerJob(async ({ dataDir, touchBytes }: OpenJob): Promise<Opened> => {
  const startedAt = performance.now();
  const usedBefore = process.cpuUsage();
  const took = () => {
    const used = Object.values(process.cpuUsage(usedBefore));
    return {
      milliseconds: performance.now() - startedAt,
      processorMs: used.reduce((sum, microseconds) => sum + microseconds, 0) / 1_000,
    };
  };
  if (touchBytes !== undefined) {
    readAll(join(dataDir, 'chain', 'counts.checkpoint'));
    const touched = new Uint8Array(touchBytes).fill(255);
    return touched.at(-1) === 255 ? took() : never();
  }
  const engine = await openEngine({ dataDir });
  const times = took();
  const { events } = engine.status();
  const digest = engine.inspect.digest();
  await engine.close();
  return { ...times, digest, events };
});

function readAll(path: string): void {
  const piece = new Uint8Array(pieceBytes);
  const file = openSync(path, 'r');
  while (readSync(file, piece) > 0);
  closeSync(file);
}

function never(): never {
  throw new Error('memory does not hold what was written');
}
