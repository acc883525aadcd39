// Counts made anew from what is stored, in slices between batches, while the same changes go on
// into the old counts.
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ReceiptSource } from '../events/stored-receipts.ts';
import type { CountsTarget } from './count-updater.ts';
import type { Counts } from './counts.ts';
import { RecountWalk } from './recount-walk.ts';

/** How long one step of a recount may take. */
export const recountSliceMs = 2;

/** Thrown by `step` when the counts would take more memory than they may. */
export class OutOfMemory extends Error {}

/**
 * One recount. `step` must only be called when everything committed has been folded: it reads what
 * is stored now, and a later change of something already passed has to be applied to these counts
 * too, after `finishSlice`.
 */
export class Recount {
  readonly target: Counts;
  private readonly walk: RecountWalk;
  private isChanging = false;

  constructor(target: Counts, source: ReceiptSource) {
    this.target = target;
    this.walk = new RecountWalk(source);
  }

  progress(): { readonly done: number; readonly total: number } {
    return this.walk.progress();
  }

  /** Takes part in what is folded meanwhile. */
  get countsTarget(): CountsTarget {
    return {
      counts: this.target,
      covers: (subject) => this.walk.hasPassed(subject),
      finishSlice: () => this.finishSlice(),
    };
  }

  /**
   * Counts for about `milliseconds`; returns whether all is counted. Throws OutOfMemory.
   */
  step(milliseconds: number, now: () => number): boolean {
    const end = now() + milliseconds;
    while (!this.target.register(limits.registeredAtOnce)) {
      if (now() >= end) return this.pause();
    }
    while (true) {
      if (!this.finishSlice()) {
        this.assertRoom();
        // Others may come and go until the next step: what was read ahead is read anew then.
        if (now() >= end) return this.pause();
        continue;
      }
      if (now() >= end) return this.pause();
      const change = this.walk.next();
      if (change === 'end') break;
      if (change === undefined) continue;
      this.target.kernel.beginChange(change);
      this.isChanging = true;
    }
    this.target.settleNow();
    return true;
  }

  /** A part of the change under way; whether none is any more. */
  finishSlice(): boolean {
    if (!this.isChanging) return true;
    this.isChanging = !this.target.kernel.continueChange(limits.recountSliceCells);
    return !this.isChanging;
  }

  private assertRoom(): void {
    if (this.target.kernel.isOverfull) throw new OutOfMemory();
  }

  private pause(): false {
    this.assertRoom();
    this.walk.pause();
    return false;
  }
}

/** It is in the log, and answered as a duplicate once there are counts again. */
export function notCountedYet(why: string | undefined): EngineError {
  const message = `it is on the disk, but could not be counted: ${why}`;
  return new EngineError('UNAVAILABLE', message, { reason: 'NOT_READY', retryAfterMs: 60_000 });
}
