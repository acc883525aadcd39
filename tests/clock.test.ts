// A server whose clock is wrong, and receipts that are years ahead of all others.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Engine, type Event, openEngine, recommendRequestSchema } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const hour = 3_600_000;
const day = 24 * hour;
const year = 365 * day;
const start = Date.parse('2026-05-01T08:00:00Z');

/** A server on a clock that the test sets; `steady` only goes on. */
async function withClock(
  use: (shop: {
    readonly engine: () => Engine;
    readonly now: { wall: number; steady: number };
    readonly pass: (milliseconds: number) => void;
    readonly restart: () => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const now = { wall: start, steady: 0 };
    const open = () =>
      openEngine({
        dataDir: join(folder, 'data'),
        clock: () => now.wall,
        steadyClock: () => now.steady,
        retentionDays: 2_000,
      });
    let engine = await open();
    const pass = (milliseconds: number) => {
      now.wall += milliseconds;
      now.steady += milliseconds;
    };
    const restart = async () => {
      await engine.close();
      engine = await open();
    };
    try {
      await use({ engine: () => engine, now, pass, restart });
    } finally {
      await engine.close();
    }
  });
}

let number = 0;
function receipt(atMs: number, ...items: string[]) {
  const lines = (items.length > 0 ? items : ['milk', 'bread']).map((itemId) => ({
    itemId,
    quantity: 1,
  }));
  const occurredAt = new Date(atMs).toISOString();
  const memberId = `m-${number % 3}`;
  const purchaseId = `r-${number++}`;
  return {
    kind: 'purchase' as const,
    purchase: { purchaseId, memberId, channel: 'pos' as const, occurredAt, lines },
  };
}

const send = async (engine: Engine, ...events: Event[]) => {
  const results = await engine.writes.ingest(events);
  return results.map(({ status, reason }) => reason ?? status);
};

const scoresOf = (engine: Engine) =>
  engine.lists.recommend(
    recommendRequestSchema.parse({ scenario: 'bought-together', itemId: 'milk' }),
  ).items;

test('receipts come in day after day, also after a week of holidays', () =>
  withClock(async ({ engine, now, pass, restart }) => {
    for (const rest of [0, 1, 1, 9, 1, 30]) {
      pass(rest * day);
      expect(await send(engine(), receipt(now.wall))).toEqual(['created']);
    }
    pass(7 * day);
    await restart();
    expect(await send(engine(), receipt(now.wall))).toEqual(['created']);
  }));

