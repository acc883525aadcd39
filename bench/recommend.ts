// The whole way of one list in process: member id in, encoded reply out, for members with histories
// of real size, beside what the kernel alone takes for the same members.
import { join } from 'node:path';
import { type Engine, openEngine, recommendRequestSchema } from '../engine/index.ts';
import { createListEncoder } from '../server/http/encode.ts';
import { fillChain, scratchFolder, seededChain } from './chain.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import { members } from './load/demand.ts';
import { defaultWorkload } from './workload.ts';

const requestCount = 20_000;
const membersAsked = 2_000;
const listItems = 20;
const ratioMax = 2.5;
const otherScenarios = ['discover', 'buy-again', 'popular'] as const;
/** 10,000 items with names, as the other parts have them; and many more without. */
const sizes = [
  { items: 10_000, receipts: undefined },
  { items: 100_000, receipts: 60_000 },
];

/** Microseconds of each of `requestCount` calls, after as many that warm up. */
function timed(work: (index: number) => void): number[] {
  const samples: number[] = [];
  for (let index = -requestCount; index < requestCount; index++) {
    const startedAt = performance.now();
    work(Math.abs(index));
    if (index >= 0) samples.push((performance.now() - startedAt) * 1_000);
  }
  return samples;
}

function timeLists(engine: Engine, scenario: string): number[] {
  const encodeList = createListEncoder();
  const requests = members(membersAsked).map((memberId) =>
    recommendRequestSchema.parse({ scenario, memberId, limit: listItems }),
  );
  const samples = timed((index) => {
    const bytes = encodeList(engine.lists.rank(requests[index % membersAsked]!));
    if (bytes.length < 100) throw new Error('a list was empty');
  });
  for (const request of requests) {
    const { items } = JSON.parse(
      Buffer.from(encodeList(engine.lists.rank(request)), 'latin1').toString(),
    );
    if (items.length !== listItems) throw new Error('a list was not full');
  }
  return samples;
}

function timeKernel(engine: Engine): number[] {
  const lists = members(membersAsked).map((memberId) =>
    engine.inspect.kernelList(memberId, listItems),
  );
  return timed((index) => {
    if (lists[index % membersAsked]!() === 0) throw new Error('the kernel found nothing');
  });
}

async function measure(
  engine: Engine,
  items: number,
  record: RecordRow,
): Promise<{ readonly median: number; readonly p99: number; readonly ratio: number }> {
  const kernel = timeKernel(engine);
  const samples = timeLists(engine, 'guess-you-like');
  record({
    name: `guess-you-like, ${items} items`,
    unit: 'µs',
    samples,
    limit: { name: 'kernel alone', samples: kernel },
    bars: [{ of: 'ratio', atMost: ratioMax }],
  });
  for (const scenario of otherScenarios) {
    record({
      name: `${scenario}, ${items} items`,
      unit: 'µs',
      samples: timeLists(engine, scenario),
    });
  }
  const { median, p99 } = figuresOf(samples);
  return { median, p99, ratio: median / figuresOf(kernel).median };
}

export async function benchRecommend(record: RecordRow): Promise<string> {
  const figuresText: string[] = [];
  for (const { items, receipts } of sizes) {
    const scratch = scratchFolder();
    const dataDir = join(scratch.path, 'data');
    try {
      if (receipts === undefined) await seededChain(dataDir);
      const engine = await openEngine({ dataDir });
      if (receipts !== undefined) {
        await fillChain(engine, {
          receipts,
          workload: { ...defaultWorkload, items },
          named: false,
        });
      }
      const { median, p99, ratio } = await measure(engine, items, record);
      await engine.close();
      const figures = `${rounded(median)} µs  p99 ${rounded(p99)} µs`;
      figuresText.push(`${items} items ${figures} (${ratio.toFixed(2)} of the kernel)`);
    } finally {
      scratch.remove();
    }
  }
  return `recommend ${figuresText.join('  ')}`;
}
