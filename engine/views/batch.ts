// What one write transaction has done so far: its changes of histories, and how to undo what it did in memory.
import type { Change } from './counts.ts';

export class Batch {
  readonly changes = new Map<string, Change>();
  /** Item numbers whose catalogue entry changed. */
  readonly changedItems = new Set<number>();
  private readonly undoSteps: (() => void)[] = [];

  /** The history of a member as this transaction has left it, or undefined when it has not touched it. */
  pending(memberId: string): Buffer | undefined {
    return this.changes.get(`m${memberId}`)?.after;
  }

  /** Several receipts of one member in one batch are one change: from before the first to after the last. */
  changeMember(memberId: string, before: Buffer | undefined, after: Buffer): void {
    const first = this.changes.get(`m${memberId}`);
    this.changes.set(`m${memberId}`, {
      before: first ? first.before : before,
      after,
      isMember: true,
    });
  }

  changeTicket(purchaseSequence: number, before: Buffer | undefined, after: Buffer): void {
    const key = `t${purchaseSequence}`;
    const first = this.changes.get(key);
    this.changes.set(key, { before: first ? first.before : before, after, isMember: false });
  }

  onUndo(step: () => void): void {
    this.undoSteps.push(step);
  }

  /** For a transaction that did not commit: newest step first. */
  undo(): void {
    for (const step of this.undoSteps.reverse()) step();
  }
}
