// Records: CSV text as records with their line numbers, with the memory of a few chunks.
import { pipeline, Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import type { Dialect } from './dialect.ts';
import { unreadable } from './file.ts';

/** One record of a table, before anybody knows which of them is the header. */
export interface TableRecord {
  /** The first line of it, from 1; of a sheet, its row. */
  readonly line: number;
  readonly fields: readonly string[];
}

const recordsPerChunk = 512;
/** A quote that is never closed would swallow the rest of the file. */
const recordCharactersMax = 1_048_576;

/** The records of CSV text, blank lines left out. `label` names the file in errors. */
export async function* readCsv(
  bytes: AsyncGenerator<Buffer>,
  dialect: Dialect,
  label: string,
): AsyncGenerator<readonly TableRecord[]> {
  let line = 1;
  let chunk: TableRecord[] = [];
  try {
    for await (const fields of parseCsv(bytes, dialect)) {
      const start = line;
      line += linesOf(fields);
      if (fields.length === 1 && fields[0] === '') continue;
      if (start === 1 && dialect.hasSeparatorLine) continue;
      chunk.push({ line: start, fields });
      if (chunk.length < recordsPerChunk) continue;
      yield chunk;
      chunk = [];
    }
  } catch (cause) {
    throw unreadable(label, describeCsvError(cause));
  }
  if (chunk.length > 0) yield chunk;
}

function parseCsv(bytes: AsyncGenerator<Buffer>, dialect: Dialect): AsyncIterable<string[]> {
  // csv-parse's own `info` costs 0.9 s on half a million rows, counting the lines here 0.1 s.
  const parser = parse({
    bom: true,
    delimiter: dialect.delimiter,
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
