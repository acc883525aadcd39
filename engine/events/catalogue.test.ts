// What is said of items and stores: the last word of an origin stands, wherever its log is read.
import { expect, test } from 'vitest';
import { type Chain, day, exchange, putBackTo, withChain } from '../../tests/support/engines.ts';
import type { Event } from './index.ts';

type Engine = Awaited<ReturnType<Chain['open']>>;

const named = (name: string): Event => ({
  kind: 'item',
  item: { itemId: 'milk', name, status: 'active' },
});
const nameIn = (engine: Engine) => engine.catalogue.item('milk')?.name;

test('a name that was given after the clock was set back stands on every node', () =>
  withChain(async (chain) => {
    const alone = await chain.open('a', {});
    await alone.writes.ingest([named('Milk')]);
    chain.nowMs -= 100 * day;
    await alone.upkeep.confirmClock();
    await alone.writes.ingest([named('Whole milk')]);
    expect(nameIn(alone)).toBe('Whole milk');
    await chain.close(alone);
    // The chain gets a second node, and a backup of it is put back.
    const origin = await chain.open('a', { origin: 'a' });
    const follower = await chain.open('f', { isFollower: true });
    await exchange(origin, follower);
    expect([origin, follower].map(nameIn)).toEqual(['Whole milk', 'Whole milk']);
    await chain.close(origin);
    const back = await chain.open(await putBackTo(chain, 'a', { toSequence: 2 }), {});
    expect(nameIn(back)).toBe('Whole milk');
  }));

test('what only receipts have named is known, and has no name', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', {});
    const purchase = { purchaseId: 'p', storeId: 'S9', channel: 'pos' as const };
    const occurredAt = new Date(chain.nowMs).toISOString();
    const lines = [{ itemId: 'milk', quantity: 1 }];
    await a.writes.ingest([{ kind: 'purchase', purchase: { ...purchase, occurredAt, lines } }]);
    expect([...a.catalogue.items()]).toEqual([{ itemId: 'milk', status: 'active' }]);
    expect([...a.catalogue.stores()]).toEqual([{ storeId: 'S9' }]);
    const results = await a.writes.ingest([named('Milk'), named('Milk'), named('Tea')]);
    expect(results.map(({ status }) => status)).toEqual(['created', 'duplicate', 'created']);
  }));
