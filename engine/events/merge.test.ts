// Merges: two ids are one person, up to as many ids as a person can have.
import { expect, test } from 'vitest';
import { buys, type Chain, start, withChain } from '../../tests/support/engines.ts';
import { limits } from '../base/limits.ts';
import type { Event } from './index.ts';

type Engine = Awaited<ReturnType<Chain['open']>>;

const merges = (memberId: string, fromMemberId: string): Event => ({
  kind: 'merge',
  merge: { memberId, fromMemberId },
});
const isPersonal = (engine: Engine, memberId: string) =>
  engine.lists.recommend({ scenario: 'buy-again', memberId }).personalized;

test('what one id bought is what the other is offered again', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    await buys(a, 'p', start, 'card');
    expect(isPersonal(a, 'phone')).toBe(false);
    expect((await a.writes.ingest([merges('phone', 'card')]))[0]).toMatchObject({
      status: 'created',
    });
    expect(isPersonal(a, 'phone')).toBe(true);
    expect(a.status().members).toBe(1);
  }));

test('sent again, or the other way round, it is known', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const results = await a.writes.ingest([
      ...[merges('x', 'y'), merges('y', 'z')],
      ...[merges('x', 'y'), merges('y', 'x'), merges('z', 'x'), merges('x', 'x')],
    ]);
    const [first] = results;
    expect(results.map(({ status }) => status)).toEqual([
      ...['created', 'created', 'duplicate', 'duplicate', 'duplicate', 'duplicate'],
    ]);
    expect(results[2]?.watermark).toBe(first?.watermark);
  }));

test('an id too many is refused by name', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    const ids = Array.from({ length: limits.aliasesMax + 1 }, (_, at) => `card-${at}`);
    const results = await a.writes.ingest(ids.map((id) => merges('ann', id)));
    expect(results.filter(({ status }) => status === 'created')).toHaveLength(limits.aliasesMax);
    const { aliasesMax: limit } = limits;
    expect(results.at(-1)).toMatchObject({ reason: 'ALIASES_MAX', field: 'fromMemberId', limit });
  }));

test('an erase takes all of them, and what is merged with one of them later', () =>
  withChain(async (chain) => {
    const a = await chain.open('a');
    await buys(a, 'p', start, 'card');
    await a.writes.ingest([merges('phone', 'card')]);
    expect(await a.members.erase('card')).toMatchObject({ found: true, removed: { aliases: 1 } });
    for (const [memberId, field] of [
      ['phone', 'memberId'],
      ['card', 'memberId'],
    ]) {
      const [late] = await a.writes.ingest([merges(memberId!, 'new')]);
      expect(late).toMatchObject({ status: 'rejected', reason: 'MEMBER_ERASED', field });
    }
    const [from] = await a.writes.ingest([merges('new', 'card')]);
    expect(from).toMatchObject({ reason: 'MEMBER_ERASED', field: 'fromMemberId' });
    expect(a.inspect.digest()).toBe('0000000000000000');
  }));
