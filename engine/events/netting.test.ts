// Lines that take back others of their receipt, and what becomes of those that take back more.
import { expect, test } from 'vitest';
import { type Chain, day, exchange, expectSame, withChain } from '../../tests/support/engines.ts';
import type { Event } from './index.ts';
import { purchaseSchema } from './purchase.ts';

type Engine = Awaited<ReturnType<Chain['open']>>;

const sale = (purchaseId: string, lines: readonly object[], more: object = {}): Event => {
  const occurredAt = '2026-05-01T09:10:00Z';
  const purchase = purchaseSchema.parse({ purchaseId, occurredAt, lines, ...more });
  return { kind: 'purchase', purchase };
};
const milk = (quantity: number, more: object = {}) => ({ itemId: 'milk', quantity, ...more });
const tea = (quantity: number, more: object = {}) => ({ itemId: 'tea', quantity, ...more });

const rowsOf = (engine: Engine) =>
  [...engine.records.receipts()].map(({ purchaseId, itemId, quantity }) => {
    return `${purchaseId} ${itemId} ${quantity}`;
  });

function withEngine(use: (engine: Engine, chain: Chain) => Promise<void>): Promise<void> {
  return withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await use(engine, chain);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
  });
}

test.each([
  ['an anonymous ticket', {}],
  ['a member', { memberId: 'ann' }],
])('what was scanned and taken back is in no count, of %s', (_, more) =>
  withEngine(async (engine, chain) => {
    const voided = sale('p', [milk(1), tea(2), tea(-1), { itemId: 'x' }, milk(1)], more);
    const lines = [milk(1), tea(2), tea(-1), { itemId: 'x' }, { itemId: 'x', quantity: -1 }];
    const event = sale('q', lines, more);
    const results = await engine.writes.ingest([voided, event, event]);
    expect(results.map(({ status }) => status)).toEqual(['created', 'created', 'duplicate']);
    const plain = await chain.open('plain', {});
    const first = sale('p', [milk(1), tea(1), { itemId: 'x' }, milk(1)], more);
    await plain.writes.ingest([first, sale('q', [milk(1), tea(1)], more)]);
    expect(rowsOf(engine)).toEqual(rowsOf(plain));
    expect(engine.inspect.digest()).toBe(plain.inspect.digest());
    // The netted receipt, sent without what it took back, is the same one.
    const [same] = await engine.writes.ingest([sale('q', [milk(1), tea(1)], more)]);
    expect(same).toMatchObject({ status: 'duplicate' });
  }),
);

test('of two prices the one is taken back that is named, and of one line its share', () =>
  withEngine(async (engine) => {
    const cheap = { unitPriceFen: 450, lineTotalFen: 450 };
    const dear = { unitPriceFen: 500, lineTotalFen: 1_000, discountFen: 0 };
    const back = { unitPriceFen: 450, lineTotalFen: -450 };
    const lines = [milk(1, cheap), milk(2, dear), milk(-1, back), tea(4, dear), tea(-1)];
    await engine.writes.ingest([sale('p', lines)]);
    expect([...engine.records.receipts()]).toMatchObject([
      { itemId: 'milk', quantity: 2, ...dear },
      { itemId: 'tea', quantity: 3, unitPriceFen: 500, lineTotalFen: 750 },
    ]);
  }));

test('a ticket that is wholly voided is no receipt, and its number is free', () =>
  withEngine(async (engine) => {
    const digest = engine.inspect.digest();
    const voided = sale('p', [milk(2), milk(-2), tea(0.5), tea(-0.2), tea(-0.3)]);
    const [first] = await engine.writes.ingest([voided]);
    expect(first).toMatchObject({ id: 'p', status: 'voided' });
    expect(first).not.toHaveProperty('watermark');
    expect(engine.inspect.digest()).toBe(digest);
    expect([...engine.catalogue.items()]).toEqual([]);
    const results = await engine.writes.ingest([voided, sale('p', [milk(1)]), voided]);
    expect(results.map(({ status }) => status)).toEqual(['voided', 'created', 'conflict']);
  }));

