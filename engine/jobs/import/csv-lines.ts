// CSV lines: the records of a table that take one line each, cut out of its bytes at once. Whatever
// is written in another way is left to the parser that knows all of them, which is slower.
import type { Dialect } from './dialect.ts';

export type LineEnd = '\n' | '\r\n';

export interface CutLines {
  readonly records: readonly string[][];
  /** What was not cut; it begins with a record. */
  readonly rest: Buffer;
  /** Whether `rest` and all behind it is for the other parser. */
  readonly isStuck: boolean;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const byteOrderMark = Buffer.from('\uFEFF');
/** Longer lines are for the other parser, which bounds them. */
const lineBytesMax = 1_048_576;

/** Cuts one file, piece by piece. */
export class LineCutter {
  /** How lines end, as the first of them says. */
  lineEnd: LineEnd | undefined;
  /** Whether any record was cut. */
  hasBegun = false;
  private readonly fieldsOf: (text: string) => string[] | undefined;

  constructor({ delimiter, hasPlainQuotes }: Dialect) {
    this.fieldsOf = (text) =>
      hasPlainQuotes === true || !text.includes('"')
        ? text.split(delimiter)
        : splitQuoted(text, delimiter);
  }

  /** Whether lines can be cut at all: a delimiter is one byte, and neither quote nor line end. */
  static knows({ delimiter }: Dialect): boolean {
    return /^[^\r\n"\u0080-\uffff]$/.test(delimiter);
  }

  /** `bytes` begin with a record. Unless they are the last, a line without an end is left. */
  cut(bytes: Buffer, isLast: boolean): CutLines {
    const records: string[][] = [];
    let start = this.startOf(bytes);
    while (start < bytes.length) {
      const found = bytes.indexOf(lineFeed, start);
      const next = found < 0 ? bytes.length : found + 1;
      const isTooLong = next - start > lineBytesMax;
      if (found < 0 && !isLast && !isTooLong) break;
      const fields = isTooLong ? undefined : this.cutLine(bytes, start, found);
      if (fields === undefined) {
        return { records, rest: this.hasBegun ? bytes.subarray(start) : bytes, isStuck: true };
      }
      this.hasBegun = true;
      records.push(fields);
      start = next;
    }
    return { records, rest: this.hasBegun ? bytes.subarray(start) : bytes, isStuck: false };
  }

  private startOf(bytes: Buffer): number {
    if (this.hasBegun) return 0;
    return bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0;
  }

  /** Undefined for what may be no line, or not the whole of a record. `found`: -1 at the end. */
  private cutLine(bytes: Buffer, start: number, found: number): string[] | undefined {
    const isReturned = found > start && bytes[found - 1] === carriageReturn;
    const lineEnd = this.lineEnd ?? (isReturned ? '\r\n' : '\n');
    // A line feed alone is a sign like others where lines end by two.
    if (found >= 0 && lineEnd === '\r\n' && !isReturned) return undefined;
    const end = found < 0 ? bytes.length : found + 1 - lineEnd.length;
    const text = bytes.toString('utf8', start, end);
    if (this.lineEnd === undefined && text.includes('\r')) return undefined;
    const fields = this.fieldsOf(text);
    if (fields !== undefined && found >= 0) this.lineEnd = lineEnd;
    return fields;
  }
}

/** Undefined unless each quoted field is quoted whole, and ends within the line. */
function splitQuoted(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const isQuoted = text.charCodeAt(at) === quote;
    const end = isQuoted ? quotedEnd(text, at) : text.indexOf(delimiter, at);
    if (isQuoted && end < 0) return undefined;
    const field = text.slice(at, end < 0 ? text.length : end);
    if (isQuoted) fields.push(field.slice(1, -1).replaceAll('""', '"'));
    else if (field.includes('"')) return undefined;
    else fields.push(field);
    if (end < 0 || end === text.length) return fields;
    if (text[end] !== delimiter) return undefined;
    at = end + 1;
  }
}

/** Behind the quote that closes the one at `start`; -1: none does. */
function quotedEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text.charCodeAt(end + 1) === quote) end = text.indexOf('"', end + 2);
  return end < 0 ? -1 : end + 1;
}
