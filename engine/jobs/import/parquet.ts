// Parquet files as records of text: exact digits, and times as they were meant.
import { type FileHandle, open } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { unreadable } from './file.ts';
import type { TableRecord } from './records.ts';
import { numberText } from './sheet-cells.ts';

type SchemaElement = FileMetaData['schema'][number];

/** How a value of one column becomes text. */
type ToText = (value: unknown) => string;

const recordsPerChunk = 512;
/** A float of 4 bytes holds seven digits. */
const floatDigits = 7;

/** The header first, then the rows, one row group in memory at a time. */
export async function* readParquet(
  path: string,
  label: string,
): AsyncGenerator<readonly TableRecord[]> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const file = await bufferOf(handle);
    // Loaded here, as by others of this room: a server never needs it.
    const { parquetMetadataAsync } = await import('hyparquet');
    const metadata = await parquetMetadataAsync(file);
    const columns = columnsOf(metadata);
    yield [{ line: 1, fields: columns.map(({ name }) => name) }];
    let start = 0;
    for (const { num_rows: count } of metadata.row_groups) {
      const end = start + Number(count);
      const rows = await readGroup({ file, metadata, start, end });
      for (let at = 0; at < rows.length; at += recordsPerChunk) {
        const some = rows.slice(at, at + recordsPerChunk);
        yield some.map((row, index) => ({
          line: start + at + index + 2,
          fields: columns.map(({ toText }, column) => toText(row[column])),
        }));
      }
      start = end;
    }
  } catch (cause) {
    throw unreadable(label, cause);
  } finally {
    await handle?.close();
  }
}

interface RowGroup {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly start: number;
  readonly end: number;
}

async function readGroup({ file, metadata, start, end }: RowGroup): Promise<unknown[][]> {
  let rows: unknown[][] = [];
  const onComplete = (found: unknown[][]) => {
    rows = found;
  };
  const { parquetRead } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  await parquetRead({ file, metadata, compressors, rowStart: start, rowEnd: end, onComplete });
  return rows;
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start);
      await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
  };
}

/** The columns at the top; what is nested is given as JSON. */
function columnsOf({ schema }: FileMetaData): { name: string; toText: ToText }[] {
  const columns: { name: string; toText: ToText }[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at]?.num_children ?? 0); child += 1) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) {
    const element = schema[at]!;
    columns.push({ name: element.name, toText: textOf(element) });
  }
  return columns;
}

function textOf(element: SchemaElement): ToText {
  const { logical_type: logical, converted_type: converted, type } = element;
  const isDay = logical?.type === 'DATE' || converted === 'DATE';
  // Without a word on it, a time is the local time of whoever wrote it.
  const isUtc =
    logical?.type === 'TIMESTAMP'
      ? logical.isAdjustedToUTC
      : converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS';
  return (value) => {
    if (value === null || value === undefined) return '';
    if (value instanceof Date) {
      const text = value.toISOString();
      return isDay ? text.slice(0, 10) : text.slice(0, isUtc ? undefined : -1);
    }
    if (typeof value === 'number') {
      return numberText(type === 'FLOAT' ? Number(value.toPrecision(floatDigits)) : value);
    }
    if (typeof value === 'string') return value;
    if (typeof value === 'object') return JSON.stringify(value, jsonValue);
    return String(value);
  };
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
