// The receipts of the log, one row a line.

import { quantityOf } from '../base/shapes.ts';
import { formatMoment } from '../base/time.ts';
import { findPurchase, isCountedCopy } from '../events/copies.ts';
import { scanEntries } from '../events/index.ts';
import { lessened } from '../events/line-money.ts';
import type { LoggedPurchase } from '../events/logged-purchase.ts';
import { returnedByItem } from '../events/logged-return.ts';
import { readReturns } from '../events/receipts.ts';
import { mayHaveCopies } from '../events/replacements.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';

/** One line of a kept receipt; what was not given is empty. */
export interface ReceiptRow {
  readonly purchaseId: string;
  readonly memberId: string;
  readonly occurredAt: string;
  /** Only its day is known. */
  readonly timeUnknown: boolean;
  readonly itemId: string;
  readonly quantity: number;
  readonly unitPriceFen: number | undefined;
  readonly discountFen: number | undefined;
  readonly lineTotalFen: number | undefined;
  readonly isGift: boolean;
  /** Of the whole receipt, the same on each of its lines. */
  readonly paidFen: number | undefined;
  readonly couponIds: readonly string[];
  readonly storeId: string;
  readonly channel: string;
  readonly terminalId: string;
  readonly cashierId: string;
}

/** Oldest acceptance first; `gross` leaves returned pieces in. */
export function* receiptRows(log: Log, store: Store, gross: boolean): IterableIterator<ReceiptRow> {
  for (const { sequence, entry } of scanEntries(log)) {
    if (entry.kind !== 'purchase') continue;
    const { purchaseId } = entry.value;
    if (mayHaveCopies({ store, log }) && !isCountedCopy(store, purchaseId, sequence)) continue;
    yield* rowsOf(entry.value, returnedByItem(gross ? [] : readReturns({ store }, purchaseId)));
  }
}

/** One receipt as it was sold, what was brought back still on it; none: it is not here. */
export function rowsOfReceipt(log: Log, store: Store, purchaseId: string): readonly ReceiptRow[] {
  const known = findPurchase({ log, store }, purchaseId);
  return known === undefined ? [] : [...rowsOf(known.purchase, new Map())];
}

function* rowsOf(
  purchase: LoggedPurchase,
  returned: Map<string, number>,
): IterableIterator<ReceiptRow> {
  for (const line of purchase.lines) {
    const { itemId, thousandths } = line;
    const taken = Math.min(thousandths, returned.get(itemId) ?? 0);
    returned.set(itemId, (returned.get(itemId) ?? 0) - taken);
    if (taken === thousandths) continue;
    const left = lessened(line, taken);
    yield {
      purchaseId: purchase.purchaseId,
      memberId: purchase.memberId ?? '',
      occurredAt: formatMoment(purchase.occurredAtMs, purchase.offsetMinutes),
      timeUnknown: purchase.timeUnknown === true,
      itemId,
      quantity: quantityOf(left.thousandths),
      unitPriceFen: left.unitPriceFen,
      discountFen: left.discountFen,
      lineTotalFen: left.totalFen,
      isGift: line.isGift,
      paidFen: purchase.paidFen,
      couponIds: purchase.couponIds,
      storeId: purchase.storeId ?? '',
      channel: purchase.channel,
      terminalId: purchase.terminalId ?? '',
      cashierId: purchase.cashierId ?? '',
    };
  }
}
