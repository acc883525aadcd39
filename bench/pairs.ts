// Chains of so many pairs, for the parts that measure what pairs cost.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, openEngine } from '../engine/index.ts';
import { defaultWorkload, receipts, type WorkloadOptions } from './workload.ts';

const batchSize = 500;
/** Spreads the receipts' times; never reached by less than some 100 M pairs. */
const receiptsMax = 1_000_000;

export interface PairChain {
  readonly digest: string;
  readonly events: number;
  readonly items: number;
  readonly members: number;
  readonly memory: ReturnType<Engine['inspect']['memory']>;
  readonly checkpointBytes: number;
  readonly storeBytes: number;
}

/**
 * Makes a chain in `dataDir` that has at least so many directed cells of NEXT, SAME and MEM, with a
 * checkpoint. `use` may ask it things before its memory is read.
 */
export async function makePairs(
  dataDir: string,
  pairs: number,
  use: (engine: Engine) => void = () => {},
  options: WorkloadOptions = defaultWorkload,
): Promise<PairChain> {
  const engine = await openEngine({ dataDir });
  try {
    await feed(engine, pairs, options);
    use(engine);
    await engine.upkeep.checkpoint();
    const { events, items, members } = engine.status();
    return {
      digest: engine.inspect.digest(),
      ...{ events, items, members },
      memory: engine.inspect.memory(),
      checkpointBytes: statSync(join(dataDir, 'chain', 'counts.checkpoint')).size,
      storeBytes: statSync(join(dataDir, 'chain', 'data.mdb')).size,
    };
  } finally {
    await engine.close();
  }
}

async function feed(engine: Engine, pairs: number, options: WorkloadOptions): Promise<void> {
  let batch: Parameters<Engine['writes']['ingest']>[0][number][] = [];
  for (const purchase of receipts(receiptsMax, options)) {
    batch.push({ kind: 'purchase', purchase });
    if (batch.length < batchSize) continue;
    await engine.writes.ingest(batch);
    batch = [];
    if (engine.inspect.memory().pairs >= pairs) return;
  }
  throw new Error(`${receiptsMax} receipts do not make ${pairs} pairs`);
}
