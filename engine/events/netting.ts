// Netting: lines of a receipt that take back others of it, as a till writes a wrong scan.

import { lessened } from './line-money.ts';
import type { LoggedPurchaseLine } from './logged-purchase.ts';

/** A line that takes back more than the others of its receipt hold. */
export interface LineLeft {
  /** Its place among the lines that were sent. */
  readonly index: number;
  readonly itemId: string;
  /** What is left of it, without a sign. */
  readonly thousandths: number;
}

export interface Netted {
  /** What was sold, in the order in which it was sent. */
  readonly lines: readonly LoggedPurchaseLine[];
  readonly left: readonly LineLeft[];
}

const nothingLeft: readonly LineLeft[] = [];

/** The one id of an item that may have several. */
export type OneIdOf = (itemId: string) => string;

/**
 * Takes what is below zero off the latest lines of the same item: of those with the same price
 * first, since that is the scan that was taken back. With `oneIdOf` what stays is taken off the
 * other ids of the item, too.
 */
export function netLines(given: readonly LoggedPurchaseLine[], oneIdOf?: OneIdOf): Netted {
  if (given.every(({ thousandths }) => thousandths > 0)) return { lines: given, left: nothingLeft };
  const lines = [...given];
  const keysOf = (line: LoggedPurchaseLine): string[] => {
    const own = [priceKey(line), line.itemId];
    if (oneIdOf === undefined) return own;
    const item = { ...line, itemId: `${oneIdKey}${oneIdOf(line.itemId)}` };
    return [...own, priceKey(item), item.itemId];
  };
  const sold = soldLines(given, keysOf);
  const left: LineLeft[] = [];
  for (const [index, line] of given.entries()) {
    if (line.thousandths > 0) continue;
    let due = -line.thousandths;
    for (const key of keysOf(line)) due = takeOff(lines, sold.get(key) ?? [], due);
    if (due > 0) left.push({ index, itemId: line.itemId, thousandths: due });
  }
  return { lines: lines.filter(({ thousandths }) => thousandths > 0), left };
}

/** Places of lines that sell an item, and an item at a price; the latest stands last. */
function soldLines(
  given: readonly LoggedPurchaseLine[],
  keysOf: (line: LoggedPurchaseLine) => readonly string[],
): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [index, line] of given.entries()) {
    if (line.thousandths <= 0) continue;
    for (const key of keysOf(line)) {
      const known = places.get(key);
      if (known) known.push(index);
      else places.set(key, [index]);
    }
  }
  return places;
}

/** Before an id that stands for all ids of an item; no id begins so. */
const oneIdKey = '\ud801';

/** No id of an item: those are well-formed, and this begins with half a character. */
function priceKey({ itemId, unitPriceFen }: LoggedPurchaseLine): string {
  return `\ud800${unitPriceFen} ${itemId}`;
}

/** Answers what is left to be taken. A line that is empty is never looked at again. */
function takeOff(lines: LoggedPurchaseLine[], places: number[], due: number): number {
  let left = due;
  for (let at = places.at(-1); left > 0 && at !== undefined; at = places.at(-1)) {
    const line = lines[at]!;
    const taken = Math.min(left, line.thousandths);
    lines[at] = taken === line.thousandths ? { ...line, thousandths: 0 } : lessened(line, taken);
    left -= taken;
    if (lines[at]!.thousandths === 0) places.pop();
  }
  return left;
}
