// Port: catalogue. Items and stores as callers see them: as far as they are counted, and no
// further.
import type { ItemCodes } from '../catalogue/item-codes.ts';
import type { Registries } from '../catalogue/registries.ts';
import type { GuessRole } from '../catalogue/role-names.ts';
import type { Item, StoreProfile as Store } from '../catalogue/shapes.ts';
import type { CountsManager } from '../counting/counts-manager.ts';
import type { Readiness } from './readiness.ts';

export interface CataloguePort {
  /** Of an id or a code of an item; of one that is merged into another, that one. */
  item(itemId: string): Item | undefined;
  /** The id that stands for an id or a code; what is not known stands for itself. */
  itemIdOf(code: string): string;
  /** The id of what an item is merged into; undefined where it is one of its own. */
  mergedInto(itemId: string): string | undefined;
  /** Why a code cannot be used, e.g. for a wrong check digit; undefined: it can. */
  problemOf(code: string): string | undefined;
  /** In the order of ids, from the first one after `after`. */
  items(after?: string): IterableIterator<Item>;
  /** What an item would be if nobody said it; undefined: goods. */
  readonly guessRole: GuessRole;
  store(storeId: string): Store | undefined;
  stores(after?: string): IterableIterator<Store>;
}

export interface CatalogueParts {
  readonly registries: Registries;
  readonly counting: CountsManager;
  readonly readiness: Readiness;
  readonly guessRole: GuessRole;
  readonly codes: ItemCodes;
}

export function catalogueOf({
  registries,
  counting,
  readiness,
  guessRole,
  codes,
}: CatalogueParts): CataloguePort {
  const { items, stores, merges } = registries;
  const survivorOf = (id: string): string => {
    const number = items.numberOf(id);
    return number === undefined || !merges.isMerged(number)
      ? id
      : items.idOf(merges.survivorOf(number));
  };
  /** Throws UNAVAILABLE before the catalogue is read. */
  const counts = () => {
    readiness.assertKnowsCatalogue();
    return counting.counts;
  };
  return {
    guessRole,
    item: (itemId) => {
      const known = counts();
      const number = items.numberOf(survivorOf(codes.itemIdOf(itemId)));
      const isKnown = number !== undefined && known.knowsItem(number);
      return isKnown ? items.valueOf(number) : undefined;
    },
    itemIdOf: (code) => {
      counts();
      return survivorOf(codes.itemIdOf(code));
    },
    mergedInto: (itemId) => {
      counts();
      const id = codes.itemIdOf(itemId);
      const survivor = survivorOf(id);
      return survivor === id ? undefined : survivor;
    },
    problemOf: (code) => {
      counts();
      return codes.problemOf(code);
    },
    items: (after) => {
      const known = counts();
      return items.entries((number) => known.knowsItem(number), after);
    },
    store: (storeId) => {
      const known = counts();
      const number = stores.numberOf(storeId);
      const isKnown = number !== undefined && known.knowsStore(number);
      return isKnown ? stores.valueOf(number) : undefined;
    },
    stores: (after) => {
      const known = counts();
      return stores.entries((number) => known.knowsStore(number), after);
    },
  };
}
