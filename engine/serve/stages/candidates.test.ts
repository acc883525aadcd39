// What the scenario ranks comes first, and no more is looked for than a page needs.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { ItemMerges } from '../../catalogue/merges.ts';
import { Registry } from '../../catalogue/registry.ts';
import type { Item, StoreProfile as Store } from '../../catalogue/shapes.ts';
import { Counts } from '../../counting/counts.ts';
import type { ServeContext } from '../context.ts';
import { startDraft } from '../draft.ts';
import { candidates } from './candidates.ts';
import { eligibility } from './eligibility.ts';

const { h64 } = await xxhash();

function contextOf(asked: Partial<ServeContext>): ServeContext {
  const items = new Registry<Item>((id) => h64(id), 0, { groupOf: ({ status }) => status });
  const stores = new Registry<Store>((id) => h64(id), 1);
  for (let at = 0; at < 40; at++) items.push(`i${at}`, { itemId: `i${at}`, status: 'active' }, 1);
  const merges = new ItemMerges((number) => items.idOf(number));
  const registries = { items, stores, merges };
  const counts = new Counts(registries, { pairDays: null, popularityDays: null }, 0);
  counts.register();
  const { kernel } = counts;
  return {
    scenario: 'basket-add-on',
    audience: 'member',
    kernel,
    registries,
    bitmaps: [],
    excluded: [],
    ticket: [],
    ticketSize: 0,
    limit: 10,
    growthNow: 1,
    formula: 'shipped',
    relaxations: [],
    explains: false,
    ...asked,
  } as unknown as ServeContext;
}

function found(context: ServeContext, wanted: number) {
  const draft = startDraft(context, wanted);
  eligibility.run(draft);
  candidates.run(draft);
  return draft.candidates;
}

test('where the scenario ranks nothing, the catalogue gives a page and no more', () => {
  const context = contextOf({ excluded: [3] });
  const list = found(context, 40);
  expect(list).toHaveLength(10);
  expect(list.map(({ number }) => number)).not.toContain(3);
  expect(list.every(({ source }) => source.fill?.relaxation === 'filled_from_catalogue')).toBe(
    true,
  );
  // What fills is reported when it is listed, not before.
  expect(context.relaxations).toEqual([]);
});

test('no item stands twice among the candidates, and none that is not eligible', () => {
  const numbers = found(contextOf({ limit: 100, excluded: [1, 2] }), 100).map(
    ({ number }) => number,
  );
  expect(new Set(numbers).size).toBe(38);
  expect(numbers).toHaveLength(38);
});
