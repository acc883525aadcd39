// What is taken of another node's entries, and what is refused: then nothing of it is here.
import { expect, test, vi } from 'vitest';
import { buys, start, withChain } from '../../tests/support/engines.ts';
import { limits } from '../base/limits.ts';
import { beginEntry, stub } from '../log/frame.ts';
import { Store } from '../store/store.ts';
import { Table } from '../store/table.ts';
import type { ForeignEntry } from './apply.ts';

const of = (origin: string, sequence: number, bytes: Buffer = stub): ForeignEntry => ({
  place: { origin, epoch: 5, sequence },
  bytes,
});

test('entries are taken in the order of their origin, each once', () =>
  withChain(async (chain) => {
    const { replication } = await chain.open('a');
    expect(await replication.apply([of('b', 1), of('c', 1), of('b', 2)])).toBe(3);
    expect(await replication.apply([of('b', 1), of('b', 2), of('b', 3)])).toBe(1);
    expect(replication.watermark).toBe('b/5:3,c/5:1');
  }));

test('long entries are taken some in a transaction, and counted together', () =>
  withChain(async (chain) => {
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    const occurredAt = new Date(start).toISOString();
    for (let number = 0; number < 24; number++) {
      const lines = Array.from({ length: limits.purchaseLinesMax }, (_, at) => ({
        itemId: `i-${number % 3}-${at}`,
        quantity: 1,
      }));
      const purchase = { purchaseId: `r${number}`, channel: 'pos' as const, occurredAt, lines };
      await a.writes.ingest([{ kind: 'purchase', purchase }]);
    }
    const entries = a.replication.entriesFrom(1, 100);
    expect(entries).toHaveLength(24);
    const puts = vi.spyOn(Table.prototype, 'put');
    const taken: number[] = [];
    const { transaction } = Store.prototype;
    vi.spyOn(Store.prototype, 'transaction').mockImplementation(function counted<Result>(
      this: Store,
      inside: () => Result,
    ) {
      return transaction.call(this, () => {
        const before = puts.mock.calls.length;
        const result = inside();
        taken.push(puts.mock.calls.length - before);
        return result;
      }) as Promise<Result>;
    });
    try {
      expect(await b.replication.apply(entries)).toBe(entries.length);
    } finally {
      vi.restoreAllMocks();
    }
    // New items of one receipt at a time, or receipts of 2,000 lines until there was enough work.
    expect(Math.max(...taken)).toBeLessThanOrEqual(limits.unknownItemsAtOnce + 8);
    expect(taken.length).toBeGreaterThan(24 / 3);
    expect(b.replication.watermark).toBe(a.replication.watermark);
    expect(b.inspect.digest()).toBe(a.inspect.digest());
    expect(await b.upkeep.verify()).toMatchObject({ ok: true, events: 24 });
  }));

test('with a gap nothing is taken, not even what comes before it', () =>
  withChain(async (chain) => {
    const { replication } = await chain.open('a');
    const taking = replication.apply([of('b', 1), of('b', 3)]);
    await expect(taking).rejects.toMatchObject({
      reason: 'GAP',
      message: 'entry b/5:3 does not follow: 1 is the last one here',
    });
    expect(replication.watermark).toBe('0');
  }));

test('an entry of a kind that nobody knows is named by its place, and nothing is taken', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    await buys(a, 'p', start, 'ann');
    const before = [a.replication.watermark, a.inspect.digest()];
    const unknown = beginEntry(200, chain.nowMs).text('of tomorrow').take();
    const taking = a.replication.apply([of('b', 1), of('b', 2, unknown)]);
    await expect(taking).rejects.toMatchObject({
      code: 'DATA_LOSS',
      message: 'log entry b/5:2 is of the unknown kind 200',
    });
    expect([a.replication.watermark, a.inspect.digest()]).toEqual(before);
  }));

test('more origins than a chain may have are refused by the limit, which counts our own', () =>
  withChain(async (chain) => {
    const { replication } = await chain.open('a');
    const many = Array.from({ length: limits.originsMax }, (_, at) => of(`o${at}`, 1));
    const taking = replication.apply(many);
    await expect(taking).rejects.toMatchObject({
      reason: 'ORIGINS_MAX',
      message: `the chain has ${limits.originsMax + 1} origins; the limit is ${limits.originsMax}`,
    });
    expect(await replication.apply(many.slice(1))).toBe(limits.originsMax - 1);
  }));
