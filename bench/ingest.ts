// Receipts in: in memory, durable at 1, 10 and 100 writers beside raw LMDB group commits of the
// same bytes, through HTTP, and from CSV.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Engine,
  inspectFile,
  openEngine,
  type Purchase,
  plainPlan,
  runImport,
  systemClock,
} from '../engine/index.ts';
import { figuresOf, type RecordRow, rounded } from './figures.ts';
import type { OpenAnswer, OpenJob } from './load/open-loop.ts';
import { askProcess, startProgram } from './load/process.ts';
import { putsOf, RawWriter } from './raw-lmdb.ts';
import { defaultWorkload, receipts } from './workload.ts';

const rounds = 3;
const durable = [
  { writers: 1, receipts: 500, ratioMin: undefined },
  { writers: 10, receipts: 3_000, ratioMin: 0.5 },
  { writers: 100, receipts: 15_000, ratioMin: 0.5 },
];
const inMemoryReceipts = 30_000;
const inMemoryBatch = 100;
const countsPerSecondMin = 8_000;
const httpSeconds = 4;
const importReceipts = 20_000;
/** Linux keeps it in memory, so that no disk is waited for. */
const memoryFolder = '/dev/shm';

interface Drive {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly latencies: readonly number[];
}

/** Sends everything with `writers` at a time, each of which waits for its answer. */
async function drive(
  count: number,
  writers: number,
  send: (index: number) => Promise<void>,
): Promise<Drive> {
  const latencies: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  const writer = async () => {
    while (next < count) {
      const sentAt = performance.now();
      await send(next++);
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  return { perSecond: (count / (performance.now() - startedAt)) * 1_000, latencies };
}

async function driveEngine(folder: string, list: readonly Purchase[], writers: number) {
  const engine = await openEngine({ dataDir: folder });
  const result = await drive(list.length, writers, async (index) => {
    const [answer] = await engine.writes.ingest([{ kind: 'purchase', purchase: list[index]! }]);
    if (answer?.status !== 'created') throw new Error(`receipt was ${answer?.status}`);
  });
  if (engine.status().events !== list.length) throw new Error('receipts were lost');
  await engine.close();
  return result;
}

async function driveRaw(engineFolder: string, folder: string, list: Purchase[], writers: number) {
  const puts = await putsOf(engineFolder, list);
  const raw = new RawWriter(folder);
  const result = await drive(puts.length, writers, (index) => raw.write(puts[index]!));
  await raw.close();
  return result;
}

function scratchIn(parent: string): string {
  return mkdtempSync(join(parent, 'caini-bench-'));
}

/** Rates of chunks, so that the table shows how much they differ as the chain grows. */
async function measureInMemory(record: RecordRow): Promise<string> {
  const folder = scratchIn(existsSync(memoryFolder) ? memoryFolder : tmpdir());
  const engine = await openEngine({ dataDir: join(folder, 'data') });
  const list = [...receipts(inMemoryReceipts, { ...defaultWorkload, exactLines: true })];
  const rates: number[] = [];
  let startedAt = performance.now();
  for (let at = 0; at < list.length; at += inMemoryBatch) {
    const batch = list.slice(at, at + inMemoryBatch);
    await engine.writes.ingest(batch.map((purchase) => ({ kind: 'purchase', purchase })));
    if ((at + inMemoryBatch) % 1_000 > 0) continue;
    rates.push(1_000_000 / (performance.now() - startedAt));
    startedAt = performance.now();
  }
  await checkCounts(engine, list);
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
  const name = 'in memory, 10 lines each';
  const bars = [{ of: 'median', atLeast: countsPerSecondMin }] as const;
  record({ name, unit: 'receipts/s', samples: rates, bars });
  return `in memory ${rounded(figuresOf(rates).median)}/s`;
}

async function checkCounts(engine: Engine, list: readonly Purchase[]): Promise<void> {
  const { ok, differenceCount } = await engine.upkeep.verify();
  if (!ok || engine.status().events !== list.length) {
    throw new Error(`${differenceCount} counts are wrong`);
  }
}

async function measureDurable(record: RecordRow): Promise<string> {
  const figuresText: string[] = [];
  for (const { writers, receipts: count, ratioMin } of durable) {
    const [ours, raw]: [Drive[], Drive[]] = [[], []];
    const list = [...receipts(count)];
    for (let round = 0; round < rounds; round++) {
      const folder = scratchIn(tmpdir());
      const engineFolder = join(folder, 'engine');
      ours.push(await driveEngine(engineFolder, list, writers));
      const data = join(engineFolder, 'chain');
      raw.push(await driveRaw(data, join(folder, 'raw'), list, writers));
      rmSync(folder, { recursive: true, force: true });
    }
    const limitName = 'raw LMDB';
    const rate = ({ perSecond }: Drive) => perSecond;
    const [samples, limit] = [ours.map(rate), raw.map(rate)];
    record({
      name: `durable, ${writers} writers`,
      unit: 'receipts/s',
      samples,
      limit: { name: limitName, samples: limit },
      bars: ratioMin === undefined ? [] : [{ of: 'ratio', atLeast: ratioMin }],
    });
    record({
      name: `durable, ${writers} writers, answer`,
      unit: 'ms',
      samples: ours.flatMap(({ latencies }) => latencies),
      limit: { name: limitName, samples: raw.flatMap(({ latencies }) => latencies) },
    });
    const share = figuresOf(samples).median / figuresOf(limit).median;
    figuresText.push(
      `${writers} writers ${rounded(figuresOf(samples).median)}/s (${share.toFixed(2)} of raw)`,
    );
  }
  return figuresText.join('  ');
}

/** Closed loop: each connection sends its next receipt when the last one is acknowledged. */
async function measureHttp(record: RecordRow): Promise<string> {
  const folder = scratchIn(tmpdir());
  const program = await startProgram(join(folder, 'data'));
  const figuresText: string[] = [];
  try {
    for (const connections of [10, 64]) {
      const seed = connections;
      const bodies = [...receipts(60_000, { ...defaultWorkload, seed })].map((purchase) =>
        JSON.stringify(purchase),
      );
      const job: OpenJob = {
        url: program.url,
        seconds: httpSeconds,
        streams: [
          {
            name: 'receipts',
            paths: ['/v1/purchases'],
            bodies,
            perSecond: 'closed loop',
            connectionsMax: connections,
          },
        ],
      };
      const { streams } = await askProcess<OpenAnswer>('open-loop.js', job);
      const { ok, failed, shed } = streams[0]!;
      if (failed + shed.length > 0) throw new Error(`${failed + shed.length} receipts failed`);
      const samples = [ok.length / httpSeconds];
      record({ name: `through HTTP, ${connections} connections`, unit: 'receipts/s', samples });
      const name = `through HTTP, ${connections} connections, answer`;
      record({ name, unit: 'ms', samples: [...ok] });
      figuresText.push(`HTTP ${connections} ${rounded(samples[0]!)}/s`);
    }
  } finally {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return figuresText.join('  ');
}

function csvOf(list: readonly Purchase[]): { readonly text: string; readonly rows: number } {
  const lines = list.flatMap(({ purchaseId, memberId, storeId, occurredAt, lines: bought }) =>
    bought.map(({ itemId, quantity }) =>
      [purchaseId, memberId ?? '', storeId ?? '', occurredAt, itemId, quantity].join(','),
    ),
  );
  const head = 'purchaseId,memberId,storeId,occurredAt,itemId,quantity';
  return { text: `${[head, ...lines].join('\n')}\n`, rows: lines.length };
}

async function measureImport(record: RecordRow): Promise<string> {
  const folder = scratchIn(tmpdir());
  const { text, rows } = csvOf([...receipts(importReceipts)]);
  const file = join(folder, 'receipts.csv');
  const workFolder = join(folder, 'work');
  writeFileSync(file, text);
  mkdirSync(workFolder);
  const engine = await openEngine({ dataDir: join(folder, 'data') });
  const startedAt = performance.now();
  await runImport(engine, {
    ...plainPlan,
    files: [inspectFile(file, 1)],
    workFolder,
    rejectsFolder: folder,
    timeZone: 'Asia/Shanghai',
    clock: systemClock,
  });
  const perSecond = (rows / (performance.now() - startedAt)) * 1_000;
  if (engine.status().events !== importReceipts) throw new Error('receipts were lost');
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
  record({ name: 'CSV, 10 rows a receipt', unit: 'rows/s', samples: [perSecond] });
  return `CSV ${rounded(perSecond)} rows/s`;
}

export async function benchIngest(record: RecordRow): Promise<string> {
  const figuresText = [
    await measureInMemory(record),
    await measureDurable(record),
    await measureHttp(record),
    await measureImport(record),
  ];
  return `ingest ${figuresText.join('  ')}`;
}
