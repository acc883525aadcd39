// Takes receipts and returns out of log, ids and tables, so that nothing of them is left but their
// sequences.

import { forgetId, readCopies } from '../log/dedupe.ts';
import type { AcceptContext } from './accept.ts';
import type { HistoryEntry } from './history.ts';
import type { KeptReturn } from './receipts.ts';
import { readReturns, writeReturns } from './returns.ts';

/**
 * Overwrites returns in the log and forgets their ids; `kept` are those of the purchase that stay.
 */
export function forgetReturns(
  context: AcceptContext,
  purchaseId: string,
  forgotten: readonly KeptReturn[],
  kept: readonly KeptReturn[],
): void {
  const { log, store } = context;
  if (forgotten.length === 0) return;
  for (const { sequence } of forgotten) {
    const entry = log.read(sequence);
    if (entry.kind === 'return') forgetId(store, 'return', entry.return.returnId);
    log.blank(sequence);
  }
  if (kept.length > 0) writeReturns(store, purchaseId, kept);
  else store.tables.returns.remove(Buffer.from(purchaseId));
}

/**
 * Overwrites a receipt and its returns in the log, forgets their ids; returns how many returns
 * there were.
 */
export function forgetReceipt(
  context: AcceptContext,
  { purchaseSequence, purchaseId }: Pick<HistoryEntry, 'purchaseSequence' | 'purchaseId'>,
): number {
  // What was brought back of a receipt that another origin accepted too is that copy's.
  const isShared = readCopies(context.store, purchaseId).length > 0;
  const returns = isShared ? [] : readReturns(context.store, purchaseId);
  forgetReturns(context, purchaseId, returns, []);
  context.log.blank(purchaseSequence);
  forgetId(context.store, 'purchase', purchaseId);
  return returns.length;
}
