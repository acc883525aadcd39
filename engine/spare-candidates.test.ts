// Candidates to spare change no list: whoever looks for four times as many finds the same first.
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../tests/support/folders.ts';
import { itemSchema, storeSchema } from './catalogue/shapes.ts';
import type { Engine } from './engine.ts';
import { purchaseSchema } from './events/purchase.ts';
import { openEngine } from './open.ts';
import type { Stage } from './serve/draft.ts';
import { stages } from './serve/pipeline.ts';
import { recommendRequestSchema, scenarios } from './serve/request.ts';

const clockMs = Date.parse('2026-05-01T12:00:00Z');

/** Sixty items, a dozen of them never sold, and thirty members who come back. */
async function teach(engine: Engine): Promise<void> {
  const catalogue = Array.from({ length: 60 }, (_, at) => ({
    kind: 'item' as const,
    item: itemSchema.parse({ itemId: `i${at}`, name: `tea ${at % 7}`, category: [`c${at % 5}`] }),
  }));
  const stores = ['s1', 's2'].map((storeId) => ({
    kind: 'store' as const,
    store: storeSchema.parse({ storeId, city: '上海' }),
  }));
  const sales = Array.from({ length: 240 }, (_, at) => ({
    kind: 'purchase' as const,
    purchase: purchaseSchema.parse({
      purchaseId: `p${at}`,
      memberId: `m${at % 30}`,
      storeId: at % 3 === 0 ? 's2' : 's1',
      occurredAt: new Date(clockMs - (240 - at) * 3_600_000).toISOString(),
      lines: [1, 5, 11].map((step) => ({ itemId: `i${(at * step + step) % 48}`, quantity: 1 })),
    }),
  }));
  await engine.writes.ingest([...catalogue, ...stores, ...sales], { trustsDays: true });
  await engine.upkeep.settle();
}

function lists(engine: Engine): unknown[] {
  const asked = scenarios.flatMap((scenario) =>
    [1, 10, 25, 100].flatMap((limit) =>
      [{}, { storeId: 's2' }, { basket: [{ itemId: 'i3' }], explain: true }].map((more) =>
        recommendRequestSchema.parse({ scenario, memberId: 'm4', itemId: 'i1', limit, ...more }),
      ),
    ),
  );
  return asked.map((request) => {
    const { recommendationId: _, ...reply } = engine.lists.recommend(request);
    return reply;
  });
}

test('every list is the same with candidates to spare and without', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock: () => clockMs });
    const row = stages as Stage[];
    const spare: Stage = { name: 'spare', run: () => {}, needsSpare: () => true };
    try {
      await teach(engine);
      const expected = lists(engine);
      row.splice(
        row.findIndex(({ name }) => name === 'rules'),
        0,
        spare,
      );
      expect(lists(engine)).toEqual(expected);
    } finally {
      if (row.includes(spare)) row.splice(row.indexOf(spare), 1);
      await engine.close();
    }
  }));
