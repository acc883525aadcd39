// Summary: what became of every row. docs/guides/import.md has the sums.
import { counted } from '../../base/plural.ts';
import type { IngestResult } from '../../events/result.ts';
import type { Batch } from './batches.ts';
import { type Receipt, type Refuse, type ReturnRow, refusalOf } from './receipts.ts';
import { recordedShort } from './recorded.ts';
import { type Row, type RowNote, rowNotes } from './row.ts';

/** Rows and receipts settled so far. Receipts have the plain names of their answers. */
export interface Tally {
  created: number;
  /** Of those, receipts that were in with fewer lines, and are whole now. */
  amended: number;
  duplicate: number;
  conflict: number;
  /** Of those, receipts of which the file has all that is recorded, and more lines. */
  recordedShort: number;
  rejected: number;
  returns: number;
  returnsDuplicate: number;
  returnsUnmatched: number;
  returnsPartly: number;
  anonymous: number;
  rowsCreated: number;
  rowsDuplicate: number;
  rowsConflict: number;
  /** Left out because a condition said so, or because they are totals, notes or headers. */
  rowsSkipped: number;
  /** What was done to rows so that they could enter. */
  notes: Record<RowNote, number>;
}

/** Whether a `duplicate` was made by this very import, just before it was interrupted. */
export type IsOwn = (result: IngestResult) => boolean;

interface ImportContext {
  readonly tally: Tally;
  readonly refuse: Refuse;
  readonly isOwn: IsOwn;
}

export function emptyTally(): Tally {
  return {
    created: 0,
    amended: 0,
    duplicate: 0,
    conflict: 0,
    recordedShort: 0,
    rejected: 0,
    returns: 0,
    returnsDuplicate: 0,
    returnsUnmatched: 0,
    returnsPartly: 0,
    anonymous: 0,
    rowsCreated: 0,
    rowsDuplicate: 0,
    rowsConflict: 0,
    rowsSkipped: 0,
    notes: Object.fromEntries(rowNotes.map((note) => [note, 0])) as Tally['notes'],
  };
}

/** Every row is in exactly one of these. */
export function rowsAccountedFor(tally: Tally): number {
  const receipts = tally.rowsCreated + tally.rowsDuplicate + tally.rowsConflict;
  const returns = tally.returns + tally.returnsDuplicate + tally.returnsUnmatched;
  return receipts + returns + tally.rejected + tally.rowsSkipped;
}

/**
 * Adds the answers of a batch (receipts first, then returns) to the tally; refused rows go to
 * `refuse`.
 */
export function settleBatch(
  batch: Batch,
  results: readonly IngestResult[],
  desk: ImportContext,
): void {
  for (const refusal of batch.refusals) desk.refuse(refusal);
  desk.tally.rowsSkipped += batch.skipped;
  for (const [index, receipt] of batch.receipts.entries()) {
    settleReceipt(receipt, results[index]!, desk);
  }
  for (const [index, row] of batch.returns.entries()) {
    settleReturn(row, results[batch.receipts.length + index]!, desk);
  }
}

function settleReceipt(receipt: Receipt, result: IngestResult, desk: ImportContext): void {
  const { tally } = desk;
  const rows = receipt.rows.length;
  const anonymous = receipt.purchase.memberId === undefined ? 1 : 0;
  for (const row of receipt.rows) countNotes(tally, row);
  if (result.status === 'created' || desk.isOwn(result)) {
    tally.created += 1;
    tally.rowsCreated += rows;
    tally.anonymous += anonymous;
  } else if (result.status === 'duplicate') {
    tally.duplicate += 1;
    tally.rowsDuplicate += rows;
    tally.anonymous += anonymous;
  } else {
    const kind = kindOf(result);
    if (kind === 'conflict') tally.conflict += 1;
    if (result.reason === recordedShort) tally.recordedShort += 1;
    for (const row of receipt.rows) desk.refuse(refusalOf(row, kind, wordsOf(result)));
  }
}

function settleReturn(row: ReturnRow, result: IngestResult, desk: ImportContext): void {
  const { tally } = desk;
  const pieces = row.quantity;
  const missing = missingOf(row, result);
  countNotes(tally, row);
  if (missing >= pieces) {
    desk.refuse(refusalOf(row.origin, 'returnsUnmatched', unmatchedWords(row, pieces, missing)));
  } else if (result.status === 'created' || desk.isOwn(result)) {
    tally.returns += 1;
    if (missing === 0) return;
    desk.refuse(refusalOf(row.origin, 'partlyReturned', unmatchedWords(row, pieces, missing)));
  } else if (result.status === 'duplicate') {
    tally.returnsDuplicate += 1;
  } else {
    desk.refuse(refusalOf(row.origin, kindOf(result), wordsOf(result)));
  }
}

function kindOf({ status }: IngestResult): 'conflict' | 'rejected' {
  return status === 'conflict' ? status : 'rejected';
}

function wordsOf(result: IngestResult): { reason: string; message: string } {
  const message = result.message ?? result.reason ?? result.status;
  return { reason: result.reason ?? result.status.toUpperCase(), message };
}

function unmatchedWords(
  { event, itemId }: ReturnRow,
  pieces: number,
  missing: number,
): { reason: string; message: string } {
  const verb = missing === 1 ? 'is' : 'are';
  const reason = missing < pieces ? 'RETURN_PARTLY_UNMATCHED' : 'RETURN_UNMATCHED';
  return {
    reason,
    message: `${missing} of ${counted(pieces, 'piece')} of ${itemId} ${verb} ${whereOf(event)}`,
  };
}

function whereOf(event: ReturnRow['event']): string {
  if (event.kind === 'return') return `not in receipt ${event.return.purchaseId}`;
  const { memberId, occurredAt } = event.unreferencedReturn;
  return `in no purchase of member ${memberId} up to ${occurredAt}`;
}

/** A receipt that holds too little, or is not here, takes nothing back. */
function missingOf({ event, quantity }: ReturnRow, result: IngestResult): number {
  if (event.kind === 'unreferencedReturn') return result.unmatchedQuantity ?? 0;
  return result.reason === 'RETURN_EXCEEDS_PURCHASE' || result.parked === true ? quantity : 0;
}

function countNotes(tally: Tally, { notes }: Pick<Row, 'notes'>): void {
  for (const note of notes) tally.notes[note] += 1;
}

/** Counts a refused row. */
export function countRefusal(tally: Tally, kind: Parameters<Refuse>[0]['kind']): void {
  if (kind === 'conflict') tally.rowsConflict += 1;
  else if (kind === 'partlyReturned') tally.returnsPartly += 1;
  else tally[kind] += 1;
}
