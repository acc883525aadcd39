// A seeded chain on disk for the parts that serve one: made once in a run, copied for each.
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, openEngine } from '../engine/index.ts';
import { defaultWorkload, itemIdAt, receipts, type WorkloadOptions } from './workload.ts';

const chainReceipts = 50_000;
const batchSize = 500;

/** Where the parts of one suite find the chain that the first of them has made. */
const sharedFolder = process.env['BENCH_CHAIN'] || undefined;

/** A folder under the system's temporary one; gone when `remove` returns. */
export function scratchFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'caini-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Items with names and prices, as a shop has them, and all of one length. */
function* catalogue(options: WorkloadOptions) {
  for (let index = 0; index < options.items; index++) {
    const itemId = itemIdAt(index, options);
    yield {
      itemId,
      name: `货品 ${itemId.slice(5)} 号 ${100 + ((index * 7) % 900)}g`,
      priceFen: 1_000 + ((index * 37) % 9_000),
      status: 'active' as const,
    };
  }
}

interface Filling {
  readonly receipts: number;
  readonly workload: WorkloadOptions;
  /** Whether there is a catalogue, or items are only known from receipts. */
  readonly named: boolean;
}

const seeded: Filling = { receipts: chainReceipts, workload: defaultWorkload, named: true };

/** Fills an engine with the catalogue and receipts of a workload. */
export async function fillChain(
  engine: Engine,
  { receipts: count, workload, named }: Filling = seeded,
): Promise<void> {
  const items = named ? [...catalogue(workload)] : [];
  for (let at = 0; at < items.length; at += batchSize) {
    const batch = items.slice(at, at + batchSize);
    await engine.writes.ingest(batch.map((item) => ({ kind: 'item', item })));
  }
  let batch: Parameters<Engine['writes']['ingest']>[0][number][] = [];
  for (const purchase of receipts(count, workload)) {
    batch.push({ kind: 'purchase', purchase });
    if (batch.length < batchSize) continue;
    await engine.writes.ingest(batch);
    batch = [];
  }
  if (batch.length > 0) await engine.writes.ingest(batch);
  await engine.upkeep.settle();
}

/** Puts the seeded chain into `folder`, which must not exist yet. */
export async function seededChain(folder: string): Promise<void> {
  if (sharedFolder !== undefined && existsSync(sharedFolder)) {
    cpSync(sharedFolder, folder, { recursive: true });
    return;
  }
  const engine = await openEngine({ dataDir: folder });
  await fillChain(engine);
  await engine.upkeep.checkpoint();
  await engine.close();
  if (sharedFolder === undefined) return;
  cpSync(folder, `${sharedFolder}.new`, { recursive: true });
  renameSync(`${sharedFolder}.new`, sharedFolder);
}
