// All receipts of a card that come to count, or cease to, at once: looked at and counted some in
// each turn of the event loop. Counted in work, not in time.
import { expect, test, vi } from 'vitest';
import { withTemporaryFolder } from '../tests/support/folders.ts';
import { type Engine, type Event, limits, openEngine } from './index.ts';
import { Kernel } from './kernel/kernel.ts';

const receipts = 1_200;
const start = Date.parse('2026-04-01T00:00:00Z');
const memberId = 'card';

/** So many on one day that it counts as a shared card. */
function purchase(number: number): Event {
  const occurredAt = new Date(start + number * 60_000).toISOString();
  const lines = [0, 1, 2].map((at) => ({ itemId: `i${(number * 7 + at) % 50}`, quantity: 1 }));
  return {
    kind: 'purchase',
    purchase: { purchaseId: `p${number}`, memberId, channel: 'pos', occurredAt, lines },
  };
}

/** The most calls of a method of the kernel in one turn while `work` runs, and all of them. */
async function callsOf(method: 'estimateChange' | 'beginChange', work: () => Promise<unknown>) {
  const calls = vi.spyOn(Kernel.prototype, method);
  let [most, before] = [0, 0];
  const look = () => {
    most = Math.max(most, calls.mock.calls.length - before);
    before = calls.mock.calls.length;
    next = setImmediate(look);
  };
  let next = setImmediate(look);
  await work();
  clearImmediate(next);
  const all = calls.mock.calls.length;
  calls.mockRestore();
  return { most, all };
}

async function answer(engine: Engine, personalization: boolean, minute: number): Promise<void> {
  const occurredAt = new Date(start + minute * 60_000).toISOString();
  const consent = { memberId, personalization, occurredAt };
  const [result] = await engine.writes.ingest([{ kind: 'consent', consent }]);
  expect(result).toMatchObject({ status: 'created' });
}

test('consent of a card is looked at and counted some receipts a turn', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock: () => start + 30 * 86_400_000 });
    try {
      await engine.writes.ingest(Array.from({ length: receipts }, (_, at) => purchase(at)));
      const digest = engine.inspect.digest();
      const off = await callsOf('beginChange', () => answer(engine, false, 1));
      expect(off.all).toBe(receipts);
      expect(off.most).toBeLessThanOrEqual(limits.countSliceCells / 64);
      expect(engine.inspect.digest()).not.toBe(digest);
      const looked = await callsOf('estimateChange', () => answer(engine, true, 2));
      expect(looked.all).toBe(receipts);
      // Two slices may fall between two looks.
      expect(looked.most).toBeLessThanOrEqual(2 * limits.lookedAheadAtOnce);
      expect(engine.inspect.digest()).toBe(digest);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    } finally {
      await engine.close();
    }
  }));
