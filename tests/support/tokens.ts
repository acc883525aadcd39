// Issuers of member tokens in a file of their own, made as `caini keys token-issuer` makes them,
// and tokens that they sign.
import { join } from 'node:path';
import { importJWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { pino } from 'pino';
import { systemClock } from '../../engine/index.ts';
import { createIssuer } from '../../server/access/change-issuers.ts';
import { MemberTokens } from '../../server/access/member-tokens.ts';
import { watchTokenKeys } from '../../server/access/token-keys.ts';
import { plainInputRules } from '../../server/operations/input-rules.ts';
import { makeTemporaryFolder } from './folders.ts';

/** Of `claims` undefined leaves one out. */
export type Sign = (claims?: Claims, head?: Partial<JWTHeaderParameters>) => Promise<string>;
type Claims = Readonly<Record<string, unknown>>;

export interface TestIssuers {
  /** The JWK Set. */
  readonly path: string;
  make(): { readonly kid: string; readonly sign: Sign };
  /** Of a server that starts now. */
  tokens(rules?: typeof plainInputRules): MemberTokens;
  remove(): Promise<void>;
}

export const expected = { issuer: 'member-backend', audience: 'caini' };

export async function openIssuers({ clock = systemClock } = {}): Promise<TestIssuers> {
  const folder = await makeTemporaryFolder('issuers');
  const path = join(folder.path, 'token-issuers.json');
  const watched: { stop(): void }[] = [];
  return {
    path,
    make() {
      const { privateJwk } = createIssuer(path, 'test', clock);
      const { kid, alg } = privateJwk;
      return {
        kid,
        async sign(claims, head = {}) {
          const key = await importJWK(privateJwk, alg);
          return new SignJWT(claimsOf(clock(), claims))
            .setProtectedHeader({ alg, kid, ...head })
            .sign(key);
        },
      };
    },
    tokens({ ids } = plainInputRules) {
      const log = pino({ level: 'silent' });
      const keys = watchTokenKeys({ path, isRequired: false }, log, 10);
      watched.push(keys);
      return new MemberTokens({ keys: keys.current, ...expected, ids, clock });
    },
    async remove() {
      for (const keys of watched) keys.stop();
      await folder.remove();
    },
  };
}

/** Those of a token that is taken, changed by these. */
export function claimsOf(nowMs: number, changes: Claims = {}): Record<string, unknown> {
  const iat = Math.floor(nowMs / 1_000);
  const { issuer: iss, audience: aud } = expected;
  const claims = { iss, aud, sub: 'ann', iat, exp: iat + 600, ...changes };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