test('a receipt years ahead is refused when the clock has leapt, others are taken', () =>
  withClock(async ({ engine, now, pass }) => {
    expect(await send(engine(), receipt(now.wall), receipt(now.wall))).toEqual([
      'created',
      'created',
    ]);
    pass(60_000);
    now.wall += 3 * year;
    expect(await send(engine(), receipt(now.wall))).toEqual(['DAY_LEAPS']);
    expect(await send(engine(), receipt(start + day))).toEqual(['created']);
    // What was taken meanwhile makes the clock no better.
    expect(await send(engine(), receipt(now.wall))).toEqual(['DAY_LEAPS']);
    expect(engine().status().clockTrouble).toContain('more time than has gone');
    await expect(engine().writes.expire()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    now.wall -= 3 * year;
    expect(engine().status().clockTrouble).toBeUndefined();
  }));

test('after a start years later a receipt of then waits until the clock is confirmed', () =>
  withClock(async ({ engine, now, pass, restart }) => {
    await send(engine(), receipt(now.wall));
    pass(2 * year);
    await restart();
    expect(await send(engine(), receipt(now.wall))).toEqual(['DAY_LEAPS']);
    expect(await engine().upkeep.confirmClock()).toEqual({
      clock: '2028-04-30T08:00:00+00:00',
      newestReceiptOn: '2026-05-01',
    });
    expect(await send(engine(), receipt(now.wall))).toEqual(['created']);
  }));

test('a receipt of a till that runs ahead by hours counts at the server’s time, once', () =>
  withClock(async ({ engine, now, pass }) => {
    await send(engine(), receipt(now.wall));
    const early = receipt(now.wall + 9 * hour);
    const sent = await engine().writes.ingest([early, receipt(now.wall + 300_000)]);
    expect(sent.map(({ status, clockSkewed }) => [status, clockSkewed])).toEqual([
      ['created', true],
      ['created', undefined],
    ]);
    const rows = [...engine().records.receipts()];
    const row = rows.find(({ purchaseId }) => purchaseId === early.purchase.purchaseId);
    expect(Date.parse(row!.occurredAt)).toBe(now.wall);
    // The same receipt, also when its own time has come.
    pass(10 * hour);
    expect(await send(engine(), early)).toEqual(['duplicate']);
    const further = [receipt(now.wall + 24 * hour), receipt(now.wall + 24 * hour + 1)];
    expect(await send(engine(), ...further)).toEqual(['created', 'OCCURRED_AT_IN_FUTURE']);
    await send(engine(), receipt(now.wall - 2 * year));
    expect(engine().status().suspicions).toEqual({ clockAhead: 2, clockBack: 1, ofNobody: 0 });
    const ofFile = await engine().writes.ingest([receipt(now.wall + hour)], { trustsDays: true });
    expect(ofFile[0]?.reason).toBe('OCCURRED_AT_IN_FUTURE');
  }));

test('goods that such a till takes back are taken back, with a receipt and without one', () =>
  withClock(async ({ engine, now, pass }) => {
    const sold = receipt(now.wall - hour);
    const { purchaseId } = sold.purchase;
    const [memberId, lines] = ['ann', [{ itemId: 'tea', quantity: 1 }]];
    const bought = {
      ...sold,
      purchase: { ...sold.purchase, memberId, lines: [...lines, ...lines] },
    };
    await send(engine(), bought);
    const occurredAt = new Date(now.wall + 20 * 60_000).toISOString();
    const back: Event[] = [
      { kind: 'return', return: { returnId: 'a', purchaseId, channel: 'pos', occurredAt, lines } },
      {
        kind: 'unreferencedReturn',
        unreferencedReturn: { returnId: 'b', memberId, occurredAt, lines },
      },
    ];
    const taken = await engine().writes.ingest(back);
    expect(taken).toMatchObject([
      { status: 'created', clockSkewed: true },
      { status: 'created', clockSkewed: true },
    ]);
    expect([...engine().records.receipts()]).toEqual([]);
    pass(hour);
    expect(await send(engine(), ...back)).toEqual(['duplicate', 'duplicate']);
    const late = new Date(now.wall + 25 * hour).toISOString();
    const far = { returnId: 'c', purchaseId, channel: 'pos', occurredAt: late, lines } as const;
    expect(await send(engine(), { kind: 'return', return: far })).toEqual([
      'OCCURRED_AT_IN_FUTURE',
    ]);
    const ofFile = await engine().writes.ingest(
      [{ kind: 'return', return: { ...far, occurredAt: new Date(now.wall + hour).toISOString() } }],
      { trustsDays: true },
    );
    expect(ofFile[0]?.reason).toBe('OCCURRED_AT_IN_FUTURE');
  }));

test('a server that rests for weeks after a start, and hears nothing, believes its clock', () =>
  withClock(async ({ engine, now, pass, restart }) => {
    await send(engine(), receipt(now.wall));
    await restart();
    pass(20 * day);
    expect(engine().status().clockTrouble).toBeUndefined();
    expect(await send(engine(), receipt(now.wall))).toEqual(['created']);
  }));

test('a leap that no clock bears out is refused: a till may be years ahead of all others', () =>
  withClock(async ({ engine, now }) => {
    // The server's clock is ahead from the beginning, so that nothing of it is in its future.
    now.wall += 3 * year;
    expect(await send(engine(), receipt(start), receipt(start + day))).toEqual([
      'created',
      'created',
    ]);
    expect(await send(engine(), receipt(start + 2 * year))).toEqual(['DAY_LEAPS']);
    // Years of receipts that are brought in on purpose are in no order.
    const [result] = await engine().writes.ingest([receipt(start + 2 * year)], {
      trustsDays: true,
    });
    expect(result).toMatchObject({ status: 'created' });
  }));

test('while the clock is behind the log receipts wait, and readiness says why', () =>
  withClock(async ({ engine, now, restart }) => {
    await send(engine(), receipt(now.wall));
    for (const again of [false, true]) {
      now.wall = start - 2 * day;
      if (again) await restart();
      await expect(engine().writes.ingest([receipt(now.wall)])).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        reason: 'CLOCK_BEHIND',
        retryAfterMs: expect.any(Number),
      });
      expect(engine().status()).toMatchObject({ ready: false });
      expect(engine().status().waitingFor).toContain('before');
      // Lists go on, since they need no clock.
      expect(scoresOf(engine())).toHaveLength(1);
      now.wall = start;
      expect(engine().status()).toMatchObject({ ready: true });
      expect(await send(engine(), receipt(now.wall))).toEqual(['created']);
    }
    now.wall = start - 2 * day;
    await engine().upkeep.confirmClock();
    expect(await send(engine(), receipt(now.wall))).toEqual(['created']);
  }));

test('what a clock that was ahead has left is taken out, and the counts are what they were', () =>
  withClock(async ({ engine, now }) => {
    for (let index = 0; index < 6; index++) await send(engine(), receipt(start - index * day));
    const [digest, scores] = [engine().inspect.digest(), scoresOf(engine())];
    const { landmarkDay } = engine().inspect.totals();
    now.wall += 3 * year;
    await engine().writes.ingest([receipt(now.wall), receipt(now.wall, 'milk', 'tea')], {
      trustsDays: true,
    });
    await expect.poll(() => engine().inspect.totals().landmarkDay).toBeGreaterThan(landmarkDay);
    now.wall = start;
    await engine().upkeep.confirmClock();
    const taken = await engine().writes.discardAfter(start);
    expect(taken).toHaveLength(2);
    expect(taken[0]).toMatchObject({ occurredAt: '2029-04-30T16:00:00+08:00' });
    await engine().upkeep.checkpoint();
    await expect.poll(() => engine().inspect.totals().landmarkDay).toBe(landmarkDay);
    expect(engine().inspect.digest()).toBe(digest);
    expect(scoresOf(engine()).slice(0, 1)).toEqual(scores.slice(0, 1));
    expect(await engine().upkeep.verify()).toMatchObject({ ok: true });
    // They can come again with their right times.
    const { purchaseId, lines, memberId } = taken[0]!;
    const purchase = {
      purchaseId,
      memberId,
      lines: [...lines],
      channel: 'pos' as const,
      occurredAt: new Date(start).toISOString(),
    };
    expect(await engine().writes.ingest([{ kind: 'purchase', purchase }])).toMatchObject([
      { status: 'created' },
    ]);
  }));
