// Retention as a server keeps it: at its start and then again and again, exactly.
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { type Event, openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from '../tests/support/folders.ts';
import { startServer } from './serve.ts';

const dayMs = 86_400_000;
const startMs = Date.parse('2026-05-01T00:00:00Z');

/** One receipt a day, of few members and now and then of none; every third has a return. */
function events(days: number): Event[] {
  return Array.from({ length: days }, (_, day): Event[] => {
    const occurredAt = new Date(startMs + day * dayMs + 3_600_000).toISOString();
    const lines = [`i${day % 5}`, `i${5 + (day % 3)}`, `only-${day}`].map((itemId) => ({
      itemId,
      quantity: 2,
    }));
    const buyer = day % 4 === 0 ? {} : { memberId: `m${day % 3}` };
    const channel = 'pos' as const;
    const purchaseId = `p${day}`;
    const bought = { purchaseId, ...buyer, channel, occurredAt, lines };
    const back = { returnId: `r${day}`, purchaseId, channel, occurredAt, lines: [lines[0]!] };
    if (day % 3 !== 0) return [{ kind: 'purchase', purchase: bought }];
    return [
      { kind: 'purchase', purchase: bought },
      { kind: 'return', return: back },
    ];
  }).flat();
}

const isKept = (event: Event, days: number) =>
  (event.kind === 'purchase' && Date.parse(event.purchase.occurredAt) >= startMs + days * dayMs) ||
  (event.kind === 'return' && Date.parse(event.return.occurredAt) >= startMs + days * dayMs);

async function digestOf(kept: readonly Event[], clock: () => number): Promise<string> {
  return withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock, steadyClock: clock });
    await engine.writes.ingest(kept, { trustsDays: true });
    const digest = engine.inspect.digest();
    await engine.close();
    return digest;
  }, 'retention');
}

test('receipts leave the retention window at the start and every hour, exactly', async () => {
  await withTemporaryFolder(async (dataDir) => {
    let nowMs = startMs + 40 * dayMs;
    const clock = () => nowMs;
    const filled = await openEngine({ dataDir, clock, steadyClock: clock });
    await filled.writes.ingest(events(40), { trustsDays: true });
    await filled.close();
    nowMs += 7 * dayMs;
    const server = await startServer({
      log: pino({ level: 'silent' }),
      openFolder: () => openEngine({ dataDir, clock, steadyClock: clock, retentionDays: 30 }),
      openDoor: async () => ({ url: 'none', close: async () => {} }),
      demoIfEmpty: false,
      expireEveryMs: 20,
    });
    try {
      const engine = await server.opened;
      await server.started;
      for (const days of [20, 35]) {
        nowMs = startMs + (days + 30) * dayMs;
        const kept = events(40).filter((event) => isKept(event, days));
        const digest = await digestOf(kept, clock);
        await vi.waitFor(() => expect(engine.inspect.digest()).toBe(digest), { timeout: 5_000 });
        expect(await engine.upkeep.verify()).toMatchObject({ ok: true, digest });
        expect([...engine.records.receipts()].map(({ purchaseId }) => purchaseId)).not.toContain(
          'p0',
        );
      }
      const [first] = events(1);
      expect(await engine.writes.ingest([first!])).toMatchObject([{ reason: 'OUTSIDE_RETENTION' }]);
    } finally {
      await server.close();
    }
  }, 'retention');
});
