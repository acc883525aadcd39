// The catalogue: items and stores, written whole and read one by one or page by page.
import { z } from 'zod';
import {
  EngineError,
  idSchema,
  itemMergeSchema,
  itemSchema,
  itemUnmergeSchema,
  limits,
  recommendRequestSchema,
  storeSchema,
} from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { quoteValue } from '../quote-value.ts';
import { defineIngest } from './ingest.ts';
import { defineRead, type Operation } from './operation.ts';
import { itemPageSchema, itemReplySchema, storePageSchema } from './replies.ts';

const { minWatermark } = recommendRequestSchema.shape;
const read = {
  tag: 'catalogue',
  scope: 'read',
  alsoFor: ['till', 'guide', 'merchandise'],
  member: 'catalogue ofNone',
} as const;
const written = {
  tag: 'catalogue',
  scope: 'write',
  alsoFor: ['merchandise'],
  member: 'closed',
} as const;
/** All stores sell the same items. */
const ofItems = { ...written, reach: 'chain' } as const;

const pageSchema = z.strictObject({
  limit: z
    .int()
    .min(1)
    .max(doorLimits.pageEntriesMax)
    .default(doorLimits.pageEntriesDefault)
    .meta({ description: 'A page of long entries ends earlier, after about 1 MB.' }),
  after: idSchema.optional().meta({ description: 'The `nextAfter` of the page before.' }),
  minWatermark,
});

const itemExample = {
  name: '哥伦比亚咖啡豆 500g',
  category: ['饮品', '咖啡', '咖啡豆'],
  brand: '山间',
  priceFen: 6800,
  tags: ['新品'],
  status: 'active',
};

const readItem = defineRead({
  ...read,
  reach: 'shared',
  name: 'readItem',
  rpc: 'CatalogService/ReadItem',
  method: 'GET',
  path: '/v1/items/{itemId}',
  summary: 'One item of the catalogue',
  description:
    'A barcode will do. An item that is merged into another is answered by that one, with ' +
    '`mergedInto`. The item whose id is `popular` is at /v1/items/%70opular.',
  input: z.strictObject({ itemId: idSchema, minWatermark }),
  reply: itemReplySchema,
  handle({ catalogue }, { itemId }) {
    const item = catalogue.item(itemId) ?? missing('itemId', itemId);
    const mergedInto = catalogue.mergedInto(itemId);
    return mergedInto === undefined ? item : { ...item, mergedInto };
  },
});

const writeItem = defineIngest({
  ...ofItems,
  name: 'writeItem',
  rpc: 'CatalogService/WriteItem',
  method: 'PUT',
  path: '/v1/items/{itemId}',
  summary: 'Writes an item as a whole',
  description:
    'Fields left out are cleared. An item with status `inactive` is never listed, nor is one ' +
    'with another role than goods, which does not count either. A barcode that another item has ' +
    'is refused, reason BARCODE_TAKEN.',
  input: itemSchema,
  idField: 'itemId',
  upsert: true,
  example: itemExample,
  toEvent: (item) => ({ kind: 'item', item }),
});

const writeItems = defineIngest({
  ...ofItems,
  name: 'writeItems',
  rpc: 'CatalogService/WriteItems',
  method: 'POST',
  path: '/v1/items',
  summary: `One item, or up to ${limits.batchPurchasesMax} in {"items": […]}`,
  input: itemSchema,
  many: { key: 'items', max: limits.batchPurchasesMax },
  idField: 'itemId',
  upsert: true,
  example: { itemId: 'coffee-beans', ...itemExample },
  toEvent: (item) => ({ kind: 'item', item }),
});

const mergeItem = defineIngest({
  ...ofItems,
  name: 'mergeItem',
  rpc: 'CatalogService/MergeItem',
  method: 'POST',
  path: '/v1/items/{itemId}/merge',
  summary: 'Says that an item is another one from now on',
  description: [
    'All receipts of the item count for the other one, old and new, as if they had named it; the',
    'item itself is not listed any more. The counts are made anew in the background, and',
    '`recounting` of /readyz says how far that is. At most',
    `${limits.itemMergesMax} items are merged into one.`,
  ].join(' '),
  input: itemMergeSchema,
  idField: 'itemId',
  example: { into: 'milk-1l' },
  toEvent: (itemMerge) => ({ kind: 'itemMerge', itemMerge }),
});

