// How long a checkpoint stops the server: turns of the event loop under a receipt every 5 ms, in
// turn with a checkpoint being written and without one. On Online Retail where it lies beside the
// repository, else on generated receipts.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  type Engine,
  inspectFile,
  openEngine,
  type Purchase,
  parseColumnMap,
  plainPlan,
  purchaseSchema,
  runImport,
  systemClock,
} from '../engine/index.ts';
import { type RecordRow, rounded, table } from './figures.ts';
import { type Turns, turnsDuring } from './turns.ts';
import { defaultWorkload, receipts } from './workload.ts';

/** Seen from dist/bench/. */
const onlineRetail = join(
  import.meta.dirname,
  '../../../shared/data/online_retail_2010-12_2011-12.csv.gz',
);
const onlineRetailColumns =
  'purchaseId=InvoiceNo,memberId=CustomerID,itemId=StockCode,itemName=Description,' +
  'quantity=Quantity,unitPrice=UnitPrice,occurredAt=InvoiceDate,storeId=Country';
/** As many items, and rows as long. */
const generated = { ...defaultWorkload, items: 4_000, meanLines: 25 };
const generatedReceipts = 20_000;
const batchSize = 500;
const rounds = 6;
const receiptEveryMs = 5;
const linesMin = 10;
const linesMax = 30;
const basketsMax = 1_000;

async function importRetail(engine: Engine, folder: string): Promise<void> {
  const workFolder = join(folder, 'work');
  mkdirSync(workFolder);
  await runImport(engine, {
    ...plainPlan,
    files: [inspectFile(onlineRetail, 1)],
    columns: { map: parseColumnMap([onlineRetailColumns]) },
    workFolder,
    rejectsFolder: folder,
    timeZone: 'Europe/London',
    clock: systemClock,
  });
}

async function generate(engine: Engine): Promise<void> {
  const list = [...receipts(generatedReceipts, generated)];
  for (let at = 0; at < list.length; at += batchSize) {
    const batch = list.slice(at, at + batchSize);
    await engine.writes.ingest(batch.map((purchase) => ({ kind: 'purchase', purchase })));
  }
}

/** Receipts like those that are in, under new ids and later than all of them. */
function* laterReceipts(engine: Engine): IterableIterator<Purchase> {
  const baskets = new Map<string, { memberId: string; items: Set<string> }>();
  let newestMs = 0;
  for (const { purchaseId, memberId, itemId, occurredAt } of engine.records.receipts({
    gross: true,
  })) {
    const basket = baskets.get(purchaseId) ?? { memberId, items: new Set() };
    basket.items.add(itemId);
    baskets.set(purchaseId, basket);
    newestMs = Math.max(newestMs, Date.parse(occurredAt));
  }
  const fitting = [...baskets.values()].filter(
    ({ items }) => items.size >= linesMin && items.size <= linesMax,
  );
  const stride = Math.max(1, Math.floor(fitting.length / basketsMax));
  for (let index = 0; ; index++) {
    const { memberId, items } = fitting[(index * stride) % fitting.length]!;
    yield purchaseSchema.parse({
      purchaseId: `later-${index}`,
      ...(memberId === '' ? {} : { memberId }),
      channel: 'pos',
      occurredAt: new Date(newestMs + index).toISOString(),
      lines: [...items].map((itemId) => ({ itemId, quantity: 1 })),
    });
  }
}

/** Sends receipts at the fixed rate until asked to stop; returns when all are answered. */
async function sendOn(
  engine: Engine,
  source: Iterator<Purchase>,
  isDone: () => boolean,
): Promise<number> {
  const answers: Promise<unknown>[] = [];
  const startedAt = performance.now();
  while (!isDone()) {
    const due = (performance.now() - startedAt) / receiptEveryMs;
    if (answers.length < due) {
      const purchase = source.next().value as Purchase;
      answers.push(engine.writes.ingest([{ kind: 'purchase', purchase }]));
    }
    await setTimeout(1);
  }
  await Promise.all(answers);
  return answers.length;
}

interface Phase {
  readonly turns: Turns;
  readonly receipts: number;
  readonly milliseconds: number;
}

async function measure(
  engine: Engine,
  source: Iterator<Purchase>,
  beside: () => Promise<unknown>,
): Promise<Phase> {
  const startedAt = performance.now();
  const { turns, result } = await turnsDuring(async () => {
    let isDone = false;
    const sending = sendOn(engine, source, () => isDone);
    await beside();
    isDone = true;
    return sending;
  });
  return { turns, receipts: result, milliseconds: performance.now() - startedAt };
}

function rowOf(name: string, { turns, receipts: sent, milliseconds }: Phase): string[] {
  const { n, median, p99, p999, max, workMax, processorMax, collectionMax, wallMax } = turns;
  const times = [median, p99, p999, max, workMax, processorMax, collectionMax, wallMax];
  return [name, milliseconds.toFixed(0), String(sent), String(n), ...times.map(rounded)];
}

const rowNames = {
  workMax: 'longest turn of a round, without the collector',
  processorMax: 'the most that a turn of a round computed',
} as const;

const head = ['round', 'ms', 'receipts', 'n', 'median', 'p99', 'p99.9', 'max'].concat([
  'max, no GC',
  'GC max',
  'wall max',
]);

/** The longest turns of several rounds: their median, and from the least to the most. */
function longest(phases: readonly Turns[], which: 'max' | 'workMax' | 'processorMax'): string {
  const values = phases.map((turns) => turns[which]).sort((a, b) => a - b);
  const [least, middle, most] = [0, values.length >> 1, values.length - 1].map((at) => values[at]!);
  return `${rounded(middle!)} ms (${rounded(least!)} to ${rounded(most!)})`;
}

export async function benchCheckpoint(record: RecordRow): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'caini-bench-'));
  const engine = await openEngine({ dataDir: join(folder, 'data') });
  try {
    const isReal = existsSync(onlineRetail);
    await (isReal ? importRetail(engine, folder) : generate(engine));
    await engine.upkeep.checkpoint();
    const source = laterReceipts(engine);
    // The compiler's work on code that runs for the first time is no stall of a checkpoint.
    await measure(engine, source, () => setTimeout(1_000));
    await measure(engine, source, () => engine.upkeep.checkpoint());
    const rows = [head];
    const [alone, beside]: [Turns[], Turns[]] = [[], []];
    for (let round = 1; round <= rounds; round++) {
      const writing = await measure(engine, source, () => engine.upkeep.checkpoint());
      const without = await measure(engine, source, () => setTimeout(writing.milliseconds));
      rows.push(rowOf(`${round} checkpoint`, writing), rowOf(`${round} without`, without));
      beside.push(writing.turns);
      alone.push(without.turns);
    }
    console.log(table(rows));
    for (const which of ['workMax', 'processorMax'] as const) {
      const [samples, control] = [beside, alone].map((all) => all.map((turns) => turns[which]));
      const limit = { name: 'without a checkpoint', samples: control! };
      record({ name: rowNames[which], unit: 'ms', samples: samples!, limit });
    }
    const what = isReal ? 'Online Retail' : 'generated receipts';
    const work = `longest turn without GC ${longest(beside, 'workMax')}`;
    const computed = `computing ${longest(beside, 'processorMax')}`;
    const control = `${longest(alone, 'workMax')}, computing ${longest(alone, 'processorMax')}`;
    return `checkpoint on ${what}  ${work}, ${computed}  without a checkpoint ${control}`;
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
