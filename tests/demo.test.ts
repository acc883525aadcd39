// The demo chain in a real engine: it loads once, and its lists make a shopkeeper nod.
import { expect, test } from 'vitest';
import {
  type Engine,
  openEngine,
  type RecommendRequestInput,
  recommendRequestSchema,
} from '../engine/index.ts';
import { loadDemo } from '../server/demo/load-demo.ts';
import { withTemporaryFolder } from './support/folders.ts';

const now = Date.parse('2026-11-22T15:30:00+08:00');

function listOf(engine: Engine, request: RecommendRequestInput): string[] {
  return engine.lists
    .recommend(recommendRequestSchema.parse(request))
    .items.map((item) => item.itemId);
}

test('the demo chain loads whole, loads once, and answers as a shopkeeper would', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock: () => now });
    try {
      const summary = await loadDemo(engine, { now });
      const { events, members, items, stores } = engine.status();
      expect(events).toBe(summary.purchases + summary.items + summary.stores);
      expect([members, items, stores]).toEqual([summary.members, summary.items, summary.stores]);

      const beans = listOf(engine, { scenario: 'bought-together', itemId: 'beans-yunnan' });
      expect(beans.slice(0, 6)).toEqual(expect.arrayContaining(['filter-v', 'mug-ceramic']));
      const yoga = listOf(engine, { scenario: 'bought-together', itemId: 'yoga-set' });
      expect(yoga.slice(0, 3)).toContain('yoga-mat');
      const late = listOf(engine, { scenario: 'popular', daypart: 'late', limit: 5 });
      expect(late).toEqual(expect.arrayContaining(['noodles-beef', 'sausage-corn']));
      const basket = [{ itemId: 'hotpot-spicy' }];
      const added = listOf(engine, { scenario: 'basket-add-on', basket });
      expect(added.slice(0, 5)).toContain('beef-roll');
      const [coffee, baby] = summary.highlights.members.map(({ memberId }) => memberId);
      const again = listOf(engine, { scenario: 'buy-again', memberId: coffee!, limit: 3 });
      expect(again.some((itemId) => itemId.startsWith('beans-'))).toBe(true);
      const next = listOf(engine, { memberId: baby!, limit: 30 });
      const rank = (stage: RegExp) => next.findIndex((itemId) => stage.test(itemId));
      expect(rank(/^formula-.*-3$/)).toBeGreaterThanOrEqual(0);
      expect(rank(/^formula-.*-1$/)).toBe(-1);

      const digest = engine.inspect.digest();
      await loadDemo(engine, { now });
      expect(engine.inspect.digest()).toBe(digest);
    } finally {
      await engine.close();
    }
  }));
