// Whether a chain's data file is whole, before LMDB maps it: a file that is cut short kills whoever
// maps it, and is read here as any file is. A large one is read by a thread of its own.
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { findDamage } from './audit.ts';
import { dataFileName, formatFileName } from './format.ts';

/** The one line for whoever runs the chain: what is damaged, where, and what to do. */
function corruptedError(folder: string, what: string): EngineError {
  const message =
    `${join(folder, dataFileName)} is damaged (${what}); nothing was changed; ` +
    `restore the newest backup with: caini restore BACKUP --data-dir ${dirname(folder)}`;
  return new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
}

/**
 * Throws DATA_LOSS when the data file of a chain is damaged; a folder without one costs nothing.
 */
export async function checkFolder(folder: string, signal?: AbortSignal): Promise<void> {
  const what = await findCorruption(folder, signal);
  if (what !== undefined) throw corruptedError(folder, what);
}

/** What is damaged, undefined when nothing is. Throws when it could not be looked at. */
export async function findCorruption(
  folder: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = join(folder, dataFileName);
  const bytes = existsSync(path) ? statSync(path).size : 0;
  if (bytes === 0 && !existsSync(join(folder, formatFileName))) return undefined;
  signal?.throwIfAborted();
  try {
    if (bytes <= limits.checkAtOnceBytesMax) return findDamage(folder);
    return await readInThread(folder, bytes, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    const message = `the data file could not be checked: ${(cause as Error).message}`;
    throw new EngineError('UNAVAILABLE', message, { cause });
  }
}

async function readInThread(
  folder: string,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  // The compiled file: Node 20 runs no TypeScript, and tests run from the sources.
  const script = createRequire(import.meta.url).resolve('#store/check-worker.js');
  const limitMs = limits.checkMsMin + Math.ceil(bytes / limits.checkBytesPerMsMin);
  const worker = new Worker(script, { workerData: folder });
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      const timer = setTimeout(() => resolve('reading it takes too long'), limitMs);
      const abort = () => reject(new Error('not wanted any more'));
      signal?.addEventListener('abort', abort, { once: true });
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        reject(new Error('the thread ended without an answer'));
      });
    });
  } finally {
    await worker.terminate();
  }
}
