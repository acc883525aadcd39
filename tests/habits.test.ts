// Members of long standing: what they come back for is counted as by the oracle, in every bucket of
// how often, how long ago and of how many receipts.
import { expect, test } from 'vitest';
import { type Event, openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { countDifferences } from './support/oracle/compare.ts';
import { createOracle } from './support/oracle/oracle.ts';

const timeZone = 'Asia/Shanghai';
const clock = () => Date.parse('2026-06-01T12:00:00Z');
const day = 86_400_000;

/** `daily` in every basket, `every-N` in each Nth, `until-N` up to the Nth, `once` in the first. */
function itemsOf(basket: number): string[] {
  const every = [2, 3, 5, 7, 12, 20].filter((step) => basket % step === 0);
  const until = [2, 3, 4, 6, 9, 14, 24, 30].filter((last) => basket < last);
  return [
    'daily',
    ...(basket === 0 ? ['once'] : []),
    ...every.map((step) => `every-${step}`),
    ...until.map((last) => `until-${last}`),
  ];
}

const receipts = Array.from(
  { length: 56 },
  (_, basket): Event => ({
    kind: 'purchase',
    purchase: {
      purchaseId: `#${basket}`,
      memberId: 'ann',
      channel: 'pos',
      occurredAt: new Date(Date.parse('2026-01-01T10:00:00Z') + basket * day).toISOString(),
      lines: itemsOf(basket).map((itemId) => ({ itemId, quantity: 1 })),
    },
  }),
);

test('each of 56 baskets is judged in its bucket, and a late one moves what follows', async () => {
  await withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock, timeZone });
    const oracle = createOracle({ now: clock, timeZone });
    try {
      // The tenth comes last, when 46 others stand behind it.
      for (const receipt of [...receipts.slice(0, 9), ...receipts.slice(10), receipts[9]!]) {
        await engine.writes.ingest([receipt]);
        oracle.accept(receipt);
      }
      const state = oracle.state();
      expect(countDifferences(engine.inspect, state)).toEqual([]);
      // 9 by 10 by 10 cells, of which one member can reach these.
      expect(state.counts.habits.size).toBeGreaterThan(90);
      await engine.members.erase('ann');
      const left = engine.inspect.habits();
      expect(left.filter(({ expected, rebought }) => expected !== 0n || rebought !== 0n)).toEqual(
        [],
      );
    } finally {
      await engine.close();
    }
  }, 'habits');
});
