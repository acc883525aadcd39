// When an item is due again: from the member's own gaps, and from everybody's where those are few.
import { expect, test } from 'vitest';
import { openEngine, purchaseSchema, recommendRequestSchema } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const firstMs = Date.parse('2026-01-01T10:00:00Z');
const millisecondsPerDay = 86_400_000;

/** What is due for whom, after these members bought an item on these days of the year. */
function dueAfter(bought: Readonly<Record<string, readonly number[]>>) {
  return withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock: () => firstMs + 400 * millisecondsPerDay });
    try {
      for (const [memberId, days] of Object.entries(bought)) {
        for (const day of days) {
          const purchase = purchaseSchema.parse({
            purchaseId: `${memberId}-${day}`,
            memberId,
            occurredAt: new Date(firstMs + day * millisecondsPerDay).toISOString(),
            lines: [{ itemId: 'beans', quantity: 1 }],
          });
          const [result] = await engine.writes.ingest([{ kind: 'purchase', purchase }]);
          expect(result?.status).toBe('created');
        }
      }
      return Object.keys(bought).map((memberId) => {
        const request = recommendRequestSchema.parse({ scenario: 'buy-again', memberId });
        const { usualGapDays, nextDueOn } = engine.lists.recommend(request).items[0] ?? {};
        return [memberId, usualGapDays, nextDueOn];
      });
    } finally {
      await engine.close();
    }
  });
}

test('an item is due after the usual gap', async () => {
  expect(await dueAfter({ ann: [0, 30, 60] })).toEqual([['ann', 30, '2026-04-01']]);
});

test('who bought it once is told by the gaps of the others', async () => {
  const due = await dueAfter({ ann: [0, 30, 60], bob: [70] });
  expect(due[1]).toEqual(['bob', 30, '2026-04-11']);
});

test('own gaps outweigh those of others as they grow in number', async () => {
  const everybody = { ann: [0, 30, 60, 90], bob: [0, 30, 60, 90] };
  const [, , weekly] = await dueAfter({ ...everybody, zoe: [0, 10, 20] });
  const [, , steady] = await dueAfter({ ...everybody, zoe: [0, 10, 20, 30, 40, 50, 60, 70] });
  expect(Number(weekly?.[1])).toBeGreaterThan(Number(steady?.[1]));
  expect(Number(steady?.[1])).toBeGreaterThan(10);
  expect(Number(steady?.[1])).toBeLessThan(15);
});

test('nothing is due while nobody came back for it', async () => {
  expect(await dueAfter({ ann: [3] })).toEqual([['ann', undefined, undefined]]);
});

test('a receipt of a clock that was years behind moves nobody’s due date', async () => {
  const years = 26 * 365;
  const others = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [`m${index}`, [index % 5, 30 + (index % 5)]]),
  );
  const right = { ...others, ann: [0, 30, 60], bob: [70] };
  const wrong = { ...right, m0: [...others['m0']!, -years], ann: [...right.ann, -years] };
  expect(await dueAfter(wrong)).toEqual(await dueAfter(right));
});

test('who was away for years is due after the gaps before and behind', async () => {
  const back = await dueAfter({ ann: [0, 30, -1_000, -970, -940] });
  expect(back).toEqual([['ann', 30, '2026-03-02']]);
});
