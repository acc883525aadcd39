// The whole way of one list in process: member id in, reply out, for members with real-sized
// histories.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine, recommendRequestSchema } from '../engine/index.ts';
import { figuresOf, rounded, table } from './figures.ts';
import { defaultWorkload, receipts } from './workload.ts';

const receiptCount = 50_000;
const requestCount = 20_000;
const batchSize = 500;
const scenarios = ['guess-you-like', 'discover', 'buy-again', 'popular'] as const;

export async function benchRecommend(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'caini-bench-'));
  const engine = await openEngine({ dataDir: folder });
  try {
    const list = [...receipts(receiptCount)];
    for (let at = 0; at < list.length; at += batchSize) {
      const batch = list.slice(at, at + batchSize);
      await engine.ingest(batch.map((purchase) => ({ kind: 'purchase', purchase })));
    }
    const rows = [['scenario', 'n', 'min µs', 'median µs', 'p99 µs']];
    let summary = '';
    for (const scenario of scenarios) {
      const samples: number[] = [];
      for (let index = 0; index < requestCount; index++) {
        const memberId = `member-${(index * 7919) % defaultWorkload.members}`;
        const request = recommendRequestSchema.parse({ scenario, memberId });
        const startedAt = performance.now();
        const reply = engine.recommend(request);
        samples.push((performance.now() - startedAt) * 1_000);
        if (reply.items.length !== request.limit) throw new Error('a list was not full');
      }
      const { n, min, median, p99 } = figuresOf(samples);
      rows.push([scenario, String(n), ...[min, median, p99].map(rounded)]);
      if (scenario === 'guess-you-like')
        summary = `recommend ${rounded(median)} µs  p99 ${rounded(p99)} µs`;
    }
    console.log(table(rows));
    return summary;
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
