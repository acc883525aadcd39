// Reshape: rows of any table become receipt lines: joined, filled down, sorted out, split, and
// their cells put in the order of our fields.
import { EngineError } from '../../base/errors.ts';
import type { ResolvedColumns } from './columns.ts';
import { type Condition, createRowTest } from './conditions.ts';
import { createNoRowTest, isBlankRecord } from './header.ts';
import type { Joiner } from './join.ts';
import { fieldPosition, type SourceRow } from './source-row.ts';
import { lineFields, type SplitRules, splitCells } from './split.ts';
import { isBlank, type TableRow } from './table-row.ts';
import { perMille } from './units.ts';

export interface ReshapeRules extends SplitRules {
  /** Blank receipt columns take the values of the row above. */
  readonly fillDown: boolean;
  readonly skip: readonly Condition[];
  readonly returns: readonly Condition[];
  /** Rows whose quantity counts thousandths of what the item counts in. */
  readonly thousandths: readonly Condition[];
}

export interface ReshapeTable {
  readonly file: number;
  readonly fileName: string;
  /** With the columns that are joined. */
  readonly header: readonly string[];
  /** How many columns the file itself has. */
  readonly width: number;
  /** Where the rows stand in a table of records; objects name their values themselves. */
  readonly isRecords: boolean;
  readonly columns: ResolvedColumns;
  readonly join: Joiner | undefined;
}

/** Hears the fields of each row that is a line. */
export type FieldsEar = (fields: readonly string[], row: SourceRow) => void;

/** Fields that all lines of a receipt share. */
const receiptFields = [
  'purchaseId',
  'memberId',
  'occurredAt',
  'timeUnknown',
  'paid',
  'paidFen',
  'couponIds',
  'storeId',
  'channel',
  'terminalId',
  'cashierId',
  'returnOf',
  'replaces',
] as const;

/** What tells a row from a line that was sold. */
type RowKind = Partial<Pick<SourceRow, 'isReturn' | 'skipped' | 'problem'>>;

const noCells: readonly string[] = [];
const broughtBack: RowKind = { isReturn: true };

/** Adds the receipt lines of a table row to those of a chunk; it remembers the row above. */
export function createReshaper(
  table: ReshapeTable,
  rules: ReshapeRules,
  onFields: FieldsEar = () => {},
): (row: TableRow, rows: SourceRow[]) => void {
  const { header, columns, fileName, join } = table;
  const isSkipped = createRowTest(rules.skip, header, fileName);
  const isReturned = createRowTest(rules.returns, header, fileName);
  const isFine = createRowTest(rules.thousandths, header, fileName);
  const indicesOf = (field: Parameters<typeof fieldPosition>[0]) =>
    columns.indices[fieldPosition(field)]!;
  const noRowOf = createNoRowTest(header, {
    receipt: indicesOf('purchaseId'),
    time: indicesOf('occurredAt'),
    item: indicesOf('itemId'),
  });
  // What a line says of itself is not that of the line above.
  const ofLine = new Set([...indicesOf('itemId'), ...lineFields.flatMap(indicesOf)]);
  const fill = rules.fillDown
    ? createFiller(indicesOf('purchaseId'), [
        ...receiptFields.flatMap(indicesOf),
        ...conditionsOf({ ...rules, thousandths: [] })
          .map(({ column }) => header.indexOf(column))
          .filter((index) => !ofLine.has(index)),
      ])
    : undefined;
  const isWhole = rules.split === undefined && !rules.piecesInName;
  const unreadableColumns = new Set(columns.indices.flat().map((index) => header[index]));
  const readCells = cellsReader(columns);
  // All rows have one shape, so that what reads them need not look for their values.
  const sourceOf = (row: TableRow, cells: readonly string[], kind?: RowKind): SourceRow => ({
    file: table.file,
    line: row.line,
    raw: row.raw,
    whole: row.whole,
    cells,
    isReturn: kind?.isReturn === true,
    skipped: kind?.skipped,
    problem: kind?.problem,
  });
  return (row, rows) => {
    const problem =
      row.problem ??
      problemOf(row, unreadableColumns) ??
      (table.isRecords ? tooWide(row, table) : undefined);
    if (problem !== undefined) return void rows.push(sourceOf(row, noCells, { problem }));
    if (table.isRecords) {
      if (isBlankRecord(row.fields)) return;
      const skipped = noRowOf(row.fields);
      if (skipped === 'otherHeader') throw movedColumns(fileName, row.line);
      if (skipped !== undefined) return void rows.push(sourceOf(row, noCells, { skipped }));
    }
    const joined = join === undefined ? row.fields : join(row.fields);
    const fields = fill === undefined ? joined : fill(joined);
    if (isSkipped?.(fields)) {
      return void rows.push(sourceOf(row, noCells, { skipped: 'condition' }));
    }
    const kind = isReturned?.(fields) ? broughtBack : undefined;
    const cells = readCells(fields);
    if (isFine?.(fields)) markThousandths(cells);
    for (const own of isWhole ? [cells] : splitCells(cells, rules)) {
      const source = sourceOf(row, own, kind);
      onFields(fields, source);
      rows.push(source);
    }
  };
}

