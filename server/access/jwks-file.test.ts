// The file of public keys of member tokens: what it may hold, and what becomes of a bad one.
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../engine/index.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../tests/support/folders.ts';
import { doorLimits } from '../limits.ts';
import { createIssuer, listIssuers, revokeIssuer } from './change-issuers.ts';
import { readJwksFile } from './jwks-file.ts';
import { watchTokenKeys } from './token-keys.ts';

let folder: TemporaryFolder;
let path: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder('jwks');
  path = join(folder.path, 'jwks.json');
});
afterEach(() => folder.remove());

const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...ed25519.publicKey.export({ format: 'jwk' }), kid: 'one' };
const write = (...keys: unknown[]) => writeFileSync(path, JSON.stringify({ keys }));

test('a set of public keys of both kinds is read, and what else stands in it is no fault', () => {
  const other = { ...p256.publicKey.export({ format: 'jwk' }), kid: 'two', use: 'sig', x5t: 'x' };
  writeFileSync(path, JSON.stringify({ keys: [{ ...jwk, alg: 'EdDSA' }, other], owner: 'idp' }));
  expect(readJwksFile(path)?.map(({ kid }) => kid)).toEqual(['one', 'two']);
  rmSync(path);
  expect(readJwksFile(path)).toBeUndefined();
});

test('a private or a secret key is refused, and never repeated', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const secrets = [
    { ...ed25519.privateKey.export({ format: 'jwk' }), kid: 'one' },
    { ...p256.privateKey.export({ format: 'jwk' }), kid: 'one' },
    { ...rsa.privateKey.export({ format: 'jwk' }), kid: 'one' },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'one' },
    { ...jwk, d: '' },
  ];
  for (const secret of secrets) {
    write(jwk, secret);
    const words = 'keys.1 is a private or secret key, which does not belong here';
    expect(() => readJwksFile(path)).toThrow(words);
    const d = (secret as { d?: string }).d || 'c2VjcmV0';
    expect(() => readJwksFile(path)).not.toThrow(d);
  }
});

test.each<[string, unknown[], string]>([
  ['a key without kid', [{ ...jwk, kid: undefined }], 'keys.0.kid'],
  ['a kid that is a path', [{ ...jwk, kid: '../x' }], 'keys.0.kid'],
  ['a kid that is long', [{ ...jwk, kid: 'x'.repeat(65) }], 'keys.0.kid'],
  ['two of one kid', [jwk, jwk], 'two keys with the kid "one"'],
  ['RSA', [{ kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'r' }], 'kind "RSA" but must be OKP Ed25519'],
  ['X25519', [{ ...jwk, crv: 'X25519' }], 'kind "OKP X25519"'],
  ['P-384', [{ kty: 'EC', crv: 'P-384', x: 'A', y: 'A', kid: 'e' }], 'kind "EC P-384"'],
  ['an alg of another kind', [{ ...jwk, alg: 'ES256' }], 'keys.0.alg is ES256 but must be EdDSA'],
  ['an alg of neither', [{ ...jwk, alg: 'HS256' }], 'keys.0.alg'],
  ['a key to encrypt with', [{ ...jwk, use: 'enc' }], 'keys.0.use'],
  ['a key that signs', [{ ...jwk, key_ops: ['sign'] }], 'keys.0.key_ops'],
  ['a short key', [{ ...jwk, x: 'AAAA' }], 'keys.0 is no point of its curve'],
  ['no point', [{ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.x, kid: 'e' }], 'no point'],
  ['a text', ['key'], 'keys.0'],
  ['null', [null], 'keys.0'],
  ['too many', Array.from({ length: doorLimits.tokenKeysMax + 1 }, () => jwk), 'is no JWK Set'],
])('%s is refused by its place', (_, keys, words) => {
  write(...keys);
  expect(() => readJwksFile(path)).toThrow(words);
});

test('what is no set, is huge or may be written by others is refused', () => {
  for (const text of ['', '{', '[]', '"x"', '{"keys":{}}', 'secret']) {
    writeFileSync(path, text);
    expect(() => readJwksFile(path), text).toThrow('is no JWK Set');
    expect(() => readJwksFile(path)).not.toThrow('secret');
  }
  writeFileSync(path, ' '.repeat(doorLimits.tokenKeysBytesMax + 1));
  expect(() => readJwksFile(path)).toThrow('but must have at most');
  write(jwk);
  chmodSync(path, 0o666);
  expect(() => readJwksFile(path)).toThrow('may be written by others');
});

describe('an issuer', () => {
  test('is made, kept without its private key, and revoked', () => {
    const { issuer, privateJwk } = createIssuer(path, 'app', systemClock);
    const content = readFileSync(path, 'utf8');
    expect(content).not.toContain(privateJwk.d);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(listIssuers(path)).toEqual([issuer]);
    expect(privateJwk).toEqual({ ...jwkOf(issuer), d: expect.stringMatching(/^[\w-]{43}$/) });
    const other = createIssuer(path, 'web', systemClock);
    expect(revokeIssuer(path, issuer.kid)).toEqual(issuer);
    expect(listIssuers(path)).toEqual([other.issuer]);
    expect(() => revokeIssuer(path, issuer.kid)).toThrow('is no token issuer');
  });

  test('is not made beyond the bound', () => {
    for (let count = 0; count < doorLimits.tokenKeysMax; count++) {
      createIssuer(path, 'app', systemClock);
    }
    expect(() => createIssuer(path, 'app', systemClock)).toThrow('no more can be made');
    expect(listIssuers(path)).toHaveLength(doorLimits.tokenKeysMax);
  });
});

function jwkOf({ name: _, createdAt: __, ...rest }: Record<string, unknown>): object {
  return rest;
}

describe('a running server', () => {
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => logged.push(line) });
  const watch = (isRequired = false) => watchTokenKeys({ path, isRequired }, log, 5);

  test('keeps the former keys when the file is spoilt or gone, and takes up the next', async () => {
    write(jwk);
    const { current, stop } = watch();
    const before = current();
    expect([...before!.keys()]).toEqual(['one']);
    for (const [spoil, what] of [
      [() => writeFileSync(path, '{'), 'is no JWK Set'],
      [() => rmSync(path), 'is not there'],
    ] as const) {
      spoil();
      // It has looked, and told what it found.
      await vi.waitFor(() => expect(logged.join()).toContain(what), 10_000);
      expect(current()).toBe(before);
    }
    write({ ...jwk, kid: 'two' });
    await vi.waitFor(() => expect([...current()!.keys()]).toEqual(['two']), 10_000);
    stop();
  });

  test('has none until one is made, and is never again without', async () => {
    const { current, stop } = watch();
    expect(current()).toBeUndefined();
    createIssuer(path, 'app', systemClock);
    await vi.waitFor(() => expect(current()?.size).toBe(1), 10_000);
    stop();
  });

  test('that stood open lets nobody in when the file appears and cannot be read', async () => {
    const { current, stop } = watch();
    writeFileSync(path, '{');
    await vi.waitFor(() => expect(current()).toEqual(new Map()), 10_000);
    stop();
  });

  test('does not start with a file that a setting names and that is bad or not there', () => {
    expect(() => watch(true)).toThrow('is not there');
    writeFileSync(path, '{');
    expect(() => watch(true)).toThrow('is no JWK Set');
    expect(() => watch()).toThrow('is no JWK Set');
  });
});
