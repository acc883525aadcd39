// Columns: which field of a receipt line stands in which column of a table, or in several of them.
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
  'discount',
  'discountFen',
  'lineTotal',
  'lineTotalFen',
  'paid',
  'paidFen',
  'couponIds',
  'storeId',
  'channel',
  'terminalId',
  'cashierId',
  'isGift',
  'timeUnknown',
  'returnOf',
  'replaces',
  'itemName',
  'category',
  'brand',
] as const;

export type ImportField = (typeof importFields)[number];

export function isOwnField(name: string): name is ImportField {
  return (importFields as readonly string[]).includes(name);
}

/**
 * Field to the columns it stands in: one name, `A+B` for both together, `A|B` for the first that
 * has a value. The empty text says that the file has no such column.
 */
export type ColumnMap = Readonly<Partial<Record<ImportField, string>>>;

export interface ColumnRules {
  /** Absent: every column has the name of its field. */
  readonly map?: ColumnMap | undefined;
  /** The time of rows that have none, so that the column may be missing. */
  readonly occurredAt?: string | undefined;
}

/** Takes the value of a field out of the cells of a row. */
export type CellReader = (cells: readonly string[]) => string;

export interface ResolvedColumns {
  /** In the order of `importFields`; undefined: the table has no such field. */
  readonly readers: readonly (CellReader | undefined)[];
  /** Beside each reader, its column where it is one and no more; -1 elsewhere. */
  readonly direct: readonly number[];
  /** Beside each reader, the columns that it reads. */
  readonly indices: readonly (readonly number[])[];
}

/**
 * Parses `purchaseId=InvoiceNo,memberId=` (several texts add up). A name with a comma stands in
 * double quotes. Throws INVALID_ARGUMENT.
 */
export function parseColumnMap(texts: readonly string[]): ColumnMap {
  const map: Partial<Record<ImportField, string>> = {};
  for (const pair of texts.flatMap(splitPairs)) {
    const at = pair.indexOf('=');
    const field = pair.slice(0, at).trim();
    if (at < 0 || !isOwnField(field)) {
      const known = importFields.join(', ');
      throw refuse(`"${pair}" is not FIELD=COLUMN with a FIELD out of ${known}`);
    }
    if (map[field] !== undefined) throw refuse(`"${field}" is mapped twice`);
    const name = pair.slice(at + 1).trim();
    map[field] = /^"[^"]*"$/.test(name) ? name.slice(1, -1) : name;
  }
  return map;
}

/** The inverse of `parseColumnMap`, as one text. */
export function formatColumnMap(map: ColumnMap): string {
  const quoted = (name: string) => (name.includes(',') ? `"${name}"` : name);
  return Object.entries(map)
    .map(([field, name]) => `${field}=${quoted(name)}`)
    .join(',');
}

/** The column of the day, by which ids are told apart, out of what `occurredAt` is mapped to. */
export function dayColumnOf(occurredAt: string): string {
  return alternativesOf(occurredAt)[0]![0]!;
}

/** The columns that a map names, whole: what a header is known by. */
export function namesOf(rules: ColumnRules): readonly string[] {
  return importFields.flatMap((field) => {
    const text = rules.map === undefined ? field : (rules.map[field] ?? '');
    return text === '' ? [] : alternativesOf(text).flat();
  });
}

/**
 * Whether a table has any column that a receipt is known by: its number or its time. A list of
 * members or a sheet of remarks has none.
 */
export function holdsReceipts(header: readonly string[], { map }: ColumnRules): boolean {
  const find = (name: string) => header.includes(name) || /^#\d+$/.test(name);
  return (['purchaseId', 'occurredAt'] as const).some((field) => {
    const text = map === undefined ? field : (map[field] ?? field);
    return (
      text !== '' && (isWhole(header, text) ? find(text) : alternativesOf(text).flat().some(find))
    );
  });
}

export interface TablePlace {
  readonly fileName: string;
  /** The local day of a time, as ids have it. */
  readonly dayOf: (time: string) => string;
}

/** How the fields are read from rows below this header. Throws INVALID_ARGUMENT for one missed. */
export function resolveColumns(
  header: readonly string[],
  rules: ColumnRules,
  { fileName, dayOf }: TablePlace,
): ResolvedColumns {
  const find = columnFinder(header, fileName);
  const times = timeColumns(header, rules.map?.occurredAt ?? 'occurredAt', (name) =>
    find(name, 'occurredAt'),
  );
  const all: number[][] = importFields.map(() => []);
  const readers = importFields.map((field, position) => {
    const given = rules.map?.[field];
    const text = given ?? field;
    if (text === '') {
      if (isRequired(field, rules)) throw missing(header, fileName, { field, name: field });
      return undefined;
    }
    const isNeeded = given !== undefined || isRequired(field, rules);
    const indices = isWhole(header, text)
      ? [[find(text, field)]]
      : alternativesOf(text).map((names) => names.map((name) => find(name, field)));
    const absent = indices.flat().includes(-1);
    if (absent && isNeeded) throw missing(header, fileName, { field, name: text });
    if (absent) return undefined;
    all[position] = indices.flat();
    return readerOf(indices, { field, dayOf, ...times });
  });
  const direct = readers.map((reader, position) => {
    const [only = -1, ...more] = all[position]!;
    return reader === undefined || more.length > 0 ? -1 : only;
  });
  return { readers, direct, indices: all };
}

