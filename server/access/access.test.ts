// Who is let in: by a key, from an address, at a moment, and how often.
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EngineError } from '../../engine/index.ts';
import { openKeys, type TestKeys } from '../../tests/support/keys.ts';
import { isNetwork, networksOf } from '../networks.ts';
import type { Authenticate } from './authenticate.ts';
import { listKeys, revokeKey, rotateKey } from './change-keys.ts';
import { hashOf } from './key-text.ts';

const hour = 3_600_000;
let now = Date.parse('2026-06-01T12:00:00Z');
let steadyMs = 0;
const clock = () => now;

let keys: TestKeys;
beforeEach(async () => {
  now = Date.parse('2026-06-01T12:00:00Z');
  steadyMs = 0;
  keys = await openKeys({ clock, steady: () => steadyMs });
});
afterEach(() => keys.remove());

/** What becomes of a key: the id of the caller, or the reason of its refusal. */
function outcome(authenticate: Authenticate, key: string | undefined, address = '127.0.0.1') {
  try {
    return authenticate({ key, address }).keyId ?? 'anybody';
  } catch (error) {
    if (error instanceof EngineError) return `${error.code} ${error.reason}`;
    throw error;
  }
}

const unknown = 'UNAUTHENTICATED API_KEY';
const later = (ms: number) => new Date(now + ms).toISOString();

describe('a key', () => {
  test('is asked for once one was made, and not before', async () => {
    const authenticate = keys.authenticate();
    expect(outcome(authenticate, undefined)).toBe('anybody');
    expect(outcome(authenticate, 'whatever')).toBe('anybody');
    const { key, text } = keys.make(['read']);
    await vi.waitFor(() => expect(outcome(authenticate, undefined)).toBe(unknown), 10_000);
    expect(outcome(authenticate, text)).toBe(key.id);
  });

  test('is asked for also when all are revoked, by a server that starts then too', async () => {
    const { key, text } = keys.make(['read']);
    const running = keys.authenticate();
    revokeKey(keys.path, key.id, clock);
    const revoked = 'UNAUTHENTICATED KEY_REVOKED';
    await vi.waitFor(() => expect(outcome(running, text)).toBe(revoked), 10_000);
    const started = keys.authenticate();
    expect(outcome(started, text)).toBe(revoked);
    expect(outcome(started, undefined)).toBe(unknown);
  });

  test('must be right to the last character', () => {
    const { text } = keys.make(['read']);
    const { text: other } = keys.make(['admin']);
    const authenticate = keys.authenticate();
    const wrong = [
      '',
      'ck_',
      text.slice(0, -1),
      `${text}A`,
      text.toUpperCase(),
      `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`,
      // The id of one with the secret of another.
      text.slice(0, 14) + other.slice(14),
      `ck_aaaaaaaaaa${text.slice(13)}`,
      '__proto__',
    ];
    for (const each of wrong) expect(outcome(authenticate, each), each).toBe(unknown);
  });

  test('is kept as a hash in a file that its owner alone may read', () => {
    const { key, text } = keys.make(['read']);
    const content = readFileSync(keys.path, 'utf8');
    expect(content).toContain(hashOf(text).toString('hex'));
    expect(content).not.toContain(text.slice(14));
    expect(key.sha256).toBe(hashOf(text).toString('hex'));
    expect(statSync(keys.path).mode & 0o777).toBe(0o600);
  });

  test('has stores and kinds of lists, or all', () => {
    const bound = keys.make(['read'], { stores: ['S1'], scenarios: ['popular'] });
    const free = keys.make(['read', 'write']);
    const authenticate = keys.authenticate();
    const callerOf = (key: string) => authenticate({ key, address: undefined });
    expect(callerOf(bound.text)).toEqual({
      keyId: bound.key.id,
      scopes: new Set(['read']),
      stores: new Set(['S1']),
      scenarios: new Set(['popular']),
    });
    expect(callerOf(free.text)).toMatchObject({ stores: 'all', scenarios: 'all' });
  });

  test('ends when it expires', () => {
    const { key, text } = keys.make(['read'], { expiresAt: later(hour) });
    const authenticate = keys.authenticate();
    now += hour - 1;
    expect(outcome(authenticate, text)).toBe(key.id);
    now += 1;
    expect(outcome(authenticate, text)).toBe('PERMISSION_DENIED KEY_EXPIRED');
  });

  test('comes from its addresses alone, IPv4 in whatever dress', () => {
    const { key, text } = keys.make(['read'], { addresses: ['10.0.0.0/8', 'fd00::/8'] });
    const authenticate = keys.authenticate();
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1', 'fd12::1%eth0']) {
      expect(outcome(authenticate, text, address), address).toBe(key.id);
    }
    for (const address of ['11.1.2.3', '::ffff:11.1.2.3', 'fe80::1', '', 'localhost']) {
      const refused = 'PERMISSION_DENIED ADDRESS_FOREIGN';
      expect(outcome(authenticate, text, address), address).toBe(refused);
    }
  });

  test('asks as often as its rate says, over all doors together', () => {
    const { key, text } = keys.make(['read'], { ratePerSecond: 2 });
    const { key: free, text: freeText } = keys.make(['read']);
    const authenticate = keys.authenticate();
    const ask = () => outcome(authenticate, text);
    const tooOften = 'RESOURCE_EXHAUSTED KEY_RATE';
    expect([ask(), ask(), ask()]).toEqual([key.id, key.id, tooOften]);
    steadyMs += 499;
    expect(ask()).toBe(tooOften);
    steadyMs += 1;
    expect([ask(), ask()]).toEqual([key.id, tooOften]);
    // Who rests for long saves up no more than a second's.
    steadyMs += 60_000;
    expect([ask(), ask(), ask()]).toEqual([key.id, key.id, tooOften]);
    for (let count = 0; count < 100; count++) expect(outcome(authenticate, freeText)).toBe(free.id);
  });

  test('that may not ask now learns when it may', () => {
    const { text } = keys.make(['read'], { ratePerSecond: 1 });
    const authenticate = keys.authenticate();
    authenticate({ key: text, address: undefined });
    steadyMs += 250;
    const again = () => authenticate({ key: text, address: undefined });
    expect(again).toThrow(expect.objectContaining({ retryAfterMs: 750 }));
  });
});

