// Takes receipts out that a clock which was ahead has left, some at a time, and the newest day that
// they made with them.
import { dayOf } from '../base/clock.ts';
import { formatMoment } from '../base/time.ts';
import type { LoggedPurchase } from '../log/codec.ts';
import { isCounted, readCopies, writeCopies } from '../log/dedupe.ts';
import type { Log } from '../log/log.ts';
import { type AcceptContext, changeHistory, historyOf, requireRecount } from './accept.ts';
import { forgetReceipt } from './forget.ts';
import { removeEntry } from './history.ts';
import { findMember } from './members.ts';
import type { StoredReceipts } from './stored-receipts.ts';

/** What was taken out, as it would be sent. */
export interface DiscardedReceipt {
  readonly purchaseId: string;
  readonly memberId?: string | undefined;
  readonly storeId?: string | undefined;
  readonly occurredAt: string;
  readonly lines: readonly {
    readonly itemId: string;
    readonly quantity: number;
    readonly unitPriceFen?: number | undefined;
  }[];
}

/** Where receipts of after a moment stand, and the newest day of all others. */
export interface FoundAfter {
  readonly sequences: readonly number[];
  readonly newestDay: number;
}

/** Reads the log from its beginning; yields now and then, and answers at its end. */
export function* findAfter(
  log: Log,
  momentMs: number,
  entriesAtOnce: number,
): Generator<void, FoundAfter> {
  const sequences: number[] = [];
  let newestDay = 0;
  const { head } = log;
  for (const { sequence, entry } of log.scan()) {
    if (sequence > head) break;
    if (sequence % entriesAtOnce === 0) yield;
    if (entry.kind !== 'purchase') continue;
    const { occurredAtMs } = entry.purchase;
    if (occurredAtMs > momentMs) sequences.push(sequence);
    else newestDay = Math.max(newestDay, dayOf(occurredAtMs));
  }
  return { sequences, newestDay };
}

/**
 * One slice inside a write transaction; answers what was taken. No tombstone is left: the same
 * receipts may come again with their right times.
 */
export function discardReceipts(
  context: AcceptContext,
  sequences: readonly number[],
  receipts: StoredReceipts,
): readonly DiscardedReceipt[] {
  const taken: DiscardedReceipt[] = [];
  for (const sequence of sequences) {
    const entry = context.log.read(sequence);
    if (entry.kind !== 'purchase') continue;
    takeOut(context, entry.purchase, sequence, receipts);
    taken.push(tell(entry.purchase));
  }
  if (taken.length > 0) requireRecount(context, context.log.head);
  return taken;
}

function takeOut(
  context: AcceptContext,
  purchase: LoggedPurchase,
  sequence: number,
  receipts: StoredReceipts,
): void {
  const { store, log, batch } = context;
  const { purchaseId, memberId } = purchase;
  if (log.origins.isNamed && !isCounted(store, purchaseId, sequence)) {
    const others = readCopies(store, purchaseId).filter((copy) => copy !== sequence);
    writeCopies(store, purchaseId, others);
    log.blank(sequence);
    return;
  }
  if (memberId === undefined) {
    batch.changeTicket(sequence, receipts.ticketAt(sequence), undefined);
  } else {
    const member = findMember(store, memberId);
    const before = historyOf(context, member.root);
    const checkpoints = context.checkpoints();
    const options = { purchaseSequence: sequence, sequence: log.head + 1, checkpoints };
    if (before) changeHistory(context, member, before, removeEntry(before, options).history);
  }
  forgetReceipt(context, { purchaseSequence: sequence, purchaseId });
}

function tell({ occurredAtMs, offsetMinutes, ...purchase }: LoggedPurchase): DiscardedReceipt {
  const { purchaseId, memberId, storeId, lines } = purchase;
  const occurredAt = formatMoment(occurredAtMs, offsetMinutes);
  return { purchaseId, memberId, storeId, occurredAt, lines };
}
