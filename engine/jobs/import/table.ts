// Tables: any file as a header and rows of text cells with their line numbers.
import { buffer } from 'node:stream/consumers';
import type { Dialect } from './dialect.ts';
import { type ImportFile, readBytes, readUnpacked, unreadable } from './file.ts';
import { columnName, findHeaderIndex, headerSearchRecords } from './header.ts';
import { readElements, readLines } from './json-text.ts';
import { keysOf, type ParsedObject, parseObject, rowsOfObject } from './objects.ts';
import { readParquet } from './parquet.ts';
import { readCsv, type TableRecord } from './records.ts';
import type { TableRow } from './table-row.ts';
import { openWorkbook, readSheet } from './workbook.ts';
import type { ZipSource } from './zip.ts';

export interface Table {
  /** Names as they are compared; empty ones stand for columns without a name. */
  readonly header: readonly string[];
  /** Its line; 0 where the rows name their own values. */
  readonly headerLine: number;
  readonly rows: AsyncIterable<readonly TableRow[]>;
  /** Lets go of the file, also when no row was read. */
  close(): Promise<void>;
}

export interface TableReading {
  readonly encoding: string;
  readonly dialect: Dialect;
  /** Column names that somebody told: the header is the record that has them. */
  readonly stated: readonly string[];
  /** Names that are looked for in objects, which have no header. */
  readonly wanted: readonly string[];
  /** The line of the header, 0 for none; absent: it is found. */
  readonly headerLine?: number | undefined;
}

const objectsLookedAt = 500;

/** Opens a file as its one table. `onBytes` hears how many bytes of it are through. */
export async function openTable(
  file: ImportFile,
  reading: TableReading,
  onBytes: (bytes: number) => void = () => {},
): Promise<Table> {
  if (file.format === 'ndjson' || file.format === 'json') {
    return openObjects(file, reading, onBytes);
  }
  return openRecords(recordsOf(file, reading, onBytes), reading);
}

async function* recordsOf(
  file: ImportFile,
  { encoding, dialect }: TableReading,
  onBytes: (bytes: number) => void,
): AsyncGenerator<readonly TableRecord[]> {
  if (file.format === 'csv') {
    yield* readCsv(readBytes(file, encoding, onBytes), dialect, file.label);
  } else if (file.format === 'parquet') {
    yield* readParquet(file.path, file.label);
  } else {
    yield* sheetRecords(file);
  }
  onBytes(file.bytes);
}

async function* sheetRecords(file: ImportFile): AsyncGenerator<readonly TableRecord[]> {
  const source = await zipSourceOf(file);
  const workbook = await openWorkbook(source, file.label);
  const sheet = workbook.sheets.find(({ name }) => name === file.sheet);
  if (sheet === undefined) {
    const names = workbook.sheets.map(({ name }) => name).join(', ');
    throw unreadable(file.label, new Error(`it has no sheet "${file.sheet}", but ${names}`));
  }
  yield* readSheet(source, { workbook, sheet, label: file.label });
}

/** A workbook inside a zip or gzip is unpacked into memory: its parts are read in any order. */
export async function zipSourceOf(file: ImportFile): Promise<ZipSource> {
  if (file.member === undefined && !file.gzip) return file.path;
  return buffer(readUnpacked(file));
}

async function openRecords(
  records: AsyncGenerator<readonly TableRecord[]>,
  { stated, headerLine }: TableReading,
): Promise<Table> {
  const first: TableRecord[] = [];
  while (first.length < headerSearchRecords) {
    const { value, done } = await records.next();
    if (done === true) break;
    first.push(...value);
  }
  const fields = first.map((record) => record.fields);
  const index =
    headerLine === undefined
      ? findHeaderIndex(fields, stated)
      : first.findIndex(({ line }) => line >= headerLine);
  const headless = headerLine === 0;
  const record = headless ? undefined : first[index];
  const width = Math.max(0, ...fields.map(({ length }) => length));
  const header = headless
    ? Array.from({ length: width }, (_, column) => String(column + 1))
    : (record?.fields ?? []).map(columnName);
  const below = headless ? first : first.slice(index + 1);
  return {
    header,
    headerLine: record?.line ?? 0,
    rows: rowsOf(below, records),
    close: async () => {
      await records.return(undefined);
    },
  };
}

async function* rowsOf(
  first: readonly TableRecord[],
  rest: AsyncGenerator<readonly TableRecord[]>,
): AsyncGenerator<readonly TableRow[]> {
  if (first.length > 0) yield first.map(toRow);
  for await (const records of rest) yield records.map(toRow);
}

function toRow({ line, fields }: TableRecord): TableRow {
  return { line, raw: fields, fields, whole: 0 };
}

async function openObjects(
  file: ImportFile,
  reading: TableReading,
  onBytes: (bytes: number) => void,
): Promise<Table> {
  const bytes = readBytes(file, reading.encoding, onBytes);
  const read = file.format === 'ndjson' ? readLines : readElements;
  const texts = read(bytes, file.label);
  const first: ParsedObject[] = [];
  while (first.length < objectsLookedAt) {
    const { value, done } = await texts.next();
    if (done === true) break;
    first.push(...value.map(parseObject));
  }
  // Later objects may have more values: those that somebody asks for are columns in every case.
  const header = [...new Set([...first.flatMap((object) => keysOf(object)), ...reading.wanted])];
  const rows = async function* (): AsyncGenerator<readonly TableRow[]> {
    yield first.flatMap((object) => rowsOfObject(object, header));
    for await (const some of texts) {
      yield some.flatMap((text) => rowsOfObject(parseObject(text), header));
    }
  };
  return {
    header,
    headerLine: 0,
    rows: rows(),
    close: async () => void (await texts.return(undefined)),
  };
}

/** The text of the first bytes of a CSV file, to find its dialect by. */
export async function sampleOf(file: ImportFile, encoding: string): Promise<string> {
  const sampleCharacters = 131_072;
  const decoder = new TextDecoder('utf-8');
  let text = '';
  for await (const chunk of readBytes(file, encoding, () => {})) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= sampleCharacters) break;
  }
  return text.slice(0, sampleCharacters);
}
