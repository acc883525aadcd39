// The items and stores of a chain, read from its tables when it is opened.
import type { Clock } from '../base/clock.ts';
import { defaultCatalogueMax } from '../base/machine.ts';
import { zoneOffsetMinutes } from '../base/time.ts';
import type { Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import { ItemMerges } from './merges.ts';
import { type HashId, Registry } from './registry.ts';
import { CatalogueRoom } from './room.ts';
import type { Item, StoreProfile } from './shapes.ts';
import { weighItem, weighStore } from './weight.ts';

export interface Registries {
  readonly items: Registry<Item>;
  readonly stores: Registry<StoreProfile>;
  /** Which items are one. */
  readonly merges: ItemMerges;
}

/** A row of the table `items`. */
export interface ItemRow {
  readonly value: Item;
  readonly sequence: number;
  /** What was said last of merging it; without `into`: that it is one of its own. */
  readonly merge?: { readonly into?: string; readonly sequence: number };
}

const noCodes: readonly string[] = [];

/** Rows of one slice: some 6 µs each, several times as much for the first: 0.4 to 2 ms. */
const rowsAtOnce = 64;

/** Without anything in them; `maxBytes` is what both may take together. */
export function createRegistries(hashId: HashId, maxBytes = defaultCatalogueMax()): Registries {
  const room = new CatalogueRoom(maxBytes);
  const items = new Registry<Item>(hashId, 0, {
    groupOf: ({ status }) => status,
    codesOf: ({ barcodes = noCodes }) => barcodes,
    weigh: weighItem,
    room,
  });
  return {
    items,
    merges: new ItemMerges((number) => items.idOf(number)),
    stores: new Registry(hashId, 1, { groupOf: ({ city }) => city, weigh: weighStore, room }),
  };
}

interface ReadOptions {
  readonly store: Store;
  /** Of receipts whose store has none. */
  readonly timeZone: string;
  readonly clock: Clock;
}

/** Slice by slice; to be run to its end before anything else looks at them. */
export function* readRegistries(
  registries: Registries,
  { store, timeZone, clock }: ReadOptions,
): Generator<void> {
  const { items, stores } = store.tables;
  const merged: (readonly [number: number, merge: NonNullable<ItemRow['merge']>])[] = [];
  yield* read<Item, ItemRow>(items, registries.items, ({ value: { itemId }, merge }, number) => {
    if (merge) merged.push([number, merge]);
    return itemId;
  });
  // What an item is merged into may stand behind it.
  for (const [number, { into, sequence }] of merged) {
    const target = into === undefined ? undefined : registries.items.numberOf(into);
    registries.merges.say(number, { into: target, sequence });
  }
  const zones = new Set([timeZone]);
  yield* read(stores, registries.stores, ({ value: { storeId, timeZone: ofStore } }) => {
    if (ofStore !== undefined) zones.add(ofStore);
    return storeId;
  });
  // Intl takes up to 20 ms to learn a zone: now, and not when its first receipt comes.
  for (const zone of zones) {
    zoneOffsetMinutes(zone, clock());
    yield;
  }
}

interface Row<Value> {
  readonly value: Value;
  readonly sequence: number;
}

/** `idOf` gets the number that a row will have too. */
function* read<Value, Kept extends Row<Value> = Row<Value>>(
  table: Table,
  registry: Registry<Value>,
  idOf: (row: Kept, number: number) => string,
): Generator<void> {
  let rows = 0;
  for (const row of table.rows()) {
    const kept = JSON.parse(row.value.toString()) as Kept;
    registry.push(idOf(kept, registry.nextNumber), kept.value, kept.sequence);
    rows += 1;
    if (rows % rowsAtOnce === 0) yield;
  }
}
