// Histories in chunks: whatever goes in and out in whatever order, they hold what a plain list
// holds, and know how much.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../tests/support/folders.ts';
import { limits } from '../base/limits.ts';
import { Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import { prefixOf, startsOf } from './chunk.ts';
import { decodeEntry, encodeEntry, entryEnd, type HistoryEntry } from './entry.ts';
import {
  chunksFrom,
  countCrowdedDays,
  isSharedCard,
  readEntries,
  readTotals,
} from './histories.ts';
import { HistoryWriter } from './history-writer.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

function receipt(number: number, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    occurredAtMs: number * dayMs,
    purchaseSequence: number,
    addedAt: number,
    removedAt: 0,
    storeNumber: 1,
    daypart: 2,
    offsetMinutes: 480,
    channel: 'pos',
    clockSkewed: false,
    paidFen: undefined,
    purchaseId: `p${number}`,
    lines: [line(number % 7)],
    ...more,
  };
}

function line(itemNumber: number) {
  const nothing = {
    returnedThousandths: 0,
    isGift: false,
    totalFen: undefined,
    discountFen: undefined,
  };
  return { itemNumber, thousandths: 1_000, ...nothing };
}

async function withTable(work: (store: Store, table: Table) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const store = await Store.open(folder);
    await work(store, store.tables.histories);
    await store.close();
  });
}

function decodeAll(entries: Buffer | undefined): HistoryEntry[] {
  return entries ? [...startsOf(entries)].map((at) => decodeEntry(entries, at)) : [];
}

const noCheckpoint = { oldest: 0, newest: 0 };

function removalOf({ occurredAtMs, purchaseId, purchaseSequence }: HistoryEntry) {
  const position = { occurredAtMs, purchaseId: Buffer.from(purchaseId) };
  return { ...position, purchaseSequence, sequence: 1_000_000, checkpoints: noCheckpoint };
}

function byPosition(a: HistoryEntry, b: HistoryEntry): number {
  const ids = Buffer.compare(Buffer.from(a.purchaseId), Buffer.from(b.purchaseId));
  return a.occurredAtMs - b.occurredAtMs || ids;
}

const anyReceipt = fc.record({
  // Few moments, so that many receipts share one and days get crowded.
  hours: fc.integer({ min: 0, max: 90 }),
  lines: fc.integer({ min: 1, max: 60 }),
  idLength: fc.integer({ min: 1, max: 40 }),
  offsetMinutes: fc.constantFrom(480, -300, 0),
});

test('a history holds what a plain list would, in order, whatever comes and goes', async () => {
  const story = fc.array(fc.tuple(anyReceipt, fc.nat(200), fc.boolean()), { maxLength: 160 });
  await withTable(async (store, table) => {
    let stories = 0;
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        stories += 1;
        const id = `member ${stories}`;
        const kept: HistoryEntry[] = [];
        await store.transaction(() => {
          const writer = new HistoryWriter(store, id);
          for (const [number, [shape, which, removes]] of steps.entries()) {
            const [gone] = removes ? kept.splice(which % Math.max(1, kept.length), 1) : [];
            if (gone) {
              expect(decodeAll(writer.remove(removalOf(gone)))).toEqual([gone]);
              continue;
            }
            const entry = receipt(number + 1, {
              occurredAtMs: shape.hours * hourMs,
              offsetMinutes: shape.offsetMinutes,
              purchaseId: `${number}`.padEnd(shape.idLength, 'x'),
              lines: Array.from({ length: shape.lines }, (_, item) => line(item)),
            });
            kept.push(entry);
            writer.insert(encodeEntry(entry));
          }
        });
        kept.sort(byPosition);
        const entries = readEntries(table, id);
        expect(decodeAll(entries)).toEqual(kept);
        expect(readTotals(table, id)).toEqual({
          receipts: kept.length,
          lines: kept.reduce((sum, { lines }) => sum + lines.length, 0),
          crowdedDays: countCrowdedDays([entries ?? Buffer.alloc(0)]),
        });
        const chunks = [...chunksFrom(table, prefixOf(id))];
        for (const { entries: bytes } of chunks) {
          const isOne = bytes.length > 0 && entryEnd(bytes, 0) === bytes.length;
          expect(bytes.length <= limits.historyChunkBytes || isOne).toBe(true);
        }
        expect(chunks.map(({ next }) => next)).toEqual(
          chunks.map((_, index) => chunks[index + 1]?.key),
        );
      }),
      { numRuns: 60 },
    );
  });
});

