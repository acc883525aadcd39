// Work for when nobody asks for anything, in slices: what is alike by the catalogue is found, and
// neighbour rows, whose order lags behind counts that changed elsewhere (assembly/rows.ts), are
// made exact.
import { steadyMilliseconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { nextTurn, useTurn } from '../base/turns.ts';
import type { Counts } from '../counting/counts.ts';

export interface SettlerOptions {
  /** Nothing is done by itself. */
  readonly isOff: boolean;
  readonly counts: () => Counts;
  /** Does one slice of finding what is alike; returns whether anything is left. */
  readonly findAlike: () => boolean;
  /** Whether a write is under way. */
  readonly isWriting: () => boolean;
  /** Called when the kernel failed: nobody waits for a slice. */
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
  /** Whether a slice waits for its turn of the event loop. */
  private isDue = false;
  /** Whether there may be something to be found alike. */
  private hasPendingItems = false;
  /** Whether any count has changed since the round of rows began. */
  private isStale = false;
  /** Whether anything was asked since the last look. */
  private hasReads = false;
  private nextRow = 0;
  private roundMs = 0;
  /** No new round of rows before this moment. */
  private idleUntil = 0;
  private waitedSince = 0;

  constructor(options: SettlerOptions) {
    this.options = options;
  }

  /** Called when the counts have moved. */
  onCountsChanged(): void {
    this.isStale = true;
    if (!this.timer) this.scheduleNext();
  }

  /** Called when there may be something to be found alike. */
  onItemsChanged(): void {
    if (this.hasPendingItems) return;
    this.hasPendingItems = true;
    if (this.isDue) return;
    // It may be waiting for the end of a rest, which is for rows only.
    clearTimeout(this.timer);
    this.scheduleNext();
  }

  /** Called on every read. */
  onRead(): void {
    this.hasReads = true;
    useTurn();
  }

  /** Does all of it, in slices; what changes meanwhile may lag again. */
  async settleAll(): Promise<void> {
    while (this.options.findAlike()) await nextTurn();
    let row = 0;
    do {
      row = this.slice(row);
      await nextTurn();
    } while (row > 0);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private slice(from: number): number {
    return this.options.counts().kernel.run.settleRows(from, limits.settleCellsMax);
  }

  private scheduleNext(): void {
    this.timer = undefined;
    if (this.options.isOff) return;
    if (this.hasPendingItems) this.schedule(limits.alikeLookMs);
    else if (this.nextRow > 0) this.schedule(limits.settleLookMs);
    else if (this.isStale) {
      this.schedule(Math.max(limits.settleLookMs, this.idleUntil - steadyMilliseconds()));
    }
  }

  private schedule(milliseconds: number): void {
    if (this.isClosed) return;
    this.waitedSince ||= steadyMilliseconds() + milliseconds;
    this.timer = setTimeout(() => this.tick(), milliseconds).unref();
  }

  private tick(): void {
    const isBusy = this.hasReads || this.options.isWriting();
    this.hasReads = false;
    const waitMsMax = this.hasPendingItems ? limits.alikeWaitMsMax : limits.settleWaitMsMax;
    if (isBusy && steadyMilliseconds() - this.waitedSince < waitMsMax) {
      this.schedule(this.hasPendingItems ? limits.alikeLookMs : limits.settleLookMs);
      return;
    }
    this.waitedSince = 0;
    this.isDue = true;
    void nextTurn().then(() => this.work());
  }

  private work(): void {
    this.isDue = false;
    if (this.isClosed) return;
    if (this.hasPendingItems) this.hasPendingItems = this.options.findAlike();
    else this.settleSome();
    this.scheduleNext();
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
    if (this.nextRow === 0) this.idleUntil = now + this.roundMs * limits.settleRestFactor;
  }
}
