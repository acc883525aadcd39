// Takes receipts out that a clock which was ahead has left, some at a time, and the newest day that
// they made with them.
import { dayOf } from '../base/clock.ts';
import { quantityOf } from '../base/shapes.ts';
import { formatMoment } from '../base/time.ts';
import type { Log } from '../log/log.ts';
import { requireRecount, type WriteContext } from './context.ts';
import { readPurchase } from './copies.ts';
import { forgetReceipt } from './forget.ts';
import { findId } from './ids.ts';
import {
  type LoggedPurchase,
  type LoggedPurchaseLine,
  purchaseCode,
  purchasedAtMs,
} from './logged-purchase.ts';
import { readReturns, removeReceipt } from './receipts.ts';
import { isHeld, isWithdrawn } from './replacements.ts';
import { putTombstone } from './tombstones.ts';
import { forgetReplaced, takeBackReplacements } from './withdrawn.ts';

/** What was taken out, as it would be sent. */
export interface DiscardedReceipt
  extends Omit<
    LoggedPurchase,
    'occurredAtMs' | 'offsetMinutes' | 'statedAtMs' | 'couponIds' | 'lines'
  > {
  readonly couponIds?: readonly string[];
  readonly replaces?: string;
  readonly occurredAt: string;
  readonly lines: readonly DiscardedLine[];
}

interface DiscardedLine extends Omit<LoggedPurchaseLine, 'thousandths' | 'totalFen'> {
  readonly quantity: number;
  readonly lineTotalFen: number | undefined;
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
  for (const { sequence, bytes } of log.scan()) {
    if (sequence > head) break;
    if (sequence % entriesAtOnce === 0) yield;
    const atMs = purchasedAtMs(bytes);
    if (atMs === undefined) continue;
    if (atMs > momentMs) sequences.push(sequence);
    else newestDay = Math.max(newestDay, dayOf(atMs));
  }
  return { sequences, newestDay };
}

const noCheckpoint = { oldest: 0, newest: 0 };

/**
 * One slice inside a write transaction; answers what was taken. No tombstone is left: the same
 * receipts may come again with their right times.
 */
export function discardReceipts(
  context: WriteContext,
  sequences: readonly number[],
): readonly DiscardedReceipt[] {
  const { store, log } = context;
  const taken: DiscardedReceipt[] = [];
  for (const sequence of sequences) {
    const stored = readPurchase(context, sequence);
    if (!stored) continue;
    const { purchaseId } = stored.purchase;
    if (findId(store, purchaseCode, purchaseId)?.sequence === sequence) {
      const removal = { removedAt: log.head + 1, returns: readReturns(context, purchaseId) };
      removeReceipt({ ...context, checkpoints: () => noCheckpoint }, stored, removal);
    }
    const isReplaced = isWithdrawn(context, stored.purchase);
    forgetReceipt(context, { purchaseId, sequence });
    if (isReplaced) {
      // What counts instead is taken out too, or is right.
      if (!isHeld(context, purchaseId)) putTombstone(context, 'replaced', purchaseId);
      forgetReplaced(context, purchaseId);
      continue;
    }
    const [replaces] = takeBackReplacements(context, purchaseId);
    taken.push({ ...toSend(stored.purchase), ...(replaces !== undefined && { replaces }) });
  }
  if (taken.length > 0) requireRecount(context, log.head);
  return taken;
}

function toSend(purchase: LoggedPurchase): DiscardedReceipt {
  const { occurredAtMs, offsetMinutes, statedAtMs: _, couponIds, ...rest } = purchase;
  return {
    ...rest,
    ...(couponIds.length > 0 && { couponIds }),
    occurredAt: formatMoment(occurredAtMs, offsetMinutes),
    lines: purchase.lines.map(({ thousandths, totalFen, ...line }) => {
      return { ...line, quantity: quantityOf(thousandths), lineTotalFen: totalFen };
    }),
  };
}