function columnFinder(header: readonly string[], fileName: string) {
  const first = new Map<string, number>();
  const twice = new Set<string>();
  for (const [index, name] of header.entries()) {
    const before = first.get(name);
    if (before === undefined) first.set(name, index);
    else twice.add(name);
  }
  return (name: string, field: ImportField): number => {
    if (twice.has(name)) {
      const message = `${fileName} has two columns "${name}", so ${field} is ambiguous`;
      throw refuse(`${message}; "#3" is the third column`);
    }
    const index = first.get(name);
    if (index !== undefined) return index;
    const number = /^#(\d{1,5})$/.exec(name)?.[1];
    return number !== undefined && Number(number) <= header.length ? Number(number) - 1 : -1;
  };
}

/** Names may hold `+` and `|` themselves. */
function isWhole(header: readonly string[], text: string): boolean {
  return header.includes(text) || !/[+|]/.test(text);
}

function alternativesOf(text: string): string[][] {
  return text.split('|').map((names) => names.split('+').map((name) => name.trim()));
}

interface TimeColumns {
  /** In an id they mean the day, as a receipt has many times. */
  readonly days: ReadonlySet<number>;
  /** Times of day alone, which say nothing of the day. */
  readonly clocks: ReadonlySet<number>;
}

/** The columns that the time stands in; of columns that are joined the first has the day. */
function timeColumns(
  header: readonly string[],
  text: string,
  find: (name: string) => number,
): TimeColumns {
  const all = text === '' ? [] : isWhole(header, text) ? [[text]] : alternativesOf(text);
  const days = all.map(([day = '']) => find(day));
  const clocks = all.flatMap(([, ...rest]) => rest.map(find)).filter((at) => !days.includes(at));
  return { days: new Set(days), clocks: new Set(clocks) };
}

interface ReaderPlace extends TimeColumns {
  readonly field: ImportField;
  readonly dayOf: TablePlace['dayOf'];
}

function readerOf(alternatives: readonly (readonly number[])[], place: ReaderPlace): CellReader {
  const [only] = alternatives;
  if (alternatives.length === 1 && only!.length === 1) {
    const index = only![0]!;
    return (cells) => cells[index] ?? '';
  }
  const readers = alternatives.map((indices) => joinedReader(indices, place));
  if (readers.length === 1) return readers[0]!;
  return (cells) => {
    for (const read of readers) {
      const text = read(cells);
      if (text.trim() !== '') return text;
    }
    return '';
  };
}

function joinedReader(indices: readonly number[], place: ReaderPlace): CellReader {
  const { field, days, clocks, dayOf } = place;
  if (indices.length === 1) return (cells) => cells[indices[0]!] ?? '';
  if (field === 'occurredAt') {
    return (cells) => joinTimes(indices.map((index) => cells[index] ?? ''));
  }
  const isWords = field === 'itemName' || field === 'category';
  // Levels of a category are lines, because a name may hold any other sign.
  const between = field === 'category' ? '\n' : isWords ? ' ' : '-';
  if (field === 'quantity') {
    // A number and its unit, which may be absent.
    const [number, ...units] = indices;
    return (cells) => {
      const text = (cells[number!] ?? '').trim();
      return text === '' ? '' : text + units.map((index) => (cells[index] ?? '').trim()).join('');
    };
  }
  const kept = isWords ? indices : indices.filter((index) => !clocks.has(index));
  return (cells) => {
    const parts = kept.map((index) => {
      const text = (cells[index] ?? '').trim();
      return days.has(index) ? dayOf(text) : text;
    });
    // A key of which a part is missing would put strangers together.
    if (parts.includes('') && !isWords) return '';
    return parts.filter((part) => part !== '').join(between);
  };
}

const midnight = /[T ]0{1,2}:00(?::00(?:\.0+)?)?$/;
const digitsClock = /^(\d{1,2})(\d{2})(\d{2})?$/;

/** A day and a time of day from two columns; spreadsheets write a midnight into every bare day. */
function joinTimes(parts: readonly string[]): string {
  const [day = '', ...rest] = parts.map((part) => part.trim()).filter((part) => part !== '');
  if (rest.length === 0) return day;
  const clock = rest.map((part) => {
    const digits = part.length > 2 ? digitsClock.exec(part) : null;
    if (digits !== null) return [digits[1], digits[2], digits[3] ?? '00'].join(':');
    // A time alone gets the day of the spreadsheet's beginning.
    return part.replace(/^(?:1899-12-3[01]|1900-01-0[01]|1970-01-01)[T ]/, '');
  });
  return [day.replace(midnight, ''), ...clock].join(' ');
}

function isRequired(field: ImportField, rules: ColumnRules): boolean {
  if (field === 'purchaseId' || field === 'itemId') return true;
  if (field === 'occurredAt') return rules.occurredAt === undefined;
  // Whoever maps columns has looked at them: a member left out is meant to be left out.
  return field === 'memberId' && rules.map === undefined;
}

function missing(
  header: readonly string[],
  fileName: string,
  { field, name }: { readonly field: ImportField; readonly name: string },
): EngineError {
  const names = header.filter((column) => column !== '').join(', ');
  const hint = `"caini import --inspect" proposes which column is what`;
  const have = `its columns are ${names}`;
  return refuse(`${fileName} has no column "${name}" for ${field}; ${have}; ${hint}`);
}

function splitPairs(text: string): string[] {
  const pairs: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at <= text.length; at += 1) {
    if (text[at] === '"') isQuoted = !isQuoted;
    if (at < text.length && (text[at] !== ',' || isQuoted)) continue;
    pairs.push(text.slice(start, at));
    start = at + 1;
  }
  return pairs;
}

function refuse(message: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', message, { field: 'map' });
}
