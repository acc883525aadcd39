// The items and stores of a chain, read from its tables when it is opened.
import type { Clock } from './base/clock.ts';
import { zoneOffsetMinutes } from './base/time.ts';
import type { Store } from './store/store.ts';
import { type HashId, Registry } from './views/catalogue.ts';
import type { Registries } from './views/counts.ts';

interface RegistryParts {
  readonly store: Store;
  readonly hashId: HashId;
  readonly timeZone: string;
  readonly clock: Clock;
}

export function loadRegistries(parts: RegistryParts): Registries {
  const { hashId, timeZone, clock } = parts;
  const { items, stores } = parts.store.tables;
  const registries: Registries = {
    items: new Registry(hashId, 0),
    stores: new Registry(hashId, 1),
  };
  for (const { value } of items.rows()) {
    const { value: item, sequence } = JSON.parse(value.toString());
    registries.items.push(item.itemId, item, sequence);
  }
  const zones = new Set([timeZone]);
  for (const { value } of stores.rows()) {
    const { value: store, sequence } = JSON.parse(value.toString());
    registries.stores.push(store.storeId, store, sequence);
    if (store.timeZone !== undefined) zones.add(store.timeZone);
  }
  // Intl takes 10 to 20 ms to learn a zone: now, and not when its first receipt comes.
  for (const zone of zones) zoneOffsetMinutes(zone, clock());
  return registries;
}
