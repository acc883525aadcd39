// What is said of an item: of two upserts the later one stands, on every node.

import { type Item, itemSchema } from '../catalogue/shapes.ts';
import { putItem, upsertOf, upsertStands, upsertTimeMs } from './catalogue.ts';
import { jsonCodec } from './json.ts';
import { type EntryKind, type EventKind, namesNoMember } from './kind.ts';
import { record } from './record.ts';

export const itemEntries: EntryKind<'item', Item> = {
  name: 'item',
  code: 20,
  stream: 'log',
  ...jsonCodec<Item>(),
  subjects: () => [],
  apply(context, { value: item, append, ...incoming }) {
    const replaced = upsertOf(context.registries.items, item.itemId);
    const stands = upsertStands(context, replaced, incoming);
    const sequence = append(true);
    if (stands) putItem(context, item, sequence);
  },
  forget: namesNoMember,
};

export const itemEvents: EventKind<'item', Item> = {
  name: 'item',
  schema: itemSchema,
  /** One that changes nothing is a duplicate, so that catalogues can be sent again and again. */
  admit(context, item) {
    const { items } = context.registries;
    const { itemId: id } = item;
    const replaced = upsertOf(items, id);
    if (replaced > 0 && isSame(items.valueOf(items.numberOf(id)!), item)) {
      return { id, status: 'duplicate', watermark: context.log.watermarkOf(replaced) };
    }
    const sequence = record(context, itemEntries, item, upsertTimeMs(context, replaced));
    return { id, status: 'created', watermark: context.log.watermarkOf(sequence) };
  },
};

/** Of two values that one schema made. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
