// Tokens of members: which are taken, and every way to forge or stretch one.
import { createHmac, generateKeyPairSync, type KeyObject, sign as signRaw } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { exportJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdRules, EngineError } from '../../engine/index.ts';
import { claimsOf, openIssuers, type Sign, type TestIssuers } from '../../tests/support/tokens.ts';
import { doorLimits } from '../limits.ts';
import { revokeIssuer } from './change-issuers.ts';
import type { MemberTokens } from './member-tokens.ts';

const start = Date.parse('2026-06-01T12:00:00Z');
let now = start;
const clock = () => now;

let issuers: TestIssuers;
let tokens: MemberTokens;
let sign: Sign;
let kid: string;
beforeEach(async () => {
  now = start;
  issuers = await openIssuers({ clock });
  ({ sign, kid } = issuers.make());
  tokens = issuers.tokens();
});
afterEach(() => issuers.remove());

/** What becomes of a token, as at a door: its member, or the reason and words of its refusal. */
async function outcome(text: string, of = tokens): Promise<string> {
  await of.prepare(text);
  try {
    return of.callerOf(text).memberId ?? 'nobody';
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return `${error.code} ${error.reason}: ${error.message}`;
  }
}

const seconds = (offset = 0) => start / 1_000 + offset;
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token', () => {
  test('is for the member that its sub names, and opens no scope of keys', async () => {
    const text = await sign();
    await tokens.prepare(text);
    expect(tokens.callerOf(text)).toEqual({
      keyId: `token:${kid}`,
      memberId: 'ann',
      memberScopes: new Set(['lists', 'catalogue']),
      scopes: new Set(),
      stores: 'all',
      scenarios: 'all',
    });
  });

  test('is narrowed by scope, stores and scenarios, and widened by nothing', async () => {
    const narrowed = { scope: 'openid lists admin', stores: ['S1'], scenarios: ['popular'] };
    const text = await sign({ ...narrowed, scopes: ['admin'], memberScopes: ['catalogue'] });
    await tokens.prepare(text);
    expect(tokens.callerOf(text)).toMatchObject({
      memberScopes: new Set(['lists']),
      scopes: new Set(),
      stores: new Set(['S1']),
      scenarios: new Set(['popular']),
    });
    for (const scope of ['', 'admin', 'LISTS', 'lists,catalogue', ' ']) {
      const other = await sign({ scope });
      await tokens.prepare(other);
      expect(tokens.callerOf(other).memberScopes, scope).toEqual(new Set());
    }
  });

  test('of ES256 is taken from a key of P-256', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'ours' };
    writeFileSync(issuers.path, JSON.stringify({ keys: [jwk] }));
    const other = issuers.tokens();
    expect(await outcome(await signedBy(privateKey, 'ES256', { kid: 'ours' }), other)).toBe('ann');
    // The key stays one of P-256, whatever the head says of it.
    const { privateKey: own } = generateKeyPairSync('ed25519');
    const confused = await outcome(await signedBy(own, 'EdDSA', { kid: 'ours' }), other);
    expect(confused).toContain('alg is "EdDSA" but its key is for ES256');
  });

  test.each<[string, object, string]>([
    ['of another audience', { aud: 'other' }, 'aud must be caini'],
    ['of no audience', { aud: undefined }, 'aud'],
    ['of another issuer', { iss: 'other' }, 'iss must be member-backend'],
    ['of no issuer', { iss: undefined }, 'iss'],
    ['of no member', { sub: undefined }, 'sub'],
    ['of an empty member', { sub: '' }, 'sub'],
    ['of a member that is a number', { sub: 1001 }, 'sub'],
    ['of a word for nothing', { sub: 'undefined' }, 'sub is no member id'],
    ['of nobody', { sub: '散客' }, 'sub means nobody'],
    [
      'of an id that would become another',
      { sub: ' ann' },
      'sub must be written as the id is kept',
    ],
    ['of an id that is too long', { sub: 'a'.repeat(129) }, 'sub'],
    ['that never ends', { exp: undefined }, 'exp'],
    ['without a beginning', { iat: undefined }, 'iat'],
    ['that is good for longer', { exp: seconds(901) }, 'exp must be at most 900 s after iat'],
    ['that is not yet', { iat: seconds(31), exp: seconds(300) }, 'iat is ahead'],
    ['that will be', { nbf: seconds(31) }, 'nbf'],
    ['whose times are texts', { iat: '1', exp: '2' }, 'iat'],
    ['whose times are endless', { iat: 1e300, exp: 1e300 }, 'iat'],
    ['that ends before it begins', { iat: seconds(20), exp: seconds(10) }, 'exp must be at most'],
    ['of a scope that is no text', { scope: ['lists'] }, 'scope'],
    ['of no store', { stores: [] }, 'stores'],
    ['of stores that are a text', { stores: 'all' }, 'stores'],
    ['of a list that is not there', { scenarios: ['everything'] }, 'scenarios.0'],
  ])('%s is refused by its claim', async (_, claims, words) => {
    const found = await outcome(await sign({ ...claims }));
    expect(found).toMatch(/^UNAUTHENTICATED TOKEN_INVALID: /);
    expect(found).toContain(words);
  });

  test('counts to the end of its time and of the skew, and not a moment longer', async () => {
    const text = await sign({ exp: seconds(60) });
    now = start + 90_000 - 1;
    expect(await outcome(text)).toBe('ann');
    now += 1;
    expect(await outcome(text)).toMatch(/^UNAUTHENTICATED TOKEN_EXPIRED/);
    // Nor when it is seen for the first time.
    const other = issuers.tokens();
    expect(await outcome(text, other)).toMatch(/^UNAUTHENTICATED TOKEN_EXPIRED/);
    now = start;
    expect(await outcome(await sign({ iat: seconds(30), exp: seconds(930) }))).toBe('ann');
  });

  test('that is not waited for is told to come back, and let in by nobody', async () => {
    const text = await sign();
    expect(() => tokens.callerOf(text)).toThrow(expect.objectContaining({ reason: 'OVERLOADED' }));
    expect(await outcome(text)).toBe('ann');
  });
});

