// Fills an empty engine with the demo chain, through the same door as every other receipt.
import { EngineError, type Event, type IngestResult, limits } from '../../engine/index.ts';
import { demoChain } from './demo-chain.ts';
import type { DemoHighlights } from './highlights.ts';

/** The part of an engine that loading needs. */
export interface DemoTarget {
  readonly writes: { ingest(events: readonly Event[]): Promise<readonly IngestResult[]> };
}

export interface DemoProgress {
  readonly purchases: number;
  /** 0 to 1, by the days that are done. */
  readonly share: number;
}

export interface LoadDemoOptions {
  /** Epoch milliseconds, by the engine's clock: receipts end on the evening before. */
  readonly now: number;
  readonly seed?: number;
  /** Called after each batch is durable. */
  readonly onProgress?: (progress: DemoProgress) => void;
}

export interface DemoSummary {
  readonly stores: number;
  readonly items: number;
  readonly members: number;
  readonly purchases: number;
  readonly lines: number;
  readonly anonymous: number;
  /** RFC 3339 times of the first and the last receipt. */
  readonly firstAt: string;
  readonly lastAt: string;
  readonly highlights: DemoHighlights;
}

/**
 * Loading the same day's chain twice changes nothing: the second time every event is a duplicate.
 */
export async function loadDemo(engine: DemoTarget, options: LoadDemoOptions): Promise<DemoSummary> {
  const { now, seed = 1, onProgress } = options;
  const chain = demoChain({ now, seed });
  const catalogue = [
    ...chain.stores.map((store) => ({ kind: 'store', store }) as const),
    ...chain.items.map((item) => ({ kind: 'item', item }) as const),
  ];
  const batchMax = limits.ingestBatchEventsMax;
  for (let start = 0; start < catalogue.length; start += batchMax) {
    await ingestAll(engine, catalogue.slice(start, start + batchMax));
  }
  const totals = { purchases: 0, lines: 0, anonymous: 0, firstAt: '', lastAt: '' };
  const members = new Set<string>();
  let batch: Event[] = [];
  const flush = async () => {
    await ingestAll(engine, batch);
    batch = [];
    const share = (Date.parse(totals.lastAt) - chain.fromMs) / (chain.toMs - chain.fromMs);
    onProgress?.({ purchases: totals.purchases, share });
  };
  for (const purchase of chain.purchases) {
    batch.push({ kind: 'purchase', purchase });
    totals.purchases += 1;
    totals.lines += purchase.lines.length;
    if (purchase.memberId === undefined) totals.anonymous += 1;
    else members.add(purchase.memberId);
    if (totals.firstAt === '') totals.firstAt = purchase.occurredAt;
    totals.lastAt = purchase.occurredAt;
    if (batch.length === batchMax) await flush();
  }
  if (batch.length > 0) await flush();
  const { stores, items, highlights } = chain;
  return {
    stores: stores.length,
    items: items.length,
    members: members.size,
    ...totals,
    highlights,
  };
}

async function ingestAll(engine: DemoTarget, events: readonly Event[]): Promise<void> {
  const results = await engine.writes.ingest(events);
  const refused = results.find((each) => each.status === 'conflict' || each.status === 'rejected');
  if (refused === undefined) return;
  // Nothing of ours may be refused, so the folder must hold other data under the same ids.
  const { id, reason = refused.status } = refused;
  throw new EngineError('FAILED_PRECONDITION', `demo event ${id} was refused: ${reason}`, {
    reason,
  });
}
