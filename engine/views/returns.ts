// The returns kept beside each purchase, also of purchases that are not here yet.
import type { Store } from '../store/store.ts';
import type { KeptReturn } from './receipts.ts';

/** In the order they were accepted; empty when there are none. */
export function readReturns(store: Store, purchaseId: string): KeptReturn[] {
  const value = store.tables.returns.get(Buffer.from(purchaseId));
  return value ? JSON.parse(value.toString()) : [];
}

/** Inside a transaction only. */
export function writeReturns(
  store: Store,
  purchaseId: string,
  returns: readonly KeptReturn[],
): void {
  store.tables.returns.put(Buffer.from(purchaseId), Buffer.from(JSON.stringify(returns)));
}
