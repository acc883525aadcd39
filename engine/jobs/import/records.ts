// Records: CSV text as records with their line numbers, with the memory of a few chunks.
import { pipeline, Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { LineCutter } from './csv-lines.ts';
import type { Dialect } from './dialect.ts';
import { unreadable } from './file.ts';

/** One record of a table, before anybody knows which of them is the header. */
export interface TableRecord {
  /** The first line of it, from 1; of a sheet, its row. */
  readonly line: number;
  readonly fields: readonly string[];
}

const recordsPerChunk = 512;
const byteOrderMark = 0xfeff;
/** Fewer columns than that say little of where a row ends. */
const narrowest = 4;
/** A quote that is never closed would swallow the rest of the file. */
const recordCharactersMax = 1_048_576;

/** The records of CSV text, blank lines left out. `label` names the file in errors. */
export async function* readCsv(
  bytes: AsyncGenerator<Buffer>,
  dialect: Dialect,
  label: string,
): AsyncGenerator<readonly TableRecord[]> {
  let line = 1;
  let width = 0;
  let chunk: TableRecord[] = [];
  try {
    for await (const { records, areLines } of parseCsv(bytes, dialect)) {
      for (const fields of records) {
        const start = line;
        const lines = areLines ? 1 : linesOf(fields);
        if (lines === 1) width = fields.length;
        else if (swallowsRow(fields, dialect.delimiter, width)) throw swallowed(start, lines);
        line += lines;
        if (fields.length === 1 && fields[0] === '') continue;
        if (start === 1 && dialect.hasSeparatorLine) continue;
        chunk.push({ line: start, fields: plainFields(fields, dialect) });
        if (chunk.length < recordsPerChunk) continue;
        yield chunk;
        chunk = [];
      }
    }
  } catch (cause) {
    throw unreadable(label, describeCsvError(cause));
  } finally {
    await bytes.return(undefined);
  }
  if (chunk.length > 0) yield chunk;
}

/** Files that were put one behind the other have their marks in the midst, before the quotes. */
function plainFields(fields: string[], { hasPlainQuotes }: Dialect): string[] {
  if (hasPlainQuotes === true) return fields.map(withoutQuotes);
  if (fields[0]!.charCodeAt(0) !== byteOrderMark) return fields;
  return [withoutQuotes(fields[0]!.slice(1)), ...fields.slice(1)];
}

function withoutQuotes(text: string): string {
  return text.length > 1 && /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/**
 * Whether a quote that opens in one row closes in another: what stands before its first line end
 * and behind its last one would each be a whole row.
 */
function swallowsRow(fields: readonly string[], delimiter: string, width: number): boolean {
  if (width < narrowest) return false;
  return fields.some((field, at) => {
    const first = field.indexOf('\n');
    if (first < 0) return false;
    const above = at + field.slice(0, first).split(delimiter).length;
    const below = field.slice(field.lastIndexOf('\n')).split(delimiter).length;
    return above === width && below + fields.length - 1 - at === width;
  });
}

function swallowed(line: number, lines: number): Error {
  const place = `a quote opens in line ${line} and closes in line ${line + lines - 1}`;
  return new Error(`${place}, in another row: take it out, or write it twice`);
}

interface ParsedRecords {
  readonly records: readonly string[][];
  /** Whether each of them is one line of the file. */
  readonly areLines: boolean;
}

/** Line by line for as long as that is all there is to it: five times as fast. */
async function* parseCsv(
  bytes: AsyncGenerator<Buffer>,
  dialect: Dialect,
): AsyncGenerator<ParsedRecords> {
  const cutter = new LineCutter(dialect);
  let rest: Buffer = Buffer.alloc(0);
  let isLast = false;
  while (!isLast && LineCutter.knows(dialect)) {
    const { value, done } = await bytes.next();
    isLast = done === true;
    if (value !== undefined) rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    const cut = cutter.cut(rest, isLast);
    rest = cut.rest;
    if (cut.records.length > 0) yield { records: cut.records, areLines: true };
    if (cut.isStuck) break;
  }
  if (isLast && rest.length === 0) return;
  for await (const fields of parseAny(behind(rest, bytes), dialect, cutter)) {
    yield { records: [fields], areLines: false };
  }
}

async function* behind(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** Goes on from where the lines ended, which say how records end. */
function parseAny(
  bytes: AsyncGenerator<Buffer>,
  dialect: Dialect,
  { hasBegun, lineEnd }: LineCutter,
): AsyncIterable<string[]> {
  // csv-parse's own `info` costs 0.9 s on half a million rows, counting the lines here 0.1 s.
  const parser = parse({
    bom: !hasBegun,
    delimiter: dialect.delimiter,
    record_delimiter: lineEnd ?? [],
    quote: dialect.hasPlainQuotes === true ? null : '"',
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: recordCharactersMax,
  });
  // The pipeline hands an error of either side to the parser, whose iteration throws it.
  pipeline(Readable.from(bytes, { objectMode: false }), parser, () => {});
  return parser as AsyncIterable<string[]>;
}

function describeCsvError(cause: unknown): unknown {
  const error = cause as CsvError;
  if (error.code !== 'CSV_MAX_RECORD_SIZE' && error.code !== 'CSV_QUOTE_NOT_CLOSED') return cause;
  return new Error('a quote is opened and never closed', { cause });
}

/**
 * How many lines of the file a record takes: one, and one more for each line break inside a
 * field.
 */
function linesOf(fields: readonly string[]): number {
  let lines = 1;
  for (const field of fields) {
    let at = field.indexOf('\n');
    while (at >= 0) {
      lines += 1;
      at = field.indexOf('\n', at + 1);
    }
  }
  return lines;
}