describe('a rotation', () => {
  test('takes both secrets for the overlap, then the new one alone', async () => {
    const first = keys.make(['read']);
    const second = rotateKey(keys.path, first.key.id, hour, clock);
    const authenticate = keys.authenticate();
    expect(second.key.id).toBe(first.key.id);
    for (const { text } of [first, second]) expect(outcome(authenticate, text)).toBe(first.key.id);
    now += hour;
    expect(outcome(authenticate, first.text)).toBe(unknown);
    expect(outcome(authenticate, second.text)).toBe(first.key.id);
  });

  test('ends the secret before the last one, and an overlap of nothing the last one', () => {
    const first = keys.make(['read']);
    const second = rotateKey(keys.path, first.key.id, hour, clock);
    const third = rotateKey(keys.path, first.key.id, 0, clock);
    const authenticate = keys.authenticate();
    expect(outcome(authenticate, first.text)).toBe(unknown);
    expect(outcome(authenticate, second.text)).toBe(unknown);
    expect(outcome(authenticate, third.text)).toBe(first.key.id);
  });

  test('does not bring back what was revoked, and revoking ends both secrets', () => {
    const first = keys.make(['read']);
    const second = rotateKey(keys.path, first.key.id, hour, clock);
    revokeKey(keys.path, first.key.id, clock);
    const authenticate = keys.authenticate();
    expect(outcome(authenticate, first.text)).toBe(unknown);
    expect(outcome(authenticate, second.text)).toBe('UNAUTHENTICATED KEY_REVOKED');
    expect(() => rotateKey(keys.path, first.key.id, hour, clock)).toThrow('was revoked');
  });
});

describe('the file of keys', () => {
  test('that is spoilt or gone leaves those in force that were read last', async () => {
    const { key, text } = keys.make(['read']);
    const authenticate = keys.authenticate();
    writeFileSync(keys.path, 'no keys at all');
    expect(() => keys.authenticate()).toThrow('is no file of API keys');
    const other = await withFreshFile(keys, () => {
      expect(outcome(authenticate, text)).toBe(key.id);
      expect(outcome(authenticate, undefined)).toBe(unknown);
    });
    await vi.waitFor(() => expect(outcome(authenticate, other.text)).toBe(other.key.id), 10_000);
    expect(outcome(authenticate, text)).toBe(unknown);
  });

  test('that appears and cannot be read locks the doors of a server that stood open', async () => {
    const authenticate = keys.authenticate();
    expect(outcome(authenticate, undefined)).toBe('anybody');
    writeFileSync(keys.path, '{');
    await vi.waitFor(() => expect(outcome(authenticate, undefined)).toBe(unknown), 10_000);
    const { key, text } = await withFreshFile(keys);
    await vi.waitFor(() => expect(outcome(authenticate, text)).toBe(key.id), 10_000);
  });

  test('is refused when others may write it, or when it says what we do not know', () => {
    keys.make(['read']);
    chmodSync(keys.path, 0o620);
    expect(() => keys.authenticate()).toThrow('may be written by others');
    chmodSync(keys.path, 0o600);
    const content = JSON.parse(readFileSync(keys.path, 'utf8'));
    content.keys[0].scopes = ['everything'];
    writeFileSync(keys.path, JSON.stringify(content));
    expect(() => keys.authenticate()).toThrow('keys.0.scopes.0');
  });

  test('is not written by two at once, and says what a killed command has left', () => {
    keys.make(['read']);
    writeFileSync(`${keys.path}.new`, '');
    expect(() => keys.make(['read'])).toThrow('is being written by another command');
    expect(listKeys(keys.path)).toHaveLength(1);
  });
});

/** Another file in the place of the one that is there, which was gone for a while. */
async function withFreshFile(of: TestKeys, meanwhile = () => {}) {
  rmSync(of.path);
  await setImmediate();
  meanwhile();
  return of.make(['read']);
}

test.each([
  ['10.0.0.0/8', true],
  ['10.0.0.1', true],
  ['fd00::/8', true],
  ['::1', true],
  ['10.0.0.0/33', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/', false],
  ['10.0.0', false],
  ['fd00::/129', false],
  ['localhost', false],
  ['', false],
])('%j is a network: %s', (text, isOne) => {
  expect(isNetwork(text)).toBe(isOne);
});

test('a network without a length is one address', () => {
  const isIn = networksOf(['10.0.0.1', '::1']);
  expect(['10.0.0.1', '10.0.0.2', '::1', '::2'].map(isIn)).toEqual([true, false, true, false]);
});
