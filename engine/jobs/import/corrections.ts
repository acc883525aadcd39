// Receipts of a file that replace others, which may stand behind them in it.
import type { Receipt } from './receipts.ts';

/** Held in memory until all others are in: some 1 KB each with their text, 100 MB. */
const keptMax = 100_000;

export class Corrections {
  private readonly byId = new Map<string, Receipt>();

  /** Whether the receipt waits; one that replaces nothing does not, nor one that is too much. */
  keep(receipt: Receipt): boolean {
    const { purchaseId, replaces } = receipt.purchase;
    if (replaces === undefined || this.byId.size >= keptMax) return false;
    // The same id again is refused, or known, behind the first.
    if (this.byId.has(purchaseId)) return false;
    this.byId.set(purchaseId, receipt);
    return true;
  }

  /** Each behind the one that it replaces; those that go round in a circle as they came. */
  *inOrder(): Generator<Receipt> {
    const done = new Set<string>();
    for (const receipt of this.byId.values()) {
      const row: Receipt[] = [];
      const inRow = new Set<string>();
      for (let next: Receipt | undefined = receipt; next; ) {
        const { purchaseId, replaces = '' } = next.purchase;
        if (done.has(purchaseId) || inRow.has(purchaseId)) break;
        inRow.add(purchaseId);
        row.push(next);
        next = this.byId.get(replaces);
      }
      for (const id of inRow) done.add(id);
      yield* row.reverse();
    }
  }
}
