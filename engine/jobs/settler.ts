// Settles neighbour rows while nobody asks for anything: their order lags behind counts that
// changed elsewhere (assembly/rows.ts), and is made exact in slices.
import { setImmediate } from 'node:timers/promises';
import { steadyMilliseconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { Counts } from '../views/counts.ts';

export interface SettlerOptions {
  readonly counts: () => Counts;
  /** Whether a write is under way. */
  readonly isWriting: () => boolean;
  /** Told when the kernel failed: nobody waits for a slice. */
  readonly onFailure: (error: unknown) => void;
}

/** Goes round all rows once after the last change, then rests; its timer keeps no process awake. */
export class Settler {
  private readonly options: SettlerOptions;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** Whether anything has changed since the round began. */
  private isStale = false;
  /** Whether anything was asked since the last look. */
  private isAsked = false;
  private nextRow = 0;
  private roundMs = 0;
  private waitedSince = 0;

  constructor(options: SettlerOptions) {
    this.options = options;
  }

  /** To be told when the counts have moved. */
  noteChange(): void {
    this.isStale = true;
    if (!this.timer) this.lookIn(limits.settleLookMs);
  }

  /** To be told of every read. */
  noteRead(): void {
    this.isAsked = true;
  }

  /** Makes every row exact, in slices; what changes meanwhile may lag again. */
  async settleAll(): Promise<void> {
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

  private lookIn(milliseconds: number): void {
    if (this.isClosed) return;
    this.waitedSince ||= steadyMilliseconds() + milliseconds;
    this.timer = setTimeout(() => this.look(), milliseconds).unref();
  }

  private look(): void {
    const now = steadyMilliseconds();
    const isBusy = this.isAsked || this.options.isWriting();
    this.isAsked = false;
    if (isBusy && now - this.waitedSince < limits.settleWaitMsMax) {
      this.lookIn(limits.settleLookMs);
      return;
    }
    this.waitedSince = 0;
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
    this.roundMs += steadyMilliseconds() - now;
    this.timer = undefined;
    if (this.nextRow > 0) this.lookIn(limits.settleLookMs);
    else this.rest();
  }

  /** A round is over: the next begins when its time has come and something has changed. */
  private rest(): void {
    const restMs = this.roundMs * limits.settleRestFactor;
    if (this.isClosed) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.isStale) this.lookIn(limits.settleLookMs);
    }, restMs).unref();
  }
}
