// Receipts of which only the day is known: they sell on that day, and at no daypart.
import { expect, test } from 'vitest';
import { dayparts, type Engine, exportReceipts } from '../engine/index.ts';
import { withChain } from './support/engines.ts';
import { importText } from './support/import-text.ts';

const zone = 'Europe/London';

const days = [
  'purchaseId,memberId,occurredAt,itemId,storeId',
  'd1,ann,2026-05-01,milk,S1',
  'd2,,2026-05-02,milk,S1',
  't1,bob,2026-05-02 09:00,tea,S1',
  '',
].join('\n');

const soldAt = (engine: Engine) =>
  dayparts.flatMap((daypart) =>
    engine.inspect.scope('S1', daypart).map(({ itemId }) => `${daypart} ${itemId}`),
  );

test('they are popular on the whole day and at no daypart, and the counts verify', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    const { summary } = await importText(chain, engine, days, zone);
    expect(summary).toMatchObject({
      created: 3,
      notes: { withoutTime: 2 },
    });
    expect(soldAt(engine)).toEqual(['morning tea']);
    const popular = engine.lists.recommend({ scenario: 'popular', storeId: 'S1' });
    expect(popular.items.map(({ itemId }) => itemId)).toEqual(['milk', 'tea']);
    expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    await engine.upkeep.checkpoint();
    const digest = engine.inspect.digest();
    await chain.close(engine);
    const again = await chain.open('a', {});
    await again.ready;
    expect(again.inspect.digest()).toBe(digest);
    expect(soldAt(again)).toEqual(['morning tea']);
    await again.members.erase('ann');
    expect(await again.upkeep.verify()).toMatchObject({ ok: true });
  }));

test('an export says which they are, and comes again as duplicates in any zone', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    await importText(chain, engine, days, zone);
    const text = [...exportReceipts(engine, { format: 'csv', net: false })].join('');
    const again = await importText(chain, engine, text, zone);
    expect(again.summary).toMatchObject({ duplicate: 3, conflict: 0 });
    const other = await chain.open('b', {});
    await importText(chain, other, text, zone);
    expect(other.inspect.digest()).toBe(engine.inspect.digest());
  }));

test('receipts of hours in which clocks are changed are counted and told', () =>
  withChain(async (chain) => {
    const engine = await chain.open('a', {});
    const rows = [
      'purchaseId,memberId,occurredAt,itemId',
      'b1,ann,2025-10-26 01:30,milk',
      'b2,ann,2025-10-26 02:30,milk',
      'o1,bob,2026-03-29 01:30,tea',
      'o2,bob,2026-03-29 02:30,tea',
      '',
    ].join('\n');
    const { summary } = await importText(chain, engine, rows, zone);
    expect(summary).toMatchObject({ created: 4, notes: { hourTwice: 1, hourSkipped: 1 } });
  }));
