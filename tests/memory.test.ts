// What happens when the counts of a chain want more memory than there is.
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import {
  type Engine,
  EngineError,
  type EngineOptions,
  openEngine,
  type RecommendRequestInput,
  recommendRequestSchema,
} from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { flipOneCell, kernelOf, loseOneRow, takeAllMemory } from './support/kernels.ts';

const mebibyte = 1_048_576;
const start = Date.parse('2026-05-01T00:00:00Z');
const clock = () => start + 400 * 86_400_000;
/** The largest receipts that pair all their items. */
const linesEach = 64;

/** Receipts of four members, of items that hardly come again: nearly every pair is a new cell. */
function receipt(index: number, lines = linesEach) {
  const items = Array.from({ length: lines }, (_, line) => `item-${(index * 61 + line) % 9_000}`);
  const purchase = {
    purchaseId: `r-${index}`,
    memberId: `m-${index % 4}`,
    channel: 'pos' as const,
    // Few a day, as of persons.
    occurredAt: new Date(start + index * 3_600_000).toISOString(),
    lines: items.map((itemId) => ({ itemId, quantity: 1 })),
  };
  return { kind: 'purchase' as const, purchase };
}

const receipts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => receipt(from + index));

async function withEngine(
  options: Omit<EngineOptions, 'dataDir'>,
  use: (engine: Engine, dataDir: string) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const engine = await openEngine({ dataDir, clock, ...options });
    try {
      await use(engine, dataDir);
    } finally {
      await engine.close();
    }
  });
}

const listOf = (input: RecommendRequestInput) => recommendRequestSchema.parse(input);

/** Ingests until a receipt is refused; answers how many were taken, and the refusal. */
async function fill(
  engine: Engine,
): Promise<{ readonly taken: number; readonly refusal: unknown }> {
  for (let taken = 0; ; taken++) {
    try {
      await engine.writes.ingest([receipt(taken)]);
    } catch (refusal) {
      return { taken, refusal };
    }
  }
}

const small = { memoryMaxBytes: 24 * mebibyte, memoryReserveBytes: 32 * mebibyte };

