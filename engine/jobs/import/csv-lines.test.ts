// Tests of CSV lines: what is cut out of the bytes at once is what a parser makes of them sign by
// sign, wherever the pieces end.
import { type Options, parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineCutter } from './csv-lines.ts';
import type { Dialect } from './dialect.ts';

const mark = '\uFEFF';

/** Undefined: a quote is never closed. */
function parsed(content: Buffer, dialect: Dialect, options: Options): unknown[] | undefined {
  try {
    return parse(content, {
      ...options,
      delimiter: dialect.delimiter,
      quote: dialect.hasPlainQuotes === true ? null : '"',
      relax_column_count: true,
      relax_quotes: true,
    });
  } catch {
    return undefined;
  }
}

/** Lines as long as there are any, read in pieces of so many bytes, and what is left then. */
function cut(content: Buffer, dialect: Dialect, pieceBytes: number) {
  const cutter = new LineCutter(dialect);
  const records: (readonly string[])[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let isStuck = false;
  for (let at = 0; at <= content.length && !isStuck; at += pieceBytes) {
    const isLast = at + pieceBytes > content.length;
    const piece = content.subarray(at, at + pieceBytes);
    const lines = cutter.cut(Buffer.concat([rest, piece]), isLast);
    records.push(...lines.records);
    isStuck = lines.isStuck;
    rest = Buffer.concat([
      lines.rest,
      content.subarray(isStuck ? at + pieceBytes : content.length),
    ]);
  }
  return { cutter, records, rest };
}

const signs = ['a', '7', ',', ',', '\n', '\n', '\r\n', '\r', '"', '""', '猜', ' ', '\0', mark];
const quoted = fc.string({ maxLength: 4 }).map((text) => `"${text.replaceAll('"', '""')}"`);
const field = fc.oneof(fc.stringMatching(/^[a-z猜]{0,6}$/), quoted);
const end = fc.constantFrom('\n', '\r\n');
const rows = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
const table = fc.tuple(rows, end).map(([all, by]) => all.map((row) => row.join(',')).join(by));
const anything = fc.array(fc.oneof(fc.constantFrom(...signs), table)).map((all) => all.join(''));
const bytes = fc.tuple(fc.oneof(table, anything), fc.boolean()).map(([text, isDamaged]) => {
  const whole = Buffer.from(text);
  // What is no UTF-8, also in the midst of a sign.
  return isDamaged ? Buffer.from(whole.map((byte) => (byte === 0x61 ? 0xe7 : byte))) : whole;
});

test('lines, and a parser behind them, make what a parser makes of any text', () => {
  const piece = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(bytes, piece, fc.boolean(), (content, pieceBytes, hasPlainQuotes) => {
      const dialect: Dialect = { delimiter: ',', hasSeparatorLine: false, hasPlainQuotes };
      const { cutter, records, rest } = cut(content, dialect, pieceBytes);
      const behind = parsed(rest, dialect, {
        bom: !cutter.hasBegun,
        record_delimiter: cutter.lineEnd ?? [],
      });
      const whole = parsed(content, dialect, { bom: true });
      expect(behind && [...records, ...behind]).toEqual(whole);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['no quotes', 'a,b\n1,2\n\n,\n3,4'],
  ['a mark and two signs at the end of each line', `${mark}a,b\r\n1,2\r\n`],
  ['quoted fields', 'a,b\n"1, or so","2 ""inches"""\n"",""\n'],
  ['a return in the midst of a line', 'a,b\n1\r,2\n'],
])('nothing is left to the parser of a table with %s', (_, text) => {
  const { records, rest } = cut(Buffer.from(text), { delimiter: ',', hasSeparatorLine: false }, 5);
  expect(rest.toString()).toBe('');
  expect(records).toEqual(parse(text, { bom: true, relax_column_count: true }));
});

test.each([
  ['a quoted field over two lines', '1,"a\nb"\n'],
  ['a quote within a field', '1,a "b"\n'],
  ['signs behind a closing quote', '1,"a"b\n'],
  ['a line end that is not that of the table', '1,2\r\n3,4\n5,6\r\n'],
])('a parser goes on from %s', (_, text) => {
  const head = text.includes('\r') ? 'a,b\r\n' : 'a,b\n';
  const dialect = { delimiter: ',', hasSeparatorLine: false };
  const { records, rest } = cut(Buffer.from(head + text), dialect, 100);
  expect(records[0]).toEqual(['a', 'b']);
  expect(text.endsWith(rest.toString())).toBe(true);
  expect(rest.length).toBeGreaterThan(0);
});

test('a delimiter of several bytes is for a parser', () => {
  const knows = (delimiter: string) => LineCutter.knows({ delimiter, hasSeparatorLine: false });
  expect([',', '\t', ';', '|', '\u0001'].every(knows)).toBe(true);
  expect(['，', '"', '\n', '\r'].some(knows)).toBe(false);
});
