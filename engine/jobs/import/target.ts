// The engine as an import sees it.
import type { GuessRole } from '../../catalogue/role-names.ts';
import type { Item } from '../../catalogue/shapes.ts';
import type { Event } from '../../events/index.ts';
import type { IngestResult } from '../../events/result.ts';
import type { ReceiptRow } from '../receipt-rows.ts';

/** What an import needs of the engine. */
export interface ImportTarget {
  ingest(
    events: readonly Event[],
    options?: {
      readonly bookmark?: { readonly key: string; readonly value: string };
      readonly trustsDays?: boolean;
    },
  ): Promise<readonly IngestResult[]>;
  /** Hears up to which day receipts will come, and 0 when they are in. */
  expectDay(day: number): void;
  item(itemId: string): Item | undefined;
  itemIdOf(code: string): string;
  readonly guessRole: GuessRole;
  bookmark(key: string): string | undefined;
  /** As it is recorded, one row a line. */
  receipt(purchaseId: string): readonly ReceiptRow[];
  /** The receipt that took its place, where one did. */
  replacedBy(purchaseId: string): string | undefined;
  isKnown(kind: 'purchase', id: string): boolean;
  status(): { readonly watermark: string; readonly items: number; readonly members: number };
}
