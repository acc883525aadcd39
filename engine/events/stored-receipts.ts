// Receipts as they count, read from the log: a purchase less what was brought back of it.

import type { Registries } from '../catalogue/registries.ts';
import { encodeEntry, type HistoryEntry } from '../history/entry.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { isCountedCopy, readPurchase } from './copies.ts';
import type { LoggedPurchase } from './logged-purchase.ts';
import { deriveEntry, readReturns } from './receipts.ts';
import { mayHaveCopies } from './replacements.ts';

/** Where receipts are read. */
export interface ReceiptSource {
  readonly store: Store;
  readonly log: Log;
  readonly registries: Registries;
}

/**
 * An anonymous ticket as it counts, less its returns up to a sequence; undefined when the log entry
 * is none.
 */
export function ticketAt(
  source: ReceiptSource,
  sequence: number,
  returnsUpTo = Number.POSITIVE_INFINITY,
): Buffer | undefined {
  const stored = readPurchase(source, sequence);
  if (!stored || stored.purchase.memberId !== undefined) return undefined;
  const { store } = source;
  const { purchase } = stored;
  if (mayHaveCopies(source) && !isCountedCopy(store, purchase.purchaseId, sequence)) {
    return undefined;
  }
  return encodeEntry(entryOf(source, { purchase, sequence }, { returnsUpTo }));
}

interface EntryOptions {
  /** Returns after this sequence are left out. */
  readonly returnsUpTo?: number;
  /** From when on it counts; default: since it was accepted. */
  readonly addedAt?: number;
}

/** A logged purchase as it counts. */
export function entryOf(
  source: ReceiptSource,
  stored: { readonly purchase: LoggedPurchase; readonly sequence: number },
  { returnsUpTo = Number.POSITIVE_INFINITY, addedAt = stored.sequence }: EntryOptions = {},
): HistoryEntry {
  const returns = readReturns(source, stored.purchase.purchaseId);
  return deriveEntry(source.registries, stored, {
    addedAt,
    returns: returns.filter(({ sequence }) => sequence <= returnsUpTo),
  });
}
