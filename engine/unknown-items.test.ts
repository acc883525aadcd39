// A receipt of very many items that nobody has heard of: registered some at a time before it
// counts, so that no turn of the event loop takes in all of them.
import { expect, test, vi } from 'vitest';
import { withTemporaryFolder } from '../tests/support/folders.ts';
import { type Engine, type Event, limits, openEngine } from './index.ts';
import { Store } from './store/store.ts';
import { Table } from './store/table.ts';

const lineCount = limits.purchaseLinesMax;

function receiptOfNew(purchaseId: string, occurredAt = new Date().toISOString()): Event {
  const lines = Array.from({ length: lineCount }, (_, at) => ({
    itemId: `${purchaseId}-${at}`,
    quantity: 1,
  }));
  return { kind: 'purchase', purchase: { purchaseId, channel: 'pos', occurredAt, lines } };
}

/** The puts of each transaction while `work` runs. */
async function putsOf(work: () => Promise<unknown>): Promise<number[]> {
  const counts: number[] = [];
  const puts = vi.spyOn(Table.prototype, 'put');
  const { transaction } = Store.prototype;
  const transactions = vi.spyOn(Store.prototype, 'transaction').mockImplementation(function counted<
    Result,
  >(this: Store, inside: () => Result) {
    return transaction.call(this, () => {
      const before = puts.mock.calls.length;
      const result = inside();
      counts.push(puts.mock.calls.length - before);
      return result;
    }) as Promise<Result>;
  });
  try {
    await work();
    return counts;
  } finally {
    transactions.mockRestore();
    puts.mockRestore();
  }
}

const idsOf = (engine: Engine) => [...engine.catalogue.items()].map(({ itemId }) => itemId);

test('no transaction registers more than some of the new items of a receipt', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir });
    try {
      const puts = await putsOf(async () => {
        const events = [receiptOfNew('first'), receiptOfNew('second')];
        const results = await engine.writes.ingest(events);
        expect(results.map(({ status }) => status)).toEqual(['created', 'created']);
      });
      expect(puts.length).toBeGreaterThanOrEqual((2 * lineCount) / limits.unknownItemsAtOnce);
      // Beside the items the entry itself, its id and the newest day.
      expect(Math.max(...puts)).toBeLessThanOrEqual(limits.unknownItemsAtOnce + 8);
      expect(idsOf(engine)).toHaveLength(2 * lineCount);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true, events: 2 });
    } finally {
      await engine.close();
    }
  }));

test('what is registered ahead is nothing that anybody sees, also after a start', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir });
    const { transaction } = Store.prototype;
    let transactions = 0;
    vi.spyOn(Store.prototype, 'transaction').mockImplementation(function counted<Result>(
      this: Store,
      inside: () => Result,
    ) {
      transactions += 1;
      if (transactions > 3) return Promise.reject(new Error('the disk is gone'));
      return transaction.call(this, inside) as Promise<Result>;
    });
    try {
      await expect(engine.writes.ingest([receiptOfNew('torn')])).rejects.toThrow(
        'the disk is gone',
      );
    } finally {
      vi.restoreAllMocks();
    }
    expect(idsOf(engine)).toEqual([]);
    await engine.close();
    const again = await openEngine({ dataDir });
    try {
      await again.ready;
      expect(idsOf(again)).toEqual([]);
      expect(await again.upkeep.verify()).toMatchObject({ ok: true, events: 0 });
      const [result] = await again.writes.ingest([receiptOfNew('torn')]);
      expect(result).toMatchObject({ status: 'created' });
      expect(idsOf(again)).toHaveLength(lineCount);
      expect(await again.upkeep.verify()).toMatchObject({ ok: true, events: 1 });
    } finally {
      await again.close();
    }
  }));

test('a receipt whose new items have no room is refused before one of them is registered', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, catalogueMaxBytes: 1_000_000 });
    try {
      const puts = await putsOf(() =>
        expect(engine.writes.ingest([receiptOfNew('wide')])).rejects.toMatchObject({
          code: 'RESOURCE_EXHAUSTED',
          reason: 'CATALOGUE_FULL',
        }),
      );
      expect(puts).toEqual([]);
    } finally {
      await engine.close();
    }
  }));

test('a receipt that is refused registers nothing', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir });
    try {
      const puts = await putsOf(async () => {
        const [result] = await engine.writes.ingest([
          receiptOfNew('early', '2999-01-01T00:00:00Z'),
        ]);
        expect(result).toMatchObject({ status: 'rejected' });
      });
      expect(Math.max(...puts)).toBe(0);
    } finally {
      await engine.close();
    }
  }));
