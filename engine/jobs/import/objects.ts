// Objects: JSON as table rows. An object is one receipt line, or one whole receipt with an array of
// lines, of which each is a row.
import { formatIds } from './id-list.ts';
import type { ObjectText } from './json-text.ts';
import type { TableRow } from './table-row.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Arrays that hold the lines of a receipt, by what shops and their systems call them. */
const lineArrays = [
  'lines',
  'line_items',
  'lineItems',
  'items',
  'orderItems',
  'order_items',
  'orderLines',
  'order_lines',
  'details',
  'orderDetails',
  'goods',
  'goodsList',
  'goods_list',
  'products',
  'entries',
];

/** Digits that a number of JavaScript cannot hold are kept as text. */
const longInteger = /([[:,]\s*)(-?\d{16,})(?=\s*[,}\]])/g;

export interface ParsedObject {
  readonly line: number;
  readonly raw: string;
  /** Each receipt line, from the narrowest object to the widest; absent: why it is none. */
  readonly rows: readonly (readonly JsonObject[])[];
  /** Whether it is a receipt complete in itself. */
  readonly isWhole: boolean;
  readonly problem?: string | undefined;
}

/** What one text holds; it is refused where it is no object, or its lines are none. */
export function parseObject({ line, text }: ObjectText): ParsedObject {
  const origin = { line, raw: text };
  const refuse = (problem: string) => ({ ...origin, rows: [], isWhole: false, problem });
  const object = parse(text);
  if (object === undefined) return refuse('the line is no JSON object');
  const path = linesPath(object);
  if (path === undefined) return { ...origin, rows: [[object]], isWhole: false };
  const name = path.join('.');
  const [first, second] = path;
  const lines = second === undefined ? object[first] : (object[first] as JsonObject)[second];
  if (!Array.isArray(lines) || lines.length === 0)
    return refuse(`\`${name}\` must be a filled array`);
  const rows = lines.map((entry: unknown): JsonObject[] => {
    if (!isObject(entry)) return [];
    // Our own receipts share no name between a line and the receipt; those of others do.
    if (name === 'lines') return [entry, object];
    const own = second === undefined ? { [first]: entry } : { [first]: { [second]: entry } };
    return [object, own, entry];
  });
  return { ...origin, rows, isWhole: true };
}

/** The names of all values, those of nested objects with dots: `shipping.city`. */
export function keysOf({ rows }: ParsedObject): readonly string[] {
  const keys = new Set<string>();
  const collect = (object: JsonObject, prefix: string): void => {
    for (const [key, value] of Object.entries(object)) {
      if (Array.isArray(value) && !isTextList(value)) continue;
      if (isObject(value)) collect(value, `${prefix}${key}.`);
      else keys.add(prefix + key);
    }
  };
  // Of foreign lines the third object only repeats what stands with its prefix.
  for (const object of new Set(rows.flatMap((objects) => objects.slice(0, 2)))) {
    collect(object, '');
  }
  return [...keys];
}

/** One table row for each receipt line, with the values of `header` in its order. */
export function rowsOfObject(parsed: ParsedObject, header: readonly string[]): TableRow[] {
  const { line, raw, rows, isWhole, problem } = parsed;
  const whole = isWhole ? line : 0;
  if (problem !== undefined) return [{ line, raw, fields: [], whole, problem }];
  return rows.map((objects) => {
    if (objects.length === 0) {
      return { line, raw, fields: [], whole, problem: 'each of `lines` must be an object' };
    }
    const fields: string[] = [];
    let trouble: string | undefined;
    for (const name of header) {
      const text = textOf(valueIn(objects, name));
      if (text === undefined) trouble ??= name;
      fields.push(text ?? '');
    }
    return { line, raw, fields, whole, unreadable: trouble };
  });
}

/** The lines of a document, or of the one that a message wraps: `{"data": {…}}`. */
function linesPath(object: JsonObject): readonly [string, string?] | undefined {
  const name = linesName(object);
  if (name !== undefined) return [name];
  const found = Object.entries(object).flatMap(([key, value]): [string, string][] => {
    const inner = isObject(value) ? linesName(value) : undefined;
    return inner === undefined ? [] : [[key, inner]];
  });
  return found.length === 1 ? found[0] : undefined;
}

function linesName(object: JsonObject): string | undefined {
  if (Object.hasOwn(object, 'lines')) return 'lines';
  const known = lineArrays.find((name) => Array.isArray(object[name]));
  if (known !== undefined) return known;
  const filled = Object.keys(object).filter((name) => {
    const value = object[name];
    return Array.isArray(value) && value.length > 0 && value.every(isObject);
  });
  return filled.length === 1 ? filled[0] : undefined;
}

function valueIn(objects: readonly JsonObject[], name: string): unknown {
  for (const object of objects) {
    if (Object.hasOwn(object, name)) return object[name];
    if (!name.includes('.')) continue;
    const value = atPath(object, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function atPath(object: JsonObject, path: string): unknown {
  let value: unknown = object;
  for (const key of path.split('.')) {
    if (!isObject(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** Undefined for what is neither a single value nor a list of ids. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  // Numbers come as their shortest decimal, so that 2.55 is read as the text 2.55.
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return isTextList(value) ? formatIds(value) : undefined;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function parse(text: string): JsonObject | undefined {
  const kept = text.replace(longInteger, '$1"$2"');
  // Where the digits stand in a text, quotes around them break it, and nothing was to be kept.
  const value = (kept === text ? undefined : parseText(kept)) ?? parseText(text);
  return isObject(value) ? value : undefined;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller refuses the line and says so.
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
