// Takes receipts out that have left the retention window, some members or tickets at a time.
import { encodeExpire } from '../log/codec.ts';
import { allCopies, writeCopies } from '../log/dedupe.ts';
import {
  type AcceptContext,
  changeHistory,
  expiredBeforeMs,
  historyOf,
  putTombstone,
  requireRecount,
} from './accept.ts';
import { forgetReceipt } from './forget.ts';
import { decodeHistory, encodeHistoryEntry } from './history.ts';
import { findMember } from './members.ts';

/**
 * Copies of receipts that do not count and are expired, in one transaction; returns how many. A
 * receipt that came to several origins with different days loses those that are too old.
 */
export function expireCopies(context: AcceptContext, beforeMs: number): number {
  const { store, log } = context;
  let expired = 0;
  for (const { purchaseId, sequences } of [...allCopies(store)]) {
    const old = sequences.filter((sequence) => {
      const entry = log.read(sequence);
      return entry.kind === 'purchase' && entry.purchase.occurredAtMs < beforeMs;
    });
    if (old.length === 0) continue;
    for (const sequence of old) log.blank(sequence);
    const left = sequences.filter((sequence) => !old.includes(sequence));
    writeCopies(store, purchaseId, left);
    expired += old.length;
  }
  return expired;
}

/** Removes what is expired of one member's history; returns which receipts. */
function expireHistory(context: AcceptContext, root: string, beforeMs: number): string[] {
  const history = historyOf(context, root);
  const entries = decodeHistory(history);
  const expired = entries.filter(({ occurredAtMs }) => occurredAtMs < beforeMs);
  if (expired.length === 0) return [];
  const counted = expired.filter(({ removedAt }) => removedAt === 0);
  for (const entry of counted) expireReceipt(context, entry);
  const left = entries.filter(({ occurredAtMs }) => occurredAtMs >= beforeMs);
  changeHistory(
    context,
    findMember(context.store, root),
    history,
    Buffer.concat(left.map(encodeHistoryEntry)),
  );
  return counted.map(({ purchaseId }) => purchaseId);
}

function expireReceipt(
  context: AcceptContext,
  entry: { readonly purchaseSequence: number; readonly purchaseId: string },
): void {
  forgetReceipt(context, entry);
  putTombstone(context, 'expired', entry.purchaseId);
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

/** Inside a transaction: a receipt that comes later and is older expires as it comes. */
export function noteExpired(context: AcceptContext, beforeMs: number): void {
  if (beforeMs > expiredBeforeMs(context)) context.store.writeMeta('expiredBefore', beforeMs);
}

/** How an anonymous ticket counts at this moment; undefined when there is none there any more. */
type TicketAt = (sequence: number) => Buffer | undefined;

/** One slice, inside a write transaction; returns which receipts expired. */
export function expireSlice(
  context: AcceptContext,
  slice: ExpireSlice,
  { beforeMs, isOwn }: Expiry,
  ticketAt: TicketAt,
): readonly string[] {
  const { log, batch } = context;
  const receipts = slice.roots.flatMap((root) => expireHistory(context, root, beforeMs));
  for (const sequence of slice.tickets) {
    // Read here, not when the slice was cut: a return may have come in between.
    const before = ticketAt(sequence);
    const entry = log.read(sequence);
    if (!before || entry.kind !== 'purchase') continue;
    const { purchaseId } = entry.purchase;
    expireReceipt(context, { purchaseSequence: sequence, purchaseId });
    batch.changeTicket(sequence, before, undefined);
    receipts.push(purchaseId);
  }
  if (receipts.length > 0) tellExpiry(context, { beforeMs, isOwn });
  return receipts;
}

/** What others need to know of it, and the next start here. */
export function tellExpiry(context: AcceptContext, { beforeMs, isOwn }: Expiry): void {
  const { log, clock } = context;
  if (log.origins.isNamed) noteExpired(context, beforeMs);
  requireRecount(context, isOwn ? log.append(encodeExpire(clock(), beforeMs)) : log.head);
}
