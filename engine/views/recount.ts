// Counts made anew from what is stored, in slices between batches, while the same changes go on
// into the old counts.
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { keyAfter } from '../store/table.ts';
import type { Change, Counts } from './counts.ts';
import type { Follower } from './mover.ts';
import type { StoredReceipts } from './stored-receipts.ts';

/** How long one step of a recount may take. */
export const recountSliceMs = 2;

const rootsAtOnce = 32;

export interface RecountSource {
  readonly store: Store;
  readonly log: Log;
  readonly receipts: StoredReceipts;
  /** Whether a member's history counts. */
  readonly isCounted: (root: string) => boolean;
}

/** Thrown by `step` when the counts would take more memory than they may. */
export class OutOfMemory extends Error {}

/**
 * One recount. `step` must only be called when everything committed has been folded: it reads what
 * is stored now, and a later change of something already passed (`covers`) has to be applied to
 * these counts too, after `finishChange`.
 */
export class Recount {
  readonly target: Counts;
  private readonly source: RecountSource;
  /** Keys of histories that are next. */
  private roots: Buffer[] = [];
  /** Where keys are read on; undefined once there are no more. */
  private historyStart: Buffer | undefined = Buffer.alloc(1);
  private nextTicket = 1;
  private done = 0;
  private isChanging = false;

  constructor(target: Counts, source: RecountSource) {
    this.target = target;
    this.source = source;
  }

  /** Histories and log entries passed, and how many there are. */
  progress(): { readonly done: number; readonly total: number } {
    const { store, log } = this.source;
    return { done: this.done, total: store.tables.histories.count() + log.head };
  }

  /** Takes part in what is folded meanwhile. */
  get follower(): Follower {
    return {
      counts: this.target,
      covers: (subject) => this.covers(subject),
      finishSlice: () => this.finishSlice(),
    };
  }

  /** Whether the subject of a change (views/batch.ts) has been counted already. */
  covers(subject: string): boolean {
    if (subject.startsWith('t')) return Number(subject.slice(1)) < this.nextTicket;
    const next = this.roots[0] ?? this.historyStart;
    return next === undefined || Buffer.from(subject.slice(1)).compare(next) < 0;
  }

  /**
   * Counts for about `milliseconds`; returns whether all is counted. Throws OutOfMemory.
   */
  step(milliseconds: number, now: () => number): boolean {
    this.target.register();
    const end = now() + milliseconds;
    while (true) {
      if (!this.finishSlice()) {
        this.assertRoom();
        if (now() >= end) return false;
        continue;
      }
      // Others may have come among them by the next step: keys are read anew then.
      if (now() >= end) return this.pause();
      const change = this.next();
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
    this.isChanging = !this.target.kernel.continueChange(limits.countSliceCells);
    return !this.isChanging;
  }

  private assertRoom(): void {
    if (this.target.kernel.isOverfull) throw new OutOfMemory();
  }

  private pause(): false {
    this.assertRoom();
    this.historyStart = this.roots[0] ?? this.historyStart;
    this.roots = [];
    return false;
  }

  /** What is counted next; undefined: something that does not count was passed. */
  private next(): Change | 'end' | undefined {
    if (this.roots.length === 0 && this.historyStart) this.readRoots(this.historyStart);
    const root = this.roots.shift();
    if (root) {
      this.done += 1;
      if (!this.source.isCounted(root.toString())) return undefined;
      const after = this.source.store.tables.histories.get(root);
      return { before: undefined, after, isMember: true };
    }
    if (this.nextTicket > this.source.log.head) return 'end';
    const ticket = this.source.receipts.ticketAt(this.nextTicket);
    this.nextTicket += 1;
    this.done += 1;
    return ticket && { before: undefined, after: ticket, isMember: false };
  }

  private readRoots(start: Buffer): void {
    this.roots = this.source.store.tables.histories.keys(start, rootsAtOnce);
    const last = this.roots.at(-1);
    const isWhole = last && this.roots.length === rootsAtOnce;
    this.historyStart = isWhole ? keyAfter(last) : undefined;
  }
}

/** It is in the log, and answered as a duplicate once there are counts again. */
export function notCountedYet(why: string | undefined): EngineError {
  const message = `it is on the disk, but could not be counted: ${why}`;
  return new EngineError('UNAVAILABLE', message, { reason: 'NOT_READY', retryAfterMs: 60_000 });
}
