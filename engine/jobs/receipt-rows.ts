// The receipts of the log, one row a line.

import { quantityOf } from '../base/shapes.ts';
import { formatMoment } from '../base/time.ts';
import { isCountedCopy } from '../events/copies.ts';
import { scanEntries } from '../events/index.ts';
import type { LoggedPurchase } from '../events/logged-purchase.ts';
import { returnedByItem } from '../events/logged-return.ts';
import { readReturns } from '../events/receipts.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';

/** One line of a kept receipt; what was not given is empty. */
export interface ReceiptRow {
  readonly purchaseId: string;
  readonly memberId: string;
  readonly occurredAt: string;
  readonly itemId: string;
  readonly quantity: number;
  readonly unitPriceFen: number | undefined;
  readonly storeId: string;
  readonly channel: string;
}

/** Oldest acceptance first; `gross` leaves returned pieces in. */
export function* receiptRows(log: Log, store: Store, gross: boolean): IterableIterator<ReceiptRow> {
  for (const { sequence, entry } of scanEntries(log)) {
    if (entry.kind !== 'purchase') continue;
    const { purchaseId } = entry.value;
    if (log.origins.isNamed && !isCountedCopy(store, purchaseId, sequence)) continue;
    yield* rowsOf(entry.value, returnedByItem(gross ? [] : readReturns({ store }, purchaseId)));
  }
}

function* rowsOf(
  purchase: LoggedPurchase,
  returned: Map<string, number>,
): IterableIterator<ReceiptRow> {
  for (const { itemId, thousandths, unitPriceFen } of purchase.lines) {
    const taken = Math.min(thousandths, returned.get(itemId) ?? 0);
    returned.set(itemId, (returned.get(itemId) ?? 0) - taken);
    if (taken === thousandths) continue;
    yield {
      purchaseId: purchase.purchaseId,
      memberId: purchase.memberId ?? '',
      occurredAt: formatMoment(purchase.occurredAtMs, purchase.offsetMinutes),
      itemId,
      quantity: quantityOf(thousandths - taken),
      unitPriceFen,
      storeId: purchase.storeId ?? '',
      channel: purchase.channel,
    };
  }
}
