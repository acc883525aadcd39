// Receipts that sell an item under one of its ids and take it back under another.
import { expect, test } from 'vitest';
import { type Event, itemSchema, openEngine, purchaseSchema } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const first = Date.parse('2026-06-01T02:00:00Z');
const named = (itemId: string): Event => ({ kind: 'item', item: itemSchema.parse({ itemId }) });
const merge = (itemId: string, into: string): Event => {
  return { kind: 'itemMerge', itemMerge: { itemId, into } };
};

test('a line that takes back an item under its other id is netted with the line that sold it', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock: () => first });
    const ticket = (purchaseId: string, lines: readonly object[], more: object = {}): Event => ({
      kind: 'purchase',
      purchase: purchaseSchema.parse({
        ...{ purchaseId, occurredAt: new Date(first).toISOString(), lines },
        ...more,
      }),
    });
    const line = (itemId: string, quantity: number) => ({ itemId, quantity });
    const before = ticket('before', [line('tea', 1), line('old', 1), line('milk', -1)], {
      partial: true,
    });
    const statuses = async (...events: readonly Event[]) =>
      (await engine.writes.ingest(events)).map(({ status }) => status);
    try {
      expect(await statuses(named('milk'), named('old'), before)).toContain('created');
      expect(await statuses(merge('old', 'milk'))).toEqual(['created']);
      const lines = [line('old', 2), line('tea', 1), line('milk', -1)];
      const events = [ticket('p', lines), ticket('q', [line('milk', 1), line('old', -1)])];
      expect(await statuses(...events, ...events, before)).toEqual([
        ...['created', 'voided', 'duplicate', 'voided'],
        'duplicate',
      ]);
      // Its own id goes first.
      const both = [line('old', 1), line('milk', 1), line('milk', -1), line('old', -1)];
      expect(await statuses(ticket('r', [...both, line('tea', 1)]))).toEqual(['created']);
      // Without its other id the second sells what the first came to, and takes back more.
      const sold = ticket('s', [line('old', 3), line('milk', 2), line('milk', -3)]);
      const changed = [line('old', 2), line('milk', 1), line('milk', -3)];
      expect(await statuses(sold, ticket('s', changed), sold)).toEqual([
        ...['created', 'conflict', 'duplicate'],
      ]);
      const rows = [...engine.records.receipts()].map(
        ({ purchaseId, itemId, quantity }) => `${purchaseId} ${itemId} ${quantity}`,
      );
      const ofOthers = ['before tea 1', 'before old 1', 'p old 1', 'p tea 1', 'r tea 1'];
      expect(rows).toEqual([...ofOthers, 's old 2']);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    } finally {
      await engine.close();
    }
  }));
