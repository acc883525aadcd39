// Work for when nobody asks for anything, in slices: what is alike by the catalogue is found, and
// neighbour rows, whose order lags behind counts that changed elsewhere (assembly/rows.ts), are
// made exact.
import { setImmediate } from 'node:timers/promises';
import { steadyMilliseconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { Counts } from '../counting/counts.ts';

export interface SettlerOptions {
  readonly counts: () => Counts;
  /** Does one slice of finding what is alike; returns whether anything is left. */
  readonly findAlike: () => boolean;
  /** Whether a write is under way. */
  readonly isWriting: () => boolean;
  /** Told when the kernel failed: nobody waits for a slice. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Finds all that is alike, then goes round all rows once after the last change, then rests; its
 * timer keeps no process awake.
 */
export class Settler {
  private readonly options: SettlerOptions;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** Whether there may be something to be found alike. */
  private isUnread = false;
  /** Whether any count has changed since the round of rows began. */
  private isStale = false;
  /** Whether anything was asked since the last look. */
  private isAsked = false;
  private nextRow = 0;
  private roundMs = 0;
  /** No new round of rows before this moment. */
  private restsUntil = 0;
  private waitedSince = 0;

  constructor(options: SettlerOptions) {
    this.options = options;
  }

  /** To be told when the counts have moved. */
  noteChange(): void {
    this.isStale = true;
    if (!this.timer) this.lookWhenDue();
  }

  /** To be told when there may be something to be found alike. */
  noteItems(): void {
    if (this.isUnread) return;
    this.isUnread = true;
    // It may be waiting for the end of a rest, which is for rows only.
    clearTimeout(this.timer);
    this.lookWhenDue();
  }

  /** To be told of every read. */
  noteRead(): void {
    this.isAsked = true;
  }

  /** Does all of it, in slices; what changes meanwhile may lag again. */
  async settleAll(): Promise<void> {
    while (this.options.findAlike()) await setImmediate();
    let row = 0;
    do {
      row = this.slice(row);
      await setImmediate();
    } while (row > 0);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private slice(from: number): number {
    return this.options.counts().kernel.run.settleRows(from, limits.settleCellsMax);
  }

  private lookWhenDue(): void {
    this.timer = undefined;
    if (this.isUnread) this.lookIn(limits.alikeLookMs);
    else if (this.nextRow > 0) this.lookIn(limits.settleLookMs);
    else if (this.isStale) {
      this.lookIn(Math.max(limits.settleLookMs, this.restsUntil - steadyMilliseconds()));
    }
  }

  private lookIn(milliseconds: number): void {
    if (this.isClosed) return;
    this.waitedSince ||= steadyMilliseconds() + milliseconds;
    this.timer = setTimeout(() => this.look(), milliseconds).unref();
  }

  private look(): void {
    const isBusy = this.isAsked || this.options.isWriting();
    this.isAsked = false;
    const waitMsMax = this.isUnread ? limits.alikeWaitMsMax : limits.settleWaitMsMax;
    if (isBusy && steadyMilliseconds() - this.waitedSince < waitMsMax) {
      this.lookIn(this.isUnread ? limits.alikeLookMs : limits.settleLookMs);
      return;
    }
    this.waitedSince = 0;
    if (this.isUnread) this.isUnread = this.options.findAlike();
    else this.settleSome();
    this.lookWhenDue();
  }

  private settleSome(): void {
    const startedAt = steadyMilliseconds();
    if (this.nextRow === 0) {
      this.isStale = false;
      this.roundMs = 0;
    }
    try {
      this.nextRow = this.slice(this.nextRow);
    } catch (error) {
      this.nextRow = 0;
      this.options.onFailure(error);
    }
    const now = steadyMilliseconds();
    this.roundMs += now - startedAt;
    // A round is over: the next begins when its time has come and something has changed.
    if (this.nextRow === 0) this.restsUntil = now + this.roundMs * limits.settleRestFactor;
  }
}
