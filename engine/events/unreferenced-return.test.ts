// Goods that come back without a receipt: which purchases they are taken off, and once.
import { expect, test } from 'vitest';
import { buys, type Chain, day, withChain } from '../../tests/support/engines.ts';
import type { Event } from './index.ts';

type Engine = Awaited<ReturnType<Chain['open']>>;

const goods = (chain: Chain, quantity: number, more: object = {}): Event => ({
  kind: 'unreferencedReturn',
  unreferencedReturn: {
    ...{ returnId: 'u', memberId: 'ann', occurredAt: new Date(chain.nowMs).toISOString() },
    ...{ lines: [{ itemId: 'milk', quantity }], ...more },
  },
});

/** Ann buys a milk and a bread on each of three days; a day later they are what she has. */
async function withThree(use: (chain: Chain, engine: Engine) => Promise<void>): Promise<void> {
  await withChain(async (chain) => {
    const engine = await chain.open('a');
    for (const days of [3, 2, 1]) await buys(engine, `p${days}`, chain.nowMs - days * day, 'ann');
    await use(chain, engine);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });
}

const milkOf = (engine: Engine) =>
  [...engine.records.receipts()]
    .filter(({ itemId }) => itemId === 'milk')
    .map((row) => row.purchaseId);

test('they come off the latest purchases first', () =>
  withThree(async (chain, engine) => {
    const [result] = await engine.writes.ingest([goods(chain, 2)]);
    expect(result).toMatchObject({ status: 'created' });
    expect(result).not.toHaveProperty('unmatchedQuantity');
    expect(milkOf(engine)).toEqual(['p3']);
  }));

test('only off what was bought before they came back', () =>
  withThree(async (chain, engine) => {
    const occurredAt = new Date(chain.nowMs - 2.5 * day).toISOString();
    const [result] = await engine.writes.ingest([goods(chain, 2, { occurredAt })]);
    expect(result).toMatchObject({ status: 'created', unmatchedQuantity: 1 });
    expect(milkOf(engine)).toEqual(['p2', 'p1']);
  }));

test('what nobody sold is told, and refused where nothing of it was sold', () =>
  withThree(async (chain, engine) => {
    const [more] = await engine.writes.ingest([goods(chain, 5)]);
    expect(more).toMatchObject({ status: 'created', unmatchedQuantity: 2 });
    const [none] = await engine.writes.ingest([goods(chain, 1, { returnId: 'v' })]);
    expect(none).toMatchObject({ status: 'rejected', reason: 'RETURN_UNMATCHED' });
    expect(none).toMatchObject({ unmatchedQuantity: 1, field: 'lines' });
  }));

test('sent again they are known, with what was not matched', () =>
  withThree(async (chain, engine) => {
    const [first] = await engine.writes.ingest([goods(chain, 5)]);
    const [again, other] = await engine.writes.ingest([goods(chain, 5), goods(chain, 4)]);
    const { watermark } = first!;
    expect(again).toMatchObject({ status: 'duplicate', watermark, unmatchedQuantity: 2 });
    expect(other).toMatchObject({ status: 'conflict', reason: 'CONTENT_DIFFERS' });
    expect(milkOf(engine)).toEqual([]);
  }));

test('off the receipt that they stand on before any other, and known again without it', () =>
  withThree(async (chain, engine) => {
    const own = { ownPurchaseId: 'p2' };
    const [result] = await engine.writes.ingest([goods(chain, 2, own)]);
    expect(result).toMatchObject({ status: 'created' });
    // One of its own receipt, and one of the latest of the others.
    expect(milkOf(engine)).toEqual(['p3']);
    const [again] = await engine.writes.ingest([goods(chain, 2)]);
    expect(again).toMatchObject({ status: 'duplicate' });
    const [one] = await engine.writes.ingest([
      goods(chain, 1, { returnId: 'v', ownPurchaseId: 'nowhere' }),
    ]);
    expect(one).toMatchObject({ status: 'created' });
    expect(milkOf(engine)).toEqual([]);
  }));
