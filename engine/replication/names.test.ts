// The names of a log and its epochs: each start of an origin that writes is a later one.
import { expect, test } from 'vitest';
import { buys, start, withChain } from '../../tests/support/engines.ts';

const epochOf = (watermark: string) => Number(/\/(\d+):/.exec(watermark)?.[1]);

test('a folder keeps its name, and another one is refused', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', { origin: 'shop' });
    await buys(a, 'p', start, 'ann');
    await chain.close(a);
    await expect(chain.open('a', { origin: 'other' })).rejects.toMatchObject({
      reason: 'OTHER_ORIGIN',
      message: 'the folder is that of origin shop, not of other',
    });
    const again = await chain.open('a', {});
    expect(again.replication.origin).toBe('shop');
  }));

test('an epoch is later than the one before, also where the clock stood still or went back', () =>
  withChain(async (chain) => {
    const epochs: number[] = [];
    for (const [at, seconds] of [0, 0, -3_600].entries()) {
      chain.nowMs += seconds * 1_000;
      const a = await chain.open('a', { origin: 'shop' });
      if (seconds < 0) await a.upkeep.confirmClock();
      await buys(a, `p${at}`, start - 86_400_000, 'ann');
      epochs.push(epochOf(a.replication.watermark));
      await chain.close(a);
    }
    expect(epochs[0]).toBe(start / 1_000);
    expect(epochs[1]).toBeGreaterThan(epochs[0]!);
    expect(epochs[2]).toBeGreaterThan(epochs[1]!);
  }));

test('a follower has no name, also in a folder that was an origin’s', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', { origin: 'shop' });
    await buys(a, 'p', start, 'ann');
    await chain.close(a);
    const follower = await chain.open('a', { isFollower: true });
    expect(follower.replication.origin).toBeUndefined();
    expect(follower.replication.watermark).toMatch(/^shop\/\d+:1$/);
  }));
