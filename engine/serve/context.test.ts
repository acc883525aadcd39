// A request with its ids looked up.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { ItemCodes } from '../catalogue/item-codes.ts';
import { ItemMerges } from '../catalogue/merges.ts';
import { Registry } from '../catalogue/registry.ts';
import type { Item, StoreProfile as Store } from '../catalogue/shapes.ts';
import { Counts } from '../counting/counts.ts';
import { deriveContext, type ServeState } from './context.ts';
import { recommendRequestSchema } from './request.ts';

const { h64 } = await xxhash();

function stateOf(isOptedOut: boolean): ServeState {
  const items = new Registry<Item>((id) => h64(id), 0);
  const stores = new Registry<Store>((id) => h64(id), 1);
  for (const itemId of ['milk', 'bread']) items.push(itemId, { itemId, status: 'active' }, 1);
  // Met in a receipt that was taken back since: nobody said anything of it.
  items.push('ghost', { itemId: 'ghost', status: 'active' }, 0);
  stores.push('s-1', { storeId: 's-1' }, 1);
  const merges = new ItemMerges((number) => items.idOf(number));
  const registries = { items, stores, merges };
  const counts = new Counts(registries, { pairDays: null, popularityDays: null }, 0);
  counts.register();
  return {
    counts,
    registries,
    codes: new ItemCodes(registries.items),
    bitmaps: [],
    formula: 'shipped',
    watermark: '1',
    memberOf: () => ({ isOptedOut, isKnown: () => false, history: () => undefined }),
  } as unknown as ServeState;
}

function contextOf(input: object, isOptedOut = false) {
  return deriveContext(recommendRequestSchema.parse(input), stateOf(isOptedOut), 'member');
}

test('ids become numbers, each item of the ticket once, and unknown ones are left out', () => {
  const basket = ['milk', 'unseen', 'milk', 'ghost'].map((itemId) => ({ itemId }));
  const context = contextOf({ basket, exclude: ['bread', 'unseen'], storeId: 's-1' });
  expect(context.ticket).toEqual([0]);
  expect(context.ticketSize).toBe(3);
  expect(context.excluded).toEqual([0, 1]);
  expect(context.storeNumber).toBe(1);
  expect(context.relaxations).toEqual([]);
});

test('what could not be looked up is told', () => {
  const asked = { memberId: 'nobody', storeId: 'nowhere', itemId: 'ghost', scenario: 'similar' };
  expect(contextOf(asked).relaxations).toEqual(['member_unknown', 'store_unknown', 'item_unknown']);
  expect(contextOf({ memberId: 'm' }, true).relaxations).toEqual(['member_opted_out']);
});