test('a receipt that may need more memory than there is is refused, nothing is written', () =>
  withEngine(small, async (engine) => {
    const { taken, refusal } = await fill(engine);
    expect(taken).toBeGreaterThan(20);
    expect(refusal).toBeInstanceOf(EngineError);
    expect(refusal).toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'MEMORY_FULL' });
    expect((refusal as Error).message).toContain(String(small.memoryMaxBytes));
    const { events, memory, ready } = engine.status();
    expect({ events, ready }).toEqual({ events: taken, ready: true });
    expect(memory.usedBytes).toBeLessThanOrEqual(memory.maxBytes);
    expect(memory.usedBytes).toBeGreaterThan(0.8 * memory.maxBytes);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('when memory is full lists, returns and erases go on, and then there is room again', () =>
  withEngine(small, async (engine) => {
    const { taken } = await fill(engine);
    const list = engine.lists.recommend(listOf({ memberId: 'm-1' }));
    expect(list.items).toHaveLength(20);
    const back = {
      returnId: 'back-1',
      purchaseId: 'r-1',
      channel: 'pos' as const,
      occurredAt: new Date(start + 86_400_000).toISOString(),
      lines: [{ itemId: 'item-61', quantity: 1 }],
    };
    expect(await engine.writes.ingest([{ kind: 'return', return: back }])).toMatchObject([
      { status: 'created' },
    ]);
    expect(await engine.members.erase('m-1')).toMatchObject({ found: true });
    expect(await engine.writes.ingest([receipt(taken + 3)])).toMatchObject([{ status: 'created' }]);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('only the receipt that needs too much is refused, not those that came with it', () =>
  withEngine(small, async (engine) => {
    const { taken } = await fill(engine);
    const calls = [receipt(taken, 1), receipt(taken + 1), receipt(taken + 2, 1)].map((event) =>
      engine.writes.ingest([event]).then(
        ([result]) => result!.status,
        (error: EngineError) => error.reason,
      ),
    );
    expect(await Promise.all(calls)).toEqual(['created', 'MEMORY_FULL', 'created']);
    expect(engine.status().events).toBe(taken + 2);
  }));

test('of a call that is recorded in part the rest is told, and sent again it is a duplicate', () =>
  withEngine(small, async (engine) => {
    const all = receipts(0, 400);
    const refusal = await engine.writes.ingest(all).catch((error: unknown) => error as EngineError);
    const recorded = engine.status().events;
    expect(refusal).toMatchObject({ reason: 'MEMORY_FULL' });
    expect((refusal as EngineError).message).toContain(`the first ${recorded} were recorded`);
    const again = await engine.writes.ingest(all.slice(0, recorded));
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['duplicate']));
  }));

test('a chain that is too large starts without lists, and serves once enough is erased', () =>
  withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    const large = await openEngine({ dataDir, clock });
    await large.writes.ingest(receipts(0, 200));
    await large.close();
    const notices: string[] = [];
    const limits = { memoryMaxBytes: 40 * mebibyte, memoryReserveBytes: 8 * mebibyte };
    const notify = (message: string) => notices.push(message);
    const engine = await openEngine({ dataDir, clock, notify, ...limits });
    expect(engine.status()).toMatchObject({ ready: false, events: 200 });
    expect(engine.status().waitingFor).toContain('CAINI_MEMORY_MAX');
    expect(notices.join()).toContain('lists cannot be served');
    await expect(engine.writes.ingest([receipt(900)])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    for (const member of ['m-0', 'm-1', 'm-2']) {
      expect(await engine.members.erase(member)).toMatchObject({ found: true });
    }
    await engine.upkeep.compact();
    await expect.poll(() => engine.status().ready, { timeout: 60_000 }).toBe(true);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    await engine.close();
  }));

test('a kernel that fails while it counts is made anew, and what was acknowledged is there', () =>
  withEngine({}, async (engine) => {
    await engine.writes.ingest(receipts(0, 40));
    const digest = engine.inspect.digest();
    takeAllMemory(engine);
    const during = engine.writes.ingest(receipts(40, 60));
    expect(new Set((await during).map(({ status }) => status))).toEqual(new Set(['created']));
    expect(engine.status()).toMatchObject({ ready: true, events: 60 });
    expect(engine.inspect.digest()).not.toBe(digest);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('a kernel that fails while it checks a receipt is made anew, and the receipt is taken', () =>
  withEngine({}, async (engine) => {
    await engine.writes.ingest(receipts(0, 40));
    const kernel = kernelOf(engine);
    const { run } = kernel;
    // Of all kernels: the one that is made anew must not fail.
    const all = Object.getPrototypeOf(kernel) as { continueEstimate(): number };
    const fails = vi.spyOn(all, 'continueEstimate').mockImplementationOnce(() => {
      // As where it has lost what it keeps: an address that is none.
      return run.itemRecord(0xffff_fff0) + run.readHistory(0, 0xffff_fff0, 0);
    });
    const [result] = await engine.writes.ingest(receipts(40, 41));
    expect(fails.mock.results.map(({ type }) => type)).toEqual(['throw', 'return']);
    fails.mockRestore();
    expect(result).toMatchObject({ status: 'created' });
    expect(engine.status()).toMatchObject({ ready: true, events: 41 });
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('a kernel that fails while it makes a list is not trusted any more, at once', () =>
  withEngine({}, async (engine) => {
    await engine.writes.ingest(receipts(0, 60));
    const digest = engine.inspect.digest();
    loseOneRow(engine);
    const ask = () =>
      engine.lists.recommend(listOf({ scenario: 'bought-together', itemId: 'item-0' }));
    expect(ask).toThrow(expect.objectContaining({ code: 'UNAVAILABLE', reason: 'NOT_READY' }));
    expect(engine.status().ready).toBe(false);
    await expect.poll(() => engine.status().ready, { timeout: 60_000 }).toBe(true);
    expect(ask().items).toHaveLength(20);
    expect(engine.inspect.digest()).toBe(digest);
  }));

test('where memory does not hold the counts twice, verify looks at them part by part', () => {
  const notices: string[] = [];
  const options = {
    availableMemory: () => 4 * mebibyte,
    notify: (message: string) => notices.push(message),
  };
  return withEngine(options, async (engine) => {
    await engine.writes.ingest(receipts(0, 40));
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    expect(notices.join()).toMatch(/recounting in \d+ parts/);
    flipOneCell(engine);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: false, differenceCount: 1 });
  });
});
