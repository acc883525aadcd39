// Durable ingest at 1, 10 and 100 writers, beside raw LMDB group commits of the same bytes in the
// same run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { openEngine, type Purchase } from '../engine/index.ts';
import { figuresOf, rounded, table } from './figures.ts';
import { receipts } from './workload.ts';

const writerCounts = [1, 10, 100];
const receiptsPerWriterCount = { 1: 500, 10: 4_000, 100: 20_000 } as const;

/**
 * Sends all receipts with `writers` at a time, each waiting for its answer; returns receipts/s and
 * latencies in ms.
 */
async function drive(
  list: readonly Purchase[],
  writers: number,
  send: (purchase: Purchase) => Promise<void>,
): Promise<{ readonly perSecond: number; readonly latencies: number[] }> {
  const latencies: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  const writer = async () => {
    while (next < list.length) {
      const purchase = list[next++]!;
      const sentAt = performance.now();
      await send(purchase);
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  return { perSecond: (list.length / (performance.now() - startedAt)) * 1_000, latencies };
}

async function driveEngine(folder: string, list: readonly Purchase[], writers: number) {
  const engine = await openEngine({ dataDir: folder });
  const result = await drive(list, writers, async (purchase) => {
    const [answer] = await engine.ingest([{ kind: 'purchase', purchase }]);
    if (answer?.status !== 'created') throw new Error(`receipt was ${answer?.status}`);
  });
  if (engine.status().events !== list.length) throw new Error('receipts were lost');
  await engine.close();
  return result;
}

async function driveRaw(folder: string, list: readonly Purchase[], writers: number) {
  const root = open({ path: folder, overlappingSync: false, noSubdir: false, encoding: 'binary' });
  const result = await drive(list, writers, async (purchase) => {
    await root.put(purchase.purchaseId, Buffer.from(JSON.stringify(purchase)));
  });
  await root.close();
  return result;
}

export async function benchIngest(): Promise<string> {
  const rows = [['writers', 'receipts/s', 'median ms', 'p99 ms', 'raw LMDB/s', 'share of raw']];
  const rates: number[] = [];
  for (const writers of writerCounts) {
    const folder = mkdtempSync(join(tmpdir(), 'caini-bench-'));
    try {
      const count = receiptsPerWriterCount[writers as keyof typeof receiptsPerWriterCount];
      const list = [...receipts(count)];
      const raw = await driveRaw(join(folder, 'raw'), list, writers);
      const { perSecond, latencies } = await driveEngine(join(folder, 'engine'), list, writers);
      const { median, p99 } = figuresOf(latencies);
      const share = `${((100 * perSecond) / raw.perSecond).toFixed(0)} %`;
      const cells = [perSecond, median, p99, raw.perSecond].map(rounded);
      rows.push([String(writers), ...cells, share]);
      rates.push(perSecond);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  console.log(table(rows));
  const [one, , hundred] = rates as [number, number, number];
  const rate = `1 writer ${rounded(one)}/s  100 writers ${rounded(hundred)}/s`;
  return `ingest ${rate}  ratio ${rounded(hundred / one)}`;
}