/** Signed by any key, with any head. */
function signedBy(key: KeyObject | Uint8Array, alg: string, head: object = {}): Promise<string> {
  return new SignJWT(claimsOf(start)).setProtectedHeader({ alg, kid, ...head }).sign(key);
}

describe('a forged token', () => {
  const ed25519 = generateKeyPairSync('ed25519');

  test('is refused whatever its head says', async () => {
    const claims = base64(claimsOf(start));
    const ofBob = base64(claimsOf(start, { sub: 'bob' }));
    const [, , signature] = (await sign()).split('.');
    const publicJwk = await exportJWK(ed25519.publicKey);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
    const hmacOf = (head: object, secret: string) => {
      const signed = `${base64(head)}.${claims}`;
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    };
    const [key] = JSON.parse(JSON.stringify(await keysIn(issuers.path)));
    const forged: Record<string, string> = {
      'no signature': `${base64({ alg: 'none', kid })}.${claims}.`,
      'no signature, in other letters': `${base64({ alg: 'nOnE', kid })}.${claims}.`,
      'HMAC by the public key': hmacOf({ alg: 'HS256', kid }, key.x),
      'HMAC by nothing': hmacOf({ alg: 'HS256', kid }, ''),
      'HMAC under our alg': hmacOf({ alg: 'EdDSA', kid }, key.x),
      RSA: await signedBy(rsa, 'RS256'),
      'another key under the same kid': await signedBy(ed25519.privateKey, 'EdDSA'),
      'a key that it brings along': await signedBy(ed25519.privateKey, 'EdDSA', { jwk: publicJwk }),
      'a key to fetch': await signedBy(ed25519.privateKey, 'EdDSA', {
        jku: 'http://127.0.0.1:1/jwks',
        x5u: 'http://127.0.0.1:1/x5u',
      }),
      'the signature of another': `${base64({ alg: 'EdDSA', kid })}.${ofBob}.${signature}`,
      'the other alg': `${base64({ alg: 'ES256', kid })}.${claims}.${signature}`,
    };
    for (const [what, text] of Object.entries(forged)) {
      expect(await outcome(text), what).toMatch(/^UNAUTHENTICATED TOKEN_INVALID: /);
    }
  });

  test('that says it is critical is refused, rightly signed as it is', async () => {
    const jwk = { ...(await exportJWK(ed25519.publicKey)), kid: 'raw' };
    writeFileSync(issuers.path, JSON.stringify({ keys: [jwk] }));
    const other = issuers.tokens();
    const signed = (head: object) => {
      const text = `${base64({ alg: 'EdDSA', kid: 'raw', ...head })}.${base64(claimsOf(start))}`;
      const signature = signRaw(null, Buffer.from(text), ed25519.privateKey);
      return `${text}.${signature.toString('base64url')}`;
    };
    expect(await outcome(signed({}), other)).toBe('ann');
    const heads = [
      { crit: ['exp'], exp: 1 },
      { crit: ['b64'], b64: true },
      { crit: ['b64'], b64: false },
      { crit: [] },
      { crit: 'exp' },
      { crit: null },
    ];
    for (const head of heads) {
      const found = await outcome(signed(head), other);
      expect(found, JSON.stringify(head)).toMatch(/^UNAUTHENTICATED TOKEN_INVALID: /);
    }
  });

  test.each([
    '../../etc/passwd',
    '__proto__',
    'constructor',
    '',
    'token-issuers.json',
    "' OR 1=1 --",
    'x'.repeat(1_000),
  ])('whose kid is %j finds no key', async (given) => {
    const text = await signedBy(ed25519.privateKey, 'EdDSA', { kid: given });
    expect(await outcome(text)).toContain('must name a key of the JWK Set');
  });

  test('whose kid is no text, or is not there, finds no key', async () => {
    for (const given of [undefined, null, 1, [], {}, { toString: kid }]) {
      const head = { alg: 'EdDSA', ...(given !== undefined && { kid: given }) };
      const text = `${base64(head)}.${base64(claimsOf(start))}.${'A'.repeat(86)}`;
      expect(await outcome(text), JSON.stringify(given)).toMatch(
        /^UNAUTHENTICATED TOKEN_INVALID: /,
      );
    }
  });

  test('that is no token at all is refused, and is no error of ours', async () => {
    const [head, claims, signature] = (await sign()).split('.');
    const broken = [
      '.',
      '..',
      '...',
      'a.b',
      `${head}.${claims}`,
      `${head}.${claims}.${signature}.${signature}`,
      `${head}.${claims}.${signature!.slice(0, -4)}`,
      `${head}.${claims}.`,
      `${head}..${signature}`,
      `.${claims}.${signature}`,
      `${base64([])}.${claims}.${signature}`,
      `${base64(null)}.${claims}.${signature}`,
      `${head}.${base64('text')}.${signature}`,
      `${head}.%%%%.${signature}`,
      `${head}.${claims}.é`,
      '\u0000.\u0000.\u0000',
    ];
    for (const text of broken) {
      expect(await outcome(text), text).toMatch(/^UNAUTHENTICATED TOKEN_INVALID: /);
    }
  });

  test('that is huge is neither hashed nor verified', async () => {
    const most = doorLimits.tokenCharactersMax;
    const text = await sign({ padding: 'x'.repeat(most) });
    expect(tokens.prepare(text)).toBeUndefined();
    expect(await outcome(text)).toContain(`but must be at most ${most} characters`);
    expect(tokens.size).toBe(0);
  });
});

