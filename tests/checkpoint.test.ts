// A checkpoint is of one moment, however long it takes to write and whatever changes meanwhile.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
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
const receiptsBefore = 160;
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
  const writing = engine.upkeep.checkpoint().finally(() => {
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
      for (let at = 0; at < receiptsBefore; at++) await engine.writes.ingest([receipt(at)]);
      let erased: Promise<unknown> = Promise.resolve();
      const changes = await checkpointBeside(engine, async (at) => {
        await engine.writes.ingest([receipt(receiptsBefore + at), returnOf(at % receiptsBefore)]);
        // Its steps go on beside the receipts that follow.
        if (at === 1) erased = engine.members.erase('m3');
      });
      await erased;
      expect(changes).toBeGreaterThan(2);
      // What a crash leaves: nothing but the checkpoint, and the log that goes on past it.
      cpSync(join(folder, 'data'), join(folder, 'crashed'), { recursive: true });
      const reported: string[] = [];
      const again = await open(join(folder, 'crashed'), { notify: (line) => reported.push(line) });
      try {
        expect(reported).toEqual([]);
        expect(again.inspect.digest()).toBe(engine.inspect.digest());
        expect(await again.upkeep.verify()).toMatchObject({ ok: true, differenceCount: 0 });
      } finally {
        await again.close();
      }
    } finally {
      await engine.close();
    }
  }, 'checkpoint'));

/** Changes the header of a checkpoint, and its checksum with it. */
function rewriteHeader(path: string, change: (header: string) => string): void {
  const file = readFileSync(path);
  const end = 8 + file.readUInt32LE(0);
  const header = Buffer.from(change(file.subarray(8, end).toString()));
  const head = Buffer.alloc(8);
  head.writeUInt32LE(header.length, 0);
  head.writeUInt32LE(crc32(header), 4);
  writeFileSync(path, Buffer.concat([head, header, file.subarray(end)]));
}

test.for([
  ['another version', '"formulaVersion":', '"formulaVersion":9', 'by another formula'],
  ['fewer cells than it holds', '"cells":', '"cells":1', 'its cells do not add up'],
  ['more items than there are', '"items":', '"items":9', 'it knows more items'],
  ['a sequence past the end', '"sequence":', '"sequence":9', "past the log's end"],
] as const)('a checkpoint of %s is counted anew', ([, found, put, reason]) =>
  withTemporaryFolder(async (folder) => {
    const engine = await open(folder);
    for (let at = 0; at < 5; at++) await engine.writes.ingest([receipt(at)]);
    await engine.upkeep.checkpoint();
    const digest = engine.inspect.digest();
    await engine.close();
    rewriteHeader(join(folder, 'chain', 'counts.checkpoint'), (header) =>
      header.replace(found, put),
    );
    const reported: string[] = [];
    const again = await open(folder, { notify: (line) => reported.push(line) });
    try {
      expect(reported.join()).toContain(reason);
      expect(again.inspect.digest()).toBe(digest);
      expect(await again.upkeep.verify()).toMatchObject({ ok: true });
    } finally {
      await again.close();
    }
  }, 'checkpoint'),
);
