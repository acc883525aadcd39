// Receipts as they count, read from the log: a purchase less what was brought back of it.
import type { LoggedPurchase } from '../log/codec.ts';
import { isCounted } from '../log/dedupe.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import type { Registries } from './counts.ts';
import { encodeHistoryEntry, type HistoryEntry } from './history.ts';
import { deriveEntry } from './receipts.ts';
import { readReturns } from './returns.ts';

export class StoredReceipts {
  private readonly store: Store;
  private readonly log: Log;
  private readonly registries: Registries;

  constructor(parts: {
    readonly store: Store;
    readonly log: Log;
    readonly registries: Registries;
  }) {
    this.store = parts.store;
    this.log = parts.log;
    this.registries = parts.registries;
  }

  /**
   * An anonymous ticket as it counts, less its returns up to a sequence; undefined when the log
   * entry is none.
   */
  ticketAt(sequence: number, returnsUpTo = Number.POSITIVE_INFINITY): Buffer | undefined {
    const { log, store } = this;
    const entry = log.read(sequence);
    if (entry.kind !== 'purchase' || entry.purchase.memberId !== undefined) return undefined;
    if (log.origins.isNamed && !isCounted(store, entry.purchase.purchaseId, sequence))
      return undefined;
    return encodeHistoryEntry(this.entryOf(entry.purchase, sequence, returnsUpTo));
  }

  /** A logged purchase as it counts. */
  entryOf(
    purchase: LoggedPurchase,
    sequence: number,
    returnsUpTo = Number.POSITIVE_INFINITY,
  ): HistoryEntry {
    const returns = readReturns(this.store, purchase.purchaseId);
    return deriveEntry({
      purchase,
      purchaseSequence: sequence,
      addedAt: sequence,
      returns: returns.filter((kept) => kept.sequence <= returnsUpTo),
      registries: this.registries,
    });
  }
}
