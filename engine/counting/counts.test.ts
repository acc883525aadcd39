// What counts keep beside the numbers: the room they take, and which items there are to be listed.
import { expect, test } from 'vitest';
import { historyEntry } from '../../tests/support/history-entries.ts';
import { ItemMerges } from '../catalogue/merges.ts';
import { Registry } from '../catalogue/registry.ts';
import type { Item, StoreProfile as Store } from '../catalogue/shapes.ts';
import { encodeEntry } from '../history/entry.ts';
import { Counts } from './counts.ts';

const day = 86_400_000;
const newestDay = 20_000;
const itemCount = 400;
const halfLives = { pairDays: 60, popularityDays: 30 };

function countsOfManyItems(): Counts {
  // Any hash will do, as long as it keeps the order of the lines.
  const items = new Registry<Item>((id) => BigInt(id), 0);
  const stores = new Registry<Store>(() => 7n, 1);
  for (let number = 1; number <= itemCount; number++) {
    items.push(String(number), { itemId: String(number), status: 'active' }, 0);
  }
  const merges = new ItemMerges((number) => items.idOf(number));
  const counts = new Counts({ items, stores, merges }, halfLives, newestDay);
  counts.register();
  return counts;
}

/** A history of one receipt a day, each of the items of one list. */
function historyOf(...baskets: readonly (readonly number[])[]): Buffer {
  const entries = baskets.map((items, at) =>
    encodeEntry({
      ...historyEntry(at + 1, items),
      occurredAtMs: (newestDay - baskets.length + at) * day,
    }),
  );
  return Buffer.concat(entries);
}

const firstItems = (count: number) => Array.from({ length: count }, (_, number) => number);
const nothing = undefined;

test('what is taken back gives back its memory, however often', () => {
  const counts = countsOfManyItems();
  const { run } = counts.kernel;
  const usedAfterRound = (size: number) => {
    const history = historyOf(firstItems(size), firstItems(size));
    counts.kernel.apply({ before: nothing, after: history, isMember: true });
    counts.kernel.apply({ before: history, after: nothing, isMember: true });
    return run.usedBytes();
  };
  const used = usedAfterRound(40);
  for (let round = 0; round < 5; round++) expect(usedAfterRound(40)).toBe(used);
  expect(run.cellCount()).toBe(0);
  expect(counts.kernel.digest()).toBe('0000000000000000');
});

test('a row that was long takes little memory once it is short', () => {
  const counts = countsOfManyItems();
  const { run } = counts.kernel;
  const short = historyOf(firstItems(3));
  const long = historyOf(firstItems(120));
  counts.kernel.apply({ before: nothing, after: long, isMember: false });
  counts.kernel.apply({ before: long, after: nothing, isMember: false });
  counts.kernel.apply({ before: nothing, after: short, isMember: false });
  const used = run.usedBytes();
  counts.kernel.apply({ before: nothing, after: long, isMember: false });
  expect(run.usedBytes()).toBeGreaterThan(used + 120 * 120 * 16);
  counts.kernel.apply({ before: long, after: nothing, isMember: false });
  // Of 120 × 120 cells nine are left; rows may keep a few slots more than before.
  expect(run.usedBytes()).toBeLessThan(used + 1_000);
});

test('counts grow with little more room than their cells need', () => {
  const counts = countsOfManyItems();
  const { run } = counts.kernel;
  // The receipts of each day since 1970 take their room once.
  counts.kernel.apply({ before: nothing, after: historyOf(firstItems(1)), isMember: false });
  const used = run.usedBytes();
  // Tickets that overlap, so that rows have up to 240 cells.
  for (let first = 0; first < 280; first += 40) {
    const items = firstItems(120).map((number) => number + first);
    counts.kernel.apply({ before: nothing, after: historyOf(items), isMember: false });
  }
  const bytesPerCell = (run.usedBytes() - used) / run.cellCount();
  // 16 for the cell, at most 20/17 of it for free slots, and 5/4 for the size class.
  expect(bytesPerCell).toBeLessThan(16 * (20 / 17) * (5 / 4) * 1.05);
});

test('what nothing was said of may be listed for as long as receipts hold it', () => {
  const counts = countsOfManyItems();
  const { run } = counts.kernel;
  const item = 0;
  const mayBeListed = () => {
    run.askBitmaps(0, 0, 0);
    return [counts.knowsItem(item), Boolean(run.isEligible(item))];
  };
  expect(mayBeListed()).toEqual([false, false]);
  const history = historyOf([item]);
  counts.kernel.apply({ before: undefined, after: history, isMember: true });
  expect(mayBeListed()).toEqual([true, true]);
  counts.kernel.apply({ before: history, after: undefined, isMember: true });
  expect(mayBeListed()).toEqual([false, false]);
  counts.registries.items.replace(item, { itemId: '1', status: 'active' }, 3);
  counts.refreshItems([item]);
  expect(mayBeListed()).toEqual([true, true]);
});
