// Cells and digest of small chains, worked out by hand (the digest by a separate program from
// docs/reference/digest.md).
import { expect, test } from 'vitest';
import type { Event } from '../../../engine/index.ts';
import type { State } from './counts.ts';
import { digestOf } from './digest.ts';
import { createOracle } from './oracle.ts';

const one = 2n ** 20n;
/** The weight of one step between two baskets of two items: 1/√√4. */
const step = 741_455n;

const twoBaskets = [
  buys('#1', 'ann', '2024-10-04T12:30:00+00:00', ['milk', 'bread', 'milk'], 'S1'),
  buys('#2', 'ann', '2024-10-05T19:00:00+00:00', ['bread', 'eggs']),
];

test('counts two baskets of one member as the page says', () => {
  const { counts } = undecayed(twoBaskets);
  expect(cell(counts.next, 'milk', 'bread')).toEqual({ weight: step, count: 1 });
  expect(cell(counts.next, 'milk', 'eggs')).toEqual({ weight: step, count: 1 });
  expect(cell(counts.next, 'bread', 'eggs')).toEqual({ weight: step, count: 1 });
  expect(cell(counts.next, 'bread', 'milk')).toBeUndefined();
  expect(cell(counts.same, 'bread', 'milk')).toEqual({ weight: one, count: 1 });
  expect(counts.items.n.get('bread')).toBe(2n * one);
  expect([counts.items.gapDays.get('bread'), counts.items.gaps.get('bread')]).toEqual([1n, 1n]);
  expect([counts.items.out.get('bread'), counts.items.in.get('bread')]).toEqual([step, step]);
  expect([counts.items.opp.get('bread'), counts.items.rep.get('bread')]).toEqual([one, one]);
  expect(counts.scopes.get('S1')?.[2]?.get('milk')).toEqual({ weight: one, count: 1 });
  expect(counts.scopes.get(undefined)?.[4]?.get('eggs')).toEqual({ weight: one, count: 1 });
  expect([counts.shareSum, counts.shareCount, counts.popTotal]).toEqual([one / 2n, 1n, 2n * one]);
});

test('expects what was bought before by its share of baskets, and notes what came again', () => {
  const { counts } = undecayed(twoBaskets);
  // One basket ago, in one of one basket: 1 / (1 + 0.5) of milk and of bread, and bread came.
  const expected = 699_051n;
  expect([...counts.habits]).toEqual([[0, { expected: 2n * expected, rebought: 1n }]]);
  const { items } = counts;
  expect([items.expected.get('milk'), items.expected.get('bread')]).toEqual([expected, expected]);
  expect([items.rebought.get('milk'), items.rebought.get('bread')]).toEqual([0n, one]);
  expect([items.expectedOnce.get('bread'), items.reboughtOnce.get('bread')]).toEqual([
    expected,
    one,
  ]);
});

test('has the digest that a separate program computed from the page', () => {
  expect(digestOf(undecayed(twoBaskets).counts)).toBe('db30b9832b920872');
});

test('is empty, with digest zero, when nothing was bought', () => {
  expect(digestOf(undecayed([]).counts)).toBe('0000000000000000');
});

test('counts an anchor of several earlier baskets once, with the weight of every lag', () => {
  const { counts } = undecayed([
    buys('#1', 'ann', '2024-10-01T12:00:00Z', ['milk']),
    buys('#2', 'ann', '2024-10-02T12:00:00Z', ['milk']),
    buys('#3', 'ann', '2024-10-03T12:00:00Z', ['milk']),
    buys('#4', 'ann', '2024-10-04T12:00:00Z', ['bread']),
  ]);
  const weight = one + 734_003n + 513_802n;
  expect(cell(counts.next, 'milk', 'bread')).toEqual({ weight, count: 1 });
  expect(counts.items.rep.get('milk')).toBe(2n * one + 734_003n);
});

test('a wholesale basket pairs with nothing but keeps its place', () => {
  const wholesale = Array.from({ length: 513 }, (_, at) => `part-${at}`);
  const { counts } = undecayed([
    buys('#1', 'ann', '2024-10-01T12:00:00Z', ['milk']),
    buys('#2', 'ann', '2024-10-02T12:00:00Z', [...wholesale, 'milk']),
    buys('#3', 'ann', '2024-10-03T12:00:00Z', ['bread']),
  ]);
  expect(counts.same.size).toBe(0);
  expect(cell(counts.next, 'milk', 'bread')).toEqual({ weight: 734_003n, count: 1 });
  expect(counts.items.support.get('part-7')).toBe(1n);
  expect(counts.shareCount).toBe(2n);
});

test('a receipt wholly returned is no basket, and a return may come first', () => {
  const { counts, histories } = undecayed([
    returns('R1', '#2', ['milk']),
    buys('#1', 'ann', '2024-10-01T12:00:00Z', ['milk', 'bread']),
    buys('#2', 'ann', '2024-10-02T12:00:00Z', ['milk']),
    returns('R2', '#1', ['bread']),
  ]);
  expect(histories.get('ann')?.map(({ items }) => items)).toEqual([['milk']]);
  expect([counts.items.support.get('bread'), counts.shareCount]).toEqual([undefined, 0n]);
});

function buys(
  purchaseId: string,
  memberId: string,
  occurredAt: string,
  itemIds: readonly string[],
  storeId?: string,
): Event {
  const lines = itemIds.map((itemId) => ({ itemId, quantity: 1 }));
  const purchase = { purchaseId, memberId, storeId, channel: 'pos' as const, occurredAt, lines };
  return { kind: 'purchase', purchase };
}

function returns(returnId: string, purchaseId: string, itemIds: readonly string[]): Event {
  const lines = itemIds.map((itemId) => ({ itemId, quantity: 1 }));
  const occurredAt = '2024-10-06T12:00:00Z';
  return { kind: 'return', return: { returnId, purchaseId, channel: 'pos', occurredAt, lines } };
}

function undecayed(events: readonly Event[]): State {
  const oracle = createOracle({
    now: () => Date.parse('2024-11-01T00:00:00Z'),
    timeZone: 'Asia/Shanghai',
    halfLifeDays: null,
    popularityHalfLifeDays: null,
  });
  for (const event of events) oracle.accept(event);
  return oracle.state();
}

function cell(table: State['counts']['next'], anchor: string, itemId: string) {
  return table.get(anchor)?.get(itemId);
}
