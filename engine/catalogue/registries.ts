// The items and stores of a chain, read from its tables when it is opened.
import type { Clock } from '../base/clock.ts';
import { defaultCatalogueMax } from '../base/machine.ts';
import { zoneOffsetMinutes } from '../base/time.ts';
import type { Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import { type HashId, Registry } from './registry.ts';
import { CatalogueRoom } from './room.ts';
import type { Item, StoreProfile } from './shapes.ts';
import { weighItem, weighStore } from './weight.ts';

export interface Registries {
  readonly items: Registry<Item>;
  readonly stores: Registry<StoreProfile>;
}

const noCodes: readonly string[] = [];

/** Rows of one slice: some 6 µs each, so about 1 ms. */
const rowsAtOnce = 128;

/** Without anything in them; `maxBytes` is what both may take together. */
export function createRegistries(hashId: HashId, maxBytes = defaultCatalogueMax()): Registries {
  const room = new CatalogueRoom(maxBytes);
  return {
    items: new Registry(hashId, 0, {
      groupOf: ({ status }) => status,
      codesOf: ({ barcodes = noCodes }) => barcodes,
      weigh: weighItem,
      room,
    }),
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
  yield* read(items, registries.items, ({ itemId }) => itemId);
  const zones = new Set([timeZone]);
  yield* read(stores, registries.stores, ({ storeId, timeZone: ofStore }) => {
    if (ofStore !== undefined) zones.add(ofStore);
    return storeId;
  });
  // Intl takes up to 20 ms to learn a zone: now, and not when its first receipt comes.
  for (const zone of zones) {
    zoneOffsetMinutes(zone, clock());
    yield;
  }
}

function* read<Value>(
  table: Table,
  registry: Registry<Value>,
  idOf: (value: Value) => string,
): Generator<void> {
  let rows = 0;
  for (const row of table.rows()) {
    const { value, sequence } = JSON.parse(row.value.toString());
    registry.push(idOf(value), value, sequence);
    rows += 1;
    if (rows % rowsAtOnce === 0) yield;
  }
}
