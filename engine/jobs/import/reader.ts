// Reader: import files as chunks of source rows, in file order, with the memory of a few chunks.
import { type ColumnRules, importFields, namesOf, resolveColumns } from './columns.ts';
import { columnsOfConditions } from './conditions.ts';
import type { DateOrders } from './dates.ts';
import { type Dialect, findDialect } from './dialect.ts';
import { findEncoding } from './encoding.ts';
import { type ImportFile, readUnpacked } from './file.ts';
import { createJoiner, type Joined } from './join.ts';
import { conditionsOf, createReshaper, type FieldsEar, type ReshapeRules } from './reshape.ts';
import type { SourceRow } from './source-row.ts';
import { openTable, sampleOf, type Table } from './table.ts';
import { createDayReader } from './times.ts';

/** How files are read, as far as somebody said it; the rest is found. */
export interface ReadOptions extends ReshapeRules {
  readonly columns: ColumnRules;
  /** IANA zone of times without an offset. */
  readonly timeZone: string;
  /** A name that TextDecoder knows. */
  readonly encoding: string | undefined;
  readonly delimiter: string | undefined;
  /** The line of the header, 0 for none. */
  readonly headerLine: number | undefined;
  readonly joined: readonly Joined[];
}

export const plainReading: Omit<ReadOptions, 'timeZone'> = {
  columns: {},
  encoding: undefined,
  delimiter: undefined,
  headerLine: undefined,
  joined: [],
  fillDown: false,
  skip: [],
  returns: [],
  thousandths: [],
  split: undefined,
  piecesInName: false,
};

/** A file with what was found out about it; it is the same in every pass. */
export interface PreparedFile extends ImportFile {
  readonly encoding: string;
  /** How the encoding was found; undefined when it was told, or plain. */
  readonly encodingNote: string | undefined;
  readonly dialect: Dialect;
  /** The order of day and month where a text may mean two days; told or found. */
  readonly dateOrders?: DateOrders | undefined;
}

/** What is heard about each file while it is read. */
export interface TableEars {
  onTable(table: {
    readonly file: PreparedFile;
    readonly header: readonly string[];
    readonly headerLine: number;
    /** Columns that a field, a condition or a join reads. */
    readonly used: ReadonlySet<number>;
  }): void;
  readonly onFields: FieldsEar;
}

/** Finds the encoding and the dialect of each file. */
export async function prepareFiles(
  files: readonly ImportFile[],
  { encoding, delimiter }: Pick<ReadOptions, 'encoding' | 'delimiter'>,
): Promise<readonly PreparedFile[]> {
  const prepared: PreparedFile[] = [];
  for (const file of files) prepared.push(await prepare(file, { encoding, delimiter }));
  return prepared;
}

async function prepare(
  file: ImportFile,
  text: Pick<ReadOptions, 'encoding' | 'delimiter'>,
): Promise<PreparedFile> {
  const plain = { delimiter: text.delimiter ?? ',', hasSeparatorLine: false };
  if (file.format === 'xlsx' || file.format === 'parquet') {
    return { ...file, encoding: 'utf-8', encodingNote: undefined, dialect: plain };
  }
  const found = await findEncoding(readUnpacked(file));
  // A mark says more than whoever told the encoding: nothing else begins with one.
  const isMarked = found.because === 'a byte order mark';
  const encoding = isMarked ? found.encoding : (text.encoding ?? found.encoding);
  const isPlain = text.encoding !== undefined || encoding === 'utf-8';
  const dialect =
    file.format === 'csv' ? findDialect(await sampleOf(file, encoding), text.delimiter) : plain;
  const encodingNote = isPlain && !found.because.includes('damaged') ? undefined : found.because;
  return { ...file, encoding, encodingNote, dialect };
}

/** Opens one file as a table, its header found by the columns that are asked for. */
export function openPrepared(
  file: PreparedFile,
  { columns, headerLine, ...rules }: Omit<ReadOptions, 'timeZone'>,
  onBytes: (bytes: number) => void = () => {},
): Promise<Table> {
  const conditions = columnsOfConditions(conditionsOf(rules));
  // Our own names are also words that stand in rows, such as `paid`: one of them is no header.
  const stated = columns.map === undefined ? conditions : [...namesOf(columns), ...conditions];
  // Fields that nobody mapped keep their own names, and lines of documents may have them.
  const unmapped = importFields.filter((field) => columns.map?.[field] === undefined);
  // What is joined is no value of the documents themselves.
  const others = new Set(rules.joined.flatMap(({ header }) => header));
  const wanted = [...namesOf(columns), ...unmapped, ...conditions].filter(
    (name) => !others.has(name),
  );
  const { encoding, dialect } = file;
  return openTable(file, { encoding, dialect, stated, wanted, headerLine }, onBytes);
}

/**
 * The rows of all files, one after the other. `onBytes` hears the bytes read so far, over all
 * files.
 */
export async function* readRows(
  files: readonly PreparedFile[],
  options: ReadOptions,
  onBytes: (bytes: number) => void = () => {},
  ears?: TableEars,
): AsyncGenerator<readonly SourceRow[]> {
  let before = 0;
  let last: PreparedFile | undefined;
  for (const file of files) {
    const start = before;
    yield* readFile(file, options, (read) => onBytes(start + read), ears);
    // Sheets and members lie in one file, whose bytes count once.
    if (file.path !== last?.path) before += file.bytes;
    last = file;
  }
}

async function* readFile(
  file: PreparedFile,
  options: ReadOptions,
  onBytes: (bytes: number) => void,
  ears: TableEars | undefined,
): AsyncGenerator<readonly SourceRow[]> {
  const table = await openPrepared(file, options, onBytes);
  try {
    const { header, join } = createJoiner(table.header, options.joined, file.label);
    const dayOf = createDayReader(options.timeZone, file.dateOrders ?? {});
    const columns = resolveColumns(header, options.columns, { fileName: file.name, dayOf });
    const text = [
      ...columnsOfConditions(conditionsOf(options)),
      ...options.joined.map(({ keyColumn }) => keyColumn),
    ];
    const used = new Set([...columns.indices.flat(), ...text.map((name) => header.indexOf(name))]);
    ears?.onTable({ file, header, headerLine: table.headerLine, used });
    const place = {
      file: file.number,
      fileName: file.name,
      header,
      width: table.header.length,
      isRecords: file.format !== 'json' && file.format !== 'ndjson',
      columns,
      join,
    };
    const reshape = createReshaper(place, options, ears?.onFields);
    for await (const chunk of table.rows) {
      const rows: SourceRow[] = [];
      for (const row of chunk) rows.push(...reshape(row));
      if (rows.length > 0) yield rows;
    }
  } finally {
    await table.close();
  }
}
