// Amended: a receipt of which some rows were refused is in with the others. When they are mended
// and the file comes again, the whole receipt takes the place of the short one.
import type { Event } from '../../events/index.ts';
import type { IngestResult } from '../../events/result.ts';
import type { ReceiptRow } from '../receipt-rows.ts';
import type { Batch } from './batches.ts';
import type { Receipt } from './receipts.ts';
import { explainConflict, recordedShort } from './recorded.ts';

/** What a batch came to. */
export interface Settled {
  /** Of its receipts, then of its returns. */
  readonly results: readonly IngestResult[];
  /** Places of the receipts that were in with fewer lines, and are whole now. */
  readonly amended: ReadonlySet<number>;
}

/** What this needs of the engine. */
interface Target {
  ingest(
    events: readonly Event[],
    options: { readonly trustsDays: boolean },
  ): Promise<readonly IngestResult[]>;
  receipt(purchaseId: string): readonly ReceiptRow[];
  itemIdOf(code: string): string;
}

/** Where what counts of a receipt is recorded, and the id of what would take its place. */
function placeOf(target: Target, purchaseId: string) {
  const idOf = (time: number) => `${purchaseId}~${time}`;
  let [id, rows, time] = [purchaseId, target.receipt(purchaseId), 2];
  for (; ; time++) {
    const later = target.receipt(idOf(time));
    if (later.length === 0) return { id, rows, nextId: idOf(time) };
    [id, rows] = [idOf(time), later];
  }
}

/** The answers with the short receipts made whole, and every other conflict explained. */
export async function amendShort(
  target: Target,
  batch: Batch,
  answers: readonly IngestResult[],
): Promise<Settled> {
  const results = [...answers];
  const again: { readonly index: number; readonly event: Event; readonly isReceipt: boolean }[] =
    [];
  for (const [index, receipt] of batch.receipts.entries()) {
    const answer = answers[index]!;
    if (answer.status !== 'conflict') continue;
    const { id, rows, nextId } = placeOf(target, answer.id);
    results[index] = explainConflict(receipt.purchase, rows, answer, (code) =>
      target.itemIdOf(code),
    );
    if (results[index].reason !== recordedShort) continue;
    again.push({ index, event: wholeOf(receipt, id, nextId), isReceipt: true });
  }
  for (const [nth, { event }] of batch.returns.entries()) {
    const index = batch.receipts.length + nth;
    if (event.kind !== 'return' || answers[index]!.reason !== 'PURCHASE_REPLACED') continue;
    const { id: purchaseId } = placeOf(target, event.return.purchaseId);
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
