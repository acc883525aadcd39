// Barcodes that scales print: beside the item they hold what this piece weighs or costs. A chain
// says by patterns how its own are built. Pure.
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

/** One pattern, read once. */
export interface BarcodePattern {
  readonly text: string;
  /** The digits that its codes begin with. */
  readonly prefix: string;
  readonly item: Field;
  /** In grams, which are thousandths of a kilogram. */
  readonly weight: Field | undefined;
  /** In fen. */
  readonly price: Field | undefined;
  readonly hasCheckDigit: boolean;
}

/** Where a number stands: the first of its digits, and the one behind the last. */
interface Field {
  readonly start: number;
  readonly end: number;
}

/** What a code says, or why it says nothing. */
export type MeasuredCode =
  | {
      readonly itemCode: string;
      readonly thousandths: number | undefined;
      readonly totalFen: number | undefined;
    }
  | { readonly problem: string };

const shape = /^\d+(?=\D)[IWPX]+C?$/;

/** Throws INVALID_ARGUMENT, which names the pattern and what is wrong with it. */
export function parseBarcodePattern(text: string): BarcodePattern {
  const problem = problemOf(text);
  if (problem !== undefined) {
    const message = `barcode pattern ${JSON.stringify(text)} ${problem}, as 2IIIIIIWWWWWC is`;
    throw new EngineError('INVALID_ARGUMENT', message, { field: 'barcodePatterns' });
  }
  return {
    text,
    prefix: /^\d+/.exec(text)![0],
    item: fieldOf(text, 'I')!,
    weight: fieldOf(text, 'W'),
    price: fieldOf(text, 'P'),
    hasCheckDigit: text.endsWith('C'),
  };
}

function problemOf(text: string): string | undefined {
  const { barcodePatternMin: least, barcodePatternMax: most } = limits;
  if (!shape.test(text)) {
    return (
      'must be the digits that the codes begin with, then I for each digit of the item, W of the ' +
      'weight in grams, P of the price in fen, X of what is passed over, and C at the end for a ' +
      'check digit'
    );
  }
  if (text.length < least || text.length > most) {
    return `must have ${least} to ${most} places (it has ${text.length})`;
  }
  for (const letter of ['I', 'W', 'P']) {
    const runs = text.match(new RegExp(`${letter}+`, 'g')) ?? [];
    if (runs.length > 1) return `must have its ${letter} side by side`;
  }
  if (!text.includes('I')) return 'must have the item in it';
  return /[WP]/.test(text) ? undefined : 'must have a weight or a price in it';
}

function fieldOf(text: string, letter: string): Field | undefined {
  const start = text.indexOf(letter);
  return start < 0 ? undefined : { start, end: text.lastIndexOf(letter) + 1 };
}

/** By the first pattern that the code fits; undefined where it fits none. */
export function readMeasuredCode(
  patterns: readonly BarcodePattern[],
  code: string,
): MeasuredCode | undefined {
  const pattern = patterns.find((each) => fits(each, code));
  return pattern && readBy(pattern, code);
}

function fits({ text, prefix }: BarcodePattern, code: string): boolean {
  return code.length === text.length && code.startsWith(prefix) && /^\d+$/.test(code);
}

function readBy(pattern: BarcodePattern, code: string): MeasuredCode {
  const { text, item, weight, price, hasCheckDigit } = pattern;
  const expected = checkDigitOf(code);
  if (hasCheckDigit && code.at(-1) !== expected) {
    const problem = `ends with the check digit ${code.at(-1)} where ${text} asks for ${expected}`;
    return { problem: `${problem}: it was read wrongly, scan it again` };
  }
  const numberIn = (field: Field | undefined) =>
    field && Number(code.slice(field.start, field.end));
  const [thousandths, totalFen] = [numberIn(weight), numberIn(price)];
  if (thousandths === 0) return { problem: `has the weight 0 in it, by ${text}` };
  return { itemCode: code.slice(item.start, item.end), thousandths, totalFen };
}

/**
 * The last digit that makes a code right (GS1 General Specifications 7.9): from there to the left
 * digits count three times and once in turn, and the sum ends with 0.
 */
function checkDigitOf(code: string): string {
  let sum = 0;
  for (let at = code.length - 2, weight = 3; at >= 0; at--, weight = 4 - weight) {
    sum += weight * Number(code[at]);
  }
  return String((10 - (sum % 10)) % 10);
}
