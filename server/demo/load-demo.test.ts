// Proofs of loading: all arrives once, in order, in bounded batches, and refusals are told.
import { expect, test } from 'vitest';
import {
  EngineError,
  type Event,
  type IngestResult,
  type IngestStatus,
  limits,
} from '../../engine/index.ts';
import { type DemoTarget, loadDemo } from './load-demo.ts';

const now = Date.parse('2026-11-22T15:30:00+08:00');

function recorder(status: IngestStatus = 'created') {
  const batches: (readonly Event[])[] = [];
  const target: DemoTarget = {
    writes: {
      ingest: async (events): Promise<readonly IngestResult[]> => {
        batches.push(events);
        return events.map(() => ({ id: 'any', status, reason: 'SAMPLE' }));
      },
    },
  };
  return { batches, target };
}

test('stores and items arrive before the receipts, in batches of one transaction', async () => {
  const { batches, target } = recorder();
  const summary = await loadDemo(target, { now });
  const kinds = batches.flat().map((event) => event.kind);
  const catalogue = summary.stores + summary.items;
  expect(kinds.slice(0, catalogue)).not.toContain('purchase');
  expect(new Set(kinds.slice(catalogue))).toEqual(new Set(['purchase']));
  expect(kinds.length - catalogue).toBe(summary.purchases);
  for (const batch of batches)
    expect(batch.length).toBeLessThanOrEqual(limits.ingestBatchEventsMax);
});

test('the summary counts what was loaded and progress only grows', async () => {
  const shares: number[] = [];
  const { batches, target } = recorder();
  const summary = await loadDemo(target, { now, onProgress: ({ share }) => shares.push(share) });
  const purchases = batches.flat().flatMap((event) => {
    return event.kind === 'purchase' ? [event.purchase] : [];
  });
  expect(summary.lines).toBe(purchases.reduce((sum, each) => sum + each.lines.length, 0));
  expect(summary.anonymous).toBe(purchases.filter((each) => each.memberId === undefined).length);
  expect(summary.lastAt).toBe(purchases.at(-1)!.occurredAt);
  expect(Date.parse(summary.lastAt)).toBeLessThan(now);
  expect(shares).toEqual(shares.toSorted((first, second) => first - second));
  expect(shares.at(-1)).toBeGreaterThan(0.99);
  expect(shares.at(-1)).toBeLessThanOrEqual(1);
});

test('duplicates are fine and a refusal stops the load with its reason', async () => {
  await expect(loadDemo(recorder('duplicate').target, { now })).resolves.toBeDefined();
  const refused = loadDemo(recorder('conflict').target, { now });
  await expect(refused).rejects.toThrow(EngineError);
  await expect(refused).rejects.toThrow(/SAMPLE/);
});
