// A card with very many receipts costs what the same receipts of many members cost: counted in what
// is written and read, not in time.
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { withTemporaryFolder } from '../tests/support/folders.ts';
import { type Engine, type Event, openEngine } from './index.ts';
import { Table } from './store/table.ts';

const day = 86_400_000;
const start = Date.parse('2024-01-01T00:00:00Z');
const receipts = 20_000;
const more = 280;
const now = () => start + 1_200 * day;

/** Twenty receipts a day, of five items of a hundred each. */
function receipt(number: number, memberId: string, atMs: number): Event {
  const lines = Array.from({ length: 5 }, (_, at) => ({
    itemId: `item-${(number * 7 + at * 13) % 100}`,
    quantity: 1,
  }));
  const occurredAt = new Date(atMs).toISOString();
  const purchaseId = `r-${number}`;
  return {
    kind: 'purchase',
    purchase: { purchaseId, memberId, channel: 'pos', occurredAt, lines },
  };
}

const momentOf = (number: number) => start + Math.floor(number / 20) * day + (number % 20) * 60_000;

async function fill(engine: Engine, memberOf: (number: number) => string): Promise<void> {
  for (let from = 0; from < receipts; from += 500) {
    const events = Array.from({ length: 500 }, (_, at) =>
      receipt(from + at, memberOf(from + at), momentOf(from + at)),
    );
    await engine.writes.ingest(events, { trustsDays: true });
  }
}

interface Cost {
  /** Bytes that are put into tables for each event. */
  readonly written: number;
  /** Bytes of all tables. */
  readonly kept: number;
}

async function costOf(
  dataDir: string,
  memberOf: (number: number) => string,
  atMs: (number: number) => number,
): Promise<Cost> {
  const engine = await openEngine({ dataDir, clock: now, steadyClock: now });
  try {
    await fill(engine, memberOf);
    const { bytesAfter } = await engine.upkeep.compact();
    const puts = vi.spyOn(Table.prototype, 'put');
    // Fourteen of each fill a chunk, whatever was in it.
    for (let at = 0; at < more; at++) {
      const memberId = memberOf(Math.floor(at / 14) * 37);
      const event = receipt(receipts + at, memberId, atMs(at));
      await engine.writes.ingest([event], { trustsDays: true });
    }
    const written = puts.mock.calls.reduce(
      (sum, [key, value]) => sum + key.length + value.length,
      0,
    );
    puts.mockRestore();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    return { written: written / more, kept: bytesAfter };
  } finally {
    await engine.close();
  }
}

test(
  'a receipt of a card with 20,000 of them writes and keeps what that of a member with 20 does',
  () =>
    withTemporaryFolder(async (folder) => {
      const newest = (at: number) => start + 1_100 * day + at * 60_000 * 60;
      const late = (at: number) => start + 100 * day + at * day + 30_000;
      const members = (number: number) => `member-${number % 1_000}`;
      const [card, spread, cardLate] = [
        await costOf(join(folder, 'card'), () => 'card', newest),
        await costOf(join(folder, 'spread'), members, newest),
        await costOf(join(folder, 'late'), () => 'card', late),
      ];
      expect(card.written).toBeLessThan(2 * spread.written);
      expect(cardLate.written).toBeLessThan(3 * spread.written);
      expect(card.kept).toBeLessThan(1.2 * spread.kept);
    }),
  240_000,
);
