// Reads items and stores from the disk into their registries, in slices.
import type { Item, Store as StoreEvent } from '../log/events.ts';
import type { Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import type { Registry } from './catalogue.ts';
import type { Registries } from './counts.ts';

/** Rows of one slice: some 6 µs each, so about 1 ms. */
const rowsAtOnce = 128;

/** To be run to its end before anything else looks at them; adds the time zones of the stores. */
export function* loadCatalogue(
  store: Store,
  registries: Registries,
  zones: Set<string>,
): Generator<void> {
  const { items, stores } = store.tables;
  yield* load<Item>(items, registries.items, ({ itemId }) => itemId);
  yield* load<StoreEvent>(stores, registries.stores, ({ storeId, timeZone }) => {
    if (timeZone !== undefined) zones.add(timeZone);
    return storeId;
  });
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
