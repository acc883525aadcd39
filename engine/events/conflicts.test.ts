// What stands when two origins contradict each other: the same on every node, whoever hears first.
import { expect, test } from 'vitest';
import { type Chain, exchange, expectSame, start, withChain } from '../../tests/support/engines.ts';
import type { Event } from './index.ts';

type Bought = Extract<Event, { readonly kind: 'purchase' }>;
type Engine = Awaited<ReturnType<Chain['open']>>;

const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();

const buys = (purchaseId: string, memberId: string, ...items: string[]): Bought => ({
  kind: 'purchase',
  purchase: {
    purchaseId,
    memberId,
    channel: 'pos',
    occurredAt: at(0),
    lines: items.map((itemId) => ({ itemId, quantity: 1 })),
  },
});
const returns = (returnId: string, purchaseId: string, ...items: string[]): Event => ({
  kind: 'return',
  return: {
    returnId,
    purchaseId,
    channel: 'pos',
    occurredAt: at(1),
    lines: items.map((itemId) => ({ itemId, quantity: 1 })),
  },
});
const looks = (action: 'view' | 'cart'): Event => ({
  kind: 'behaviour',
  behaviour: {
    eventId: 'e',
    memberId: 'ann',
    action,
    itemId: 'milk',
    channel: 'app',
    occurredAt: at(0),
  },
});
const consents = (memberId: string, personalization: boolean, minutes: number): Event => ({
  kind: 'consent',
  consent: { memberId, personalization, occurredAt: at(minutes) },
});
const named = (name: string): Event => ({
  kind: 'item',
  item: { itemId: 'milk', name, status: 'active' },
});
const opens = (city: string): Event => ({ kind: 'store', store: { storeId: 'S1', city } });

interface Story {
  readonly ofA: readonly Event[];
  readonly ofB: readonly Event[];
  /** Who erases ann after it. */
  readonly erasing?: 'a' | 'b';
}

/** Each origin accepts its own; then all is exchanged, and both tell the same. */
async function meet(
  { ofA, ofB, erasing }: Story,
  see: (engine: Engine) => void | Promise<void>,
  { apartMs = 60_000 } = {},
): Promise<void> {
  for (const order of ['a first', 'b first']) {
    await withChain(async (chain) => {
      const [a, b] = [await chain.open('a'), await chain.open('b')];
      await a.writes.ingest(ofA);
      chain.nowMs += apartMs;
      await b.writes.ingest(ofB);
      if (erasing !== undefined) await (erasing === 'a' ? a : b).members.erase('ann');
      await exchange(...(order === 'a first' ? [a, b] : [b, a]));
      expectSame(a, b);
      for (const engine of [a, b]) {
        await see(engine);
        expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
      }
    });
  }
}

test('a receipt counts as the origin whose name comes first has it', () =>
  meet({ ofA: [buys('p', 'ann', 'milk')], ofB: [buys('p', 'bob', 'tea')] }, (engine) => {
    const held = [...engine.records.receipts()].map(
      ({ memberId, itemId }) => `${memberId} ${itemId}`,
    );
    expect(held).toEqual(['ann milk']);
  }));

test('a return that both accepted takes back once', () =>
  meet(
    {
      ofA: [buys('p', 'ann', 'milk', 'tea'), returns('r', 'p', 'milk')],
      ofB: [returns('r', 'p', 'milk')],
    },
    (engine) => {
      expect([...engine.records.receipts()].map(({ itemId }) => itemId)).toEqual(['tea']);
    },
  ));

test('of two returns under one id that of the first origin takes back, not the other', () =>
  meet(
    {
      ofA: [buys('p', 'ann', 'milk', 'tea'), returns('r', 'p', 'milk')],
      ofB: [returns('r', 'p', 'tea')],
    },
    async (engine) => {
      expect([...engine.records.receipts()].map(({ itemId }) => itemId)).toEqual(['tea']);
      const [same, other] = await engine.writes.ingest([
        returns('r', 'p', 'milk'),
        returns('r', 'p', 'tea'),
      ]);
      expect([same?.status, other?.status]).toEqual(['duplicate', 'conflict']);
    },
  ));

test('of two looks under one id that of the first origin is kept', () =>
  meet({ ofA: [looks('view')], ofB: [looks('cart')] }, async (engine) => {
    const [same, other] = await engine.writes.ingest([looks('view'), looks('cart')]);
    expect([same?.status, other?.status]).toEqual(['duplicate', 'conflict']);
  }));

