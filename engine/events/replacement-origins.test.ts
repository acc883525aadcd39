// Corrections where several origins take receipts: the same on every node, whoever hears first.
import { expect, test } from 'vitest';
import { buys, heldBy, meet, returns, send } from '../../tests/support/corrections.ts';
import { day, exchange, expectSame, give, withChain } from '../../tests/support/engines.ts';

test('of two corrections of one receipt at two origins one counts', () =>
  meet(
    async (a, b) => {
      await send(a, buys('p', 'milk', { member: 'ann' }));
      await give(a, b);
      await send(a, buys('n', 'tea', { replaces: 'p' }));
      await send(b, buys('m', 'eggs', { replaces: 'p', member: 'ann' }));
    },
    (engine) => expect(heldBy(engine)).toHaveLength(1),
  ));

test('a correction holds for what another origin accepted under the old id', () =>
  meet(
    async (a, b) => {
      await send(a, buys('p', 'milk'));
      await send(b, buys('p', 'bread', { member: 'ann' }));
      await send(b, buys('n', 'tea', { replaces: 'p' }));
    },
    (engine) => expect(heldBy(engine)).toEqual(['n  tea']),
  ));

test('what was replaced is a duplicate at every origin', () =>
  meet(
    async (a, b) => {
      await send(a, buys('p', 'milk'));
      await give(a, b);
      await send(b, buys('n', 'tea', { replaces: 'p' }));
      await give(b, a);
      for (const origin of [a, b]) {
        expect(await send(origin, buys('p', 'milk'))).toEqual(['duplicate']);
        expect(await send(origin, buys('p', 'rice'))).toEqual(['PURCHASE_REPLACED']);
      }
    },
    (engine) => expect(heldBy(engine)).toEqual(['n  tea']),
  ));

test('a receipt of which another copy has expired is no expired one', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', { origin: 'a', retentionDays: 10 });
    const b = await chain.open('b');
    await send(a, buys('p', 'milk'));
    await send(
      b,
      buys('p', 'milk', { hour: -5 }),
      buys('q', 'tea'),
      buys('n', 'eggs', { replaces: 'q' }),
    );
    await exchange(a, b);
    chain.nowMs += 9.5 * day;
    await a.upkeep.confirmClock();
    await a.writes.expire();
    await exchange(a, b);
    for (const engine of [a, b]) {
      expectSame(a, engine);
      expect(heldBy(engine)).toEqual(['n  eggs', 'p  milk']);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    }
    expect(await send(a, returns('r', 'p', 'milk'))).toEqual(['created']);
  }));

test('a return that another origin took of the replaced receipt takes nothing off', () =>
  meet(
    async (a, b) => {
      await send(a, buys('p', 'milk tea'));
      await give(a, b);
      await send(a, buys('n', 'milk tea', { replaces: 'p' }));
      await send(b, returns('r', 'p', 'milk'));
    },
    (engine) => expect(heldBy(engine)).toEqual(['n  milk', 'n  tea']),
  ));

test('whoever hears of a correction after its erase takes out the old receipt too', () =>
  meet(
    async (a, b) => {
      await send(a, buys('p', 'milk'), buys('q', 'bread'));
      await give(a, b);
      await send(b, buys('n', 'tea', { replaces: 'p', member: 'ann' }));
      await b.members.erase('ann');
    },
    async (engine) => {
      expect(heldBy(engine)).toEqual(['q  bread']);
      expect([...engine.records.receipts({ gross: true })]).toHaveLength(1);
    },
  ));

test('an erase at the origin that had not heard of the correction takes both', () =>
  meet(
    async (a, b) => {
      await send(a, buys('p', 'milk'), buys('q', 'bread'));
      await give(a, b);
      await send(b, buys('n', 'tea', { replaces: 'p', member: 'ann' }));
      await a.members.erase('ann');
    },
    (engine) => expect(heldBy(engine)).toEqual(['q  bread']),
  ));

test('a correction that is erased unheard of still outdoes the one of another origin', () =>
  meet(
    async (a, b) => {
      const numbers = Array.from({ length: 16 }, (_, number) => number);
      const replacing = (number: number) => ({ replaces: `p${number}` });
      await send(a, ...numbers.map((number) => buys(`p${number}`, 'milk')));
      await give(a, b);
      const ofAnn = (number: number) => ({ ...replacing(number), member: 'ann' });
      await send(a, ...numbers.map((number) => buys(`n${number}`, 'tea', ofAnn(number))));
      await send(b, ...numbers.map((number) => buys(`m${number}`, 'eggs', replacing(number))));
      await a.members.erase('ann');
    },
    // By the keyed hashes of the ids: about half of them.
    (engine) => expect(heldBy(engine).length).toBeLessThan(16),
  ));
