// Header: which record of a table names its columns, and which records below it are no rows.
import { isOwnField } from './columns.ts';
import { isBlank } from './table-row.ts';
import { countKnownNames } from './vocabulary.ts';

const [zero, nine] = [48, 57];

/** How far down a header may stand, below titles and notes. */
export const headerSearchRecords = 40;

/**
 * The index of the record that names the columns, among the first ones of a table; `stated` are
 * names that must be in it.
 */
export function findHeaderIndex(
  records: readonly (readonly string[])[],
  stated: readonly string[],
): number {
  const bare = records.slice(0, headerSearchRecords).map((fields) => fields.map(columnName));
  const statedSet = new Set(stated);
  const byName = mostHits(bare, (names) => names.filter((name) => statedSet.has(name)).length, 1);
  if (byName >= 0) return byName;
  const own = mostHits(bare, (names) => names.filter(isOwnField).length, 2);
  if (own >= 0) return own;
  const known = mostHits(bare, countKnownNames, 2);
  if (known >= 0) return known;
  // Unknown words: the first record that is as full as most of the others.
  const filled = bare.map((names) => names.filter((name) => name !== '').length);
  const usual = [...filled].sort((one, other) => one - other)[filled.length >> 1] ?? 0;
  const first = filled.findIndex((count) => count >= 2 && count * 5 >= usual * 4);
  return Math.max(0, first);
}

/** Names as they are compared: without blanks around and the shield of a spreadsheet. */
export function columnName(text: string): string {
  const trimmed = text.replace(/[\u200B\uFEFF]/g, '').trim();
  return /^="(.*)"$/s.exec(trimmed)?.[1]?.trim() ?? trimmed;
}

const chineseTotal =
  '[合总小累共]\\s*[计計]|總計|总合计|本[页日月周班店]?[合小总]计|[当日今月年][日月年]?[合小总]?计';
const foreignTotal =
  '(?:grand |sub-?)?totals?|sum|(?:gesamt|zwischen)?summe|total g[eé]n[eé]ral|totale|suma|итого';
const totalWord = new RegExp(
  `^[-—=*\\s]*(?:${chineseTotal}|${foreignTotal})[-—=*\\s]*(?:[:：].*|[(（].*[)）])?$`,
  'iu',
);
/** What nobody calls a receipt: words, and no digit in them. */
const onlyWords = /^\D*\p{L}\D*$/u;
const chineseNote = '制表|打印|导出|审核|备注|说明|注[:：]|报表|页码|第\\s*\\d+\\s*页|共\\s*\\d+';
const englishNote = 'page \\d+|printed|exported|generated|end of (?:report|file)';
const remark = new RegExp(`^(?:${chineseNote}|${englishNote})`, 'i');

/** `otherHeader` names columns in another order: what is below it means something else. */
export type NoRow = 'header' | 'otherHeader' | 'total' | 'note';

/** The columns without which nothing is a row. */
export interface RequiredColumns {
  readonly receipt: readonly number[];
  readonly time: readonly number[];
  readonly item: readonly number[];
}

/** What a record below the header is when it is no row: the header again, a total, a note. */
export function createNoRowTest(
  header: readonly string[],
  { receipt, time, item }: RequiredColumns,
): (fields: readonly string[]) => NoRow | undefined {
  const all = [...new Set([...receipt, ...time, ...item])];
  const [probe = 0] = time.length > 0 ? time : receipt;
  return (fields) => {
    if (isHeader(fields, header)) return 'header';
    const later = laterHeader(fields, header, probe);
    if (later !== undefined) return later;
    const isMissing = (index: number) => isBlank(fields[index]);
    // Most rows have all they need; only the others can be totals and notes.
    if (!all.some(isMissing)) return undefined;
    const kind = closingKind(fields);
    if (kind !== undefined || ![...time, ...item].every(isMissing)) return kind;
    // Neither item nor time, and no number either: a total, in whatever words.
    const isNumbered = receipt.some((index) => {
      const text = fields[index] ?? '';
      return !isBlank(text) && !onlyWords.test(text);
    });
    return isNumbered ? undefined : 'total';
  };
}

/** What the first word of a record says that it is, whatever else stands in it. */
export function closingKind(fields: readonly string[]): 'total' | 'note' | undefined {
  const filled = fields.filter((text) => !isBlank(text));
  const first = filled[0]?.trim() ?? '';
  if (totalWord.test(first)) return 'total';
  return filled.length <= 2 && remark.test(first) ? 'note' : undefined;
}

export function isBlankRecord(fields: readonly string[]): boolean {
  return fields.every(isBlank);
}

/** Whether a record is the header once more. */
export function isHeader(fields: readonly string[], header: readonly string[]): boolean {
  const first = fields[0] ?? '';
  const name = header[0];
  // Nothing is taken off a text that begins with a digit, and few columns are called so.
  if (isDigit(first.charCodeAt(0)) && first[0] !== name?.[0]) return false;
  if (first.length > 0 && name !== columnName(first)) return false;
  return (
    header.length > 1 && header.every((name, index) => name === columnName(fields[index] ?? ''))
  );
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

/** A record of names of columns: files of other layouts may stand one behind the other. */
function laterHeader(
  fields: readonly string[],
  header: readonly string[],
  probe: number,
): 'header' | 'otherHeader' | undefined {
  // Times and most numbers of receipts begin with a digit, so that few rows are looked at.
  if (!((fields[probe] ?? '').charCodeAt(0) > nine)) return undefined;
  const names = fields.map(columnName);
  const known = names.filter((name) => name !== '' && header.includes(name));
  const filled = names.filter((name) => name !== '').length;
  if (known.length < 3 || known.length * 2 <= filled) return undefined;
  const isMoved = names.some((name, index) => known.includes(name) && header[index] !== name);
  return isMoved ? 'otherHeader' : 'header';
}

/** The first of the records with most hits; -1 when none has `atLeast`. */
function mostHits(
  records: readonly (readonly string[])[],
  count: (names: readonly string[]) => number,
  atLeast: number,
): number {
  const hits = records.map(count);
  const most = Math.max(0, ...hits);
  return most < atLeast ? -1 : hits.indexOf(most);
}