const unmergeItem = defineIngest({
  ...ofItems,
  name: 'unmergeItem',
  rpc: 'CatalogService/UnmergeItem',
  method: 'POST',
  path: '/v1/items/{itemId}/unmerge',
  summary: 'Takes a merge back: the item is one of its own again',
  description: 'Receipts that name it count for it again, also those that came in between.',
  input: itemUnmergeSchema,
  bodyOptional: true,
  idField: 'itemId',
  toEvent: (itemUnmerge) => ({ kind: 'itemUnmerge', itemUnmerge }),
});

const listItems = defineRead({
  ...read,
  reach: 'shared',
  name: 'listItems',
  rpc: 'CatalogService/ListItems',
  method: 'GET',
  path: '/v1/items',
  summary: 'The catalogue, page by page, in the order of ids',
  input: pageSchema,
  reply: itemPageSchema,
  handle(engine, page) {
    const { catalogue } = engine;
    const { entries, nextAfter } = pageOf(catalogue.items(page.after), page.limit, 'itemId');
    const items = entries.map((item) => {
      const mergedInto = catalogue.mergedInto(item.itemId);
      return mergedInto === undefined ? item : { ...item, mergedInto };
    });
    return { items, ...nextAfter };
  },
});

const readStore = defineRead({
  ...read,
  reach: 'store',
  name: 'readStore',
  rpc: 'CatalogService/ReadStore',
  method: 'GET',
  path: '/v1/stores/{storeId}',
  summary: 'One store',
  input: z.strictObject({ storeId: idSchema, minWatermark }),
  reply: storeSchema,
  handle: (engine, { storeId }) => engine.catalogue.store(storeId) ?? missing('storeId', storeId),
});

const writeStore = defineIngest({
  ...written,
  reach: 'store',
  name: 'writeStore',
  rpc: 'CatalogService/WriteStore',
  method: 'PUT',
  path: '/v1/stores/{storeId}',
  summary: 'Writes a store as a whole',
  input: storeSchema,
  idField: 'storeId',
  upsert: true,
  example: { name: '人民广场店', city: '上海', timeZone: 'Asia/Shanghai' },
  toEvent: (store) => ({ kind: 'store', store }),
});

const listStores = defineRead({
  ...read,
  reach: 'own',
  name: 'listStores',
  rpc: 'CatalogService/ListStores',
  method: 'GET',
  path: '/v1/stores',
  summary: 'The stores, page by page, in the order of ids',
  description: 'A key that is for some stores is shown those.',
  input: pageSchema,
  reply: storePageSchema,
  handle({ catalogue }, page, { stores }) {
    const all = catalogue.stores(page.after);
    const shown = stores === 'all' ? all : ownOf(all, stores);
    const { entries, nextAfter } = pageOf(shown, page.limit, 'storeId');
    return { stores: entries, ...nextAfter };
  },
});

export const catalogueOperations: readonly Operation[] = [
  listItems,
  writeItems,
  readItem,
  writeItem,
  mergeItem,
  unmergeItem,
  listStores,
  readStore,
  writeStore,
];

function* ownOf<T extends { readonly storeId: string }>(
  all: Iterable<T>,
  own: ReadonlySet<string>,
): Iterable<T> {
  for (const store of all) if (own.has(store.storeId)) yield store;
}

interface Page<T> {
  readonly entries: readonly T[];
  readonly nextAfter: { readonly nextAfter?: string };
}

/** As many of the first entries as are asked for and fit into a page. */
function pageOf<Id extends string, T extends Readonly<Record<Id, string>>>(
  all: Iterable<T>,
  limit: number,
  idField: Id,
): Page<T> {
  const entries: T[] = [];
  let characters = 0;
  for (const entry of all) {
    const isFull = entries.length === limit || characters >= doorLimits.pageCharactersMax;
    if (isFull) return { entries, nextAfter: { nextAfter: entries.at(-1)![idField] } };
    entries.push(entry);
    characters += charactersOf(entry);
  }
  return { entries, nextAfter: {} };
}

/** About as many as its JSON has. */
function charactersOf(entry: object): number {
  let characters = 0;
  for (const value of Object.values(entry)) {
    characters += 16;
    if (typeof value === 'string') characters += value.length;
    if (Array.isArray(value)) for (const each of value) characters += 3 + String(each).length;
  }
  return characters;
}

function missing(field: string, id: string): never {
  const message = 'is not known here';
  throw new EngineError('NOT_FOUND', `${field} ${quoteValue(id)} ${message}`, {
    violations: [{ field, value: quoteValue(id), limit: 'a known id', message }],
  });
}
