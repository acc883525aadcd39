// Returns: what was acknowledged counts, whatever the clock said then, here and wherever the log is
// read again.
import { expect, test } from 'vitest';
import {
  buys,
  type Chain,
  day,
  exchange,
  expectSame,
  putBackTo,
  withChain,
} from '../../tests/support/engines.ts';
import { limits } from '../base/limits.ts';
import type { Event } from './index.ts';

type Engine = Awaited<ReturnType<Chain['open']>>;

const itemsOf = (engine: Engine) => [...engine.records.receipts()].map(({ itemId }) => itemId);

const returnsMilk = (chain: Chain): Event => ({
  kind: 'return',
  return: {
    returnId: 'r',
    purchaseId: 'p',
    channel: 'pos',
    occurredAt: new Date(chain.nowMs).toISOString(),
    lines: [{ itemId: 'milk', quantity: 1 }],
  },
});

/** Somebody sets the clock, and says that it is right now. */
async function setBack(chain: Chain, engine: Engine, days: number): Promise<void> {
  chain.nowMs -= days * day;
  await engine.upkeep.confirmClock();
}

test.each([
  ['a chain that is alone', {}],
  ['an origin', { origin: 'a' }],
])('%s takes a return after its clock was set back by months', (_, options) =>
  withChain(async (chain) => {
    const a = await chain.open('a', options);
    await buys(a, 'p', chain.nowMs - 200 * day, 'ann');
    await setBack(chain, a, 100);
    const [result] = await a.writes.ingest([returnsMilk(chain)]);
    expect(result).toMatchObject({ status: 'created' });
    expect(itemsOf(a)).toEqual(['bread']);
    expect((await a.writes.ingest([returnsMilk(chain)]))[0]).toMatchObject({ status: 'duplicate' });
    await chain.close(a);

    const again = await chain.open('a', options);
    expect(itemsOf(again)).toEqual(['bread']);
    expect(await again.upkeep.verify()).toMatchObject({ ok: true });
    const digest = again.inspect.digest();
    await chain.close(again);

    const back = await chain.open(await putBackTo(chain, 'a', { toSequence: 2 }), options);
    expect(back.inspect.digest()).toBe(digest);
    expect(itemsOf(back)).toEqual(['bread']);
  }),
);

test('a return of what another origin sold counts, though the clocks are months apart', () =>
  withChain(async (chain) => {
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    await buys(b, 'p', chain.nowMs - 200 * day, 'ann');
    await exchange(a, b);
    await setBack(chain, a, 100);
    const [result] = await a.writes.ingest([returnsMilk(chain)]);
    expect(result).toMatchObject({ status: 'created' });
    expect(itemsOf(a)).toEqual(['bread']);
    await exchange(a, b);
    expectSame(a, b);
    expect(itemsOf(b)).toEqual(['bread']);
    // Whoever hears of the return first decides alike.
    const late = await chain.open('late', { isFollower: true });
    for (const from of [a, b]) {
      const own = from.replication.entriesFrom(1, 100);
      const theirs = own.filter(({ place }) => place.origin === from.replication.origin);
      await late.replication.apply(theirs);
    }
    expectSame(a, late);
    expect(itemsOf(late)).toEqual(['bread']);
  }));

test('a return that waited for its receipt too long does not count, in any order', () =>
  withChain(async (chain) => {
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    expect((await a.writes.ingest([returnsMilk(chain)]))[0]).toMatchObject({ parked: true });
    chain.nowMs += (limits.parkedReturnDaysMax + 1) * day;
    await buys(b, 'p', chain.nowMs, 'ann');
    await exchange(a, b);
    expectSame(a, b);
    for (const engine of [a, b]) expect(itemsOf(engine).sort()).toEqual(['bread', 'milk']);
  }));

const returnsAll = (chain: Chain, returnId = 'all', purchaseId = 'p'): Event => ({
  kind: 'return',
  return: { returnId, purchaseId, channel: 'pos', occurredAt: new Date(chain.nowMs).toISOString() },
});

test('a return without lines takes all that is left of the receipt, once', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', {});
    await buys(a, 'p', chain.nowMs - day, 'ann');
    await a.writes.ingest([returnsMilk(chain)]);
    const [first] = await a.writes.ingest([returnsAll(chain)]);
    expect(first).toMatchObject({ status: 'created' });
    expect(itemsOf(a)).toEqual([]);
    const results = await a.writes.ingest([returnsAll(chain), returnsAll(chain, 'other')]);
    expect(results).toMatchObject([
      { status: 'duplicate', watermark: first!.watermark },
      { status: 'rejected', reason: 'RETURN_EXCEEDS_PURCHASE', field: 'purchaseId' },
    ]);
    const lines = [{ itemId: 'bread', quantity: 1 }];
    const { return: all } = returnsAll(chain) as Extract<Event, { kind: 'return' }>;
    const [named] = await a.writes.ingest([{ kind: 'return', return: { ...all, lines } }]);
    expect(named).toMatchObject({ status: 'conflict' });
    await chain.close(a);
    const again = await chain.open('a', {});
    expect((await again.writes.ingest([returnsAll(chain)]))[0]).toMatchObject({
      status: 'duplicate',
    });
    expect(await again.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('a return without lines needs its receipt, and needs no member', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', {});
    const [early] = await a.writes.ingest([returnsAll(chain)]);
    expect(early).toMatchObject({ status: 'rejected', reason: 'PURCHASE_UNKNOWN' });
    await buys(a, 'p', chain.nowMs - day);
    expect((await a.writes.ingest([returnsAll(chain)]))[0]).toMatchObject({ status: 'created' });
    expect(itemsOf(a)).toEqual([]);
  }));

test('the same whole receipt brought back at two origins comes back once', () =>
  withChain(async (chain) => {
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    await buys(a, 'p', chain.nowMs - day, 'ann');
    await exchange(a, b);
    await b.writes.ingest([returnsMilk(chain)]);
    await a.writes.ingest([returnsAll(chain)]);
    await b.writes.ingest([returnsAll(chain)]);
    await exchange(a, b);
    expectSame(a, b);
    for (const engine of [a, b]) {
      expect(itemsOf(engine)).toEqual([]);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    }
  }));
