// What is said of an item: of two upserts the later one stands, on every node.

import type { GuessRole } from '../catalogue/role-names.ts';
import { type Item, itemSchema } from '../catalogue/shapes.ts';
import { putItem, upsertOf, upsertStands, upsertTimeMs } from './catalogue.ts';
import type { WriteContext } from './context.ts';
import { jsonCodec } from './json.ts';
import { type EntryKind, type EventKind, namesNoMember } from './kind.ts';
import { record } from './record.ts';
import { type IngestResult, type IngestWarning, rejected } from './result.ts';
import { limited } from './warnings.ts';

export const itemEntries: EntryKind<'item', Item> = {
  name: 'item',
  code: 20,
  stream: 'log',
  followsOtherClocks: true,
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
    const taken = refuseTaken(context, item);
    if (taken) return taken;
    const warnings = shadowWarnings(context, item);
    const sequence = record(context, itemEntries, item, upsertTimeMs(context, replaced));
    const watermark = context.log.watermarkOf(sequence);
    return { id, status: 'created', watermark, ...(warnings.length > 0 && { warnings }) };
  },
};

/** A rejection of a barcode that another item has: nobody could say what was sold. */
function refuseTaken(
  { registries: { items, merges } }: WriteContext,
  { itemId, barcodes = [] }: Item,
): IngestResult | undefined {
  const own = items.numberOf(itemId);
  // What is merged into this item, or this one into it, may share its barcodes.
  const survivor = own === undefined ? undefined : merges.survivorOf(own);
  for (const [index, code] of barcodes.entries()) {
    const holder = items
      .claimantsOf(code)
      .find((number) => number !== own && merges.survivorOf(number) !== survivor);
    if (holder === undefined) continue;
    const other = JSON.stringify(items.idOf(holder));
    const message =
      `barcode ${JSON.stringify(code)} is item ${other}'s: take it from that one first, or merge ` +
      'the two if they are one';
    const field = `barcodes[${index}]`;
    const limit = 'a barcode of no other item';
    return rejected(itemId, { reason: 'BARCODE_TAKEN', field, message, limit });
  }
  return undefined;
}

/** Of codes that are ids of items too: whoever gives one of them means the id. */
function shadowWarnings(
  { registries: { items, merges } }: WriteContext,
  { itemId, barcodes = [] }: Item,
): readonly IngestWarning[] {
  const reason = 'ID_IS_BARCODE';
  const own = items.numberOf(itemId);
  const warnings = barcodes.flatMap((code, index): IngestWarning[] => {
    const other = items.numberOf(code);
    if (code === itemId || other === undefined) return [];
    if (own !== undefined && merges.survivorOf(other) === merges.survivorOf(own)) return [];
    const message =
      `${JSON.stringify(code)} is the id of an item too and means that one: merge it into this ` +
      'one if they are one';
    return [{ reason, field: `barcodes[${index}]`, message }];
  });
  const [holder] = items.claimantsOf(itemId);
  if (holder !== undefined && own === undefined) {
    const other = JSON.stringify(items.idOf(holder));
    const message = `it is a barcode of item ${other} too, and from now on means this item`;
    warnings.push({ reason, field: 'itemId', message });
  }
  if (own !== undefined && merges.isMerged(own)) {
    const into = JSON.stringify(items.idOf(merges.survivorOf(own)));
    const message = `it is merged into item ${into}: this is kept, and seen when that is undone`;
    warnings.push({ reason: 'ITEM_MERGED', field: 'itemId', message });
  }
  return limited(warnings, { field: 'barcodes', others: 'barcodes' });
}

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
