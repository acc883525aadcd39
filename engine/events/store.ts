// What is said of a store: of two upserts the later one stands, on every node.

import { type StoreProfile, storeSchema } from '../catalogue/shapes.ts';
import { putStore, upsertOf, upsertStands, upsertTimeMs } from './catalogue.ts';
import { isSame } from './item.ts';
import { jsonCodec } from './json.ts';
import { type EntryKind, type EventKind, namesNoMember } from './kind.ts';
import { record } from './record.ts';

export const storeEntries: EntryKind<'store', StoreProfile> = {
  name: 'store',
  code: 21,
  stream: 'log',
  followsOtherClocks: true,
  ...jsonCodec<StoreProfile>(),
  subjects: () => [],
  apply(context, { value: store, append, ...incoming }) {
    const replaced = upsertOf(context.registries.stores, store.storeId);
    const stands = upsertStands(context, replaced, incoming);
    const sequence = append(true);
    if (stands) putStore(context, store, sequence);
  },
  forget: namesNoMember,
};

export const storeEvents: EventKind<'store', StoreProfile> = {
  name: 'store',
  schema: storeSchema,
  admit(context, store) {
    const { stores } = context.registries;
    const { storeId: id } = store;
    const replaced = upsertOf(stores, id);
    if (replaced > 0 && isSame(stores.valueOf(stores.numberOf(id)!), store)) {
      return { id, status: 'duplicate', watermark: context.log.watermarkOf(replaced) };
    }
    const sequence = record(context, storeEntries, store, upsertTimeMs(context, replaced));
    return { id, status: 'created', watermark: context.log.watermarkOf(sequence) };
  },
};
