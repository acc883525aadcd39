// Tests of the protocols: which receipts are learnt and which are predicted.

import { expect, test } from 'vitest';
import type { FileReceipt } from '../../engine/index.ts';
import { planOf } from './protocols.ts';

const everything = { fromMs: undefined, toMs: undefined };
const day = 86_400_000;

function receipt(
  purchaseId: string,
  memberId: string | undefined,
  at: number,
  items = 2,
): FileReceipt {
  const itemIds = Array.from({ length: items }, (_, index) => `i${index}`);
  const purchase = {
    purchaseId,
    channel: 'other' as const,
    occurredAt: new Date(at).toISOString(),
    lines: itemIds.map((itemId) => ({ itemId, quantity: 1 })),
  };
  return { purchase, memberId, epochMs: at, itemIds };
}

const idsOf = (receipts: readonly FileReceipt[]) =>
  receipts.map((each) => each.purchase.purchaseId);

test('last holds out the last receipt of every member and learns anonymous tickets', () => {
  const receipts = [
    receipt('a2', 'ann', 2 * day),
    receipt('a1', 'ann', day),
    receipt('t1', undefined, 9 * day),
    receipt('b1', 'bob', day),
  ];
  const plan = planOf('last', receipts, everything);
  expect(idsOf(plan.learnt)).toEqual(['a1', 't1']);
  // Bob came once: nothing is known of him, and the receipt is not learnt either.
  expect(idsOf(plan.asked)).toEqual(['a2']);
  expect(plan.learnsAsked).toBe(false);
});

test('receipts of one instant stand in the order of the bytes of their ids', () => {
  // In UTF-16 the emoji comes first, in UTF-8 the ideograph.
  const receipts = [
    receipt('😀', 'ann', day),
    receipt('\uff5e', 'ann', day),
    receipt('b', 'ann', day),
  ];
  expect(idsOf(planOf('last', receipts, everything).asked)).toEqual(['😀']);
  expect(idsOf(planOf('last', receipts, everything).learnt)).toEqual(['b', '\uff5e']);
});

test('completion asks for tickets of 2 to 60 items, also of who came once', () => {
  const receipts = [
    receipt('a1', 'ann', day),
    receipt('b1', 'bob', day, 1),
    receipt('c1', 'cid', day, 61),
    receipt('d1', 'dan', day, 60),
    receipt('d0', 'dan', 0),
  ];
  const plan = planOf('completion', receipts, everything);
  expect(idsOf(plan.asked)).toEqual(['d1', 'a1']);
  expect(idsOf(plan.learnt)).toEqual(['d0']);
});

test('anonymous tickets are completed in the last fifth of time, or of the file', () => {
  const inTime = Array.from({ length: 10 }, (_, k) => receipt(`t${k}`, undefined, (9 - k) * day));
  const plan = planOf('completion', inTime, everything);
  expect(idsOf(plan.asked)).toEqual(['t1', 't0']);
  expect(plan.learnt).toHaveLength(8);
  const inFile = Array.from({ length: 10 }, (_, k) => receipt(`t${9 - k}`, undefined, day));
  expect(idsOf(planOf('completion', inFile, everything).asked)).toEqual(['t1', 't0']);
});

test('replay asks from one day on and ends before another', () => {
  const receipts = Array.from({ length: 10 }, (_, k) => receipt(`r${k}`, 'ann', k * day));
  const plan = planOf('replay', receipts, { fromMs: 3 * day, toMs: 6 * day });
  expect(idsOf(plan.learnt)).toEqual(['r0', 'r1', 'r2']);
  expect(idsOf(plan.asked)).toEqual(['r3', 'r4', 'r5']);
  expect(plan.learnsAsked).toBe(true);
});

test('replay asks for the last fifth of time where nothing else is said', () => {
  const receipts = Array.from({ length: 11 }, (_, k) => receipt(`r${k}`, 'ann', k * day));
  expect(idsOf(planOf('replay', receipts, everything).asked)).toEqual(['r8', 'r9', 'r10']);
});

test('a file with nothing to predict is refused by what the protocol needs', () => {
  const tickets = [receipt('t1', undefined, day), receipt('t2', undefined, day)];
  expect(() => planOf('last', tickets, everything)).toThrow('a member with two receipts');
  expect(() => planOf('replay', tickets, everything)).toThrow('between --from and --to');
  const single = [receipt('t1', undefined, day, 1)];
  expect(() => planOf('completion', single, everything)).toThrow('2 to 60 items');
});
