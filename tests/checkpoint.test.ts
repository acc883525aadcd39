// A checkpoint is of one moment, however long it takes to write and whatever changes meanwhile.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Engine,
  type EngineOptions,
  type Event,
  openEngine,
  purchaseSchema,
  returnSchema,
} from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 4, 1);
const members = 7;
const receiptsBefore = 60;
/** Long enough rows that one is written in parts: every receipt holds the hub. */
const itemsPerReceipt = 70;

function receipt(at: number): Event {
  const others = Array.from({ length: itemsPerReceipt }, (_, k) => `i${at * itemsPerReceipt + k}`);
  const purchase = purchaseSchema.parse({
    purchaseId: `p${at}`,
    ...(at % 5 === 0 ? {} : { memberId: `m${at % members}` }),
    storeId: `s${at >> 4}`,
    occurredAt: new Date(start + at * 60_000).toISOString(),
    lines: ['hub', `i${at}`, ...others].map((itemId) => ({ itemId, quantity: 1 })),
  });
  return { kind: 'purchase', purchase };
}

function returnOf(at: number): Event {
  const back = returnSchema.parse({
    returnId: `r${at}`,
    purchaseId: `p${at}`,
    occurredAt: new Date(start + day).toISOString(),
    lines: ['hub', `i${at * itemsPerReceipt}`].map((itemId) => ({ itemId, quantity: 1 })),
  });
  return { kind: 'return', return: back };
}

const open = (dataDir: string, options: Partial<EngineOptions> = {}) =>
  openEngine({ dataDir, clock: () => start + 10 * day, ...options });

/** Writes a checkpoint and calls `change` again and again meanwhile; returns how often. */
async function checkpointBeside(
  engine: Engine,
  change: (at: number) => Promise<unknown>,
): Promise<number> {
  let isDone = false;
  const writing = engine.checkpoint().finally(() => {
    isDone = true;
  });
  let changes = 0;
  while (!isDone) await change(changes++);
  await writing;
  return changes;
}

test('a checkpoint written while its rows grow, shrink and go is that of its moment', () =>
  withTemporaryFolder(async (folder) => {
    const engine = await open(join(folder, 'data'));
    try {
      for (let at = 0; at < receiptsBefore; at++) await engine.ingest([receipt(at)]);
      const changes = await checkpointBeside(engine, async (at) => {
        await engine.ingest([receipt(receiptsBefore + at), returnOf(at % receiptsBefore)]);
        if (at === 1) await engine.erase('m3');
      });
      expect(changes).toBeGreaterThan(2);
      // What a crash leaves: nothing but the checkpoint, and the log that goes on past it.
      cpSync(join(folder, 'data'), join(folder, 'crashed'), { recursive: true });
      const told: string[] = [];
      const again = await open(join(folder, 'crashed'), { notify: (line) => told.push(line) });
      try {
        expect(told).toEqual([]);
        expect(again.inspect.digest()).toBe(engine.inspect.digest());
        expect(await again.verify()).toMatchObject({ ok: true, differenceCount: 0 });
      } finally {
        await again.close();
      }
    } finally {
      await engine.close();
    }
  }, 'checkpoint'));
