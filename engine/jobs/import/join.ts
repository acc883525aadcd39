// Join: a second table whose rows are found by a key, such as the heads of orders beside their
// lines, or the items beside what was sold.
import { EngineError } from '../../base/errors.ts';
import { readOutsideId } from '../../base/outside-ids.ts';
import type { Table } from './table.ts';

/** The rows of one table by their key. */
export interface Joined {
  /** The names of its columns beside the key, as the joined table has them. */
  readonly header: readonly string[];
  /** The column of the main table that holds the key. */
  readonly keyColumn: string;
  readonly rows: ReadonlyMap<string, readonly string[]>;
  readonly label: string;
}

export interface JoinKey {
  /** In the main table, and in the one that is joined. */
  readonly column: string;
  readonly otherColumn: string;
}

/** Held in memory, some 200 B a row: 1 GB. Heads of more orders than that are joined beforehand. */
const joinedRowsMax = 5_000_000;

/** Parses `order_id` or `order_id=id`. */
export function parseJoinKey(text: string): JoinKey {
  const [column = '', otherColumn = column] = text.split('=').map((name) => name.trim());
  if (column !== '' && otherColumn !== '') return { column, otherColumn };
  const message = `--on "${text}" is not COLUMN, or COLUMN=COLUMN of the joined file`;
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'on' });
}

/** Reads the joined table. Throws INVALID_ARGUMENT where the key is missing or stands twice. */
export async function readJoined(table: Table, key: JoinKey, label: string): Promise<Joined> {
  const at = table.header.indexOf(key.otherColumn);
  if (at < 0) {
    const names = table.header.join(', ');
    throw refuse(`${label} has no column "${key.otherColumn}"; its columns are ${names}`);
  }
  const rows = new Map<string, readonly string[]>();
  for await (const chunk of table.rows) {
    for (const { fields, line } of chunk) {
      const value = keyOf(fields[at] ?? '');
      if (value === '') continue;
      const rest = table.header
        .map((_, index) => fields[index] ?? '')
        .filter((_, index) => index !== at);
      const known = rows.get(value);
      if (known !== undefined && known.join('\n') !== rest.join('\n')) {
        throw refuse(`line ${line} of ${label} is a second row of ${key.otherColumn} ${value}`);
      }
      rows.set(value, rest);
      if (rows.size > joinedRowsMax) throw refuse(`${label} has more than ${joinedRowsMax} rows`);
    }
  }
  const header = table.header.filter((_, index) => index !== at);
  return { header, keyColumn: key.column, rows, label };
}

export type Joiner = (fields: readonly string[]) => readonly string[];

/** The header of a table with all that is joined to it, and how its rows get those columns. */
export function createJoiner(
  header: readonly string[],
  joined: readonly Joined[],
  fileName: string,
): { readonly header: readonly string[]; readonly join: Joiner | undefined } {
  if (joined.length === 0) return { header, join: undefined };
  const all = [...header];
  const parts = joined.map((table) => {
    const at = all.indexOf(table.keyColumn);
    if (at < 0)
      throw refuse(`${fileName} has no column "${table.keyColumn}" to join ${table.label} on`);
    // A name that both have keeps meaning the main table's; the other one gets its file in front.
    const names = table.header.map((name) =>
      all.includes(name) ? `${table.label}:${name}` : name,
    );
    const start = all.length;
    all.push(...names);
    return { at, start, rows: table.rows, none: names.map(() => '') };
  });
  const join: Joiner = (fields) => {
    let wide = fields;
    for (const { at, start, rows, none } of parts) {
      // Rows may be shorter than their header, and longer by blanks.
      const whole =
        wide.length === start
          ? wide
          : Array.from({ length: start }, (_, index) => wide[index] ?? '');
      const text = whole[at] ?? '';
      // Keys are clean, and so are most texts.
      wide = whole.concat(rows.get(text) ?? rows.get(keyOf(text)) ?? none);
    }
    return wide;
  };
  return { header: all, join };
}

function keyOf(text: string): string {
  const read = readOutsideId(text);
  return 'id' in read ? read.id : '';
}

function refuse(message: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', message, { field: 'join' });
}
