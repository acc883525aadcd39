// Reads items and stores from the disk into their registries, in slices.
import type { Clock } from '../base/clock.ts';
import { zoneOffsetMinutes } from '../base/time.ts';
import type { Item, Store as StoreEvent } from '../log/events.ts';
import type { Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import type { Registry } from './catalogue.ts';
import type { Registries } from './counts.ts';

/** Rows of one slice: some 6 µs each, so about 1 ms. */
const rowsAtOnce = 128;

export interface LoadOptions {
  /** Of receipts whose store has none. */
  readonly timeZone: string;
  readonly clock: Clock;
}

/** To be run to its end before anything else looks at them. */
export function* loadCatalogue(
  store: Store,
  registries: Registries,
  { timeZone, clock }: LoadOptions,
): Generator<void> {
  const { items, stores } = store.tables;
  yield* load<Item>(items, registries.items, ({ itemId }) => itemId);
  const zones = new Set([timeZone]);
  yield* load<StoreEvent>(stores, registries.stores, ({ storeId, timeZone: ofStore }) => {
    if (ofStore !== undefined) zones.add(ofStore);
    return storeId;
  });
  // Intl takes up to 20 ms to learn a zone: now, and not when its first receipt comes.
  for (const zone of zones) {
    zoneOffsetMinutes(zone, clock());
    yield;
  }
}

function* load<Value>(
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
