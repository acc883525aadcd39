// Items and stores as callers are told of them: as far as they are counted, and no further.

import type { Registries } from '../catalogue/registries.ts';
import type { Item, StoreProfile as Store } from '../catalogue/shapes.ts';
import type { Counts } from './counts.ts';

export class Catalogue {
  private readonly registries: Registries;
  private readonly counts: Counts;

  constructor(registries: Registries, counts: Counts) {
    this.registries = registries;
    this.counts = counts;
  }

  item(itemId: string): Item | undefined {
    const { items } = this.registries;
    const number = items.numberOf(itemId);
    const isKnown = number !== undefined && this.counts.knowsItem(number);
    return isKnown ? items.valueOf(number) : undefined;
  }

  items(after?: string): IterableIterator<Item> {
    return this.registries.items.entries((number) => this.counts.knowsItem(number), after);
  }

  store(storeId: string): Store | undefined {
    const { stores } = this.registries;
    const number = stores.numberOf(storeId);
    const isKnown = number !== undefined && this.counts.knowsStore(number);
    return isKnown ? stores.valueOf(number) : undefined;
  }

  stores(after?: string): IterableIterator<Store> {
    return this.registries.stores.entries((number) => this.counts.knowsStore(number), after);
  }
}
