// Takes receipts out that have left the retention window, some members or tickets at a time.
import { encodeExpire } from '../log/codec.ts';
import { readCopies, writeCopies } from '../log/dedupe.ts';
import {
  type AcceptContext,
  changeHistory,
  historyOf,
  putTombstone,
  requireRecount,
} from './accept.ts';
import { forgetReceipt } from './forget.ts';
import { decodeHistory, encodeHistoryEntry } from './history.ts';
import { findMember } from './members.ts';

/** Copies of an expired receipt that did not count go with it. */
function forgetCopies({ store, log }: AcceptContext, purchaseId: string): void {
  const copies = readCopies(store, purchaseId);
  for (const sequence of copies) log.blank(sequence);
  if (copies.length > 0) writeCopies(store, purchaseId, []);
}

/** Removes what is expired of one member's history; returns how many receipts. */
function expireHistory(context: AcceptContext, root: string, beforeMs: number): number {
  const history = historyOf(context, root);
  const entries = decodeHistory(history);
  const expired = entries.filter(({ occurredAtMs }) => occurredAtMs < beforeMs);
  if (expired.length === 0) return 0;
  const counted = expired.filter(({ removedAt }) => removedAt === 0);
  for (const entry of counted) {
    forgetCopies(context, entry.purchaseId);
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

export interface Expiry {
  readonly beforeMs: number;
  /** Whether it is this log that says so; else it follows another that did. */
  readonly isOwn: boolean;
}

/** Everything before this has expired, here or at another origin. */
export function expiredBeforeMs({ store }: Pick<AcceptContext, 'store'>): number {
  return Number(store.readMeta('expiredBefore') ?? Number.NEGATIVE_INFINITY);
}

/** Inside a transaction: a receipt that comes later and is older expires as it comes. */
export function noteExpired(context: AcceptContext, beforeMs: number): void {
  if (beforeMs > expiredBeforeMs(context)) context.store.writeMeta('expiredBefore', beforeMs);
}

/** How an anonymous ticket counts at this moment; undefined when there is none there any more. */
type TicketAt = (sequence: number) => Buffer | undefined;

/** One slice, inside a write transaction; returns how many receipts expired. */
export function expireSlice(
  context: AcceptContext,
  slice: ExpireSlice,
  { beforeMs, isOwn }: Expiry,
  ticketAt: TicketAt,
): number {
  const { clock, log, batch } = context;
  let receipts = 0;
  for (const root of slice.roots) receipts += expireHistory(context, root, beforeMs);
  for (const sequence of slice.tickets) {
    // Read here, not when the slice was cut: a return may have come in between.
    const before = ticketAt(sequence);
    const entry = log.read(sequence);
    if (!before || entry.kind !== 'purchase') continue;
    const { purchaseId } = entry.purchase;
    forgetCopies(context, purchaseId);
    forgetReceipt(context, { purchaseSequence: sequence, purchaseId });
    putTombstone(context, 'expired', purchaseId);
    batch.changeTicket(sequence, before, undefined);
    receipts += 1;
  }
  if (receipts === 0) return 0;
  if (log.origins.isNamed) noteExpired(context, beforeMs);
  requireRecount(context, isOwn ? log.append(encodeExpire(clock(), beforeMs)) : log.head);
  return receipts;
}
