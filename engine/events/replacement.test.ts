// Corrections: a receipt takes the place of another, as if that one had never been sent.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findTexts } from '../../tests/support/bytes.ts';
import { buys, digestOf, heldBy, returns, send } from '../../tests/support/corrections.ts';
import { day, putBackTo, start, withChain } from '../../tests/support/engines.ts';
import type { Event } from './index.ts';

const others = [
  buys('q', 'milk bread', { member: 'bob', hour: 3 }),
  buys('s', 'tea milk', { hour: 4 }),
  buys('t', 'bread tea', { member: 'ann', hour: 5 }),
];

test.each([
  ['of a member', { member: 'ann' }, { member: 'ann' }],
  ['of another member', { member: 'ann' }, { member: 'bob' }],
  ['of nobody', {}, {}],
  ['of nobody, by a member', {}, { member: 'ann' }],
  ['at another time', { member: 'ann', hour: 0 }, { member: 'ann', hour: 6 }],
])('a correction %s counts as if the old receipt had never been sent', (_, old, now) =>
  withChain(async (chain) => {
    const right = buys('n', 'bread eggs', now);
    const wanted = await digestOf(chain, ...others, right);
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk tea', old), ...others);
    const correction = buys('n', 'bread eggs', { ...now, replaces: 'p' });
    expect(await send(engine, correction)).toEqual(['created']);
    expect(engine.inspect.digest()).toBe(wanted);
    expect(heldBy(engine).filter((row) => row.startsWith('p'))).toEqual([]);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    expect(await send(engine, correction, right, buys('p', 'milk tea', old))).toEqual([
      'duplicate',
      'duplicate',
      'duplicate',
    ]);
    await chain.close(engine);
    const again = await chain.open('a', {});
    expect(again.inspect.digest()).toBe(wanted);
    await again.upkeep.checkpoint();
    await chain.close(again);
    const third = await chain.open('a', {});
    expect(third.inspect.digest()).toBe(wanted);
    expect(await third.upkeep.verify()).toMatchObject({ ok: true });
  }),
);

test('a correction that comes after a checkpoint, and a crash, is counted exactly', () =>
  withChain(async (chain) => {
    const wanted = await digestOf(chain, ...others, buys('n', 'eggs', { member: 'ann' }));
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk tea'), ...others);
    await engine.upkeep.checkpoint();
    await send(engine, buys('n', 'eggs', { member: 'ann', replaces: 'p' }));
    expect(engine.inspect.digest()).toBe(wanted);
    cpSync(join(chain.folder, 'a'), join(chain.folder, 'crashed'), { recursive: true });
    const crashed = await chain.open('crashed', {});
    expect(crashed.inspect.digest()).toBe(wanted);
    expect(await crashed.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('a batch may hold both, and be sent again', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    const batch = [buys('p', 'milk'), buys('n', 'tea', { replaces: 'p' })];
    expect(await send(engine, ...batch)).toEqual(['created', 'created']);
    expect(await send(engine, ...batch)).toEqual(['duplicate', 'duplicate']);
    expect(heldBy(engine)).toEqual(['n  tea']);
  }));

test('a correction can be corrected', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    const [first, second] = [
      buys('n', 'tea', { replaces: 'p' }),
      buys('m', 'eggs', { replaces: 'n' }),
    ];
    await send(engine, buys('p', 'milk'), first);
    expect(await send(engine, second)).toEqual(['created']);
    expect(heldBy(engine)).toEqual(['m  eggs']);
    expect(await send(engine, first, second)).toEqual(['duplicate', 'duplicate']);
    expect(await send(engine, buys('o', 'rice', { replaces: 'n' }))).toEqual(['PURCHASE_REPLACED']);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('what cannot be replaced is refused with the field, and leaves no trace', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk tea'), buys('q', 'tea'), returns('r', 'p', 'milk'));
    const before = engine.inspect.digest();
    const refused = await engine.writes.ingest([
      buys('n', 'tea', { replaces: 'n' }),
      buys('n', 'tea', { replaces: 'nowhere' }),
      buys('n', 'tea', { replaces: 'p' }),
      buys('q', 'tea', { replaces: 'p' }),
    ]);
    expect(refused).toMatchObject([
      { status: 'rejected', reason: 'REPLACES_ITSELF', field: 'replaces' },
      {
        ...{ status: 'rejected', reason: 'PURCHASE_UNKNOWN', field: 'replaces' },
        message: 'receipt "nowhere" is not known',
      },
      { status: 'rejected', reason: 'PURCHASE_HAS_RETURNS', field: 'replaces' },
      { status: 'conflict', reason: 'CONTENT_DIFFERS', field: 'replaces' },
    ]);
    expect(refused[2]?.message).toContain('("r")');
    expect(engine.inspect.digest()).toBe(before);
    const voided = buys('n', 'tea', { replaces: 'q' });
    const lines = [...voided.purchase.lines, { itemId: 'tea', quantity: -1 }];
    const nothing: Event = { ...voided, purchase: { ...voided.purchase, lines } };
    expect(await send(engine, nothing)).toEqual(['REPLACED_BY_NOTHING']);
  }));

test('what is sent of a replaced receipt is refused, and told which one counts', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk tea'), buys('n', 'tea', { replaces: 'p' }));
    const refused = await engine.writes.ingest([
      returns('r', 'p', 'tea'),
      buys('p', 'rice'),
      buys('o', 'rice', { replaces: 'p' }),
    ]);
    expect(refused).toMatchObject([
      { status: 'rejected', reason: 'PURCHASE_REPLACED', field: 'purchaseId' },
      { status: 'conflict', reason: 'PURCHASE_REPLACED', field: 'purchaseId' },
      { status: 'rejected', reason: 'PURCHASE_REPLACED', field: 'replaces' },
    ]);
    for (const { message } of refused) expect(message).toContain('replaced by receipt "n"');
    expect(await send(engine, returns('r', 'n', 'tea'))).toEqual(['created']);
  }));

