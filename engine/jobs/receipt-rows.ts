// The receipts of the log, one row a line.

import { formatMoment } from '../base/time.ts';
import type { ReceiptRow } from '../engine.ts';
import type { LoggedPurchase } from '../log/codec.ts';
import { isCounted } from '../log/dedupe.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { returnedPieces } from '../views/receipts.ts';
import { readReturns } from '../views/returns.ts';

/** Oldest acceptance first; `gross` leaves returned pieces in. */
export function* receiptRows(log: Log, store: Store, gross: boolean): IterableIterator<ReceiptRow> {
  for (const { sequence, entry } of log.scan()) {
    if (entry.kind !== 'purchase') continue;
    if (log.origins.isNamed && !isCounted(store, entry.purchase.purchaseId, sequence)) continue;
    const returns = gross ? [] : readReturns(store, entry.purchase.purchaseId);
    yield* rowsOf(entry.purchase, returnedPieces(returns));
  }
}

function* rowsOf(
  purchase: LoggedPurchase,
  returned: Map<string, number>,
): IterableIterator<ReceiptRow> {
  for (const { itemId, quantity, unitPriceFen } of purchase.lines) {
    const taken = Math.min(quantity, returned.get(itemId) ?? 0);
    returned.set(itemId, (returned.get(itemId) ?? 0) - taken);
    if (taken === quantity) continue;
    yield {
      purchaseId: purchase.purchaseId,
      memberId: purchase.memberId ?? '',
      occurredAt: formatMoment(purchase.occurredAtMs, purchase.offsetMinutes),
      itemId,
      quantity: quantity - taken,
      unitPriceFen,
      storeId: purchase.storeId ?? '',
      channel: purchase.channel,
    };
  }
}
