// Goods that come back under another number of their item than they were bought under: the log
// names them as the receipt does, so that they are off it whether the two numbers are one or not.
import type { WriteContext } from './context.ts';
import { findPurchase } from './copies.ts';
import {
  type LoggedReturn,
  quantityByItem,
  type ReturnedLine,
  returnedByItem,
} from './logged-return.ts';
import { readReturns } from './receipts.ts';

/** The return itself where the receipt is not here, or has all of it under the given ids. */
export function nameAsBought(context: WriteContext, value: LoggedReturn): LoggedReturn {
  if (context.registries.merges.isEmpty || value.isWhole) return value;
  const known = findPurchase(context, value.purchaseId);
  if (!known) return value;
  const left = quantityByItem(known.purchase.lines);
  for (const [itemId, gone] of returnedByItem(readReturns(context, value.purchaseId))) {
    left.set(itemId, (left.get(itemId) ?? 0) - gone);
  }
  const lines: ReturnedLine[] = [];
  for (const [itemId, wanted] of quantityByItem(value.lines)) {
    let due = wanted;
    for (const boughtId of namesOf(context, itemId, left)) {
      const thousandths = Math.min(due, left.get(boughtId)!);
      if (thousandths <= 0) continue;
      lines.push({ itemId: boughtId, thousandths });
      left.set(boughtId, left.get(boughtId)! - thousandths);
      due -= thousandths;
    }
    // More than there is: refused as it was sent.
    if (due > 0) return value;
  }
  return isAsSent(lines, value.lines) ? value : { ...value, lines, sent: value.lines };
}

/** The numbers of an item that stand on a receipt, the given one first. */
function namesOf(
  { registries: { items, merges } }: WriteContext,
  itemId: string,
  onReceipt: ReadonlyMap<string, number>,
): readonly string[] {
  const number = items.numberOf(itemId);
  const survivor = number === undefined ? undefined : merges.survivorOf(number);
  const others = [...onReceipt.keys()].filter((other) => {
    const otherNumber = items.numberOf(other);
    return (
      other !== itemId &&
      otherNumber !== undefined &&
      merges.survivorOf(otherNumber) === survivor &&
      survivor !== undefined
    );
  });
  return onReceipt.has(itemId) ? [itemId, ...others] : others;
}

/** Whether every item comes back under the number that was given. */
function isAsSent(lines: readonly ReturnedLine[], sent: readonly ReturnedLine[]): boolean {
  const [asBought, given] = [quantityByItem(lines), quantityByItem(sent)];
  return [...given].every(([itemId, thousandths]) => asBought.get(itemId) === thousandths);
}
