// Takes receipts out that have left the retention window, some of them in each transaction.
import { limits } from '../base/limits.ts';
import type { WriteContext } from './context.ts';
import { requireRecount } from './context.ts';
import { countNextCopy, readPurchase } from './copies.ts';
import { appendExpiry, expireEntries } from './expire.ts';
import { forgetReceipt } from './forget.ts';
import { copiesFrom, findId, writeCopies } from './ids.ts';
import { purchaseCode } from './logged-purchase.ts';
import { readReturns, removeReceipt } from './receipts.ts';
import { record } from './record.ts';
import { isHeld } from './replacements.ts';
import { putTombstone } from './tombstones.ts';
import { forgetReplaced } from './withdrawn.ts';

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

/** What no checkpoint counts: it is not gone on from afterwards. */
const noCheckpoint = { oldest: 0, newest: 0 };

/**
 * Copies of receipts that do not count and are expired, some of them, inside a transaction. A
 * receipt that came to several origins with different days loses those that are too old.
 */
export function expireCopies(
  context: WriteContext,
  expiry: Expiry,
  from: Buffer | undefined,
): CopiesExpired {
  const { store, log } = context;
  const { copies, next } = copiesFrom(store, from, limits.expireSliceMax);
  let count = 0;
  for (const { purchaseId, sequences } of copies) {
    const isOld = (sequence: number) => {
      const found = readPurchase(context, sequence);
      return found !== undefined && found.purchase.occurredAtMs < expiry.beforeMs;
    };
    const old = sequences.filter(isOld);
    if (old.length === 0) continue;
    for (const sequence of old) log.blank(sequence);
    const left = sequences.filter((sequence) => !old.includes(sequence));
    writeCopies(store, purchaseId, left);
    if (!isHeld(context, purchaseId)) putTombstone(context, 'expired', purchaseId);
    forgetReplaced(context, purchaseId, 'expired');
    count += old.length;
  }
  if (count > 0) recordExpiry(context, expiry);
  return { count, next };
}

/**
 * Receipts at places of the log, inside a transaction; returns how many counted until now. They
 * are read here and not when they were found: a return may have come in between.
 */
export function expireReceipts(
  context: WriteContext,
  sequences: readonly number[],
  expiry: Expiry,
): number {
  let expired = 0;
  for (const sequence of sequences) {
    if (takeOut(context, sequence)) expired += 1;
  }
  if (expired > 0) recordExpiry(context, expiry);
  return expired;
}

function takeOut(context: WriteContext, sequence: number): boolean {
  const stored = readPurchase(context, sequence);
  if (!stored) return false;
  const { purchaseId } = stored.purchase;
  if (findId(context.store, purchaseCode, purchaseId)?.sequence !== sequence) return false;
  const returns = readReturns(context, purchaseId);
  const removal = { removedAt: context.log.head + 1, returns };
  removeReceipt({ ...context, checkpoints: () => noCheckpoint }, stored, removal);
  forgetReceipt(context, { purchaseId, sequence });
  putTombstone(context, 'expired', purchaseId);
  countNextCopy(context, purchaseId);
  forgetReplaced(context, purchaseId, 'expired');
  return true;
}

/** What others need to know of it, and the next start here. */
function recordExpiry(context: WriteContext, { beforeMs, isOwn }: Expiry): void {
  const { log } = context;
  if (log.origins.isNamed) appendExpiry(context, beforeMs);
  requireRecount(context, isOwn ? record(context, expireEntries, { beforeMs }) : log.head);
}
