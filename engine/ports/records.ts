// Port: records. What the chain keeps, as it was given.
import type { Registries } from '../catalogue/registries.ts';
import { isKnown, type KnownKind } from '../events/known.ts';
import { replacedBy } from '../events/replacements.ts';
import { type ReceiptRow, receiptRows, rowsOfReceipt } from '../jobs/receipt-rows.ts';
import type { Log } from '../log/log.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';

export type { KnownKind } from '../events/known.ts';

export interface RecordsPort {
  /**
   * Receipts as kept, one row a line, in log order; returned pieces are already taken off unless
   * `gross`.
   */
  receipts(options?: { readonly gross?: boolean }): IterableIterator<ReceiptRow>;
  /** One receipt as it was sold, gross, one row a line; none where it is not here. */
  receipt(purchaseId: string): readonly ReceiptRow[];
  /** The receipt that took the place of one, where that is kept. */
  replacedBy(purchaseId: string): string | undefined;
  /**
   * Whether anything is kept under an id exactly as it stands here, or was and is forgotten: such
   * an id goes on to mean what it meant.
   */
  isKnown(kind: KnownKind, id: string): boolean;
  /** What was last written with events under this key. */
  bookmark(key: string): string | undefined;
}

export interface RecordsParts {
  readonly store: Store;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly registries: Registries;
}

export function recordsOf(parts: RecordsParts): RecordsPort {
  const { store, log } = parts;
  return {
    receipts: ({ gross = false } = {}) => receiptRows(log, store, gross),
    receipt: (purchaseId) => rowsOfReceipt(log, store, purchaseId),
    replacedBy: (purchaseId) => replacedBy(parts, purchaseId),
    isKnown: (kind, id) => isKnown(parts, kind, id),
    bookmark: (key) => store.readMeta(`bookmark:${key}`) as string | undefined,
  };
}
