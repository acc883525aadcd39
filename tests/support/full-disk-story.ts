// Runs in a process of its own on a disk that fills up: writes until it is refused, reads, erases,
// waits for room, goes on.
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type Engine,
  EngineError,
  type IngestResult,
  openEngine,
  recommendRequestSchema,
} from '../../engine/index.ts';

const dataDir = process.argv[2]!;
const diskReserve = `${dataDir}/chain.ballast`;
const refusalsWanted = 3;
const acknowledged = new Map<string, string>();
/** Of calls that were refused: the first of their receipts may have been recorded before. */
const unanswered = new Set<string>();
let next = 0;

function batch() {
  return Array.from({ length: 50 }, () => {
    const index = next++;
    const lines = Array.from({ length: 8 }, (_, line) => ({
      itemId: `item-${(index * 7 + line * line * 13) % 400}`,
      quantity: 1,
    }));
    const [purchaseId, memberId] = [`receipt-${index}`, `m${index % 50}`];
    const occurredAt = new Date(Date.parse('2026-05-01') + index * 1_000).toISOString();
    const purchase = { purchaseId, memberId, channel: 'pos', occurredAt, lines } as const;
    return { kind: 'purchase', purchase } as const;
  });
}

/** Undefined when the receipts were taken, else how they were refused. */
async function tryBatch(engine: Engine): Promise<string | undefined> {
  const events = batch();
  let answers: readonly IngestResult[];
  try {
    answers = await engine.writes.ingest(events);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    for (const { purchase } of events) unanswered.add(purchase.purchaseId);
    return `${error.code} ${error.reason} ${error.message.includes('\n') ? 'lines' : 'line'}`;
  }
  for (const [index, { purchase }] of events.entries()) {
    // What comes for the erased member is turned away.
    if (answers[index]!.status !== 'created') continue;
    acknowledged.set(purchase.purchaseId, purchase.memberId);
  }
  return undefined;
}

/** What is kept and was never sent or was turned away, and what is acknowledged and not kept. */
function wrongReceipts(engine: Engine): number {
  const kept = new Set([...engine.records.receipts()].map(({ purchaseId }) => purchaseId));
  const missing = [...acknowledged.keys()].filter((id) => !kept.has(id)).length;
  const foreign = [...kept].filter((id) => !acknowledged.has(id) && !unanswered.has(id)).length;
  return missing + foreign;
}

async function erase(engine: Engine, memberId: string): Promise<boolean> {
  const { found } = await engine.members.erase(memberId);
  for (const [id, owner] of acknowledged) if (owner === memberId) acknowledged.delete(id);
  return found;
}

/** How a compaction ends, and what is left of its copy. */
async function tryCompact(engine: Engine): Promise<string> {
  const end = await engine.upkeep.compact().then(
    () => 'done',
    ({ reason }: EngineError) => reason ?? 'failed',
  );
  const left = ['chain.new', 'chain.old'].filter((name) => existsSync(`${dataDir}/${name}`));
  return [end, ...left].join(', ');
}

function report(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function run(): Promise<void> {
  const notices: string[] = [];
  const engine = await openEngine({ dataDir, notify: (message) => notices.push(message) });
  while (!existsSync(diskReserve)) await wait(100);
  await untilFull(engine);
  await new Promise((resolve) => createInterface(process.stdin).once('line', resolve));
  const { digest } = await withRoom(engine, notices);
  const kept = new Set([...engine.records.receipts()].map(({ purchaseId }) => purchaseId));
  report({ state: 'end', digest, receipts: kept.size });
  await engine.close();
  process.exit(0);
}

async function untilFull(engine: Engine): Promise<void> {
  const refusals: string[] = [];
  while (refusals.length < refusalsWanted) {
    const refusal = await tryBatch(engine);
    if (refusal) refusals.push(refusal);
  }
  const read = () => engine.lists.recommend(recommendRequestSchema.parse({ scenario: 'popular' }));
  const listed = read().items.length;
  const erased = await erase(engine, 'm1');
  const checkpoint = await engine.upkeep.checkpoint().then(() => 'written', String);
  const compacted = await tryCompact(engine);
  const { ok } = await engine.upkeep.verify();
  const wrong = wrongReceipts(engine);
  report({ state: 'full', refusals, listed, erased, checkpoint, compacted, ok, wrong });
}

async function withRoom(engine: Engine, notices: readonly string[]) {
  let tries = 1;
  while ((await tryBatch(engine)) !== undefined && tries < 100) {
    tries += 1;
    await wait(100);
  }
  for (let more = 0; more < 20; more++) await tryBatch(engine);
  const compacted = await tryCompact(engine);
  const audit = await engine.upkeep.verify();
  await engine.upkeep.checkpoint();
  const hasDiskReserve = existsSync(diskReserve);
  const wrong = wrongReceipts(engine);
  report({ state: 'room', tries, compacted, ok: audit.ok, wrong, hasDiskReserve, notices });
  return audit;
}

await run();