async function keysIn(path: string) {
  const { listIssuers } = await import('./change-issuers.ts');
  return listIssuers(path);
}

describe('what is kept of tokens', () => {
  test('is looked up without a promise, and once for many who come at once', async () => {
    const text = await sign();
    const first = tokens.prepare(text);
    expect(tokens.prepare(text)).toBe(first);
    await first;
    expect(tokens.prepare(text)).toBeUndefined();
    expect(tokens.callerOf(text)).toBe(tokens.callerOf(text));
  });

  test('does not grow beyond its bound: refused tokens, and those that were taken', async () => {
    const [head, claims] = (await sign()).split('.');
    const most = doorLimits.tokensRefusedMax;
    for (let count = 0; count < most + 10; count++) {
      const signature = Buffer.alloc(64, `${count}.`).toString('base64url');
      await tokens.prepare(`${head}.${claims}.${signature}`);
    }
    expect(tokens['refused'].size).toBe(most);
    expect(tokens.size).toBe(0);
    const kept = tokens['kept'];
    const text = await sign();
    await tokens.prepare(text);
    const [id, entry] = [...kept][0]!;
    kept.clear();
    for (let count = 0; count < doorLimits.tokensKeptMax; count++) kept.set(`${count}`, entry);
    await tokens.prepare(text);
    expect(kept.size).toBe(doorLimits.tokensKeptMax);
    expect([kept.has('0'), kept.has('1'), kept.has(id)]).toEqual([false, true, true]);
  });

  test('holds no more that are being verified than its bound', async () => {
    const most = doorLimits.tokensVerifyingMax;
    const texts = await Promise.all(
      Array.from({ length: most + 1 }, (_, index) => sign({ sub: `m-${index}` })),
    );
    const prepared = texts.map((text) => tokens.prepare(text));
    expect(prepared.at(-1)).toBeUndefined();
    expect(() => tokens.callerOf(texts.at(-1)!)).toThrow('try again');
    await Promise.all(prepared);
    expect(await outcome(texts.at(-1)!)).toBe(`m-${most}`);
  });

  test('a refusal is kept for a moment, since a clock may be behind', async () => {
    const text = await sign({ iat: seconds(32), exp: seconds(60) });
    expect(await outcome(text)).toContain('iat is ahead');
    now += doorLimits.tokenRefusedMs;
    expect(await outcome(text)).toBe('ann');
  });

  test('ends when its issuer is revoked, also while it is being verified', async () => {
    const other = issuers.make();
    await vi.waitFor(async () => expect(await outcome(await other.sign())).toBe('ann'), 10_000);
    const mine = await sign();
    expect(await outcome(mine)).toBe('ann');
    revokeIssuer(issuers.path, kid);
    await vi.waitFor(
      async () => expect(await outcome(mine)).toContain('must name a key of the JWK Set'),
      10_000,
    );
    expect(await outcome(await other.sign())).toBe('ann');
  });
});

test('a token that was begun with one set of keys is judged by the next', async () => {
  const text = await sign();
  const { MemberTokens } = await import('./member-tokens.ts');
  const options = tokens['options'];
  let keys = options.keys();
  const watched = new MemberTokens({ ...options, keys: () => keys });
  const prepared = watched.prepare(text);
  keys = new Map();
  await prepared;
  expect(() => watched.callerOf(text)).toThrow('must name a key of the JWK Set');
});

test('an e-mail address is taken as it is kept', async () => {
  const folding = issuers.tokens({ ids: createIdRules({ foldsEmails: true }) });
  expect(await outcome(await sign({ sub: 'Ann@x.cn' }), folding)).toContain('kept: "ann@x.cn"');
  expect(await outcome(await sign({ sub: 'ann@x.cn' }), folding)).toBe('ann@x.cn');
  expect(await outcome(await sign({ sub: 'Ann@x.cn' }))).toBe('Ann@x.cn');
});
