// Amounts of an import file: quantities and prices as text, read without any float in between.
import { limits } from '../../base/limits.ts';

const quantityPattern = /^([+-]?\d{1,15})(?:\.0*)?$/;
const decimalPattern = /^([+-]?)(\d{0,12})(?:\.(\d*))?$/;
const digitFive = 53;

/**
 * A whole number of pieces, negative for goods brought back; `6.0` is 6. Undefined for anything
 * else.
 */
export function parseQuantity(text: string): number | undefined {
  const match = quantityPattern.exec(text.trim());
  if (match === null) return undefined;
  const quantity = Number(match[1]);
  return Math.abs(quantity) <= limits.quantityMax ? quantity : undefined;
}

/**
 * Decimal yuan as fen, exactly: `2.55` is 255. A third decimal rounds half away from zero (`0.005`
 * is 1, `-0.005` is -1), as shops round. Undefined for anything that is no plain decimal, or beyond
 * the limit.
 */
export function parseFen(text: string): number | undefined {
  const match = decimalPattern.exec(text.trim());
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  // At most 12 + 2 digits: far below 2⁵³, so the product and the sum are exact.
  const cents = Number(whole) * 100 + Number(fraction.slice(0, 2).padEnd(2, '0'));
  const fen = fraction.charCodeAt(2) >= digitFive ? cents + 1 : cents;
  if (fen > limits.unitPriceFenMax) return undefined;
  return sign === '-' && fen !== 0 ? -fen : fen;
}

/** A price given in fen already. Undefined unless it is a whole number within the limit. */
export function parseWholeFen(text: string): number | undefined {
  const fen = parseQuantity(text);
  return fen !== undefined && Math.abs(fen) <= limits.unitPriceFenMax ? fen : undefined;
}

/** Fen as decimal yuan with two places, the inverse of `parseFen`. */
export function formatFen(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