test('a chain that is put back to before a correction has the old receipt', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk', { member: 'ann' }));
    const digest = engine.inspect.digest();
    await send(engine, buys('n', 'tea', { member: 'ann', replaces: 'p' }));
    await chain.close(engine);
    // Between the receipt and what it replaces there is no moment.
    for (const toSequence of [1, 2]) {
      const back = await chain.open(await putBackTo(chain, 'a', { toSequence }), {});
      expect(back.inspect.digest()).toBe(digest);
      expect(heldBy(back)).toEqual(['p ann milk']);
      chain.nowMs += 60_000;
    }
    const whole = await chain.open(await putBackTo(chain, 'a', { toSequence: 3 }), {});
    expect(heldBy(whole)).toEqual(['n ann tea']);
    expect(await send(whole, buys('p', 'milk', { member: 'ann' }))).toEqual(['duplicate']);
  }));

test.each([
  ['before the correction', true],
  ['after it', false],
])('an erase %s leaves nothing of either receipt', (_, isBefore) =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await send(engine, ...others.slice(0, 2));
    const without = engine.inspect.digest();
    await send(engine, buys('secret-p', 'milk tea'));
    const correction = buys('secret-n', 'tea', { member: 'ann', replaces: 'secret-p' });
    if (isBefore) {
      await engine.members.erase('ann');
      expect(await send(engine, correction)).toEqual(['MEMBER_ERASED']);
      expect(heldBy(engine).filter((row) => row.startsWith('secret-p'))).toHaveLength(2);
      return;
    }
    await send(engine, correction);
    await engine.members.erase('ann');
    expect(engine.inspect.digest()).toBe(without);
    expect(await send(engine, buys('secret-p', 'milk tea'), correction)).toEqual([
      'MEMBER_ERASED',
      'MEMBER_ERASED',
    ]);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    await engine.upkeep.compact();
    await chain.close(engine);
    expect(findTexts(join(chain.folder, 'a'), ['secret-p', 'secret-n', 'ann'])).toEqual([]);
    const again = await chain.open('a', {});
    expect(again.inspect.digest()).toBe(without);
  }),
);

test('a correction between two members outlives an erase of the old one', () =>
  withChain(async (chain) => {
    const wanted = await digestOf(
      chain,
      ...others.slice(0, 2),
      buys('n', 'eggs', { member: 'bob' }),
    );
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk', { member: 'ann' }), ...others.slice(0, 2));
    await send(engine, buys('n', 'eggs', { member: 'bob', replaces: 'p' }));
    await engine.members.erase('ann');
    expect(engine.inspect.digest()).toBe(wanted);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    expect(await send(engine, buys('p', 'milk', { member: 'ann' }))).toEqual(['MEMBER_ERASED']);
    expect(await send(engine, buys('n', 'eggs', { member: 'bob', replaces: 'p' }))).toEqual([
      'duplicate',
    ]);
    await engine.members.erase('bob');
    expect(heldBy(engine).map((row) => row[0])).toEqual(['s', 's']);
  }));

test('a correction expires with its receipt, and the old one too', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', { retentionDays: 10 });
    await send(engine, buys('p', 'milk'), buys('n', 'tea', { replaces: 'p', hour: 30 }));
    chain.nowMs += 9.5 * day;
    await engine.upkeep.confirmClock();
    await engine.writes.expire();
    expect(heldBy(engine)).toEqual(['n  tea']);
    expect(await send(engine, buys('n', 'tea', { replaces: 'p', hour: 30 }))).toEqual([
      'duplicate',
    ]);
    chain.nowMs += 2 * day;
    await engine.upkeep.confirmClock();
    await engine.writes.expire();
    expect(heldBy(engine)).toEqual([]);
    expect(engine.inspect.counters('tea')?.support).toBe(0n);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('a receipt that a clock was ahead for is taken out with its correction undone', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await send(engine, buys('p', 'milk'));
    const digest = engine.inspect.digest();
    chain.nowMs += 3 * day;
    await engine.upkeep.confirmClock();
    const correction = buys('n', 'tea', { replaces: 'p', hour: 80 });
    await send(engine, correction);
    const taken = await engine.writes.discardAfter(start);
    expect(taken).toMatchObject([{ purchaseId: 'n', replaces: 'p' }]);
    expect(engine.inspect.digest()).toBe(digest);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    expect(await send(engine, buys('n', 'tea', { replaces: 'p' }))).toEqual(['created']);
    expect(heldBy(engine)).toEqual(['n  tea']);
  }));

test('a receipt of a clock that was ahead, which was corrected since, does not come again', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    chain.nowMs += 3 * day;
    await engine.upkeep.confirmClock();
    const ahead = buys('p', 'milk', { hour: 80 });
    await send(engine, ahead, buys('n', 'milk', { replaces: 'p' }), buys('q', 'tea'));
    expect(await engine.writes.discardAfter(start)).toEqual([]);
    expect(heldBy(engine)).toEqual(['n  milk', 'q  tea']);
    expect(await send(engine, ahead)).toEqual(['PURCHASE_REPLACED']);
    expect(await send(engine, buys('n', 'milk', { replaces: 'p' }))).toEqual(['duplicate']);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  }));
