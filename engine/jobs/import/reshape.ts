// Reshape: rows of any table become receipt lines: joined, filled down, sorted out, split, and
// their cells put in the order of our fields.
import { EngineError } from '../../base/errors.ts';
import type { ResolvedColumns } from './columns.ts';
import { type Condition, createRowTest } from './conditions.ts';
import { isBlankRecord, noRowKind } from './header.ts';
import type { Joiner } from './join.ts';
import { fieldPosition, type SourceRow } from './source-row.ts';
import { type SplitRules, splitCells } from './split.ts';
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

/** A function from table rows to receipt lines, which remembers the row above. */
export function createReshaper(
  table: ReshapeTable,
  rules: ReshapeRules,
  onFields: FieldsEar = () => {},
): (row: TableRow) => readonly SourceRow[] {
  const { header, columns, fileName, join } = table;
  const isSkipped = createRowTest(rules.skip, header, fileName);
  const isReturned = createRowTest(rules.returns, header, fileName);
  const isFine = createRowTest(rules.thousandths, header, fileName);
  const indicesOf = (field: Parameters<typeof fieldPosition>[0]) =>
    columns.indices[fieldPosition(field)]!;
  const required = {
    receipt: indicesOf('purchaseId'),
    time: indicesOf('occurredAt'),
    item: indicesOf('itemId'),
  };
  const fill = rules.fillDown
    ? createFiller(indicesOf('purchaseId'), [
        ...receiptFields.flatMap(indicesOf),
        ...conditionsOf(rules).map(({ column }) => header.indexOf(column)),
      ])
    : undefined;
  const isWhole = rules.split === undefined && !rules.piecesInName;
  const unreadableColumns = new Set(columns.indices.flat().map((index) => header[index]));
  const readCells = cellsReader(columns);
  return (row) => {
    const { line, raw, whole } = row;
    const origin = { file: table.file, line, raw, whole };
    const leftOut = (skipped: SourceRow['skipped']): SourceRow[] => [
      { ...origin, cells: [], isReturn: false, skipped },
    ];
    const problem =
      row.problem ??
      problemOf(row, unreadableColumns) ??
      (table.isRecords ? tooWide(row, table) : undefined);
    if (problem !== undefined) return [{ ...origin, cells: [], isReturn: false, problem }];
    if (table.isRecords) {
      if (isBlankRecord(row.fields)) return [];
      const kind = noRowKind(row.fields, header, required);
      if (kind === 'otherHeader') throw movedColumns(fileName, line);
      if (kind !== undefined) return leftOut(kind);
    }
    const joined = join === undefined ? row.fields : join(row.fields);
    const fields = fill === undefined ? joined : fill(joined);
    if (isSkipped?.(fields)) return leftOut('condition');
    const isReturn = isReturned?.(fields) ?? false;
    const cells = readCells(fields);
    if (isFine?.(fields)) markThousandths(cells);
    const parts = isWhole ? [cells] : splitCells(cells, rules);
    return parts.map((own) => {
      const source: SourceRow = { ...origin, cells: own, isReturn };
      onFields(fields, source);
      return source;
    });
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

/** Most fields are absent or stand in one column: a loop over numbers is twice as fast as calls. */
function cellsReader({
  readers,
  direct,
}: ResolvedColumns): (fields: readonly string[]) => string[] {
  const count = readers.length;
  return (fields) => {
    const cells: string[] = [];
    for (let field = 0; field < count; field += 1) {
      const index = direct[field]!;
      if (index >= 0) cells.push(fields[index] ?? '');
      else cells.push(readers[field]?.(fields) ?? '');
    }
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
