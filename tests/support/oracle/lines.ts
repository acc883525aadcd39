// Lines of receipts as the oracle reads them.
import type { Purchase } from '../../../engine/index.ts';
import { compareByHash } from './hash.ts';

type Line = Purchase['lines'][number];

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

/**
 * The receipt as it is kept: itself where each id sells as much as it takes back. Where one does
 * not, what it lacks is taken off the latest lines of the ids that are the same item, those of its
 * price first. Undefined: more is taken back than all of them sell.
 */
export function soldOf(
  purchase: Purchase,
  survivorOf: (itemId: string) => string,
): Purchase | undefined {
  if ([...addUp(purchase.lines).values()].every((quantity) => quantity >= 0)) return purchase;
  const sold = purchase.lines.filter(({ quantity }) => quantity > 0).map((line) => ({ ...line }));
  for (const { itemId, quantity, unitPriceFen } of purchase.lines) {
    let due = Math.max(0, -quantity);
    const isOwn = (line: Line) => line.itemId === itemId;
    const isSame = (line: Line) => survivorOf(line.itemId) === survivorOf(itemId);
    for (const isMeant of [isOwn, isSame]) {
      const alike = sold.filter(isMeant).reverse();
      const ofPrice = alike.filter((line) => line.unitPriceFen === unitPriceFen);
      for (const line of [...ofPrice, ...alike]) {
        const taken = Math.min(due, line.quantity);
        line.quantity -= taken;
        due -= taken;
      }
    }
    if (due > 0) return undefined;
  }
  return { ...purchase, lines: sold.filter(({ quantity }) => quantity > 0) };
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
