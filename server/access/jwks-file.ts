// The file of public keys that member tokens are signed by: a JWK Set (RFC 7517), validated whole.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { EngineError } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { quoteValue } from '../quote-value.ts';
import { jsonOf } from './key-file.ts';

export const tokenAlgorithms = ['EdDSA', 'ES256'] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** One public key as it stands in the file; what else a JWK may say (`x5c`) is not used. */
const jwkSchema = z.looseObject({
  kty: z.string(),
  crv: z.exactOptional(z.string()),
  kid: z.string().regex(/^[\w.:=-]{1,64}$/, '1 to 64 of A-Z, a-z, 0-9, . : = _ -'),
  alg: z.exactOptional(z.enum(tokenAlgorithms)),
  use: z.exactOptional(z.literal('sig')),
  key_ops: z.exactOptional(z.array(z.string()).refine((uses) => uses.includes('verify'), 'verify')),
  /** Of those that `caini keys token-issuer` makes. */
  name: z.exactOptional(z.string().max(64)),
  createdAt: z.exactOptional(z.iso.datetime()),
});
export type PublicJwk = z.output<typeof jwkSchema>;

const fileSchema = z.looseObject({ keys: z.array(z.unknown()).max(doorLimits.tokenKeysMax) });

/** A key that tokens may name, ready to verify with. */
export interface TokenKey {
  readonly kid: string;
  readonly algorithm: TokenAlgorithm;
  readonly key: KeyObject;
}

/** What makes a JWK private (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1; RFC 8037, section 2). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * The keys of a file; undefined where there is none. Throws FAILED_PRECONDITION for a file that is
 * no set of public keys for Ed25519 and P-256, or holds anything more secret than that.
 */
export function readJwksFile(path: string): readonly PublicJwk[] | undefined {
  let text: string;
  try {
    const { mode, size } = statSync(path);
    if ((mode & 0o022) !== 0) {
      throw unusable(path, 'may be written by others than its owner: chmod 644');
    }
    const limit = doorLimits.tokenKeysBytesMax;
    if (size > limit) throw unusable(path, `has ${size} bytes but must have at most ${limit}`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const set = fileSchema.safeParse(jsonOf(text));
  if (!set.success) {
    const limit = `{"keys": [at most ${doorLimits.tokenKeysMax}]} (RFC 7517)`;
    throw unusable(path, `is no JWK Set: it must be ${limit}`);
  }
  const keys = set.data.keys.map((key, index) => publicJwkOf(key, { path, index }));
  const kids = new Set<string>();
  for (const { kid } of keys) {
    if (kids.has(kid)) throw unusable(path, `has two keys with the kid ${quoteValue(kid)}`);
    kids.add(kid);
  }
  return keys;
}

/** Throws nothing for what `readJwksFile` has let through. */
export function tokenKeyOf(jwk: PublicJwk): TokenKey {
  const { kid } = jwk;
  return { kid, algorithm: algorithmOf(jwk)!, key: keyObjectOf(jwk) };
}

interface Place {
  readonly path: string;
  readonly index: number;
}

function publicJwkOf(given: unknown, { path, index }: Place): PublicJwk {
  const place = `keys.${index}`;
  // First of all, and without a word of what it is: it may have been read by others already.
  const isPrivate =
    typeof given === 'object' &&
    given !== null &&
    privateMembers.some((name) => Object.hasOwn(given, name));
  if (isPrivate) {
    const why = 'is a private or secret key, which does not belong here';
    throw unusable(path, `${place} ${why}: take it out, and make another one in its place`);
  }
  const parsed = jwkSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = [place, ...(issue?.path ?? [])].join('.');
    throw unusable(path, `${field} is not right: ${issue?.message ?? 'it cannot be read'}`);
  }
  const jwk = parsed.data;
  const algorithm = algorithmOf(jwk);
  if (algorithm === undefined) {
    const kind = quoteValue([jwk.kty, jwk.crv].filter((word) => word !== undefined).join(' '));
    throw unusable(path, `${place} is of the kind ${kind} but must be OKP Ed25519 or EC P-256`);
  }
  if (jwk.alg !== undefined && jwk.alg !== algorithm) {
    throw unusable(path, `${place}.alg is ${jwk.alg} but must be ${algorithm} for its kind`);
  }
  try {
    keyObjectOf(jwk);
  } catch {
    throw unusable(path, `${place} is no point of its curve`);
  }
  return jwk;
}

function algorithmOf({ kty, crv }: PublicJwk): TokenAlgorithm | undefined {
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA';
  return kty === 'EC' && crv === 'P-256' ? 'ES256' : undefined;
}

function keyObjectOf({ kty, crv, x, y }: PublicJwk): KeyObject {
  return createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' });
}

function unusable(path: string, why: string): EngineError {
  return new EngineError('FAILED_PRECONDITION', `${path} ${why}`, { reason: 'TOKEN_KEYS' });
}
