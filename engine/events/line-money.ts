// Money of a line: what it cost by what is said of it, whether that adds up, and what is left of it
// when a part of the goods goes.
import type { LoggedPurchaseLine } from './logged-purchase.ts';

type LineMoney = Pick<
  LoggedPurchaseLine,
  'thousandths' | 'unitPriceFen' | 'discountFen' | 'totalFen'
>;

/** What a line cost: as it says, or as its price says; undefined when neither does. */
export function totalFenOf(line: LineMoney): number | undefined {
  const { totalFen, discountFen = 0 } = line;
  if (totalFen !== undefined) return totalFen;
  const gross = grossFenOf(line);
  return gross === undefined ? undefined : gross - discountFen;
}

function grossFenOf({ unitPriceFen, thousandths }: LineMoney): number | undefined {
  return unitPriceFen === undefined ? undefined : Math.round((unitPriceFen * thousandths) / 1_000);
}

/**
 * False where price, quantity, discount and total contradict each other by more than tills lose in
 * rounding each piece. Some tills give the price before the discount, and others after it.
 */
export function addsUp(line: LineMoney): boolean {
  const { totalFen, unitPriceFen, discountFen = 0 } = line;
  if (totalFen === undefined || unitPriceFen === undefined) return true;
  const thousandths = Math.abs(line.thousandths);
  const gross = (unitPriceFen * thousandths) / 1_000;
  const slack = Math.max(1, thousandths / 1_000);
  return [gross, gross - discountFen].some((net) => Math.abs(net - totalFen) <= slack);
}

/** The same line when so much of it goes: price as before, total and discount by the share. */
export function lessened<Line extends LineMoney>(line: Line, thousandths: number): Line {
  if (thousandths === 0) return line;
  const left = line.thousandths - thousandths;
  const shareOf = (fen: number | undefined) =>
    fen === undefined ? undefined : Math.round((fen * left) / line.thousandths);
  return {
    ...line,
    thousandths: left,
    discountFen: shareOf(line.discountFen),
    totalFen: shareOf(line.totalFen),
  };
}
