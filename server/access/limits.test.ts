// How often callers fail, how often a member is asked for, and of how many members a key asks.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EngineError } from '../../engine/index.ts';
import { openKeys, type TestKeys } from '../../tests/support/keys.ts';
import type { Caller, Scope } from '../operations/caller.ts';
import { slowFailures } from './failures.ts';
import { createMemberLimits } from './member-limits.ts';
import { RateLimiter } from './rate.ts';

let nowMs: number;
const steady = () => nowMs;
beforeEach(() => {
  nowMs = 1_000;
});

/** `OK`, or the reason and after how long to come back. */
function answerOf(ask: () => unknown): string {
  try {
    ask();
    return 'OK';
  } catch (error) {
    const { reason, retryAfterMs } = error as EngineError;
    return retryAfterMs === undefined ? `${reason}` : `${reason} ${retryAfterMs}`;
  }
}

describe('buckets', () => {
  test('fill evenly, and no border between two windows lets twice as many pass', () => {
    const rates = new RateLimiter(steady);
    const passed = () =>
      Array.from({ length: 100 }, () => rates.take('a', 1, 60)).filter((ms) => !ms);
    expect(passed()).toHaveLength(60);
    nowMs += 1_000;
    expect(passed()).toHaveLength(1);
    nowMs += 59_000;
    expect(passed()).toHaveLength(59);
    expect(rates.take('b', 1, 60)).toBe(0);
  });

  test('are bounded whoever comes, and of who is still there nothing is forgotten', () => {
    const rates = new RateLimiter(steady, 100);
    expect(rates.take('loop', 1, 2)).toBe(0);
    expect(rates.take('loop', 1, 2)).toBe(0);
    for (let other = 0; other < 10_000; other++) {
      expect(rates.take(`other-${other}`, 1, 2)).toBe(0);
      if (other % 50 === 0) expect(rates.take('loop', 1, 2)).toBe(1_000);
      expect(rates.size).toBeLessThanOrEqual(200);
    }
  });
});

describe('keys that nobody knows', () => {
  let keys: TestKeys;
  let right: string;
  let ask: (key: string | undefined, address?: string) => string;
  beforeEach(async () => {
    keys = await openKeys({ steady });
    right = keys.make(['read']).text;
    const authenticate = slowFailures(keys.authenticate(), { failuresPerMinute: 3, steady });
    ask = (key, address = '192.0.2.1') => answerOf(() => authenticate({ key, address }));
  });
  afterEach(() => keys.remove());

  test('are told to come back after so many, and a known one is let in all the same', () => {
    const wrong = `${right.slice(0, -2)}xx`;
    const seen = [undefined, wrong, 'nonsense', wrong, undefined].map((key) => ask(key));
    const slowed = 'FAILED_ATTEMPTS 20000';
    expect(seen).toEqual(['API_KEY', 'API_KEY', 'API_KEY', slowed, slowed]);
    expect(ask(right)).toBe('OK');
    expect(ask(wrong, '192.0.2.2')).toBe('API_KEY');
    nowMs += 20_000;
    expect([ask(wrong), ask(wrong)]).toEqual(['API_KEY', slowed]);
  });

  test('count together for a network of IPv6 that one machine has', () => {
    const from = (last: number) => ask(undefined, `2001:db8:0:1::${last}`);
    expect([1, 2, 3, 4].map(from).at(-1)).toBe('FAILED_ATTEMPTS 20000');
    expect(ask(undefined, '2001:db8:0:2::1')).toBe('API_KEY');
  });
});

describe('members', () => {
  const caller = (keyId: string, scopes: readonly Scope[], membersPerMinute?: number): Caller => ({
    keyId,
    scopes: new Set(scopes),
    stores: 'all',
    scenarios: 'all',
    ...(membersPerMinute !== undefined && { membersPerMinute }),
  });
  const limits = () =>
    createMemberLimits({ requestsPerMinute: 60, guideMembersPerMinute: 5, steady });
  const names = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => `m-${from + index}`);

  test('one may be asked for so often, by all keys together', () => {
    const limit = limits();
    const [app, shop] = [caller('app', ['read']), caller('shop', ['read'])];
    const ask = (who: Caller) => answerOf(() => limit(who, 'ann'));
    for (let count = 0; count < 30; count++) expect([ask(app), ask(shop)]).toEqual(['OK', 'OK']);
    expect([ask(app), ask(shop)]).toEqual(['MEMBER_RATE 1000', 'MEMBER_RATE 1000']);
    expect(answerOf(() => limit(app, 'bob'))).toBe('OK');
    nowMs += 1_000;
    expect([ask(app), ask(shop)]).toEqual(['OK', 'MEMBER_RATE 1000']);
  });

  test('a guide sees so many a minute, and those again without counting', () => {
    const limit = limits();
    const guide = caller('guide', ['guide']);
    const ask = (memberId: string) => answerOf(() => limit(guide, memberId));
    expect(names(7).map(ask)).toEqual([
      ...Array(5).fill('OK'),
      ...Array(2).fill('KEY_MEMBERS 12000'),
    ]);
    expect(names(5).map(ask)).toEqual(Array(5).fill('OK'));
    nowMs += 12_000;
    expect(names(3, 5).map(ask)).toEqual(['OK', 'KEY_MEMBERS 12000', 'KEY_MEMBERS 12000']);
    nowMs += 120_000;
    expect(
      names(8)
        .map(ask)
        .filter((said) => said === 'OK'),
    ).toHaveLength(5);
  });

  test('a key that says how many has that, and the backend of a shop has all', () => {
    const limit = limits();
    const passed = (who: Caller) =>
      names(100).filter((name) => answerOf(() => limit(who, name)) === 'OK').length;
    expect(passed(caller('one', ['guide'], 20))).toBe(20);
    expect(passed(caller('two', ['read'], 3))).toBe(3);
    expect(passed(caller('three', ['read']))).toBe(100);
    expect(passed(caller('four', ['read', 'guide']))).toBe(100);
    expect(passed({ scopes: new Set(['read', 'guide']), stores: 'all', scenarios: 'all' })).toBe(
      100,
    );
  });
});
