// Takes receipts out that have left the retention window, some members or tickets at a time.
import { encodeExpire } from '../log/codec.ts';
import {
  type AcceptContext,
  changeHistory,
  historyOf,
  requireRecount,
  retentionStartMs,
} from './accept.ts';
import { forgetReceipt } from './forget.ts';
import { decodeHistory, encodeHistoryEntry } from './history.ts';
import { findMember } from './members.ts';

/** Removes what is expired of one member's history; returns how many receipts. */
function expireHistory(context: AcceptContext, root: string, beforeMs: number): number {
  const history = historyOf(context, root);
  const entries = decodeHistory(history);
  const expired = entries.filter(({ occurredAtMs }) => occurredAtMs < beforeMs);
  if (expired.length === 0) return 0;
  for (const entry of expired) if (entry.removedAt === 0) forgetReceipt(context, entry);
  const left = entries.filter(({ occurredAtMs }) => occurredAtMs >= beforeMs);
  changeHistory(
    context,
    findMember(context.store, root),
    history,
    Buffer.concat(left.map(encodeHistoryEntry)),
  );
  return expired.length;
}

export interface ExpireSlice {
  readonly roots: readonly string[];
  /** Anonymous tickets: where they stand in the log, and how they counted. */
  readonly tickets: readonly { readonly sequence: number; readonly before: Buffer }[];
}

/** One slice, inside a write transaction; returns how many receipts expired. */
export function expireSlice(context: AcceptContext, slice: ExpireSlice): number {
  const { clock, retentionDays, log, batch } = context;
  if (retentionDays === undefined) return 0;
  const beforeMs = retentionStartMs(clock(), retentionDays);
  let receipts = 0;
  for (const root of slice.roots) receipts += expireHistory(context, root, beforeMs);
  for (const { sequence, before } of slice.tickets) {
    const entry = log.read(sequence);
    // A ticket may have been returned to since it was looked at: the slice takes it next time.
    if (entry.kind !== 'purchase' || entry.purchase.occurredAtMs >= beforeMs) continue;
    forgetReceipt(context, { purchaseSequence: sequence, purchaseId: entry.purchase.purchaseId });
    batch.changeTicket(sequence, before, undefined);
    receipts += 1;
  }
  if (receipts > 0) requireRecount(context, log.append(encodeExpire(clock(), beforeMs)));
  return receipts;
}