test('what stays below zero costs the receipt, and the line is named', () =>
  withEngine(async (engine) => {
    const [result] = await engine.writes.ingest([sale('p', [milk(3), tea(1), tea(-3)])]);
    expect(result).toMatchObject({ status: 'rejected', reason: 'QUANTITY_BELOW_ZERO' });
    expect(result).toMatchObject({ field: 'lines[2].quantity', limit: 0.001 });
    expect(result?.message).toContain('2 of item "tea" more');
    expect(rowsOf(engine)).toEqual([]);
  }));

test('with partial it is left out and named, unless nothing else is left', () =>
  withEngine(async (engine) => {
    const more = { partial: true };
    const event = sale('p', [milk(3), tea(1), tea(-3)], more);
    const [first, again] = await engine.writes.ingest([event, event]);
    const left = { leftOutLines: [2], warnings: [{ reason: 'LINE_LEFT_OUT' }] };
    expect(first).toMatchObject({ status: 'created', ...left });
    expect(again).toMatchObject({ status: 'duplicate', ...left });
    expect(rowsOf(engine)).toEqual(['p milk 3']);
    const [none] = await engine.writes.ingest([sale('q', [tea(-3)], more)]);
    expect(none).toMatchObject({ status: 'rejected', field: 'lines[0].quantity' });
  }));

test('with returnOf it goes back to the receipt that is named, and the rest is sold', () =>
  withEngine(async (engine) => {
    await engine.writes.ingest([sale('old', [milk(2), tea(2)], { memberId: 'ann' })]);
    const event = sale('new', [milk(1), milk(-1), tea(-1), { itemId: 'cup' }], { returnOf: 'old' });
    const [first, again] = await engine.writes.ingest([event, event]);
    expect(first).toMatchObject({ id: 'new', status: 'created' });
    expect(again).toMatchObject({ id: 'new', status: 'duplicate', watermark: first?.watermark });
    expect(rowsOf(engine)).toEqual(['old milk 2', 'old tea 1', 'new cup 1']);
    // A receipt that only brings back.
    const [back] = await engine.writes.ingest([sale('back', [tea(-1)], { returnOf: 'old' })]);
    expect(back).toMatchObject({ id: 'back', status: 'created' });
    expect(rowsOf(engine)).toEqual(['old milk 2', 'new cup 1']);
    const [parked] = await engine.writes.ingest([sale('soon', [tea(-1)], { returnOf: 'later' })]);
    expect(parked).toMatchObject({ status: 'created', parked: true });
  }));

test('what the named receipt does not hold costs all of the receipt', () =>
  withEngine(async (engine) => {
    await engine.writes.ingest([sale('old', [milk(1)])]);
    const ask = async (lines: readonly object[], more: object) =>
      (await engine.writes.ingest([sale('new', lines, more)]))[0];
    const cup = { itemId: 'cup' };
    const much = await ask([cup, milk(-2)], { returnOf: 'old' });
    const refused = { status: 'rejected', reason: 'RETURN_EXCEEDS_PURCHASE', limit: 1 };
    expect(much).toMatchObject({ id: 'new', ...refused, field: 'lines[1].quantity' });
    const self = await ask([cup, milk(-1)], { returnOf: 'new' });
    expect(self).toMatchObject({ status: 'rejected', field: 'returnOf' });
    expect(rowsOf(engine)).toEqual(['old milk 1']);
    const none = await ask([cup], { returnOf: 'old' });
    expect(none).toMatchObject({ status: 'created', warnings: [{ reason: 'NOTHING_RETURNED' }] });
  }));

test('an exchange is the same on every node, and goes with an erase of its members', () =>
  withChain(async (chain) => {
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    await a.writes.ingest([sale('old', [milk(2)], { memberId: 'ann' })]);
    const event = sale('new', [milk(-1), tea(1)], { returnOf: 'old', memberId: 'bob' });
    await b.writes.ingest([event]);
    await exchange(a, b);
    await a.writes.ingest([event]);
    await exchange(a, b);
    expectSame(a, b);
    expect(rowsOf(b).sort()).toEqual(['new tea 1', 'old milk 1']);
    await a.members.erase('ann');
    await exchange(a, b);
    chain.nowMs += day;
    expectSame(a, b);
    for (const engine of [a, b]) {
      expect(rowsOf(engine)).toEqual(['new tea 1']);
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    }
  }));
