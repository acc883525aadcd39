// Takes receipts and returns out of log, ids and tables, so that nothing of them is left but their
// sequences.
import { ByteReader } from '../log/bytes.ts';
import { bodyOf, codeOf } from '../log/frame.ts';
import type { WriteContext } from './context.ts';
import { findId, forgetId, readCopies, writeCopies } from './ids.ts';
import { purchaseCode } from './logged-purchase.ts';
import { decodeReturn, type KeptReturn, returnCode } from './logged-return.ts';
import { readReturns, writeReturns } from './receipts.ts';

/**
 * Overwrites returns in the log and forgets their ids; `kept` are those of the purchase that stay.
 */
export function forgetReturns(
  context: WriteContext,
  purchaseId: string,
  forgotten: readonly KeptReturn[],
  kept: readonly KeptReturn[],
): void {
  const { log, store } = context;
  if (forgotten.length === 0) return;
  for (const { sequence } of forgotten) {
    const bytes = log.read(sequence);
    if (codeOf(bytes) !== returnCode) continue;
    forgetId(store, returnCode, decodeReturn(new ByteReader(bodyOf(bytes))).returnId);
    log.blank(sequence);
  }
  writeReturns(context, purchaseId, kept);
}

/**
 * Overwrites a receipt and its returns in the log, forgets their ids; returns how many returns
 * there were. Of a receipt that another origin accepted too, only this copy goes.
 */
export function forgetReceipt(
  context: WriteContext,
  { purchaseId, sequence }: { readonly purchaseId: string; readonly sequence: number },
): number {
  const { store, log } = context;
  log.blank(sequence);
  const copies = readCopies(store, purchaseId);
  if (copies.includes(sequence)) {
    writeCopies(
      store,
      purchaseId,
      copies.filter((copy) => copy !== sequence),
    );
    return 0;
  }
  if (findId(store, purchaseCode, purchaseId)?.sequence === sequence) {
    forgetId(store, purchaseCode, purchaseId);
  }
  // What was brought back of a receipt that another origin accepted too is that copy's.
  if (copies.length > 0) return 0;
  const returns = readReturns(context, purchaseId);
  forgetReturns(context, purchaseId, returns, []);
  return returns.length;
}
