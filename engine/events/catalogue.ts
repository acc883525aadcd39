// Items and stores as transactions write them: their numbers, their rows, and how to undo it.
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ItemRow } from '../catalogue/registries.ts';
import type { Registry } from '../catalogue/registry.ts';
import type { Item, StoreProfile } from '../catalogue/shapes.ts';
import { acceptedAtMsOf } from '../log/frame.ts';
import type { WriteContext } from './context.ts';

/** Of `Batch.work`: a new item or store. */
const workOfNewId = 6;

function register<Value>(
  { batch }: WriteContext,
  registry: Registry<Value>,
  id: string,
  { value, sequence }: { readonly value: Value; readonly sequence: number },
): number {
  const size = registry.size;
  batch.work += workOfNewId;
  batch.onUndo(() => registry.truncate(size));
  return registry.push(id, value, sequence);
}

const moreItems = (more: number): More => {
  return { more, most: limits.itemsMax, reason: 'ITEMS_MAX' };
};

function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(number);
  return key;
}

/** So many more than there are. */
interface More {
  readonly more: number;
  readonly most: number;
  readonly reason: 'ITEMS_MAX' | 'STORES_MAX';
}

function assertMore({ size }: Registry<unknown>, { more, most, reason }: More): void {
  if (size + more <= most) return;
  const what = reason === 'ITEMS_MAX' ? 'items' : 'stores';
  const message =
    `the chain has ${size} ${what} and would have ${more} more; ` +
    `the limit is ${most}; nothing was written`;
  throw new EngineError('RESOURCE_EXHAUSTED', message, { reason });
}

function replace<Value>(
  { batch }: WriteContext,
  registry: Registry<Value>,
  number: number,
  now: { readonly value: Value; readonly sequence: number },
): number {
  const before = { value: registry.valueOf(number), sequence: registry.sequenceOf(number) };
  batch.onUndo(() => {
    if (number < registry.nextNumber) registry.replace(number, before.value, before.sequence);
  });
  registry.replace(number, now.value, now.sequence);
  return number;
}

/**
 * Writes what is known of an item; made first when its id is new. Throws RESOURCE_EXHAUSTED,
 * ITEMS_MAX or CATALOGUE_FULL.
 */
export function putItem(context: WriteContext, item: Item, sequence: number): void {
  const { items } = context.registries;
  const known = items.numberOf(item.itemId);
  if (known === undefined) assertMore(items, moreItems(1));
  items.assertRoomFor(item.itemId, item);
  const now = { value: item, sequence };
  const number =
    known === undefined
      ? register(context, items, item.itemId, now)
      : replace(context, items, known, now);
  writeItemRow(context, number);
  context.batch.changedItems.add(number);
}

function writeItemRow({ store, registries: { items, merges } }: WriteContext, number: number) {
  const [value, sequence] = [items.valueOf(number), items.sequenceOf(number)];
  const word = merges.wordOf(number);
  const into = word?.into === undefined ? {} : { into: items.idOf(word.into) };
  const merge = word && { ...into, sequence: word.sequence };
  const row: ItemRow = { value, sequence, ...(merge && { merge }) };
  store.tables.items.put(numberKey(number), Buffer.from(JSON.stringify(row)));
}

/**
 * Says that an item is one with another from here on, or one of its own. Both are made where they
 * are new. Throws as putItem does.
 */
export function putMerge(
  context: WriteContext,
  { itemId, into }: { readonly itemId: string; readonly into?: string | undefined },
  sequence: number,
): void {
  const { items, merges } = context.registries;
  const ids = into === undefined ? [itemId] : [itemId, into];
  registerUnknown(context, { lines: ids.map((id) => ({ itemId: id })) });
  const number = items.numberOf(itemId)!;
  const before = merges.wordOf(number);
  const target = into === undefined ? undefined : items.numberOf(into);
  context.batch.onUndo(() => merges.say(number, before));
  merges.say(number, { into: target, sequence });
  writeItemRow(context, number);
  // All that stand for another one now than they did.
  for (const each of merges.groupOf(number)) context.batch.changedItems.add(each);
}

