// Amended: a receipt of which some rows were refused is in with the others. When they are mended
// and the file comes again, the whole receipt takes the place of the short one.
import type { Event } from '../../events/index.ts';
import type { IngestResult } from '../../events/result.ts';
import type { Batch } from './batches.ts';
import type { Receipt } from './receipts.ts';
import { explainConflict, recordedShort } from './recorded.ts';
import type { ImportTarget } from './target.ts';

/** What a batch came to. */
export interface Settled {
  /** Of its receipts, then of its returns. */
  readonly results: readonly IngestResult[];
  /** Places of the receipts that were in with fewer lines, and are whole now. */
  readonly amended: ReadonlySet<number>;
}

/**
 * What counts of a receipt: itself, or what an import put in its place, `R1~2` for `R1`. What
 * somebody corrected by a receipt of their own is not followed: that it has fewer lines is meant.
 */
function countedOf(target: ImportTarget, purchaseId: string): string {
  let id = purchaseId;
  // Two origins may have said of two receipts that each took the place of the other.
  const passed = new Set([id]);
  for (let by = target.replacedBy(id); by !== undefined; by = target.replacedBy(id)) {
    if (!by.startsWith(`${purchaseId}~`) || passed.has(by)) return purchaseId;
    passed.add(by);
    id = by;
  }
  return id;
}

/** The first of its kind that is no receipt's: a shop may number so itself. */
function freeIdOf(target: ImportTarget, purchaseId: string): string {
  let time = 2;
  while (target.isKnown('purchase', `${purchaseId}~${time}`)) time += 1;
  return `${purchaseId}~${time}`;
}

/** The answers with the short receipts made whole, and every other conflict explained. */
export async function amendShort(
  target: ImportTarget,
  batch: Batch,
  answers: readonly IngestResult[],
): Promise<Settled> {
  const results = [...answers];
  const again: { readonly index: number; readonly event: Event; readonly isReceipt: boolean }[] =
    [];
  for (const [index, receipt] of batch.receipts.entries()) {
    const answer = answers[index]!;
    if (answer.status !== 'conflict') continue;
    const counted = countedOf(target, answer.id);
    const rows = target.receipt(counted);
    results[index] = explainConflict(receipt.purchase, rows, answer, (code) =>
      target.itemIdOf(code),
    );
    if (results[index].reason !== recordedShort) continue;
    const event = wholeOf(receipt, counted, freeIdOf(target, answer.id));
    again.push({ index, event, isReceipt: true });
  }
  for (const [nth, { event }] of batch.returns.entries()) {
    const index = batch.receipts.length + nth;
    if (event.kind !== 'return' || answers[index]!.reason !== 'PURCHASE_REPLACED') continue;
    const purchaseId = countedOf(target, event.return.purchaseId);
    if (purchaseId === event.return.purchaseId) continue;
    const moved: Event = { kind: 'return', return: { ...event.return, purchaseId } };
    again.push({ index, event: moved, isReceipt: false });
  }
  const amended = new Set<number>();
  if (again.length === 0) return { results, amended };
  const second = await target.ingest(
    again.map(({ event }) => event),
    { trustsDays: true },
  );
  for (const [nth, { index, isReceipt }] of again.entries()) {
    const answer = second[nth]!;
    const isIn = answer.status === 'created' || answer.status === 'duplicate';
    if (isReceipt && isIn) amended.add(index);
    results[index] = isIn || !isReceipt ? answer : withReason(results[index]!, answer);
  }
  return { results, amended };
}

function wholeOf({ purchase }: Receipt, replaces: string, purchaseId: string): Event {
  return { kind: 'purchase', purchase: { ...purchase, purchaseId, replaces } };
}

/** Short still: because the one that is in has returns, say. */
function withReason(short: IngestResult, { message = '' }: IngestResult): IngestResult {
  return { ...short, message: `${short.message ?? ''}: ${message}` };
}
