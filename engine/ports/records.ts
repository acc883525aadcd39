// Port: records. What the chain keeps, as it was given.
import { type ReceiptRow, receiptRows } from '../jobs/receipt-rows.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';

export interface RecordsPort {
  /**
   * Receipts as kept, one row a line, in log order; returned pieces are already taken off unless
   * `gross`.
   */
  receipts(options?: { readonly gross?: boolean }): IterableIterator<ReceiptRow>;
  /** What was last written with events under this key. */
  bookmark(key: string): string | undefined;
}

export function recordsOf(parts: { readonly store: Store; readonly log: Log }): RecordsPort {
  const { store, log } = parts;
  return {
    receipts: ({ gross = false } = {}) => receiptRows(log, store, gross),
    bookmark: (key) => store.readMeta(`bookmark:${key}`) as string | undefined,
  };
}