/** The same of a store. Throws RESOURCE_EXHAUSTED, STORES_MAX or CATALOGUE_FULL. */
export function putStore(context: WriteContext, store: StoreProfile, sequence: number): void {
  const { stores } = context.registries;
  const known = stores.numberOf(store.storeId);
  if (known === undefined) {
    assertMore(stores, { more: 1, most: limits.storesMax, reason: 'STORES_MAX' });
  }
  stores.assertRoomFor(store.storeId, store);
  const now = { value: store, sequence };
  const number =
    known === undefined
      ? register(context, stores, store.storeId, now)
      : replace(context, stores, known, now);
  const row = Buffer.from(JSON.stringify(now));
  context.store.tables.stores.put(numberKey(number), row);
}

interface Receipt {
  readonly storeId?: string | undefined;
  readonly lines: readonly { readonly itemId: string }[];
}

const unheardOf = (itemId: string): Item => ({ itemId, status: 'active' });

/**
 * Registers some of the unknown items of a receipt that has too many of them for one transaction;
 * whether the rest are few. Nobody sees an item of which nothing was said and that is in no receipt
 * that counts. Throws as putItem does, before the first of them, where not all of them have room.
 */
export function registerAhead(context: WriteContext, { lines }: Receipt): boolean {
  const { items } = context.registries;
  const most = limits.unknownItemsAtOnce;
  if (lines.length <= most) return true;
  const unknown = new Set<string>();
  for (const { itemId } of lines) if (items.numberOf(itemId) === undefined) unknown.add(itemId);
  if (unknown.size <= most) return true;
  assertMore(items, moreItems(unknown.size));
  items.assertRoomForAll([...unknown].map(unheardOf));
  for (const itemId of [...unknown].slice(0, most)) putItem(context, unheardOf(itemId), 0);
  return false;
}

/** An unknown item or store in a receipt is registered, not refused. */
export function registerUnknown(context: WriteContext, receipt: Receipt): void {
  const { items, stores } = context.registries;
  if (receipt.storeId !== undefined && stores.numberOf(receipt.storeId) === undefined) {
    putStore(context, { storeId: receipt.storeId }, 0);
  }
  for (const { itemId } of receipt.lines) {
    if (items.numberOf(itemId) !== undefined) continue;
    putItem(context, unheardOf(itemId), 0);
  }
}

/**
 * When an upsert is accepted: later than what it replaces, also where another origin's clock is
 * ahead of ours. Of two upserts the later one stands, on every node.
 */
export function upsertTimeMs({ log, clock }: WriteContext, replaced: number): number {
  if (replaced === 0 || !log.origins.isNamed) return clock();
  return Math.max(clock(), acceptedAtMsOf(log.read(replaced)) + 1);
}

/**
 * Of two upserts of one origin the one that came later stands, whatever its clock said; of two of
 * different origins that which was accepted later, and at the same millisecond that of the origin
 * whose name comes last.
 */
export function upsertStands(
  { log }: WriteContext,
  replaced: number,
  { acceptedAtMs, origin }: { readonly acceptedAtMs: number; readonly origin: string },
): boolean {
  // Only ever met in receipts, or there is nobody to contradict.
  if (replaced === 0 || !log.origins.isNamed) return true;
  const holder = log.origins.at(replaced).origin;
  if (holder === origin) return true;
  const stood = acceptedAtMsOf(log.read(replaced));
  return stood === acceptedAtMs ? origin > holder : acceptedAtMs > stood;
}

/** Where the upsert stands that an id has now; 0 when it has none. */
export function upsertOf(registry: Registry<unknown>, id: string): number {
  const number = registry.numberOf(id);
  return number === undefined ? 0 : registry.sequenceOf(number);
}
