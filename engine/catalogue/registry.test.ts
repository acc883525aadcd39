// A registry through all that can happen to it, transactions that are taken back among it: its
// orders are those of a registry that was made of what is left.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { createRandom } from '../base/random.ts';
import { compareByHash, Registry } from './registry.ts';

const { h64 } = await xxhash();

interface Place {
  readonly id: string;
  readonly city?: string | undefined;
}

const registry = (hash: (id: string) => bigint = (id) => h64(id)) =>
  new Registry<Place>(hash, 1, { groupOf: ({ city }) => city });

/** All that the orders tell: ids page by page, and the numbers of each city. */
function orderOf(places: Registry<Place>, cities: readonly string[]) {
  return {
    ids: [...places.entries(() => true)].map(({ id }) => id),
    cities: cities.map((city) => [...places.inGroup(city)].flat().map((n) => places.idOf(n))),
  };
}

test('after upserts, and transactions that are taken back, both orders are as if made anew', () => {
  const { integer, chance } = createRandom(11);
  const cities = ['a', 'b', 'c'];
  const drawCity = () => (chance(0.2) ? undefined : cities[integer(3)]);
  for (let round = 0; round < 30; round++) {
    const places = registry();
    const kept = new Map<string, Place>();
    for (let batch = 0; batch < 20; batch++) {
      const size = places.size;
      const undo: (() => void)[] = [];
      const written: Place[] = [];
      for (let step = 0; step < 10; step++) {
        const place = { id: `store-${integer(400)}`, city: drawCity() };
        const known = places.numberOf(place.id);
        const number = known ?? places.push(place.id, place, 0);
        const before = places.valueOf(number);
        if (known !== undefined) undo.unshift(() => places.replace(number, before, 1));
        places.replace(number, place, 1);
        written.push(place);
      }
      if (chance(0.5)) for (const place of written) kept.set(place.id, place);
      else {
        for (const step of undo) step();
        places.truncate(size);
      }
    }
    const anew = registry();
    for (const place of kept.values()) anew.push(place.id, place, 1);
    expect(orderOf(places, cities)).toEqual(orderOf(anew, cities));
    const ids = [...kept.keys()].sort((a, b) => (a < b ? -1 : 1));
    expect(orderOf(places, cities).ids).toEqual(ids);
    for (const id of [...ids.slice(0, 5), 'store-2', '']) {
      const after = [...places.entries(() => true, id)].map((place) => place.id);
      expect(after).toEqual(ids.filter((each) => each > id));
    }
  }
});

test('equal hashes stand in the order of their ids', () => {
  const places = registry(() => 5n);
  const ids = ['b', 'é', 'a', '猫', 'Z'];
  for (const id of ids) places.push(id, { id, city: 'x' }, 0);
  const inOrder = [...places.inGroup('x')].flat().map((number) => places.idOf(number));
  const bytes = (id: string) => Buffer.from(id);
  expect(inOrder).toEqual(ids.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b))));
  expect(compareByHash(places, 1, 1)).toBe(0);
  expect(places.hashOf(1)).toBe(5n);
});

test('what is asked for is found among many ids, however long and alike they are', () => {
  const places = registry();
  const ids = Array.from({ length: 5_000 }, (_, at) => `${'x'.repeat(50)}${at}${'y'.repeat(50)}`);
  for (const id of ids) places.push(id, { id }, 0);
  expect(ids.map((id) => places.numberOf(id))).toEqual(ids.map((_, at) => at + 1));
  places.truncate(2_500);
  expect(ids.map((id) => places.numberOf(id) ?? 0)).toEqual(
    ids.map((_, at) => (at < 2_500 ? at + 1 : 0)),
  );
});
