// A member who is put on an anonymous receipt: it counts as if it had had the member from the
// start.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findTexts } from '../../tests/support/bytes.ts';
import { buys, digestOf, heldBy, meet, returns, send } from '../../tests/support/corrections.ts';
import { day, give, putBackTo, withChain } from '../../tests/support/engines.ts';
import type { Event } from './index.ts';

const attaches = (purchaseId: string, memberId: string): Event => ({
  kind: 'attachMember',
  attachMember: { purchaseId, memberId },
});

const others = [
  buys('q', 'milk bread', { member: 'bob', hour: 3 }),
  buys('o', 'tea bread', { member: 'ann', hour: 1 }),
];

test('a receipt counts as if it had had its member from the start, with its returns', () =>
  withChain(async (chain) => {
    const back = returns('r', 'p', 'tea');
    const wanted = await digestOf(chain, buys('p', 'milk tea', { member: 'ann' }), back, ...others);
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk tea'), back, ...others);
    const anonymous = engine.inspect.digest();
    chain.nowMs += 200 * day;
    await engine.upkeep.confirmClock();
    await engine.upkeep.checkpoint();
    expect(await send(engine, attaches('p', 'ann'))).toEqual(['created']);
    expect(engine.inspect.digest()).toBe(wanted);
    expect(heldBy(engine)).toContain('p ann milk');
    expect(heldBy(engine)).not.toContain('p ann tea');
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    // Whoever sends the receipt again, with its member or without, is told that it is here.
    expect(
      await send(
        engine,
        attaches('p', 'ann'),
        buys('p', 'milk tea'),
        buys('p', 'milk tea', { member: 'ann' }),
      ),
    ).toEqual(['duplicate', 'duplicate', 'duplicate']);
    expect(await send(engine, buys('p', 'milk'))).toEqual(['CONTENT_DIFFERS']);
    expect(await send(engine, returns('s', 'p', 'milk'), returns('t', 'p', 'milk'))).toEqual([
      'created',
      'RETURN_EXCEEDS_PURCHASE',
    ]);
    await chain.close(engine);
    const again = await chain.open('a', {});
    expect(heldBy(again).filter((row) => row.startsWith('p'))).toEqual([]);
    expect(await again.upkeep.verify()).toMatchObject({ ok: true });
    await chain.close(again);
    const before = await chain.open(await putBackTo(chain, 'a', { toSequence: 5 }), {});
    expect(before.inspect.digest()).toBe(anonymous);
    expect(heldBy(before)).toContain('p  milk');
  }));

test('only a receipt that is known and anonymous gets a member', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await send(
      engine,
      buys('p', 'milk'),
      buys('q', 'milk', { member: 'bob' }),
      attaches('p', 'ann'),
    );
    await engine.members.erase('eve');
    expect(
      await engine.writes.ingest([
        attaches('p', 'bob'),
        attaches('q', 'ann'),
        attaches('nowhere', 'ann'),
        attaches('p', 'eve'),
      ]),
    ).toMatchObject([
      { status: 'conflict', reason: 'MEMBER_DIFFERS', field: 'memberId' },
      { status: 'conflict', reason: 'MEMBER_DIFFERS', field: 'memberId' },
      { status: 'rejected', reason: 'PURCHASE_UNKNOWN', field: 'purchaseId' },
      { status: 'rejected', reason: 'MEMBER_ERASED', field: 'memberId' },
    ]);
    // Two ids of one person are no contradiction.
    await send(engine, { kind: 'merge', merge: { memberId: 'ann', fromMemberId: 'card' } });
    expect(await send(engine, attaches('p', 'card'))).toEqual(['duplicate']);
  }));

test('a receipt with a member that was found is corrected like any other', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk'), attaches('p', 'ann'));
    const correction = buys('n', 'tea', { member: 'bob', replaces: 'p' });
    expect(await send(engine, correction)).toEqual(['created']);
    expect(heldBy(engine)).toEqual(['n bob tea']);
    expect(await send(engine, attaches('p', 'ann'))).toEqual(['PURCHASE_REPLACED']);
    await engine.members.erase('bob');
    expect(heldBy(engine)).toEqual([]);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('an erase takes the receipt, and the anonymous one that it was', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await send(engine, ...others, buys('secret-p', 'milk tea'));
    await send(engine, returns('secret-r', 'secret-p', 'tea'));
    const wanted = await digestOf(chain, others[0]!);
    await send(engine, attaches('secret-p', 'ann'));
    expect(await engine.members.erase('ann')).toMatchObject({
      removed: { receipts: 2, returns: 1 },
    });
    expect(engine.inspect.digest()).toBe(wanted);
    expect(heldBy(engine).map((row) => row[0])).toEqual(['q', 'q']);
    expect(await send(engine, buys('secret-p', 'milk tea'), attaches('secret-p', 'bob'))).toEqual([
      'MEMBER_ERASED',
      'MEMBER_ERASED',
    ]);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    await engine.upkeep.compact();
    await chain.close(engine);
    expect(findTexts(join(chain.folder, 'a'), ['secret-p', 'secret-r', 'ann'])).toEqual([]);
  }));

test('an expired receipt takes the anonymous one along', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', { retentionDays: 10 });
    await send(engine, buys('p', 'milk'), attaches('p', 'ann'));
    chain.nowMs += 20 * day;
    await engine.upkeep.confirmClock();
    expect(await send(engine, attaches('p', 'ann'))).toEqual(['duplicate']);
    await engine.writes.expire();
    expect(heldBy(engine)).toEqual([]);
    expect(await send(engine, attaches('p', 'ann'))).toEqual(['OUTSIDE_RETENTION']);
    expect(engine.status().members).toBe(0);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('of two members that two origins put on one receipt that of the first origin stands', () =>
  meet(
    async (a, b) => {
      await send(a, buys('p', 'milk'));
      await give(a, b);
      await send(a, attaches('p', 'ann'));
      await send(b, attaches('p', 'bob'));
    },
    (engine) => expect(heldBy(engine)).toEqual(['p ann milk']),
  ));

test('a member counts whom another origin found than the one that took the receipt', () =>
  meet(
    async (a, b) => {
      await send(a, buys('p', 'milk tea'));
      await give(a, b);
      await send(b, attaches('p', 'ann'));
      await send(a, returns('r', 'p', 'tea'));
    },
    (engine) => expect(heldBy(engine)).toEqual(['p ann milk']),
  ));

test.each(['a', 'b'] as const)(
  'an erase at %s takes the receipt everywhere, whoever had heard of its member',
  (place) =>
    meet(
      async (a, b) => {
        await send(a, buys('p', 'milk'), buys('q', 'tea'));
        await give(a, b);
        await send(b, attaches('p', 'ann'));
        await (place === 'a' ? a : b).members.erase('ann');
      },
      async (engine) => {
        expect(heldBy(engine)).toEqual(['q  tea']);
        expect([...engine.records.receipts({ gross: true })]).toHaveLength(1);
      },
    ),
);