test('of two answers on consent the later counts, of two at once the refusal', async () => {
  const list = (engine: Engine) =>
    engine.lists.recommend({ scenario: 'guess-you-like', memberId: 'ann' }).relaxations;
  const first = buys('p', 'ann', 'milk');
  await meet(
    { ofA: [first, consents('ann', true, 2)], ofB: [consents('ann', false, 1)] },
    (engine) => expect(list(engine)).not.toContain('member_opted_out'),
  );
  await meet(
    { ofA: [first, consents('ann', true, 1)], ofB: [consents('ann', false, 1)] },
    (engine) => expect(list(engine)).toContain('member_opted_out'),
  );
});

test('of two upserts the one that was accepted later stands', () =>
  meet({ ofA: [named('Milk 1 l')], ofB: [named('Whole milk')] }, (engine) => {
    expect(engine.catalogue.item('milk')?.name).toBe('Whole milk');
  }));

test('of two upserts of a store too, and of two at once that of the last origin', async () => {
  await meet({ ofA: [opens('Chengdu')], ofB: [opens('Chongqing')] }, (engine) => {
    expect([...engine.catalogue.stores()].map(({ city }) => city)).toEqual(['Chongqing']);
  });
  await meet(
    { ofA: [opens('Chengdu'), named('Milk 1 l')], ofB: [opens('Mianyang'), named('Milk')] },
    (engine) => {
      expect([...engine.catalogue.stores()].map(({ city }) => city)).toEqual(['Mianyang']);
      expect(engine.catalogue.item('milk')?.name).toBe('Milk');
    },
    { apartMs: 0 },
  );
});

test('an erase takes what the other origin accepted before it had heard of it', async () => {
  const consent = consents('ann', false, 2);
  const sent = [buys('p', 'ann', 'milk'), looks('view'), consent];
  const theirs = [...sent, returns('r', 'p', 'milk')];
  for (const [ofA, ofB] of [
    [[], theirs],
    [theirs, []],
  ]) {
    await meet({ ofA: ofA!, ofB: ofB!, erasing: ofA!.length === 0 ? 'a' : 'b' }, async (engine) => {
      expect([...engine.records.receipts({ gross: true })]).toEqual([]);
      expect(engine.status().members).toBe(0);
      const again = await engine.writes.ingest(sent);
      expect(again.map(({ reason }) => reason)).toEqual(sent.map(() => 'MEMBER_ERASED'));
    });
  }
});

test.each(['a', 'b'] as const)(
  'of a receipt that both accepted an erase at %s takes both copies',
  async (at) => {
    for (const daysApart of [-2, 0, 2]) {
      await withChain(async (chain) => {
        const [a, b] = [await chain.open('a'), await chain.open('b')];
        const ofA = buys('p', 'ann', 'milk');
        const occurredAt = new Date(start + daysApart * 24 * 60 * 60_000).toISOString();
        chain.nowMs += 3 * 24 * 60 * 60_000;
        await a.writes.ingest([ofA, buys('q', 'bob', 'tea')]);
        await b.writes.ingest([{ ...ofA, purchase: { ...ofA.purchase, occurredAt } }]);
        await exchange(a, b);
        await (at === 'a' ? a : b).members.erase('ann');
        await exchange(a, b);
        expectSame(a, b);
        for (const engine of [a, b]) {
          const rows = [...engine.records.receipts({ gross: true })];
          expect(rows.map(({ itemId }) => itemId)).toEqual(['tea']);
          expect(engine.inspect.counters('milk')?.support).toBe(0n);
          expect(engine.status().members).toBe(1);
          expect(await engine.upkeep.verify()).toMatchObject({ differences: [] });
        }
      });
    }
  },
);

test('ids that each merged with another are one person everywhere', () =>
  meet(
    {
      ofA: [
        buys('p', 'ann', 'milk'),
        { kind: 'merge', merge: { memberId: 'ann', fromMemberId: 'x' } },
      ],
      ofB: [buys('q', 'x', 'tea'), { kind: 'merge', merge: { memberId: 'x', fromMemberId: 'y' } }],
    },
    (engine) => expect(engine.status().members).toBe(1),
  ));
