// What people did before they bought: kept in a stream of its own, once, and gone with the member.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { day, exchange, start, withChain } from '../../tests/support/engines.ts';
import type { Event } from './index.ts';

const looks = (eventId: string, more: object = {}): Event => ({
  kind: 'behaviour',
  behaviour: {
    eventId,
    memberId: 'ann',
    action: 'view',
    itemId: 'milk',
    channel: 'app',
    occurredAt: new Date(start).toISOString(),
    ...more,
  },
});

test('an event is taken once, and other content under its id is a conflict', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const events = [looks('e'), looks('e'), looks('e', { action: 'cart' })];
    const statuses = (await a.writes.ingest(events)).map(({ status }) => status);
    expect(statuses).toEqual(['created', 'duplicate', 'conflict']);
    // It says nothing of what was bought.
    expect(a.inspect.digest()).toBe('0000000000000000');
  }));

test('of an erased member nothing is taken, and no byte is left', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    await a.writes.ingest([
      looks('secret-event', { memberId: 'secret-ann', sessionId: 'secret-s' }),
    ]);
    expect(await a.members.erase('secret-ann')).toMatchObject({ found: true });
    const [late] = await a.writes.ingest([looks('later', { memberId: 'secret-ann' })]);
    expect(late).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED' });
    await a.upkeep.compact();
    const bytes = readFileSync(join(chain.folder, 'a', 'chain', 'data.mdb')).toString('latin1');
    expect(bytes).not.toContain('secret');
  }));

test('an event that came through two origins is one, on every node', () =>
  withChain(async (chain) => {
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    await a.writes.ingest([looks('e'), looks('only-a')]);
    await b.writes.ingest([looks('e')]);
    await exchange(a, b);
    for (const engine of [a, b]) {
      const [again] = await engine.writes.ingest([looks('e')]);
      expect(again?.status).toBe('duplicate');
      expect(await engine.upkeep.verify()).toMatchObject({ ok: true });
    }
    expect(a.status().watermark).toBe(b.status().watermark);
    await a.members.erase('ann');
    await exchange(a, b);
    const [late] = await b.writes.ingest([looks('late')]);
    expect(late?.status).toBe('rejected');
  }));

test('it stays where receipts expire, and is there after a restart', () =>
  withChain(async (chain) => {
    const a = await chain.open('a', { retentionDays: 10 });
    await a.writes.ingest([looks('e')]);
    await chain.close(a);
    chain.nowMs += 5 * day;
    const again = await chain.open('a', { retentionDays: 10 });
    const [known] = await again.writes.ingest([looks('e')]);
    expect(known?.status).toBe('duplicate');
    expect(again.status().events).toBe(1);
  }));
