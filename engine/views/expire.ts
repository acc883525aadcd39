// Takes receipts out that have left the retention window, some members or tickets at a time.
import { limits } from '../base/limits.ts';
import { encodeExpire } from '../log/codec.ts';
import { copiesFrom, writeCopies } from '../log/dedupe.ts';
import {
  type AcceptContext,
  changeHistory,
  expiredBeforeMs,
  historyOf,
  putTombstone,
  requireRecount,
} from './accept.ts';
import { forgetReceipt } from './forget.ts';
import { walkHistory } from './history.ts';
import { findMember } from './members.ts';

export interface Expiry {
  readonly beforeMs: number;
  /** Whether it is this log that says so; else it follows another that did. */
  readonly isOwn: boolean;
}

export interface CopiesExpired {
  readonly count: number;
  /** Where the next slice begins; undefined after the last. */
  readonly next: Buffer | undefined;
}

/**
 * Copies of receipts that do not count and are expired, some of them, inside a transaction. A
 * receipt that came to several origins with different days loses those that are too old.
 */
export function expireCopies(
  context: AcceptContext,
  expiry: Expiry,
  from: Buffer | undefined,
): CopiesExpired {
  const { store, log } = context;
  const { copies, next } = copiesFrom(store, from, limits.expireSliceMax);
  let count = 0;
  for (const { purchaseId, sequences } of copies) {
    const old = sequences.filter((sequence) => {
      const entry = log.read(sequence);
      return entry.kind === 'purchase' && entry.purchase.occurredAtMs < expiry.beforeMs;
    });
    if (old.length === 0) continue;
    for (const sequence of old) log.blank(sequence);
    const left = sequences.filter((sequence) => !old.includes(sequence));
    writeCopies(store, purchaseId, left);
    count += old.length;
  }
  if (count > 0) tellExpiry(context, expiry);
  return { count, next };
}

export interface ExpireSlice {
  /** Any of their ids: which one stands for them is settled in the transaction. */
  readonly members: ReadonlySet<string>;
  /** Anonymous tickets: where they stand in the log. */
  readonly tickets: readonly number[];
}

export interface SliceExpired {
  /** Which receipts expired. */
  readonly receipts: readonly string[];
  /** Members who have more that is expired. */
  readonly unfinished: ReadonlySet<string>;
}

/** Inside a transaction: a receipt that comes later and is older expires as it comes. */
export function noteExpired(context: AcceptContext, beforeMs: number): void {
  if (beforeMs > expiredBeforeMs(context)) context.store.writeMeta('expiredBefore', beforeMs);
}

/** How an anonymous ticket counts at this moment; undefined when there is none there any more. */
type TicketAt = (sequence: number) => Buffer | undefined;

/** One slice, inside a write transaction. */
export function expireSlice(
  context: AcceptContext,
  slice: ExpireSlice,
  expiry: Expiry,
  ticketAt: TicketAt,
): SliceExpired {
  const receipts: string[] = [];
  const unfinished = new Set<string>();
  const roots = new Set([...slice.members].map((id) => findMember(context.store, id).root));
  for (const root of roots) {
    const room = limits.expireSliceMax - receipts.length;
    const isDone = room > 0 && expireHistory(context, root, expiry.beforeMs, { receipts, room });
    if (!isDone) unfinished.add(root);
  }
  for (const sequence of slice.tickets) {
    // Read here, not when the slice was cut: a return may have come in between.
    const before = ticketAt(sequence);
    const entry = context.log.read(sequence);
    if (!before || entry.kind !== 'purchase') continue;
    const { purchaseId } = entry.purchase;
    expireReceipt(context, { purchaseSequence: sequence, purchaseId });
    context.batch.changeTicket(sequence, before, undefined);
    receipts.push(purchaseId);
  }
  if (receipts.length > 0) tellExpiry(context, expiry);
  return { receipts, unfinished };
}

interface Taken {
  readonly receipts: string[];
  /** How many entries may be taken. */
  readonly room: number;
}

/**
 * Removes what is expired of one member's history; returns whether that was all. Entries stand in
 * time order, so that the expired ones are its beginning.
 */
function expireHistory(
  context: AcceptContext,
  root: string,
  beforeMs: number,
  { receipts, room }: Taken,
): boolean {
  const history = historyOf(context, root);
  if (!history) return true;
  let cut = 0;
  let taken = 0;
  for (const { entry, end } of walkHistory(history)) {
    if (entry.occurredAtMs >= beforeMs || taken === room) break;
    if (entry.removedAt === 0) {
      expireReceipt(context, entry);
      receipts.push(entry.purchaseId);
    }
    cut = end;
    taken += 1;
  }
  if (cut === 0) return true;
  // What a checkpoint still counts of it is gone, also where nothing counted any more.
  requireRecount(context, context.log.head);
  const left = Buffer.from(history.subarray(cut));
  changeHistory(context, findMember(context.store, root), history, left);
  return taken < room || left.length === 0 || left.readDoubleLE(0) >= beforeMs;
}

function expireReceipt(
  context: AcceptContext,
  entry: { readonly purchaseSequence: number; readonly purchaseId: string },
): void {
  forgetReceipt(context, entry);
  putTombstone(context, 'expired', entry.purchaseId);
}

/** What others need to know of it, and the next start here. */
function tellExpiry(context: AcceptContext, { beforeMs, isOwn }: Expiry): void {
  const { log, clock } = context;
  if (log.origins.isNamed) noteExpired(context, beforeMs);
  requireRecount(context, isOwn ? log.append(encodeExpire(clock(), beforeMs)) : log.head);
}
