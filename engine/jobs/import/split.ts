// Split: a row that stands for a whole order, its items in one cell, becomes one row for each item.
import type { ImportField } from './columns.ts';
import { fieldPosition } from './source-row.ts';
import { splitUnit } from './units.ts';

/** Fields that each item of an order may have its own value of, in cells parted the same way. */
const lineFields: readonly ImportField[] = [
  'quantity',
  'unitPrice',
  'unitPriceFen',
  'discount',
  'discountFen',
  'lineTotal',
  'lineTotalFen',
  'itemName',
  'category',
  'brand',
];

const counted = /^(.*\S)\s*[x×*＊]\s*(\d+(?:\.\d+)?)$/i;
const countFirst = /^(\d+(?:\.\d+)?)\s*[x×*＊]\s*(\S.*)$/i;
/** `id:57|name:Mug|sku:M1|quantity:2`, as order exports of web shops write an item. */
const keyed = /^\w+:[^|]*\|/;

export interface SplitRules {
  /** What parts the items of an order in one cell; absent: a row is one line. */
  readonly split: string | undefined;
  /** Whether the cell of an item ends with its pieces, as in `可乐 2瓶`. */
  readonly piecesInName: boolean;
}

/** The cells of each item of the row. One without items stays as it is, and is refused later. */
export function splitCells(
  cells: readonly string[],
  { split, piecesInName }: SplitRules,
): (readonly string[])[] {
  const item = fieldPosition('itemId');
  const text = cells[item] ?? '';
  const parts = split === undefined ? [text] : splitText(text, split);
  if (parts.length === 0) return [cells];
  const lists = lineFields.map((field) =>
    split === undefined ? [] : splitText(cells[fieldPosition(field)] ?? '', split),
  );
  return parts.map((part, index) => {
    const own = [...cells];
    for (const [at, field] of lineFields.entries()) {
      const list = lists[at]!;
      // A value of the whole order says nothing of one of its items.
      const isShared = field === 'category' || field === 'brand' || parts.length === 1;
      if (list.length === parts.length) own[fieldPosition(field)] = list[index]!;
      else if (!isShared) own[fieldPosition(field)] = '';
    }
    return withItem(own, part, piecesInName);
  });
}

/** `可乐 2瓶` as its name and `2瓶`. Undefined where no number with a unit stands at the end. */
export function splitPieces(text: string): { name: string; pieces: string } | undefined {
  const bare = text.replace(/[)）]$/, '');
  const counted = splitUnit(bare);
  const match = counted === undefined ? null : nameAndNumber.exec(counted.number);
  if (match === null) return undefined;
  // In brackets a weight is the size of a packet: 牛板筋(250g).
  if (bare !== text && counted!.unit.kind !== 'pieces') return undefined;
  return { name: match[1]!.trim(), pieces: `${match[2]!}${counted!.unit.word}` };
}

const nameAndNumber = /^(.*[^\d.\s(（×x*-])[\s(（×x*]*(\d+(?:\.\d+)?)$/s;

function withItem(cells: string[], part: string, piecesInName: boolean): readonly string[] {
  const set = (field: ImportField, text: string | undefined): void => {
    if (text !== undefined && text !== '') cells[fieldPosition(field)] = text;
  };
  if (keyed.test(part)) {
    const values = new Map(part.split('|').map((pair) => keyValue(pair)));
    const item = [values.get('sku'), values.get('product_id'), values.get('name')];
    cells[fieldPosition('itemId')] = item.find((text) => text !== undefined && text !== '') ?? '';
    set('quantity', values.get('quantity'));
    set('lineTotal', values.get('total'));
    set('itemName', values.get('name'));
    return cells;
  }
  const own = piecesInName ? splitPieces(part) : undefined;
  if (own !== undefined) {
    cells[fieldPosition('itemId')] = own.name;
    set('quantity', own.pieces);
    if (cells[fieldPosition('itemName')] === part) cells[fieldPosition('itemName')] = own.name;
    return cells;
  }
  const match = counted.exec(part);
  const reversed = match === null ? countFirst.exec(part) : null;
  const [name, count] = match !== null ? [match[1], match[2]] : [reversed?.[2], reversed?.[1]];
  cells[fieldPosition('itemId')] = name ?? part;
  set('quantity', count);
  return cells;
}

function keyValue(pair: string): [string, string] {
  const at = pair.indexOf(':');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** The texts of the items in one cell. */
export function splitText(text: string, separator: string): string[] {
  // Lists of Python programs: ['milk', 'bread'].
  const bare = text.trim().replace(/^\[(.*)\]$/s, '$1');
  return cut(bare, separator)
    .map((part) => part.trim().replace(/^(['"])(.*)\1$/s, '$2'))
    .filter((part) => part !== '');
}

/** What stands in brackets belongs to one item: `Bread (white, sliced)`. */
const brackets: Readonly<Record<string, 1 | -1>> = {
  '(': 1,
  '（': 1,
  '[': 1,
  ')': -1,
  '）': -1,
  ']': -1,
};
/** Who types Chinese types signs of either width. */
const twins: Readonly<Record<string, string>> = {
  ';': '；',
  ',': '，',
  '|': '｜',
  '/': '／',
  '+': '＋',
};

/** Whether a text has this separator, in either width. */
export function hasSeparator(text: string, separator: string): boolean {
  const wide = twins[separator.trim()];
  return text.includes(separator) || (wide !== undefined && text.includes(wide));
}

function cut(text: string, separator: string): string[] {
  const wide = twins[separator.trim()];
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    depth = Math.max(0, depth + (brackets[text[at]!] ?? 0));
    if (depth > 0) continue;
    const length = text.startsWith(separator, at) ? separator.length : text[at] === wide ? 1 : 0;
    if (length === 0) continue;
    parts.push(text.slice(start, at));
    start = at + length;
    at = start - 1;
  }
  // A bracket that is never closed holds nothing together.
  return depth > 0 ? text.split(separator) : [...parts, text.slice(start)];
}
