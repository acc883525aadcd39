// Asks a process of its own whether a chain's data file is whole, before LMDB maps it into this
// one.
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { dataFileName, formatFileName } from './format.ts';

interface ChildExit {
  readonly error: (Error & { code?: unknown; signal?: unknown; killed?: boolean }) | null;
  readonly stdout: string;
  readonly stderr: string;
}

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
  const ending = await runChild(folder, bytes, signal);
  signal?.throwIfAborted();
  return interpretExit(ending);
}

function runChild(
  folder: string,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<ChildExit> {
  // The compiled file: Node 20 runs no TypeScript, and tests run from the sources.
  const script = createRequire(import.meta.url).resolve('#store/check-child.js');
  const timeout = limits.checkMsMin + Math.ceil(bytes / limits.checkBytesPerMsMin);
  const options = { timeout, killSignal: 'SIGKILL', signal } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [script, folder], options, (error, stdout, stderr) => {
      resolve({ error, stdout, stderr });
    });
  });
}

/** What is wrong, undefined when nothing is. Throws when the check itself could not run. */
function interpretExit({ error, stdout, stderr }: ChildExit): string | undefined {
  if (error === null) return (JSON.parse(stdout) as { corruption?: string }).corruption;
  if (error.killed) return 'reading it takes too long';
  if (error.signal) return `reading it ended with ${error.signal}`;
  const reason = stderr.split('\n').find((line) => line.includes('Error')) ?? error.message;
  throw new EngineError('UNAVAILABLE', `the data file could not be checked: ${reason}`, {
    cause: error,
  });
}
