// What is said of an item: of two upserts the later one stands, on every node.

import type { GuessRole } from '../catalogue/role-names.ts';
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
  admit(context, input) {
    const { items } = context.registries;
    const item = withRole(input, context.guessRole);
    const { itemId: id } = item;
    const replaced = upsertOf(items, id);
    if (replaced > 0 && isSame(items.valueOf(items.numberOf(id)!), item)) {
      return { id, status: 'duplicate', watermark: context.log.watermarkOf(replaced) };
    }
    const sequence = record(context, itemEntries, item, upsertTimeMs(context, replaced));
    return { id, status: 'created', watermark: context.log.watermarkOf(sequence) };
  },
};

/**
 * Where nobody says what an item is, its name does. That is settled here and goes into the log, so
 * that no other node needs to know the same names.
 */
function withRole({ role, roleGuessed = false, ...item }: Item, guessRole: GuessRole): Item {
  if (role !== undefined && !roleGuessed) return { ...item, role };
  const guessed = guessRole(item);
  return guessed === undefined ? item : { ...item, role: guessed, roleGuessed: true };
}

/** Whether two values of one schema say the same, in whatever order. */
export function isSame(one: object, other: object): boolean {
  return inOrder(one) === inOrder(other);
}

function inOrder(value: object): string {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}
