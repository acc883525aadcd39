// The steps that take away what is kept of an erased member: however few receipts have room in one
// of them, none stays.
import { expect, test } from 'vitest';
import { buys, day, start, withChain } from '../../tests/support/engines.ts';
import { limits } from '../base/limits.ts';

const { receiptsForgottenAtOnce } = limits;

/** Runs `work` with steps of so many receipts, which is what a full disk leaves room for. */
async function inStepsOf(most: number, work: () => Promise<void>): Promise<void> {
  Object.assign(limits, { receiptsForgottenAtOnce: most });
  try {
    await work();
  } finally {
    Object.assign(limits, { receiptsForgottenAtOnce });
  }
}

// A chunk holds some 45 of these receipts: 70 are a whole one and a part.
test.each([1, 7, 30, 41])('a member is erased whole, %i receipts at a time', (most) =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    chain.nowMs = start + 100 * day;
    for (let at = 0; at < 70; at++) await buys(a, `ann-${at}`, start + at * day, 'ann');
    await buys(a, 'bob-0', start, 'bob');
    await inStepsOf(most, async () => {
      expect(await a.members.erase('ann')).toMatchObject({ removed: { receipts: 70 } });
    });
    const kept = new Set([...a.records.receipts()].map(({ purchaseId }) => purchaseId));
    expect([...kept]).toEqual(['bob-0']);
    expect(await a.upkeep.verify()).toMatchObject({ ok: true, members: 1 });
  }),
);
