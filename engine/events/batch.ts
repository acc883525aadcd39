// What one write transaction has done so far: what it changed of what counts, and how to undo what
// it did in memory.
import { steadyMilliseconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import {
  type CardChange,
  type Change,
  type Contributions,
  cardReceiptChanges,
} from '../history/contributions.ts';
import type { Store } from '../store/store.ts';

export class Batch {
  readonly contributions: Contributions;
  /** Item numbers whose catalogue entry changed. */
  readonly changedItems = new Set<number>();
  /** Keyed hashes of members erased, to be added to the ledger after the commit. */
  readonly erasedHashes: Buffer[] = [];
  /** Members erased of whom something is kept still, by the ids that stand for them. */
  readonly erasedMembers = new Set<string>();
  /** What counted before and what counts after; empty before the transaction has ended. */
  changes: readonly Change[] = [];
  /** Shared cards of which all receipts come to count, or cease to. */
  cardChanges: readonly CardChange[] = [];
  /** The counts are being moved by it, while it is on its way to the disk. */
  counting: Promise<void> | undefined;
  /**
   * What it has cost so far, in units of about a microsecond: how much more one transaction takes
   * in is decided by it, since one event may be a coffee and another a history of years.
   */
  work = 0;
  private endMs = Number.POSITIVE_INFINITY;
  private readonly undoSteps: (() => void)[] = [];

  constructor(contributions: Contributions) {
    this.contributions = contributions;
  }

  /** At the beginning of the transaction. */
  begin(): void {
    this.endMs = steadyMilliseconds() + limits.ingestBatchMsMax;
  }

  /** Whether it has cost as much as one turn of the event loop may. */
  get isFull(): boolean {
    return this.work >= limits.ingestBatchWorkMax || steadyMilliseconds() >= this.endMs;
  }

  /** The same of what is sent together, whose part in it began with so much work done before. */
  isFullOf(workBefore: number): boolean {
    if (this.work >= limits.ingestBatchWorkMax) return true;
    // What is little is recorded together, however slow the machine is.
    return this.work - workBefore >= limits.ingestBatchWorkSure && this.isFull;
  }

  /** At the end of the transaction: what it changes of the counts. */
  close(): void {
    const { changes, cardChanges } = this.contributions.close();
    this.changes = changes;
    this.cardChanges = cardChanges;
  }

  /** Whether it changes histories only, so that the counts can be moved back by exactly as much. */
  get isInvertible(): boolean {
    const isPlain = this.undoSteps.length === 0 && this.erasedHashes.length === 0;
    return isPlain && this.cardChanges.length === 0;
  }

  /** All that it changes; receipts of cards are read when their turn comes. */
  *allChanges(store: Store): Generator<Change> {
    yield* this.changes;
    for (const row of this.cardChanges) yield* cardReceiptChanges(store, row);
  }

  /** Whether it brings so many receipts at once that their memory is checked before it. */
  get bringsMany(): boolean {
    return this.cardChanges.some(({ isAdded }) => isAdded) || this.changes.some(bringsHistory);
  }

  onUndo(step: () => void): void {
    this.undoSteps.push(step);
  }

  /** For a transaction that did not commit: newest step first. */
  undo(): void {
    for (const step of this.undoSteps.reverse()) step();
  }
}

/** Whether a whole history comes to count at once, and is long. */
export function bringsHistory({ before, after }: Change): boolean {
  return before === undefined && after !== undefined && after.length > limits.lookedAheadBytes;
}
