// Items that are one: a number or barcode that changed goes on with the counts of the old one. What
// was said last of an item stands, on every node; that it is one of its own again can be said too.
import { z } from 'zod';
import { limits } from '../base/limits.ts';
import { idSchema } from '../base/shapes.ts';
import { putMerge, upsertStands, upsertTimeMs } from './catalogue.ts';
import type { WriteContext } from './context.ts';
import { jsonCodec } from './json.ts';
import { type EntryKind, type EventKind, namesNoMember } from './kind.ts';
import { record } from './record.ts';
import { type IngestResult, rejected } from './result.ts';

export const itemMergeSchema = z.strictObject({
  itemId: idSchema.meta({ description: 'The item that from now on counts as the other one.' }),
  into: idSchema.meta({ description: 'The id of the item that stays.' }),
});
export const itemUnmergeSchema = itemMergeSchema.pick({ itemId: true });

export type ItemMerge = z.output<typeof itemMergeSchema>;
export type ItemUnmerge = z.output<typeof itemUnmergeSchema>;

/** As it lies in the log; without `into` the item is one of its own again. */
export interface LoggedMerge {
  readonly itemId: string;
  readonly into?: string | undefined;
}

/** Where something was said last of an item; 0 when nothing was. */
function lastWord({ registries: { items, merges } }: WriteContext, itemId: string): number {
  const number = items.numberOf(itemId);
  return number === undefined ? 0 : (merges.wordOf(number)?.sequence ?? 0);
}

export const itemMergeEntries: EntryKind<'itemMerge', LoggedMerge> = {
  name: 'itemMerge',
  code: 24,
  stream: 'log',
  followsOtherClocks: true,
  ...jsonCodec<LoggedMerge>(),
  subjects: () => [],
  apply(context, { value, append, ...incoming }) {
    const stands = upsertStands(context, lastWord(context, value.itemId), incoming);
    const sequence = append(true);
    if (stands) putMerge(context, value, sequence);
  },
  forget: namesNoMember,
};

function recordWord(context: WriteContext, value: LoggedMerge): IngestResult {
  const atMs = upsertTimeMs(context, lastWord(context, value.itemId));
  const sequence = record(context, itemMergeEntries, value, atMs);
  const watermark = context.log.watermarkOf(sequence);
  return { id: value.itemId, status: 'created', watermark };
}

function refuseUnknown(id: string, field: string, itemId: string): IngestResult {
  const message =
    `${field} ${JSON.stringify(itemId)} is no item that is known, ` +
    'in the catalogue or on a receipt';
  return rejected(id, { reason: 'ITEM_UNKNOWN', field, message, limit: 'an item that is known' });
}

/** A rejection of what would be no merge, or one too many. */
function refuseMerge(
  { registries: { items, merges } }: WriteContext,
  { itemId, into }: ItemMerge,
  { number, target }: { readonly number: number; readonly target: number },
): IngestResult | undefined {
  const survivor = merges.survivorOf(target);
  if (survivor === number) {
    const message =
      number === target
        ? 'into is the item itself'
        : `into ${JSON.stringify(into)} is merged into ${JSON.stringify(itemId)} already`;
    return rejected(itemId, { reason: 'MERGE_CIRCLE', field: 'into', message });
  }
  const before = merges.wordOf(number)?.into;
  if (before !== undefined) {
    const other = JSON.stringify(items.idOf(before));
    const message = `itemId is merged into ${other}: take that back first`;
    return rejected(itemId, { reason: 'ITEM_MERGED', field: 'itemId', message });
  }
  const count = merges.groupOf(survivor).size - 1 + merges.groupOf(number).size;
  const limit = limits.itemMergesMax;
  if (count <= limit) return undefined;
  const message = `into ${JSON.stringify(items.idOf(survivor))} would stand for ${count} items`;
  return rejected(itemId, { reason: 'MERGES_MAX', field: 'into', message, limit });
}

export const itemMergeEvents: EventKind<'itemMerge', ItemMerge> = {
  name: 'itemMerge',
  schema: itemMergeSchema,
  admit(context, merge) {
    const { items, merges } = context.registries;
    const { itemId, into } = merge;
    const [number, target] = [items.numberOf(itemId), items.numberOf(into)];
    if (number === undefined) return refuseUnknown(itemId, 'itemId', itemId);
    if (target === undefined) return refuseUnknown(itemId, 'into', into);
    const word = merges.wordOf(number);
    if (word?.into === target) {
      const watermark = context.log.watermarkOf(word.sequence);
      return { id: itemId, status: 'duplicate', watermark };
    }
    return refuseMerge(context, merge, { number, target }) ?? recordWord(context, merge);
  },
};

export const itemUnmergeEvents: EventKind<'itemUnmerge', ItemUnmerge> = {
  name: 'itemUnmerge',
  schema: itemUnmergeSchema,
  admit(context, { itemId }) {
    const { items, merges } = context.registries;
    const number = items.numberOf(itemId);
    if (number === undefined) return refuseUnknown(itemId, 'itemId', itemId);
    const word = merges.wordOf(number);
    if (word === undefined) {
      const message = 'itemId is merged into no other item';
      return rejected(itemId, { reason: 'ITEM_NOT_MERGED', field: 'itemId', message });
    }
    if (word.into === undefined) {
      const watermark = context.log.watermarkOf(word.sequence);
      return { id: itemId, status: 'duplicate', watermark };
    }
    return recordWord(context, { itemId });
  },
};
