// What sells best in a long row, found without reading it whole.
import { expect, test } from 'vitest';
import { historyEntry } from '../../tests/support/history-entries.ts';
import { createRandom, type Random } from '../base/random.ts';
import { encodeEntry } from '../history/entry.ts';
import { Kernel, scopeOf } from '../kernel/kernel.ts';

const firstDay = 20_000;
/** Larger receipts pair with nothing: only popularity counts. */
const lines = 150;
const store = 1;
/** The whole day of a store; that of the chain has a short list of its own besides. */
const storeDay = scopeOf(store, undefined);
const chainDay = scopeOf(0, undefined);

const hashOf = (item: number) => BigInt.asUintN(64, (BigInt(item) + 1n) * 0x9e3779b97f4a7c15n);

function kernelOf(items: number): Kernel {
  const kernel = new Kernel({ build: 'debug' });
  kernel.setDecay({
    halfLifeDays: 60,
    landmarkDay: firstDay,
    popularityHalfLifeDays: 30,
    popularityLandmarkDay: firstDay,
  });
  for (let item = 0; item < items; item++) kernel.run.addItem(hashOf(item));
  kernel.run.pushStore(1n);
  return kernel;
}

function ticket(items: readonly number[], day: number, daypart: number): Buffer {
  const occurredAtMs = (firstDay + day) * 86_400_000;
  return encodeEntry({ ...historyEntry(1, [...items]), occurredAtMs, daypart, storeNumber: store });
}

const count = (kernel: Kernel, after: Buffer | undefined, before?: Buffer) =>
  kernel.apply({ before, after, isMember: false });

/** Every item once, on the same day: all sell the same. */
function sellAll(kernel: Kernel, items: number, daypart: number): void {
  for (let from = 0; from < items; from += lines) {
    const numbers = Array.from({ length: Math.min(lines, items - from) }, (_, at) => from + at);
    count(kernel, ticket(numbers, 0, daypart));
  }
}

function best(kernel: Kernel, most: number, scope = storeDay): number[] {
  kernel.run.startRequest(most, 1);
  kernel.run.offerScope(scope);
  return kernel.results().map(({ item }) => item);
}

/** The same by reading and sorting all of it. */
function sorted(kernel: Kernel, most: number, scope = storeDay): number[] {
  return kernel
    .row('scope', scope)
    .filter(({ key, weight }) => weight > 0n && kernel.run.isEligible(key))
    .map(({ key, weight }) => ({ key, hash: hashOf(key), score: Math.fround(Number(weight)) }))
    .sort((a, b) => b.score - a.score || (a.hash < b.hash ? -1 : 1))
    .slice(0, most)
    .map(({ key }) => key);
}

/** Some sell, some are taken back, some may not be listed, in a row that grows and shrinks. */
function shake(kernel: Kernel, items: number, random: Random): void {
  const tickets: Buffer[] = [];
  for (let round = 0; round < 120; round++) {
    const isGrowing = round % 60 < 45;
    if (isGrowing || tickets.length === 0) {
      const numbers = new Set(Array.from({ length: lines }, () => random.integer(items)));
      tickets.push(ticket([...numbers], random.integer(3), random.integer(6)));
      count(kernel, tickets.at(-1));
    } else {
      for (let nth = 0; nth < 3 && tickets.length > 0; nth++) {
        const [gone] = tickets.splice(random.integer(tickets.length), 1);
        count(kernel, undefined, gone);
      }
    }
    kernel.run.setCatalogued(random.integer(items), random.integer(2) === 0, false);
    const most = 1 + random.integer(100);
    for (const scope of [storeDay, chainDay]) {
      expect(best(kernel, most, scope)).toEqual(sorted(kernel, most, scope));
    }
  }
}

test('what is found of a long row is what sorting all of it finds', { timeout: 120_000 }, () => {
  const kernel = kernelOf(30_000);
  sellAll(kernel, 30_000, 2);
  shake(kernel, 30_000, createRandom(7));
});

test('a row that is short is read whole', () => {
  const kernel = kernelOf(900);
  sellAll(kernel, 900, 1);
  expect(best(kernel, 100)).toEqual(sorted(kernel, 100));
});

const slotsReadFor = (kernel: Kernel, most: number, scope = storeDay): number => {
  const before = Number(kernel.run.slotsRead.value);
  expect(best(kernel, most, scope)).toEqual(sorted(kernel, most, scope));
  return Number(kernel.run.slotsRead.value) - before;
};

test('a list reads a small part of a row that has been learnt', () => {
  const items = 60_000;
  const kernel = kernelOf(items);
  sellAll(kernel, items, 3);
  for (let row = 0; ; ) {
    row = kernel.run.settleRows(row, 10_000);
    if (row === 0) break;
  }
  expect(slotsReadFor(kernel, 100)).toBeLessThan(items / 3);
  expect(slotsReadFor(kernel, 20)).toBeLessThan(items / 10);
});

test('where nothing was learnt while nobody asked, lists learn a row bit by bit', () => {
  const items = 60_000;
  const kernel = kernelOf(items);
  sellAll(kernel, items, 3);
  const read = Array.from({ length: 8 }, () => slotsReadFor(kernel, 20));
  expect(read[0]).toBeGreaterThan(items);
  expect(read[1]).toBeLessThan(read[0]!);
  expect(read[7]).toBeLessThan(items / 10);
});

test('what sells best in the chain is read from its short list, unless too much is barred', () => {
  const items = 6_000;
  const kernel = kernelOf(items);
  sellAll(kernel, items, 3);
  // Each of a hundred sells another number of times.
  for (let more = 0; more < 100; more++) {
    count(
      kernel,
      ticket(
        Array.from({ length: 100 - more }, (_, item) => item),
        1,
        3,
      ),
    );
  }
  expect(slotsReadFor(kernel, 20, chainDay)).toBe(0);
  for (let item = 0; item < 90; item++) kernel.run.setCatalogued(item, false, true);
  expect(slotsReadFor(kernel, 20, chainDay)).toBeGreaterThan(0);
});
