// Columns: which field of a receipt line stands in which column of a file.
import { EngineError } from '../../base/errors.ts';

/** The fields of one receipt line, in the order in which `cells` of a source row holds them. */
export const importFields = [
  'purchaseId',
  'memberId',
  'occurredAt',
  'itemId',
  'quantity',
  'unitPrice',
  'unitPriceFen',
  'storeId',
  'channel',
  'terminalId',
  'itemName',
] as const;

export type ImportField = (typeof importFields)[number];

/** Field to column name; the empty name says that the file has no such column. */
export type ColumnMap = Readonly<Partial<Record<ImportField, string>>>;

export interface ColumnRules {
  /** Absent: every column has the name of its field. */
  readonly map?: ColumnMap | undefined;
  /** The time of rows that have none, so that the column may be missing. */
  readonly occurredAt?: string | undefined;
}

/** Parses `purchaseId=InvoiceNo,memberId=` (several texts add up). Throws INVALID_ARGUMENT. */
export function parseColumnMap(texts: readonly string[]): ColumnMap {
  const map: Partial<Record<ImportField, string>> = {};
  for (const pair of texts.flatMap((text) => text.split(','))) {
    const at = pair.indexOf('=');
    const field = pair.slice(0, at).trim();
    if (at < 0 || !isImportField(field)) {
      const known = importFields.join(', ');
      throw refuse(`"${pair}" is not FIELD=COLUMN with a FIELD out of ${known}`);
    }
    if (map[field] !== undefined) throw refuse(`"${field}" is mapped twice`);
    map[field] = pair.slice(at + 1).trim();
  }
  return map;
}

/** The column name of each field, in the order of `importFields`; undefined when there is none. */
export function columnNames(rules: ColumnRules): readonly (string | undefined)[] {
  return importFields.map((field) => {
    const name = rules.map?.[field] ?? field;
    return name === '' ? undefined : name;
  });
}

/**
 * The index in `header` of each field, -1 when absent. Throws INVALID_ARGUMENT when one is
 * missed.
 */
export function resolveColumns(
  header: readonly string[],
  rules: ColumnRules,
  fileName: string,
): readonly number[] {
  const trimmed = header.map((name) => name.trim());
  return columnNames(rules).map((name, position) => {
    const field = importFields[position]!;
    const index = name === undefined ? -1 : trimmed.indexOf(name);
    const mapped = rules.map?.[field];
    if (index < 0 && (isRequired(field, rules) || (mapped !== undefined && mapped !== ''))) {
      const present = `its columns are ${trimmed.join(', ')}`;
      throw refuse(`${fileName} has no column "${name ?? field}" for ${field}; ${present}`);
    }
    if (index >= 0 && trimmed.lastIndexOf(name!) !== index) {
      throw refuse(`${fileName} has two columns "${name}", so ${field} is ambiguous`);
    }
    return index;
  });
}

function isRequired(field: ImportField, rules: ColumnRules): boolean {
  if (field === 'purchaseId' || field === 'itemId') return true;
  if (field === 'occurredAt') return rules.occurredAt === undefined;
  // Whoever maps columns has looked at them: a member left out is meant to be left out.
  return field === 'memberId' && rules.map === undefined;
}

function isImportField(text: string): text is ImportField {
  return (importFields as readonly string[]).includes(text);
}

function refuse(message: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', message, { field: 'map' });
}
