// The trail belongs to one process at a time, for as long as a batch takes.
import { realpathSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { claimFolder, EngineError } from '../../engine/index.ts';
import { trailLimits } from './limits.ts';

/** Runs `work` while no other process writes. Rejects with UNAVAILABLE when one does for long. */
export async function whileClaimed<T>(folder: string, work: () => T | Promise<T>): Promise<T> {
  const claim = await claimSoon(realpathSync(folder));
  try {
    return await work();
  } finally {
    await claim.release();
  }
}

/**
 * The same again and again, and others get in between: they ask every few milliseconds, and who
 * went on at once would always be first.
 */
export class Claims {
  private readonly folder: string;
  /** Since when it was never left for long. */
  private sinceMs = 0;
  private leftMs = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const { claimRestMs, claimTurnMsMax } = trailLimits;
    const nowMs = performance.now();
    if (nowMs - this.leftMs > claimRestMs) this.sinceMs = nowMs;
    if (nowMs - this.sinceMs > claimTurnMsMax) {
      await pause(claimRestMs);
      this.sinceMs = performance.now();
    }
    try {
      return await whileClaimed(this.folder, work);
    } finally {
      this.leftMs = performance.now();
    }
  }
}

async function claimSoon(path: string) {
  const endMs = performance.now() + trailLimits.claimMsMax;
  for (;;) {
    try {
      return await claimFolder(path);
    } catch (error) {
      const isTaken = error instanceof EngineError && error.reason === 'FOLDER_IN_USE';
      if (!isTaken) throw error;
      if (performance.now() > endMs) {
        throw unavailable(`another process has written for ${trailLimits.claimMsMax} ms`, error);
      }
    }
    await pause(trailLimits.claimRetryMs);
  }
}

/** What is thrown where an entry cannot be written, before what it speaks of is done. */
export function unavailable(why: string, cause?: unknown): EngineError {
  const message = `the audit trail cannot be written, so that nothing was done: ${why}`;
  return new EngineError('UNAVAILABLE', message, {
    reason: 'TRAIL_UNAVAILABLE',
    retryAfterMs: trailLimits.retryMs,
    cause,
  });
}
