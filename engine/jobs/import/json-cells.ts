// JSON cells: the items of an order in one cell, as exports of databases and data frames have them.
import type { ImportField } from './columns.ts';
import { keysOf, parseObject, rowsOfObject } from './objects.ts';
import { rolesOf } from './vocabulary.ts';

/** What `--split` says of such cells. */
export const jsonSplit = 'json';

/** What is looked for first may take a value that others would like, too. */
const fields: readonly ImportField[] = [
  'itemId',
  'itemName',
  'quantity',
  'unitPriceFen',
  'lineTotalFen',
  'discountFen',
  'unitPrice',
  'lineTotal',
  'discount',
  'category',
  'brand',
];

export type JsonItem = ReadonlyMap<ImportField, string>;

export function looksLikeJson(text: string): boolean {
  return /^\s*\[\s*\{.*\}\s*\]\s*$/s.test(text);
}

/** The values of each item by their fields. None: the cell cannot be read. */
export function itemsOfJson(text: string): readonly JsonItem[] {
  const array = looksLikeJson(text) ? text : `[${text}]`;
  const found = parseObject({ line: 1, text: `{"items":${array}}` });
  // Python writes its own quotes and words.
  const parsed = found.problem === undefined ? found : ofPython(array);
  if (parsed.problem !== undefined) return [];
  const keys = keysOf(parsed).filter((key) => key !== '');
  const keyOf = fieldKeys(keys);
  return rowsOfObject(parsed, keys).map(({ fields: values }) => {
    const item = new Map<ImportField, string>();
    for (const [field, at] of keyOf) item.set(field, values[at] ?? '');
    return item;
  });
}

function ofPython(array: string) {
  const text = array
    .replaceAll("'", '"')
    .replace(/\bNone\b/g, 'null')
    .replace(/\bTrue\b/g, 'true')
    .replace(/\bFalse\b/g, 'false');
  return parseObject({ line: 1, text: `{"items":${text}}` });
}

const known = new Map<string, ReadonlyMap<ImportField, number>>();
const knownMax = 1_000;

/** Which value is which field, by the names that shops call them. */
function fieldKeys(keys: readonly string[]): ReadonlyMap<ImportField, number> {
  const all = keys.join('\n');
  const before = known.get(all);
  if (before !== undefined) return before;
  const found = new Map<ImportField, number>();
  const taken = new Set<number>();
  for (const field of fields) {
    const [best] = keys
      .flatMap((key, at) => {
        const role = taken.has(at) ? undefined : rolesOf(key).find((guess) => guess.role === field);
        return role === undefined ? [] : [{ at, rank: role.rank }];
      })
      .toSorted((one, other) => one.rank - other.rank);
    if (best === undefined) continue;
    found.set(field, best.at);
    taken.add(best.at);
  }
  const plainId = keys.findIndex((key) => /(?:^|\.)id$/i.test(key));
  const spare = plainId >= 0 ? plainId : found.get('itemName');
  if (!found.has('itemId') && spare !== undefined) found.set('itemId', spare);
  if (known.size < knownMax) known.set(all, found);
  return found;
}
