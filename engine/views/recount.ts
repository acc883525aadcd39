// Counts made anew from what is stored, in slices between batches, while the same changes go on
// into the old counts.
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { keyAfter } from '../store/table.ts';
import type { Counts } from './counts.ts';

const historyChunk = 32;
const ticketChunk = 64;

export interface RecountSource {
  readonly store: Store;
  readonly log: Log;
  /**
   * The stored form of an anonymous ticket, its returns taken off; undefined for any other log
   * entry.
   */
  readonly ticketAt: (sequence: number) => Buffer | undefined;
  /** Whether a member's history counts. */
  readonly counts: (root: string) => boolean;
}

/**
 * One recount. `step` must only be called when everything committed has been folded: it reads what
 * is stored now, and a later change of something already passed (`covers`) has to be applied to
 * these counts too.
 */
export class Recount {
  readonly target: Counts;
  private readonly source: RecountSource;
  /** Undefined once all histories are passed. */
  private historyStart: Buffer | undefined = Buffer.alloc(1);
  private nextTicket = 1;
  private done = 0;

  constructor(target: Counts, source: RecountSource) {
    this.target = target;
    this.source = source;
  }

  /** Histories and log entries passed, and how many there are. */
  progress(): { readonly done: number; readonly total: number } {
    const { store, log } = this.source;
    return { done: this.done, total: store.tables.histories.count() + log.head };
  }

  /** Whether the subject of a change (views/batch.ts) has been counted already. */
  covers(subject: string): boolean {
    if (subject.startsWith('t')) return Number(subject.slice(1)) < this.nextTicket;
    if (!this.historyStart) return true;
    return Buffer.from(subject.slice(1)).compare(this.historyStart) < 0;
  }

  /** Counts for about `milliseconds`; returns whether all is counted. */
  step(milliseconds: number, now: () => number): boolean {
    this.target.register();
    const end = now() + milliseconds;
    while (this.historyStart) {
      this.passHistories(this.historyStart);
      if (now() >= end) return false;
    }
    while (this.nextTicket <= this.source.log.head) {
      this.passTickets();
      if (now() >= end) return false;
    }
    this.target.settleNow();
    return true;
  }

  private passHistories(start: Buffer): void {
    const chunk = this.source.store.tables.histories.chunk(start, historyChunk);
    for (const { key, value } of chunk) {
      if (!this.source.counts(key.toString())) continue;
      this.target.apply({ before: undefined, after: value, isMember: true });
    }
    this.done += chunk.length;
    const last = chunk.at(-1);
    this.historyStart = last && chunk.length === historyChunk ? keyAfter(last.key) : undefined;
  }

  private passTickets(): void {
    const end = Math.min(this.nextTicket + ticketChunk, this.source.log.head + 1);
    for (; this.nextTicket < end; this.nextTicket++) {
      const ticket = this.source.ticketAt(this.nextTicket);
      if (ticket) this.target.apply({ before: undefined, after: ticket, isMember: false });
      this.done += 1;
    }
  }
}
