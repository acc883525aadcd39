// The catalogue: items and stores, written whole and read one by one or page by page.
import { z } from 'zod';
import {
  EngineError,
  idSchema,
  itemSchema,
  limits,
  recommendRequestSchema,
  storeSchema,
} from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { shown } from '../shown.ts';
import { defineIngest } from './ingest.ts';
import { defineRead, type Operation } from './operation.ts';
import { itemPageSchema, storePageSchema } from './replies.ts';

const { minWatermark } = recommendRequestSchema.shape;
const described = { tag: 'catalogue', scope: 'read' } as const;

const pageSchema = z.strictObject({
  limit: z.int().min(1).max(doorLimits.pageEntriesMax).default(doorLimits.pageEntriesDefault),
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
  ...described,
  name: 'readItem',
  rpc: 'CatalogService/ReadItem',
  method: 'GET',
  path: '/v1/items/{itemId}',
  summary: 'One item of the catalogue',
  description: 'The item whose id is `popular` is at /v1/items/%70opular.',
  input: z.strictObject({ itemId: idSchema, minWatermark }),
  reply: itemSchema,
  handle: (engine, { itemId }) => engine.item(itemId) ?? missing('itemId', itemId),
});

const writeItem = defineIngest({
  tag: 'catalogue',
  name: 'writeItem',
  rpc: 'CatalogService/WriteItem',
  method: 'PUT',
  path: '/v1/items/{itemId}',
  summary: 'Writes an item as a whole',
  description: 'Fields left out are cleared. An item with status `inactive` is never listed.',
  input: itemSchema,
  idField: 'itemId',
  upsert: true,
  example: itemExample,
  toEvent: (item) => ({ kind: 'item', item }),
});

const writeItems = defineIngest({
  tag: 'catalogue',
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

const listItems = defineRead({
  ...described,
  name: 'listItems',
  rpc: 'CatalogService/ListItems',
  method: 'GET',
  path: '/v1/items',
  summary: 'The catalogue, page by page, in the order of ids',
  input: pageSchema,
  reply: itemPageSchema,
  handle(engine, page) {
    const { entries, nextAfter } = pageOf(engine.items(), (item) => item.itemId, page);
    return { items: entries, ...nextAfter };
  },
});

const readStore = defineRead({
  ...described,
  name: 'readStore',
  rpc: 'CatalogService/ReadStore',
  method: 'GET',
  path: '/v1/stores/{storeId}',
  summary: 'One store',
  input: z.strictObject({ storeId: idSchema, minWatermark }),
  reply: storeSchema,
  handle: (engine, { storeId }) => engine.store(storeId) ?? missing('storeId', storeId),
});

const writeStore = defineIngest({
  tag: 'catalogue',
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
  ...described,
  name: 'listStores',
  rpc: 'CatalogService/ListStores',
  method: 'GET',
  path: '/v1/stores',
  summary: 'The stores, page by page, in the order of ids',
  input: pageSchema,
  reply: storePageSchema,
  handle(engine, page) {
    const { entries, nextAfter } = pageOf(engine.stores(), (store) => store.storeId, page);
    return { stores: entries, ...nextAfter };
  },
});

export const catalogueOperations: readonly Operation[] = [
  listItems,
  writeItems,
  readItem,
  writeItem,
  listStores,
  readStore,
  writeStore,
];

interface Page<T> {
  readonly entries: readonly T[];
  readonly nextAfter: { readonly nextAfter?: string };
}

/**
 * The first entries after an id, in the order of ids: pages of one list may come from several
 * nodes, and which item came first is not the same on all of them.
 */
function pageOf<T>(
  all: Iterable<T>,
  idOf: (entry: T) => string,
  { limit, after = '' }: { readonly limit: number; readonly after?: string | undefined },
): Page<T> {
  // One more than asked for: whether there is a next page.
  const firstOf = (some: readonly T[]) =>
    some.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1)).slice(0, limit + 1);
  let found: T[] = [];
  let last: string | undefined;
  for (const entry of all) {
    const id = idOf(entry);
    if (id <= after || (last !== undefined && id > last)) continue;
    found.push(entry);
    // A pile of twice as many is sorted at a time, not every entry into its place.
    if (found.length < 2 * (limit + 1)) continue;
    found = firstOf(found);
    last = idOf(found.at(-1)!);
  }
  found = firstOf(found);
  const entries = found.slice(0, limit);
  return { entries, nextAfter: found.length > limit ? { nextAfter: idOf(entries.at(-1)!) } : {} };
}

function missing(field: string, id: string): never {
  const message = 'is not known here';
  throw new EngineError('NOT_FOUND', `${field} ${shown(id)} ${message}`, {
    violations: [{ field, value: shown(id), limit: 'a known id', message }],
  });
}
