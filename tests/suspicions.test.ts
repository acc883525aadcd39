// What looks odd over all receipts of a chain, whichever door took them.
import { expect, test } from 'vitest';
import type { Engine, Event } from '../engine/index.ts';
import { day, start, withChain } from './support/engines.ts';

type Purchase = Extract<Event, { kind: 'purchase' }>['purchase'];

const bought = (purchase: Partial<Purchase> & Pick<Purchase, 'purchaseId'>): Event => ({
  kind: 'purchase',
  purchase: {
    channel: 'pos',
    occurredAt: new Date(start).toISOString(),
    lines: [{ itemId: 'tea', quantity: 1 }],
    ...purchase,
  },
});

const hour = 3_600_000;
const at = (ms: number) => new Date(start + ms).toISOString().replace('Z', '+00:00');

/** Ordinary sales of three stores, by day, from 8 to 20. */
const usual = Array.from({ length: 300 }, (_, index) =>
  bought({
    purchaseId: `r${index}`,
    memberId: `m${index}`,
    storeId: `S${index % 3}`,
    occurredAt: at(-20 * day + Math.floor(index / 24) * day + (8 + (index % 24) / 2) * hour),
    lines: [{ itemId: `item${index % 50}`, quantity: 1 }],
  }),
);

async function suspicionsOf(engine: Engine) {
  const { receipts, suspicions } = await engine.upkeep.findSuspicions();
  return { receipts, found: suspicions.map(({ kind, count }) => `${kind} ${count}`), suspicions };
}

test('ordinary sales give no cause', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    await engine.writes.ingest(usual, { trustsDays: true });
    expect(await suspicionsOf(engine)).toMatchObject({ receipts: 300, found: [] });
  }));

test('a receipt that another took the place of is not looked at', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await engine.writes.ingest(usual, { trustsDays: true });
    const right = bought({ purchaseId: 'right', replaces: 'r7', occurredAt: at(-10 * day) });
    await engine.writes.ingest([right], { trustsDays: true });
    expect(await suspicionsOf(engine)).toMatchObject({ receipts: 300, found: [] });
  }));

test('cards of everybody, wrong clocks and what all stores sold at once are named', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    await engine.writes.ingest(usual, { trustsDays: true });
    const house = Array.from({ length: 120 }, (_, index) =>
      bought({
        purchaseId: `h${index}`,
        memberId: 'house',
        occurredAt: at(-day + 10 * hour + index * 60_000),
      }),
    );
    const everywhere = ['S0', 'S1', 'S2'].map((storeId) =>
      bought({
        purchaseId: `e${storeId}`,
        storeId,
        occurredAt: at(-day + 12 * hour),
        lines: [{ itemId: 'bag', quantity: 1 }],
      }),
    );
    await engine.writes.ingest([...house, ...everywhere], { trustsDays: true });
    await engine.writes.ingest([
      bought({ purchaseId: 'old', occurredAt: '2001-01-01T10:00:00+00:00' }),
      // A till that is an hour ahead.
      bought({ purchaseId: 'early', occurredAt: at(hour) }),
      bought({ purchaseId: 'blank', memberId: 'ann ', occurredAt: at(-day + 9 * hour) }),
    ]);
    const { suspicions, receipts } = await suspicionsOf(engine);
    expect(receipts).toBe(426);
    const examples = Object.fromEntries(suspicions.map((each) => [each.kind, each.examples]));
    expect(examples).toMatchObject({
      bigMembers: ['house'],
      sharedCards: ['house'],
      blankIds: ['blank'],
      soldEverywhere: ['bag'],
      yearsApart: ['old'],
      ahead: ['early'],
    });
  }));

test('nothing is told of a member who was erased', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a');
    await engine.writes.ingest(usual, { trustsDays: true });
    const ann = { memberId: 'ann ', occurredAt: at(-day + 9 * hour) };
    await engine.writes.ingest([bought({ purchaseId: 'blank', ...ann })]);
    expect((await suspicionsOf(engine)).found).toEqual(['blankIds 1']);
    await engine.members.erase('ann ');
    expect(await suspicionsOf(engine)).toMatchObject({ receipts: 300, found: [] });
  }));
