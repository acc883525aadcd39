// What a chain takes: bytes of a directed pair in memory and in the checkpoint, of an item in
// memory, and of a member on disk.
import { join } from 'node:path';
import { type Engine, recommendRequestSchema } from '../engine/index.ts';
import { scratchFolder } from './chain.ts';
import { type RecordRow, rounded, table } from './figures.ts';
import { makePairs, type PairChain } from './pairs.ts';
import { defaultWorkload } from './workload.ts';

const sizes = [1_000_000, 10_000_000];
/** A minute more: only when it is asked for, `npm run bench -- memory 50`. */
const largestSize = 50_000_000;
/** Bars of bytes a pair. */
const memoryMax = 24;
const diskMax = 12;
const scenarios = ['guess-you-like', 'discover'] as const;

/** Every member is served, so that rows have the views that reading makes. */
function readLists(engine: Engine): void {
  for (let member = 0; member < defaultWorkload.members; member++) {
    for (const scenario of scenarios) {
      engine.lists.recommend(
        recommendRequestSchema.parse({ scenario, memberId: `member-${member}` }),
      );
    }
  }
}

interface Bytes {
  readonly pair: number;
  readonly pairOnDisk: number;
  /** All that is not a pair's: columns, rows of places, lists. */
  readonly item: number;
  /** Of the whole store, receipts and ids included. */
  readonly member: number;
  readonly receipt: number;
}

function bytesOf({ memory, checkpointBytes, storeBytes, ...chain }: PairChain): Bytes {
  return {
    pair: memory.pairBytes / memory.pairs,
    pairOnDisk: checkpointBytes / memory.pairs,
    item: (memory.usedBytes - memory.pairBytes) / chain.items,
    member: storeBytes / chain.members,
    receipt: storeBytes / chain.events,
  };
}

const head = ['pairs', 'items', 'members', 'receipts', 'B/pair', 'B/pair on disk'].concat([
  'B/item',
  'B/member on disk',
  'B/receipt on disk',
  'MB in use',
  'MB asked for',
]);

function rowOf(chain: PairChain, bytes: Bytes): string[] {
  const { memory, items, members, events } = chain;
  const megabytes = [memory.usedBytes, memory.totalBytes].map((value) => (value / 1e6).toFixed(0));
  const { pair, pairOnDisk, item, member, receipt } = bytes;
  const figures = [pair, pairOnDisk, item, member, receipt].map(rounded);
  return [...[memory.pairs, items, members, events].map(String), ...figures, ...megabytes];
}

export async function benchMemory(record: RecordRow): Promise<string> {
  const rows = [head];
  const figuresText: string[] = [];
  const asked = process.argv[3] === '50' ? [...sizes, largestSize] : sizes;
  for (const size of asked) {
    const scratch = scratchFolder();
    try {
      const chain = await makePairs(join(scratch.path, 'data'), size, readLists);
      const bytes = bytesOf(chain);
      rows.push(rowOf(chain, bytes));
      const name = `${size / 1e6} M pairs`;
      const bar = (atMost: number) => [{ of: 'median', atMost } as const];
      const add = (what: string, value: number, atMost: number) =>
        record({ name: `${name} ${what}`, unit: 'B', samples: [value], bars: bar(atMost) });
      add('a pair in memory', bytes.pair, memoryMax);
      add('a pair on disk', bytes.pairOnDisk, diskMax);
      record({ name: `${name} an item in memory`, unit: 'B', samples: [bytes.item] });
      record({ name: `${name} a member on disk`, unit: 'B', samples: [bytes.member] });
      figuresText.push(
        `${name} ${rounded(bytes.pair)} B in memory, ${rounded(bytes.pairOnDisk)} on disk`,
      );
    } finally {
      scratch.remove();
    }
  }
  console.log(table(rows));
  return `memory  ${figuresText.join('  ')}`;
}