/** All that looks into the columns of a file. */
export function conditionsOf({
  skip,
  returns,
  thousandths,
}: Pick<ReshapeRules, 'skip' | 'returns' | 'thousandths'>): readonly Condition[] {
  return [...skip, ...returns, ...thousandths];
}

const quantityPosition = fieldPosition('quantity');

/** Nobody sells some thousandths: one of what is sold by the thousandth is a sum that was paid. */
function markThousandths(cells: string[]): void {
  const text = cells[quantityPosition] ?? '';
  if (/\d\s*$/.test(text) && !/^\s*-?\d(?:\.0*)?\s*$/.test(text)) {
    cells[quantityPosition] = text + perMille;
  }
}

function movedColumns(fileName: string, line: number): EngineError {
  const what = `${fileName} has another header in line ${line}, with its columns in other places`;
  return new EngineError('INVALID_ARGUMENT', `${what}: make two files of it`, { field: 'files' });
}

/** Most fields are absent: a copy of blank cells is made at once, and only the others are read. */
function cellsReader({
  readers,
  direct,
}: ResolvedColumns): (fields: readonly string[]) => string[] {
  const blank = readers.map(() => '');
  const plain = direct.flatMap((index, field) => (index >= 0 ? [{ field, index }] : []));
  const others = readers.flatMap((read, field) =>
    read !== undefined && direct[field]! < 0 ? [{ field, read }] : [],
  );
  return (fields) => {
    const cells = blank.slice();
    for (const { field, index } of plain) cells[field] = fields[index] ?? '';
    for (const { field, read } of others) cells[field] = read(fields);
    return cells;
  };
}

function problemOf(
  { unreadable }: TableRow,
  used: ReadonlySet<string | undefined>,
): string | undefined {
  if (unreadable === undefined || !used.has(unreadable)) return undefined;
  return `${unreadable} must be a text or a number`;
}

/** Blank fields beyond the header are how some programs end their lines. */
function tooWide({ fields }: TableRow, { width }: ReshapeTable): string | undefined {
  if (fields.length <= width || isBlankRecord(fields.slice(width))) return undefined;
  return `the row has ${fields.length} fields where the header has ${width}`;
}

/** A row without a key, or with the key above it, goes on with the receipt above it. */
function createFiller(
  keys: readonly number[],
  filled: readonly number[],
): (fields: readonly string[]) => readonly string[] {
  let above: readonly string[] = [];
  return (fields) => {
    const isContinued =
      keys.every((index) => isBlank(fields[index])) ||
      keys.every((index) => fields[index] === above[index]);
    const whole = isContinued ? [...fields] : fields;
    if (isContinued) {
      for (const index of filled) {
        if (isBlank(fields[index])) (whole as string[])[index] = above[index] ?? '';
      }
    }
    above = whole;
    return whole;
  };
}
