// Two members with long histories become one: whether memory holds the whole is looked at in a turn
// of the event loop in which no transaction runs. Counted in work, not in time.
import { expect, test, vi } from 'vitest';
import { withTemporaryFolder } from '../tests/support/folders.ts';
import { Batch } from './events/batch.ts';
import { type Event, limits, openEngine } from './index.ts';
import { Kernel } from './kernel/kernel.ts';

const receiptsOfEach = 400;
const start = Date.parse('2026-01-01T00:00:00Z');
const hours = 3_600_000;

function purchase(memberId: string, number: number): Event {
  const occurredAt = new Date(start + number * 4 * hours).toISOString();
  const lines = [0, 1, 2].map((at) => ({ itemId: `i${(number * 7 + at) % 50}`, quantity: 1 }));
  const purchaseId = `${memberId}-${number}`;
  return {
    kind: 'purchase',
    purchase: { purchaseId, memberId, channel: 'pos', occurredAt, lines },
  };
}

test('the histories of two who become one are looked at beside the transaction, once', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock: () => start + 100 * 24 * hours });
    try {
      for (const memberId of ['ann', 'bob']) {
        const all = Array.from({ length: receiptsOfEach }, (_, at) => purchase(memberId, at));
        await engine.writes.ingest(all);
      }
      let turn = 0;
      const look = (): void => {
        turn += 1;
        next = setImmediate(look);
      };
      let next = setImmediate(look);
      const [looked, inTransaction]: [number[], number[]] = [[], []];
      const { estimateChange } = Kernel.prototype;
      const estimates = vi.spyOn(Kernel.prototype, 'estimateChange').mockImplementation(function (
        this: Kernel,
        change,
      ) {
        if ((change.after?.length ?? 0) > limits.lookedAheadBytes) looked.push(turn);
        return estimateChange.call(this, change);
      });
      const { close } = Batch.prototype;
      const closes = vi.spyOn(Batch.prototype, 'close').mockImplementation(function (this: Batch) {
        inTransaction.push(turn);
        return close.call(this);
      });
      const merge = { memberId: 'ann', fromMemberId: 'bob' };
      const [result] = await engine.writes.ingest([{ kind: 'merge', merge }]);
      clearImmediate(next);
      estimates.mockRestore();
      closes.mockRestore();
      expect(result).toMatchObject({ status: 'created' });
      expect(looked).toHaveLength(1);
      expect(inTransaction).toHaveLength(2);
      expect(inTransaction).not.toContain(looked[0]);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    } finally {
      await engine.close();
    }
  }));
