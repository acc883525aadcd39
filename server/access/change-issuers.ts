// What is done to issuers of member tokens: made, listed, revoked. Only their public keys are kept.
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { type Clock, EngineError } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { quoteValue } from '../quote-value.ts';
import { type PublicJwk, readJwksFile } from './jwks-file.ts';
import { replaceFile } from './key-file.ts';
import { newKeyId } from './key-text.ts';

/** An issuer as it is kept, and as its holder has it: the private key is nowhere else. */
export interface ShownIssuer {
  readonly issuer: PublicJwk;
  /** A JWK (RFC 8037) that signs tokens. */
  readonly privateJwk: JsonWebKey & { readonly kid: string; readonly alg: string };
}

/** An Ed25519 pair. Throws FAILED_PRECONDITION, and RESOURCE_EXHAUSTED when there are too many. */
export function createIssuer(path: string, name: string, clock: Clock): ShownIssuer {
  return changeIssuers(path, (issuers) => {
    const limit = doorLimits.tokenKeysMax;
    if (issuers.length >= limit) {
      const message = `there are ${limit} token issuers, and no more can be made; revoke some`;
      throw new EngineError('RESOURCE_EXHAUSTED', message, { reason: 'TOKEN_KEYS_MAX' });
    }
    const { privateKey } = generateKeyPairSync('ed25519');
    const { kty, crv, x, d } = privateKey.export({ format: 'jwk' });
    let kid = `ti_${newKeyId()}`;
    while (issuers.some((other) => other.kid === kid)) kid = `ti_${newKeyId()}`;
    const shared = { kty: kty!, crv: crv!, x: x!, kid, alg: 'EdDSA', use: 'sig' } as const;
    const issuer = { ...shared, name, createdAt: new Date(clock()).toISOString() };
    const privateJwk = { ...shared, d: d! };
    return { issuers: [...issuers, issuer], result: { issuer, privateJwk } };
  });
}

/** In the order in which they were made. */
export function listIssuers(path: string): readonly PublicJwk[] {
  return readJwksFile(path) ?? [];
}

/** Takes its key out: no token that it signed is taken any more. Throws NOT_FOUND. */
export function revokeIssuer(path: string, kid: string): PublicJwk {
  return changeIssuers(path, (issuers) => {
    const found = issuers.find((issuer) => issuer.kid === kid);
    if (found === undefined) {
      const value = quoteValue(kid);
      const limit = 'a kid of caini keys token-issuer list';
      throw new EngineError('NOT_FOUND', `${value} is no token issuer of ${path}`, {
        violations: [{ field: 'kid', value, limit, message: `must be ${limit}` }],
      });
    }
    return { issuers: issuers.filter((issuer) => issuer !== found), result: found };
  });
}

interface Changed<T> {
  readonly issuers: readonly PublicJwk[];
  readonly result: T;
}

function changeIssuers<T>(path: string, change: (issuers: readonly PublicJwk[]) => Changed<T>): T {
  return replaceFile(path, () => {
    const { issuers, result } = change(listIssuers(path));
    return { content: { keys: issuers }, result };
  });
}
