// Tests of which receipts share a transaction.
import { afterEach, expect, test, vi } from 'vitest';
import { withTemporaryFolder } from '../tests/support/folders.ts';
import { Batch } from './events/batch.ts';
import { type Event, openEngine } from './index.ts';
import { Store } from './store/store.ts';

afterEach(() => vi.restoreAllMocks());

/** Of each writer, who sends one receipt after another and waits for each. */
const receiptsOfEach = 40;
const occurredAt = '2026-06-01T09:00:00Z';

function receipt(purchaseId: string): Event {
  const lines = [{ itemId: 'latte', quantity: 1 }];
  return { kind: 'purchase', purchase: { purchaseId, channel: 'pos', occurredAt, lines } };
}

test('writers who came at two times share their transactions soon', () =>
  withTemporaryFolder(async (dataDir) => {
    const clock = () => Date.parse(occurredAt);
    const engine = await openEngine({ dataDir, clock });
    // However slow the machine is: what is full by the time that it took is not what is tried.
    vi.spyOn(Batch.prototype, 'isFull', 'get').mockReturnValue(false);
    const transactions = vi.spyOn(Store.prototype, 'transaction');
    const writer = async (name: string): Promise<void> => {
      for (let nth = 0; nth < receiptsOfEach; nth++) {
        await engine.writes.ingest([receipt(`${name}-${nth}`)]);
      }
    };
    try {
      const early = [1, 2, 3, 4, 5].map((nth) => writer(`early-${nth}`));
      // The first transaction is on its way to the disk, without those who come now.
      await vi.waitUntil(() => transactions.mock.calls.length > 0, { interval: 0 });
      const late = [1, 2, 3, 4, 5].map((nth) => writer(`late-${nth}`));
      await Promise.all([...early, ...late]);
      // Five of one group and five of the other by turns would be 80.
      expect(transactions.mock.calls.length).toBeLessThan(receiptsOfEach + 10);
    } finally {
      await engine.close();
    }
  }));
