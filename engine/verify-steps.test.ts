// A verify compares in steps of bounded work, however long a history or a row of cells is, and
// still finds what differs.
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import xxhash from 'xxhash-wasm';
import { withTemporaryFolder } from '../tests/support/folders.ts';
import { dayOf } from './base/clock.ts';
import { limits } from './base/limits.ts';
import { createRegistries, readRegistries } from './catalogue/registries.ts';
import { Counts } from './counting/counts.ts';
import { compareCounts, DifferenceList } from './counting/verify.ts';
import { compareHistories } from './counting/verify-histories.ts';
import type { Event } from './events/index.ts';
import { openLog } from './events/index.ts';
import type { ReceiptSource } from './events/stored-receipts.ts';
import { entryEnd } from './history/entry.ts';
import { readEntries } from './history/histories.ts';
import { Kernel } from './kernel/kernel.ts';
import { Log } from './log/log.ts';
import { openEngine } from './open.ts';
import { Store } from './store/store.ts';

const now = Date.UTC(2026, 4, 1);
const receipts = 300;
const itemsOfEach = 20;

/**
 * One member who buys the same item with others each time, ten times a day: one long history, and
 * long rows.
 */
function purchase(number: number): Event {
  const others = Array.from({ length: itemsOfEach }, (_, at) => `i${number * itemsOfEach + at}`);
  const lines = ['hub', ...others].map((itemId) => ({ itemId, quantity: 1 }));
  const occurredAt = new Date(now - (receipts - number) * 8_640_000).toISOString();
  const rest = { memberId: 'm', channel: 'pos' as const, occurredAt, lines };
  return { kind: 'purchase', purchase: { purchaseId: `p${number}`, ...rest } };
}

interface Opened extends ReceiptSource {
  readonly counts: () => Counts;
}

async function withChain(use: (opened: Opened) => void): Promise<void> {
  await withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock: () => now });
    for (let at = 0; at < receipts; at += 50) {
      await engine.writes.ingest(Array.from({ length: 50 }, (_, more) => purchase(at + more)));
    }
    await engine.close();
    const store = await Store.open(join(dataDir, 'chain'), { readOnly: true });
    try {
      const { h64Raw } = await xxhash();
      const hashId = (id: string) => h64Raw(Buffer.from(id));
      const registries = createRegistries(hashId);
      const reading = readRegistries(registries, { store, timeZone: 'UTC', clock: () => now });
      while (!reading.next().done);
      const log = openLog(store);
      const counts = () => {
        const made = new Counts(registries, { pairDays: 60, popularityDays: 30 }, dayOf(now));
        made.register();
        const after = readEntries(store.tables.histories, 'm');
        made.kernel.apply({ before: undefined, after, isMember: true });
        return made;
      };
      use({ store, log, registries, counts });
    } finally {
      await store.close();
    }
  }, 'verify-steps');
}

/** Runs steps to their end; returns the most that `work` counted in one of them. */
function mostInAStep(steps: Generator<void, void>, work: () => number): number {
  let most = 0;
  for (let before = work(); ; before = work()) {
    const { done } = steps.next();
    most = Math.max(most, work() - before);
    if (done) return most;
  }
}

test('a long history is compared with the log some lines a step', async () => {
  await withChain((opened) => {
    const reads = vi.spyOn(Log.prototype, 'view');
    const differences = new DifferenceList(10);
    const most = mostInAStep(compareHistories(opened, differences), () => reads.mock.calls.length);
    reads.mockRestore();
    expect(differences.list).toEqual([]);
    const lines = 1 + itemsOfEach;
    expect(most * lines).toBeLessThanOrEqual(limits.verifyLinesMax);
    expect(receipts * lines).toBeGreaterThan(2 * limits.verifyLinesMax);
  });
});

test('a receipt that differs is found in a long history, and told once', async () => {
  await withChain((opened) => {
    // As if the store had been another one when it was counted.
    const registries = { ...opened.registries };
    const log = Object.create(opened.log) as Log;
    const differences = new DifferenceList(10);
    log.view = (sequence) => opened.log.view(sequence === 201 ? 200 : sequence);
    mostInAStep(compareHistories({ ...opened, registries, log }, differences), () => 0);
    expect(differences.list).toEqual(['history: receipt p200 is not what was logged']);
  });
});

test('a long row of cells is compared part by part, and what differs in it is found', async () => {
  await withChain((opened) => {
    const [live, fresh] = [opened.counts(), opened.counts()];
    const row = Kernel.prototype.row;
    let cells = 0;
    const rows = vi.spyOn(Kernel.prototype, 'row').mockImplementation(function (
      this: Kernel,
      ...of
    ) {
      const found = row.apply(this, of);
      cells += found.length;
      return found;
    });
    const hub = live.registries.items.numberOf('hub')!;
    expect(live.kernel.rowSize('same', hub)).toBeGreaterThan(limits.verifyCellsMax);
    const same = new DifferenceList(10);
    const part = { part: 0, parts: 1 };
    mostInAStep(compareCounts({ live, fresh, part }, same), () => 0);
    expect(same.list).toEqual([]);
    const history = readEntries(opened.store.tables.histories, 'm')!;
    const after = history.subarray(0, entryEnd(history, 0));
    live.kernel.apply({ before: undefined, after, isMember: true });
    const differences = new DifferenceList(10);
    const steps = compareCounts({ live, fresh, part }, differences);
    const most = mostInAStep(steps, () => cells);
    rows.mockRestore();
    expect(differences.count).toBeGreaterThan(100);
    // Parts are not quite of one size, and a step reads those of both.
    expect(most).toBeLessThan(2.5 * limits.verifyCellsMax);
  });
});
