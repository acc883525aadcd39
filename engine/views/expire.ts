// Takes receipts out that have left the retention window, some members or tickets at a time.
import { encodeExpire } from '../log/codec.ts';
import {
  type AcceptContext,
  changeHistory,
  historyOf,
  putTombstone,
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
  const counted = expired.filter(({ removedAt }) => removedAt === 0);
  for (const entry of counted) {
    forgetReceipt(context, entry);
    putTombstone(context, 'expired', entry.purchaseId);
  }
  const left = entries.filter(({ occurredAtMs }) => occurredAtMs >= beforeMs);
  changeHistory(
    context,
    findMember(context.store, root),
    history,
    Buffer.concat(left.map(encodeHistoryEntry)),
  );
  return counted.length;
}

export interface ExpireSlice {
  readonly roots: readonly string[];
  /** Anonymous tickets: where they stand in the log. */
  readonly tickets: readonly number[];
}

/** How an anonymous ticket counts at this moment; undefined when there is none there any more. */
type TicketAt = (sequence: number) => Buffer | undefined;

/** One slice, inside a write transaction; returns how many receipts expired. */
export function expireSlice(
  context: AcceptContext,
  slice: ExpireSlice,
  ticketAt: TicketAt,
): number {
  const { clock, retentionDays, log, batch } = context;
  if (retentionDays === undefined) return 0;
  const beforeMs = retentionStartMs(clock(), retentionDays);
  let receipts = 0;
  for (const root of slice.roots) receipts += expireHistory(context, root, beforeMs);
  for (const sequence of slice.tickets) {
    // Read here, not when the slice was cut: a return may have come in between.
    const before = ticketAt(sequence);
    const entry = log.read(sequence);
    if (!before || entry.kind !== 'purchase') continue;
    const { purchaseId } = entry.purchase;
    forgetReceipt(context, { purchaseSequence: sequence, purchaseId });
    putTombstone(context, 'expired', purchaseId);
    batch.changeTicket(sequence, before, undefined);
    receipts += 1;
  }
  if (receipts > 0) requireRecount(context, log.append(encodeExpire(clock(), beforeMs)));
  return receipts;
}
