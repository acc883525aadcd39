// Many returns against one receipt, and members of many receipts that are one person.
import { expect, test } from 'vitest';
import { limits, openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const start = Date.parse('2026-05-01T00:00:00Z');
const clock = () => start + 30 * 86_400_000;
const at = (minute: number) => new Date(start + minute * 60_000).toISOString();

const purchaseOf = (purchaseId: string, memberId: string, quantity: number, minute: number) => ({
  kind: 'purchase' as const,
  purchase: {
    purchaseId,
    memberId,
    channel: 'pos' as const,
    occurredAt: at(minute),
    lines: [{ itemId: `item-${minute % 7}`, quantity }],
  },
});

test('a receipt takes a bounded number of returns, and the next is refused with the limit', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock });
    await engine.writes.ingest([purchaseOf('r', 'ann', 1_000, 0)]);
    const returnOf = (number: number) => ({
      kind: 'return' as const,
      return: {
        returnId: `back-${number}`,
        purchaseId: 'r',
        channel: 'pos' as const,
        occurredAt: at(number),
        lines: [{ itemId: 'item-0', quantity: 1 }],
      },
    });
    const { returnsPerPurchaseMax } = limits;
    const most = Array.from({ length: returnsPerPurchaseMax }, (_, number) => returnOf(number));
    const taken = await engine.writes.ingest(most);
    expect(new Set(taken.map(({ status }) => status))).toEqual(new Set(['created']));
    const [refused] = await engine.writes.ingest([returnOf(returnsPerPurchaseMax)]);
    expect(refused).toMatchObject({
      status: 'rejected',
      reason: 'RETURNS_MAX',
      field: 'purchaseId',
      limit: returnsPerPurchaseMax,
    });
    // Without its number it finds no receipt that takes it.
    const value = {
      returnId: 'x',
      memberId: 'ann',
      occurredAt: at(400),
      lines: most[0]!.return.lines,
    };
    expect(
      await engine.writes.ingest([{ kind: 'unreferencedReturn', unreferencedReturn: value }]),
    ).toMatchObject([{ status: 'rejected', reason: 'RETURN_UNMATCHED' }]);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    await engine.close();
  }));

test('two members of many receipts become one whose receipts stand in the order of time', () =>
  withTemporaryFolder(async (dataDir) => {
    const engine = await openEngine({ dataDir, clock });
    const both = Array.from({ length: 4_000 }, (_, index) =>
      purchaseOf(`r-${index}`, index % 3 === 0 ? 'card' : 'app', 1, index),
    );
    await engine.writes.ingest(both);
    await engine.writes.ingest([
      { kind: 'merge', merge: { memberId: 'app', fromMemberId: 'card' } },
    ]);
    const merged = engine.inspect.digest();
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true, members: 1 });
    await engine.close();
    const alone = await openEngine({ dataDir: `${dataDir}/alone`, clock });
    await alone.writes.ingest(
      both.map(({ kind, purchase }) => ({ kind, purchase: { ...purchase, memberId: 'app' } })),
    );
    expect(merged).toBe(alone.inspect.digest());
    await alone.close();
  }));
