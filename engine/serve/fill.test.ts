// Filling a list costs about what it lists, however large the catalogue is.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { ItemMerges } from '../catalogue/merges.ts';
import { Registry } from '../catalogue/registry.ts';
import type { Item, StoreProfile as Store } from '../catalogue/shapes.ts';
import { Counts } from '../counting/counts.ts';
import type { ServeContext } from './context.ts';
import { startDraft } from './draft.ts';
import { fill } from './fill.ts';
import { eligibility } from './stages/eligibility.ts';

const { h64 } = await xxhash();

/** Of these only the first `reported` were ever said anything of: the others somebody bought. */
function catalogue(size: number, reported = size) {
  const items = new Registry<Item>((id) => h64(id), 0, { groupOf: ({ status }) => status });
  const stores = new Registry<Store>((id) => h64(id), 1, { groupOf: ({ city }) => city });
  for (let at = 0; at < size; at++) {
    const status = at % 4 === 0 ? 'inactive' : 'active';
    items.push(`i${at}`, { itemId: `i${at}`, status }, at < reported ? 1 : 0);
  }
  return { items, stores, merges: new ItemMerges((number) => items.idOf(number)) };
}

/** A stranger's list of so many items; `asked` counts how often the kernel is asked. */
function contextOf(registries: ReturnType<typeof catalogue>, limit: number) {
  const halfLives = { pairDays: null, popularityDays: null };
  const counts = new Counts(registries, halfLives, 0);
  counts.register();
  const { kernel } = counts;
  const asked = { times: 0, items: 0 };
  const eligibleOf = kernel.eligibleOf.bind(kernel);
  kernel.eligibleOf = (items, most) => {
    asked.times += 1;
    asked.items += items.length;
    return eligibleOf(items, most);
  };
  const context = {
    scenario: 'guess-you-like',
    kernel,
    registries,
    limit,
    bitmaps: [],
    excluded: [],
    growthNow: 1,
    storeNumber: undefined,
    daypart: undefined,
    relaxations: [],
    explains: false,
  } as unknown as ServeContext;
  return { context, asked };
}

/** The filled list of a request that excludes these. */
function filled(context: ServeContext, excluded: readonly number[] = []) {
  eligibility.run(startDraft({ ...context, excluded }, context.limit));
  return fill(context, [], context.limit);
}

test('a list from the catalogue is its first active items by id hash', () => {
  const registries = catalogue(2_000);
  const { context } = contextOf(registries, 50);
  const numbers = Array.from({ length: 2_000 }, (_, number) => number);
  const { items } = registries;
  const expected = numbers
    .filter((number) => items.valueOf(number).status === 'active')
    .sort((a, b) => (items.hashOf(a) < items.hashOf(b) ? -1 : 1))
    .slice(0, 50);
  const list = filled(context);
  expect(list.map(({ number }) => number)).toEqual(expected);
  expect(new Set(list.map(({ source }) => source.fill?.relaxation))).toEqual(
    new Set(['filled_from_catalogue']),
  );
});

test('of 20,000 items a list looks at the first few hundred', () => {
  const registries = catalogue(20_000);
  const { context, asked } = contextOf(registries, 20);
  const list = filled(context);
  expect(list).toHaveLength(20);
  expect(asked).toMatchObject({ times: 1 });
  const barred = list.map(({ number }) => number);
  const others = filled(context, barred);
  expect(others.map(({ number }) => number).some((number) => barred.includes(number))).toBe(false);
  expect(asked).toMatchObject({ times: 2 });
});

test('what only somebody bought who was erased is passed some hundred at a time', () => {
  const registries = catalogue(20_000, 8);
  const { context, asked } = contextOf(registries, 20);
  const list = filled(context).map(({ number }) => number);
  expect([...list].sort((a, b) => a - b)).toEqual([1, 2, 3, 5, 6, 7]);
  // Each active item is asked about once, and never by itself.
  expect(asked.items).toBe(15_000);
  expect(asked.times).toBeLessThan(15_000 / 200);
});

test('an item that is taken off the shelf leaves the order, and comes back to its place', () => {
  const registries = catalogue(100);
  const { context } = contextOf(registries, 10);
  const before = filled(context).map(({ number }) => number);
  const [, second] = before as [number, number];
  const { itemId } = registries.items.valueOf(second);
  registries.items.replace(second, { itemId, status: 'inactive' }, 2);
  const without = filled(context).map(({ number }) => number);
  expect(without.slice(0, 9)).toEqual(before.filter((number) => number !== second));
  registries.items.replace(second, { itemId, status: 'active' }, 3);
  expect(filled(context).map(({ number }) => number)).toEqual(before);
});
