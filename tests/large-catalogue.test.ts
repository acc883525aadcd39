// A large catalogue from outside: a start that answers at once and finds what is alike when nothing
// is asked, and popularity of a city that is summed up within bounds.
import { expect, test, vi } from 'vitest';
import {
  type Engine,
  type Event,
  limits,
  openEngine,
  recommendRequestSchema,
} from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const noon = '2026-05-01T12:00:00+08:00';

async function send(engine: Engine, events: readonly Event[]): Promise<void> {
  for (let at = 0; at < events.length; at += 1_000) {
    const results = await engine.writes.ingest(events.slice(at, at + 1_000));
    expect(results.every(({ status }) => status === 'created')).toBe(true);
  }
}

const itemEvents = (count: number): Event[] =>
  Array.from({ length: count }, (_, at) => ({
    kind: 'item',
    item: {
      itemId: `item-${at}`,
      name: `货品 noun${at % 700} ${at % 90}g`,
      category: [`shelf ${at % 12}`, `shelf ${at % 300}`],
      status: 'active',
    },
  }));

const listed = (engine: Engine, asked: object) =>
  engine.lists.recommend(recommendRequestSchema.parse(asked));

test('after a start lists come at once, and what is alike is found while nothing is asked', () =>
  withTemporaryFolder(async (dataDir) => {
    const similar = { scenario: 'similar', itemId: 'item-0', limit: 20 };
    const before = await openEngine({ dataDir });
    await send(before, itemEvents(8_000));
    await before.upkeep.settle();
    const { items } = listed(before, similar);
    expect(items).toHaveLength(20);
    expect(items.every(({ reasons }) => reasons[0]?.type === 'alike')).toBe(true);
    await before.close();
    const after = await openEngine({ dataDir });
    try {
      // Of 8,000 items a part is read by now; the list is filled from the others.
      const first = listed(after, similar);
      expect(first.items).toHaveLength(20);
      expect(first.items).not.toEqual(items);
      await vi.waitFor(() => expect(listed(after, similar).items).toEqual(items), 30_000);
      await after.upkeep.settle();
      expect(listed(after, similar).items).toEqual(items);
    } finally {
      await after.close();
    }
  }));

test('until the catalogue is read, an item is not unknown but not ready', () =>
  withTemporaryFolder(async (dataDir) => {
    const before = await openEngine({ dataDir });
    await send(before, itemEvents(1_000));
    await before.close();
    const engine = await openEngine({ dataDir, openAtOnce: true });
    try {
      expect(engine.status().waitingFor).toBe('reading the catalogue');
      for (const ask of [
        () => engine.catalogue.item('item-1'),
        () => engine.catalogue.store('s'),
        () => engine.catalogue.items(),
      ])
        expect(ask).toThrow('not ready: reading the catalogue');
      await engine.ready;
      expect(engine.catalogue.item('item-1')?.itemId).toBe('item-1');
      expect([...engine.catalogue.items()]).toHaveLength(1_000);
    } finally {
      await engine.close();
    }
  }));

test('what sells in a large city is summed over as many of its stores as time allows', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock: () => Date.parse(noon) });
    const lines = Array.from({ length: limits.purchaseLinesMax }, (_, at) => ({
      itemId: `item-${at}`,
      quantity: 1,
    }));
    // As many of them as are summed, if each sells that many items at one time of day; a row costs
    // 64 cells beside its own.
    const summed = Math.floor(limits.cityCellsMax / (limits.purchaseLinesMax + 64));
    const openStore = (storeId: string): Event => ({
      kind: 'store',
      store: { storeId, city: '上海' },
    });
    const sell = (storeId: string): Event => ({
      kind: 'purchase',
      purchase: { purchaseId: `r-${storeId}`, storeId, channel: 'pos', occurredAt: noon, lines },
    });
    try {
      await send(engine, [openStore('new'), openStore('first'), sell('first')]);
      const asked = { scenario: 'popular', storeId: 'new', limit: 5 };
      const reasonsOf = () => listed(engine, asked).items.map(({ reasons: [reason] }) => reason);
      expect(reasonsOf()).toEqual(Array(5).fill({ type: 'popular_in_city', count: 1 }));
      for (let store = 1; store < summed; store++) {
        await send(engine, [openStore(`store-${store}`), sell(`store-${store}`)]);
      }
      expect(reasonsOf()).toEqual(Array(5).fill({ type: 'popular_in_city', count: summed }));
      await send(engine, [openStore('one-more'), sell('one-more')]);
      expect(reasonsOf()).toEqual(Array(5).fill({ type: 'popular_in_city', count: summed }));
    } finally {
      await engine.close();
    }
  }));
