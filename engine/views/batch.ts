// What one write transaction has done so far: its changes of histories, and how to undo what it did
// in memory.
import type { Change } from './counts.ts';

export class Batch {
  readonly changes = new Map<string, Change>();
  /** Item numbers whose catalogue entry changed. */
  readonly changedItems = new Set<number>();
  /** Keyed hashes of members erased, to be added to the ledger after the commit. */
  readonly erasedHashes: Buffer[] = [];
  /** The counts are being moved by it, while it is on its way to the disk. */
  counting: Promise<void> | undefined;
  /**
   * What it has cost so far, in units of about a microsecond: how much more one transaction takes
   * in is decided by it, since one event may be a coffee and another a history of years.
   */
  work = 0;
  private readonly undoSteps: (() => void)[] = [];

  /**
   * Several receipts of one member in one batch are one change: from before the first to after the
   * last.
   */
  changeMember(memberId: string, before: Buffer | undefined, after: Buffer | undefined): void {
    const first = this.changes.get(`m${memberId}`);
    this.changes.set(`m${memberId}`, {
      before: first ? first.before : before,
      after,
      isMember: true,
    });
  }

  changeTicket(
    purchaseSequence: number,
    before: Buffer | undefined,
    after: Buffer | undefined,
  ): void {
    const key = `t${purchaseSequence}`;
    const first = this.changes.get(key);
    this.changes.set(key, { before: first ? first.before : before, after, isMember: false });
  }

  /** Whether it changes histories only, so that the counts can be moved back by exactly as much. */
  get isInvertible(): boolean {
    return this.undoSteps.length === 0 && this.erasedHashes.length === 0;
  }

  onUndo(step: () => void): void {
    this.undoSteps.push(step);
  }

  /** For a transaction that did not commit: newest step first. */
  undo(): void {
    for (const step of this.undoSteps.reverse()) step();
  }
}
