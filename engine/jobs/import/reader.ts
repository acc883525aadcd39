// Reader: import files as chunks of source rows, in file order, with the memory of a few chunks.
import { pipeline, Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import type { EngineError } from '../../base/errors.ts';
import { type ColumnRules, resolveColumns } from './columns.ts';
import { type ImportFile, readBytes, unreadable } from './file.ts';
import { readObjects } from './objects.ts';
import type { SourceRow } from './row.ts';

export interface ReadOptions {
  readonly columns: ColumnRules;
  /** A name that TextDecoder knows. */
  readonly encoding: string;
  readonly delimiter: string;
}

const rowsPerChunk = 512;
/** A quote that is never closed would swallow the rest of the file. */
const recordCharactersMax = 1_048_576;

/**
 * The rows of all files, one after the other. `onBytes` hears the bytes read so far, over all
 * files.
 */
export async function* readRows(
  files: readonly ImportFile[],
  options: ReadOptions,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<readonly SourceRow[]> {
  let before = 0;
  for (const file of files) {
    const start = before;
    const bytes = readBytes(file, options.encoding, (read) => onBytes(start + read));
    yield* file.format === 'ndjson'
      ? readObjects(bytes, file, options.columns)
      : readRecords(bytes, file, options);
    before += file.bytes;
  }
}

/**
 * The column names of a CSV file, none of an empty one. NDJSON has names in every line, and no
 * header.
 */
export async function readHeader(
  file: ImportFile,
  options: Omit<ReadOptions, 'columns'>,
): Promise<readonly string[]> {
  if (file.format === 'ndjson') return [];
  const bytes = readBytes(file, options.encoding, () => {});
  try {
    for await (const fields of parseRecords(bytes, options.delimiter)) {
      if (fields.length > 1 || fields[0] !== '') return fields.map((name) => name.trim());
    }
    return [];
  } catch (cause) {
    throw isOurs(cause) ? cause : unreadable(file.path, describeCsvError(cause));
  }
}

/** CSV by RFC 4180. A record with another number of fields than the header is a malformed row. */
async function* readRecords(
  bytes: AsyncGenerator<Buffer>,
  file: ImportFile,
  options: ReadOptions,
): AsyncGenerator<readonly SourceRow[]> {
  let columns: readonly number[] | undefined;
  let width = 0;
  let line = 1;
  let chunk: SourceRow[] = [];
  try {
    for await (const fields of parseRecords(bytes, options.delimiter)) {
      const start = line;
      line += linesOf(fields);
      if (fields.length === 1 && fields[0] === '') continue;
      if (columns === undefined) {
        columns = resolveColumns(fields, options.columns, file.name);
        width = fields.length;
        continue;
      }
      chunk.push(toSourceRow(fields, { file: file.number, line: start, columns, width }));
      if (chunk.length < rowsPerChunk) continue;
      yield chunk;
      chunk = [];
    }
  } catch (cause) {
    throw isOurs(cause) ? cause : unreadable(file.path, describeCsvError(cause));
  }
  // An empty file has no header, and says which column it misses first.
  if (columns === undefined) resolveColumns([], options.columns, file.name);
  if (chunk.length > 0) yield chunk;
}

interface RecordPlace {
  readonly file: number;
  readonly line: number;
  readonly columns: readonly number[];
  readonly width: number;
}

function toSourceRow(fields: string[], place: RecordPlace): SourceRow {
  const { file, line, columns, width } = place;
  const problem =
    fields.length === width
      ? undefined
      : `the row has ${fields.length} fields where the header has ${width}`;
  const cells = columns.map((column) => fields[column] ?? '');
  return { file, line, raw: fields, cells, whole: 0, problem };
}

function parseRecords(bytes: AsyncGenerator<Buffer>, delimiter: string): AsyncIterable<string[]> {
  // csv-parse's own `info` costs 0.9 s on half a million rows, counting the lines here 0.1 s.
  const parser = parse({
    bom: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: recordCharactersMax,
  });
  // The pipeline hands an error of either side to the parser, whose iteration throws it.
  pipeline(Readable.from(bytes, { objectMode: false }), parser, () => {});
  return parser as AsyncIterable<string[]>;
}

function isOurs(cause: unknown): cause is EngineError {
  return cause instanceof Error && cause.name === 'EngineError';
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
