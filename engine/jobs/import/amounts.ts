// Amounts of an import file: quantities and money as people write them, read digit by digit; no
// float is ever made on the way.
import { limits } from '../../base/limits.ts';
import { splitPrice, splitUnit } from './units.ts';

/** Which sign parts whole and fraction. Undefined: what the text itself leaves no doubt about. */
export type DecimalMark = '.' | ',' | undefined;

/** Why a text is no amount: `ambiguous` ones can be read once the decimal mark is known. */
export type AmountProblem = 'unreadable' | 'ambiguous' | 'too large';

interface Decimal {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
}

const plainDecimal = /^([+-]?)(\d{0,15})(?:\.(\d*))?$/;
const currency =
  /\p{Sc}|(?<![a-z])(?:RMB|CNY|USD|EUR|GBP|HKD|TWD|JPY|US|HK|NT|Fr\.?|kr\.?)(?![a-z])|[元圆圓块円]/giu;
const blanks = /[\s\u00A0\u2007\u202F\u2009'’_]/g;
const digitFive = 53;
const exponentMax = 15;

/**
 * Quantities in whole thousandths of a piece, kilogram or litre; negative for goods brought back.
 * What is written in another unit is brought to these.
 */
export function parseThousandths(text: string, mark?: DecimalMark): number | AmountProblem {
  const measured = splitUnit(text);
  const decimal = parseDecimal(measured?.number ?? text.trim(), mark);
  if (typeof decimal === 'string') return decimal;
  const ofUnit = measured?.unit.thousandths ?? 1_000;
  const thousandths = ofUnit === 1_000 ? scaled(decimal, 3) : scaledBy(decimal, ofUnit);
  if (Math.abs(thousandths) > limits.quantityMax * 1_000) return 'too large';
  return thousandths;
}

/** Decimal yuan as fen: `2.55` is 255; a third decimal rounds half away from zero, as shops do. */
export function parseFen(text: string, mark?: DecimalMark): number | AmountProblem {
  const decimal = parseDecimal(text, mark);
  if (typeof decimal === 'string') return decimal;
  const fen = scaled(decimal, 2);
  return Math.abs(fen) > limits.amountFenMax ? 'too large' : fen;
}

/** Money given in fen already: a whole number. */
export function parseWholeFen(text: string, mark?: DecimalMark): number | AmountProblem {
  const decimal = parseDecimal(text, mark);
  if (typeof decimal === 'string') return decimal;
  if (/[1-9]/.test(decimal.fraction)) return 'unreadable';
  const fen = scaled(decimal, 0);
  return Math.abs(fen) > limits.amountFenMax ? 'too large' : fen;
}

/** Fen as decimal yuan with two places, the inverse of `parseFen`. */
export function formatFen(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** What a text says of the decimal mark of its file; undefined when it fits either or none. */
export function decimalMarkOf(text: string): DecimalMark {
  const bare = bareNumber(withoutUnit(text))?.digits ?? '';
  if (!/[.,]/.test(bare)) return undefined;
  const dot = split(bare, '.');
  const comma = split(bare, ',');
  if (dot !== undefined && comma === undefined) return '.';
  return comma !== undefined && dot === undefined ? ',' : undefined;
}

/** Below zero, in any of the ways in which that is written. */
export function isNegativeAmount(text: string): boolean {
  const first = text.trimStart()[0];
  if (first === undefined || !/[-−－(¥￥$€£]/.test(first)) return /^\s*[\d.,]+\s*-\s*$/.test(text);
  const number = bareNumber(withoutUnit(text));
  return number?.negative === true && /[1-9]/.test(number.digits);
}

function parseDecimal(text: string, mark: DecimalMark): Decimal | AmountProblem {
  if (mark !== ',') {
    const match = plainDecimal.exec(text);
    if (match !== null && (match[2] !== '' || (match[3] ?? '') !== '')) {
      return { negative: match[1] === '-', whole: match[2]!, fraction: match[3] ?? '' };
    }
  }
  const number = bareNumber(text);
  if (number === undefined) return 'unreadable';
  const { digits, negative } = number;
  const exponent = /^([\d.,]+)[eE]([+-]?\d{1,2})$/.exec(digits);
  const parts = partsOf(exponent?.[1] ?? digits, mark);
  if (typeof parts === 'string') return parts;
  const shifted = exponent === null ? parts : shift(parts, Number(exponent[2]));
  return shifted === undefined ? 'unreadable' : { negative, ...shifted };
}

/** The digits and separators of an amount, without sign, currency and blanks. */
function bareNumber(text: string): { digits: string; negative: boolean } | undefined {
  // NFKC makes full-width digits and signs plain ones.
  let digits = text.normalize('NFKC').replace(currency, '').replace(blanks, '').replace('−', '-');
  let negative = false;
  const inParentheses = /^\((.+)\)$/.exec(digits);
  if (inParentheses !== null) {
    digits = inParentheses[1]!;
    negative = true;
  }
  const sign = /^([+-])(.+)$/.exec(digits) ?? /^(.*\d)([+-])$/.exec(digits);
  if (sign !== null) {
    const [mark, rest] =
      sign[1] === '+' || sign[1] === '-' ? [sign[1], sign[2]!] : [sign[2], sign[1]!];
    if (negative) return undefined;
    negative = mark === '-';
    digits = rest;
  }
  return /^[\d.,]*\d[\d.,]*(?:[eE][+-]?\d{1,2})?$/.test(digits) ? { digits, negative } : undefined;
}

function partsOf(text: string, mark: DecimalMark): Omit<Decimal, 'negative'> | AmountProblem {
  const comma = mark === '.' ? undefined : split(text, ',');
  // `2.55` groups nothing, so that it is read although the mark of the file is a comma.
  const dot = mark === ',' && comma !== undefined ? undefined : split(text, '.');
  if (dot === undefined || comma === undefined) return dot ?? comma ?? 'unreadable';
  if (!text.includes(',')) return dot;
  return dot.whole === comma.whole && dot.fraction === comma.fraction ? dot : 'ambiguous';
}

/** The parts when `mark` is the decimal mark and the other one groups thousands. */
function split(text: string, mark: '.' | ','): Omit<Decimal, 'negative'> | undefined {
  const other = mark === '.' ? ',' : '.';
  const [whole = '', fraction = '', ...more] = text.split(mark);
  if (more.length > 0 || fraction.includes(other)) return undefined;
  const groups = whole.split(other);
  const isGrouped =
    groups.length === 1 || (/^[1-9]\d{0,2}$/.test(groups[0]!) && groups.slice(1).every(isTriple));
  return isGrouped ? { whole: groups.join(''), fraction } : undefined;
}

function isTriple(group: string): boolean {
  return /^\d{3}$/.test(group);
}

/** Moves the point, as an exponent asks for. */
function shift(
  { whole, fraction }: Omit<Decimal, 'negative'>,
  exponent: number,
): Omit<Decimal, 'negative'> | undefined {
  if (Math.abs(exponent) > exponentMax) return undefined;
  if (exponent >= 0) {
    const padded = fraction.padEnd(exponent, '0');
    return { whole: whole + padded.slice(0, exponent), fraction: padded.slice(exponent) };
  }
  const padded = whole.padStart(-exponent, '0');
  return { whole: padded.slice(0, exponent), fraction: padded.slice(exponent) + fraction };
}

/** The number times ten to the power of `places`, rounded half away from zero. */
function scaled({ negative, whole, fraction }: Decimal, places: number): number {
  const digits = Number(whole + fraction.slice(0, places).padEnd(places, '0'));
  const size = fraction.charCodeAt(places) >= digitFive ? digits + 1 : digits;
  return negative && size !== 0 ? -size : size;
}

/** The same for a unit that is no power of ten: half a kilogram, a pound. */
function scaledBy(decimal: Decimal, ofUnit: number): number {
  const size = Math.round((scaled({ ...decimal, negative: false }, 6) * ofUnit) / 1_000_000);
  return decimal.negative && size !== 0 ? -size : size;
}

function withoutUnit(text: string): string {
  return splitPrice(text)?.money ?? splitUnit(text)?.number ?? text;
}
