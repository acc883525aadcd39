// Receipts in their stored form: the distinct items of a purchase, less what was returned.
import { daypartAt } from '../base/time.ts';
import type { LoggedPurchase } from '../log/codec.ts';
import { compareByHash } from './catalogue.ts';
import type { Registries } from './counts.ts';
import type { HistoryEntry, HistoryLine } from './history.ts';

/** One return as kept beside its purchase. */
export interface KeptReturn {
  readonly sequence: number;
  readonly acceptedAtMs: number;
  readonly lines: readonly { readonly itemId: string; readonly quantity: number }[];
}

/** Pieces per item, over all lines. */
export function piecesByItem(
  lines: readonly { readonly itemId: string; readonly quantity: number }[],
): Map<string, number> {
  const pieces = new Map<string, number>();
  for (const { itemId, quantity } of lines) {
    pieces.set(itemId, (pieces.get(itemId) ?? 0) + quantity);
  }
  return pieces;
}

/** Pieces per item over several returns. */
export function returnedPieces(returns: readonly KeptReturn[]): Map<string, number> {
  return piecesByItem(returns.flatMap(({ lines }) => lines));
}

function linesOf(
  purchase: LoggedPurchase,
  returns: readonly KeptReturn[],
  registries: Registries,
): HistoryLine[] {
  const returned = returnedPieces(returns);
  const lines = [...piecesByItem(purchase.lines)].map(([itemId, quantity]) => ({
    itemNumber: registries.items.numberOf(itemId)!,
    quantity,
    // More returned than bought can only be a return that came first: the rest is clamped.
    returned: Math.min(quantity, returned.get(itemId) ?? 0),
  }));
  return lines.sort((a, b) => compareByHash(registries.items, a.itemNumber, b.itemNumber));
}

/** The history entry of a purchase; its items and store must be registered. */
export function deriveEntry(options: {
  readonly purchase: LoggedPurchase;
  readonly purchaseSequence: number;
  readonly addedAt: number;
  readonly returns: readonly KeptReturn[];
  readonly registries: Registries;
}): HistoryEntry {
  const { purchase, registries } = options;
  const { storeId } = purchase;
  return {
    occurredAtMs: purchase.occurredAtMs,
    purchaseSequence: options.purchaseSequence,
    addedAt: options.addedAt,
    removedAt: 0,
    storeNumber: storeId === undefined ? 0 : registries.stores.numberOf(storeId)!,
    daypart: daypartAt(purchase.occurredAtMs, purchase.offsetMinutes),
    purchaseId: purchase.purchaseId,
    lines: linesOf(purchase, options.returns, registries),
  };
}
