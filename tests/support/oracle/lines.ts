// Lines of receipts as the oracle reads them.
import type { Purchase } from '../../../engine/index.ts';
import { compareByHash } from './hash.ts';

/** So that what is left out and what is undefined is told the same. */
export function inOrder(purchase: Purchase): object {
  return Object.fromEntries(
    Object.entries(purchase)
      .filter(([, value]) => value !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}

/** One item first, the others in the order in which histories hold them. */
export function byHashAfter(itemId: string): (one: string, other: string) => number {
  return (one, other) =>
    Number(other === itemId) - Number(one === itemId) || compareByHash(one, other);
}

/** What is left of a receipt when lines that take back others are taken off. */
export function netOf({ lines }: Purchase): Map<string, number> {
  return new Map([...addUp(lines)].filter(([, quantity]) => quantity > 0));
}

export function addUp(
  lines: readonly { readonly itemId: string; readonly quantity: number }[],
): Map<string, number> {
  const pieces = new Map<string, number>();
  for (const { itemId, quantity } of lines) {
    pieces.set(itemId, (pieces.get(itemId) ?? 0) + quantity);
  }
  return pieces;
}