test('of neighbours whose ids begin alike none sees the receipts of another', async () => {
  await withTable(async (store, table) => {
    const ids = ['m', 'm1', 'm10', 'm\u0000', '成员', '成'];
    await store.transaction(() => {
      for (const [number, id] of ids.entries()) {
        const writer = new HistoryWriter(store, id);
        for (let each = 0; each < 40; each++) {
          writer.insert(encodeEntry(receipt(each, { purchaseSequence: number * 100 + each })));
        }
      }
    });
    for (const [number, id] of ids.entries()) {
      const sequences = decodeAll(readEntries(table, id)).map((entry) => entry.purchaseSequence);
      expect(sequences).toEqual(Array.from({ length: 40 }, (_, each) => number * 100 + each));
    }
  });
});

test('what a checkpoint still counts stays beside what took its place', async () => {
  await withTable(async (store, table) => {
    const entry = receipt(5);
    const successor = receipt(5, { addedAt: 9, lines: [line(3)] });
    await store.transaction(() => {
      const writer = new HistoryWriter(store, 'm');
      writer.insert(encodeEntry(entry));
      const checkpoints = { oldest: 7, newest: 7 };
      writer.remove({ ...removalOf(entry), sequence: 9, checkpoints });
      writer.insert(encodeEntry(successor));
    });
    const both = decodeAll(readEntries(table, 'm'));
    expect(both).toEqual([{ ...entry, removedAt: 9 }, successor]);
    expect(readTotals(table, 'm')).toMatchObject({ receipts: 1, lines: 1 });
  });
});

test('a card of more than 30 receipts on one local day is nobody, until one goes', async () => {
  await withTable(async (store, table) => {
    // From 20:00 to 21:00 UTC: four o’clock in the morning of the next day in Shanghai.
    const onOneDay = Array.from({ length: limits.receiptsPerDayMax + 1 }, (_, number) =>
      receipt(number + 1, { occurredAtMs: 20 * hourMs + number * 60_000 }),
    );
    const isSharedCardNow = () => isSharedCard(readTotals(table, 'card'));
    const change = (work: (writer: HistoryWriter) => void) =>
      store.transaction(() => work(new HistoryWriter(store, 'card')));
    for (const entry of onOneDay.slice(1))
      await change((writer) => writer.insert(encodeEntry(entry)));
    expect(isSharedCardNow()).toBe(false);
    await change((writer) => writer.insert(encodeEntry(onOneDay[0]!)));
    expect(isSharedCardNow()).toBe(true);
    await change((writer) => writer.remove(removalOf(onOneDay[7]!)));
    expect(isSharedCardNow()).toBe(false);
  });
});

test('beyond 3,000 receipts a card is nobody; its days are counted when it has less', async () => {
  await withTable(async (store, table) => {
    const { receiptsPerMemberMax: most } = limits;
    await store.transaction(() => {
      const writer = new HistoryWriter(store, 'card');
      for (let number = 1; number <= most; number++) writer.insert(encodeEntry(receipt(number)));
    });
    expect(isSharedCard(readTotals(table, 'card'))).toBe(false);
    const sharedCard = Array.from({ length: 31 }, (_, number) =>
      receipt(most + 1 + number, { occurredAtMs: 90_000 * dayMs + number }),
    );
    await store.transaction(() => {
      const writer = new HistoryWriter(store, 'card');
      for (const entry of sharedCard) writer.insert(encodeEntry(entry));
    });
    expect(readTotals(table, 'card')).toEqual({
      receipts: most + 31,
      lines: most + 31,
      crowdedDays: undefined,
    });
    await store.transaction(() => {
      const writer = new HistoryWriter(store, 'card');
      for (const entry of sharedCard) writer.remove(removalOf(entry));
    });
    expect(readTotals(table, 'card')).toEqual({ receipts: most, lines: most, crowdedDays: 0 });
  });
});

test('money and large quantities come back as they went in', () => {
  const amounts = [undefined, 0, 1, 4_294_967_294, 4_294_967_295, -5, 2 ** 52];
  for (const totalFen of amounts) {
    for (const thousandths of [1, 356, 4_294_967_295, 1e12]) {
      const lines = [{ ...line(4), thousandths, totalFen, isGift: true }, line(2_000_000)];
      const entry = receipt(3, { lines, paidFen: totalFen, clockSkewed: true });
      const bytes = encodeEntry(entry);
      expect(decodeEntry(bytes)).toEqual(entry);
      expect(entryEnd(bytes, 0)).toBe(bytes.length);
    }
  }
});
