// What a list costs in memory: the kernel asks for none, and the rest is garbage of the young kind.
// Measured by the counters of the allocators, never by time.
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { makeData } from '../bench/kernel/data.ts';
import { WasmKernel } from '../bench/kernel/wasm.ts';
import { defaultWorkload, receipts } from '../bench/workload.ts';
import { openEngine, recommendRequestSchema } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const members = 500;
const blocks = 10;
const requestsPerBlock = 20_000;
/**
 * A boxed number is 12 bytes, an object or a view of an array far more: one made for every request
 * would be 240 kB a block. What is measured, 0.6 kB, is the measuring's own.
 */
const bytesPerBlockMax = 20_000;
/** What caches of ids and shapes may still learn while 20,000 lists are made. */
const heapGrowthMax = 1_500_000;

const usedHeap = () => getHeapStatistics().used_heap_size;

test('200,000 requests to the kernel allocate nothing, in it or beside it', async () => {
  const kernel = new WasmKernel(makeData(5_000, members));
  const serve = () => {
    for (let request = 0; request < requestsPerBlock; request++) kernel.request(request % members);
  };
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  // Makes the views of the rows, and lets the compilers finish.
  serve();
  const kernelBytes = kernel.run.usedBytes();
  const asked = kernel.run.heapTotalBytes();
  const grown: number[] = [];
  for (let block = 0; block < blocks; block++) {
    await setImmediate();
    collections = 0;
    const before = usedHeap();
    serve();
    const growth = usedHeap() - before;
    // Collections are reported one turn later. What one has taken away cannot be counted.
    await setImmediate();
    if (collections === 0) grown.push(growth);
  }
  observer.disconnect();
  expect(kernel.run.usedBytes()).toBe(kernelBytes);
  expect(kernel.run.heapTotalBytes()).toBe(asked);
  // A request that allocates much brings the collector into every block.
  expect(grown.length).toBeGreaterThan(blocks / 2);
  // In some blocks the compiler writes better code for the loop, and that lies on the heap too.
  const median = grown.sort((a, b) => a - b)[grown.length >> 1];
  expect(median).toBeLessThan(bytesPerBlockMax);
});

test('20,000 lists leave the kernel and the heap as they were', { timeout: 120_000 }, () =>
  withTemporaryFolder(async (dataDir) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const engine = await openEngine({ dataDir });
    const workload = { ...defaultWorkload, items: 2_000, members };
    const events = [...receipts(4_000, workload)].map(
      (purchase) => ({ kind: 'purchase', purchase }) as const,
    );
    await engine.writes.ingest(events);
    const serve = async (requests: number) => {
      for (let request = 0; request < requests; request++) {
        const scenario = (['guess-you-like', 'discover', 'buy-again'] as const)[request % 3]!;
        const memberId = `member-${Math.floor(request / 3) % members}`;
        engine.lists.recommend(recommendRequestSchema.parse({ scenario, memberId }));
        // The settler and timers get their turns, as under a server.
        if (request % 100 === 0) await setImmediate();
      }
      await engine.upkeep.settle();
      collect();
      return usedHeap();
    };
    const heapBefore = await serve(3_000);
    const before = engine.inspect.memory();
    const heapAfter = await serve(20_000);
    expect(engine.inspect.memory()).toEqual(before);
    expect(heapAfter - heapBefore).toBeLessThan(heapGrowthMax);
    await engine.close();
  }, 'allocation'),
);
