// Measures: lines whose quantity or price is said of a unit, such as 2斤 at 6元/斤. What an item
// counts in is one piece, kilogram or litre, and its price is that of one of them.
import { addsUp } from '../../events/line-money.ts';
import { type DecimalMark, parseFen, parseThousandths } from './amounts.ts';
import { cell, type SourceRow } from './source-row.ts';
import { splitPrice, splitUnit } from './units.ts';

const plain = 1_000;

/** Whether the price needs a second look: nearly all rows have a number and no unit. */
export function isOfOtherUnit(source: SourceRow): boolean {
  if (splitPrice(cell(source, 'unitPrice')) !== undefined) return true;
  const counted = splitUnit(cell(source, 'quantity'));
  return counted !== undefined && counted.unit.thousandths !== plain;
}

/**
 * The quantity with its unit. A number alone counts in the unit that its price is of, 2 at 6元/斤,
 * unless the total says that it does not.
 */
export function quantityInPriceUnit(source: SourceRow, mark: DecimalMark): string {
  const text = cell(source, 'quantity');
  const price = splitPrice(cell(source, 'unitPrice'));
  if (price === undefined || price.amount !== '1' || !price.unit.isPriced) return text;
  if (price.unit.thousandths === plain || splitUnit(text) !== undefined) return text;
  const inUnit = `${text} ${price.unit.word}`;
  return saysTotal(source, mark, { fen: parseFen(price.money, mark), quantity: text }) ===
    'otherwise'
    ? text
    : inUnit;
}

/** The price of one piece, kilogram or litre, in whole fen; undefined: there is none. */
export function priceOfOne(
  source: SourceRow,
  mark: DecimalMark,
): number | 'unreadable' | undefined {
  const given = cell(source, 'unitPrice');
  const quantity = quantityInPriceUnit(source, mark);
  const counted = splitUnit(quantity);
  const price = splitPrice(given);
  const text = price?.money ?? given;
  if (text.trim() === '') return undefined;
  const fen = parseFen(text, mark);
  if (typeof fen !== 'number') return 'unreadable';
  if (price !== undefined) {
    // A price of a kilogram says nothing of what is counted in bottles.
    if (counted !== undefined && counted.unit.kind !== price.unit.kind) return 'unreadable';
    const of = parseThousandths(`${price.amount}${price.unit.word}`, '.');
    return typeof of === 'number' && of > 0 ? Math.round((fen * 1_000) / of) : 'unreadable';
  }
  const { number, unit } = counted!;
  const said = saysTotal(source, mark, { fen, quantity: number });
  const isOfUnit = said === undefined ? unit.isPriced : said === 'so';
  return isOfUnit ? Math.round((fen * 1_000) / unit.thousandths) : fen;
}

interface Factors {
  readonly fen: ReturnType<typeof parseFen>;
  readonly quantity: string;
}

/** Whether the total is this number times this price; undefined where there is no total. */
function saysTotal(
  source: SourceRow,
  mark: DecimalMark,
  { fen, quantity }: Factors,
): 'so' | 'otherwise' | undefined {
  const totalFen = parseFen(cell(source, 'lineTotal'), mark);
  const thousandths = parseThousandths(quantity, mark);
  if (typeof totalFen !== 'number' || typeof thousandths !== 'number') return undefined;
  if (typeof fen !== 'number') return undefined;
  const discount = parseFen(cell(source, 'discount'), mark);
  const discountFen = typeof discount === 'number' ? Math.abs(discount) : undefined;
  const line = {
    thousandths: Math.abs(thousandths),
    unitPriceFen: Math.abs(fen),
    discountFen,
    totalFen: Math.abs(totalFen),
  };
  return addsUp(line) ? 'so' : 'otherwise';
}
