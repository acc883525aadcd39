// What a member token says, once its signature is found right: whose it is, until when, and what it
// is narrowed to.
import type { JWTPayload } from 'jose';
import { z } from 'zod';
import {
  type IdRules,
  idSchema,
  meansNobody,
  readMemberId,
  type Scenario,
  scenarios,
} from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { type Caller, type MemberScope, memberScopes } from '../operations/caller.ts';
import { quoteValue } from '../quote-value.ts';
import { invalidToken } from './token-errors.ts';

const claimsSchema = z.looseObject({
  iat: z.number(),
  exp: z.number(),
  sub: idSchema,
  /** Words with blanks between them (RFC 8693, section 4.2). */
  scope: z.exactOptional(z.string()),
  stores: z.exactOptional(z.array(idSchema).min(1)),
  scenarios: z.exactOptional(z.array(z.enum(scenarios)).min(1)),
});

export interface Claims {
  readonly caller: Caller;
  readonly expiresAtMs: number;
}

interface ReadingClaims {
  /** Of the key that signed. */
  readonly kid: string;
  readonly ids: IdRules;
  readonly nowMs: number;
}

/** `iss`, `aud` and `nbf` were looked at before. Throws UNAUTHENTICATED. */
export function readClaims(payload: JWTPayload, { kid, ids, nowMs }: ReadingClaims): Claims {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? 'claims';
    throw invalidToken(field, `is not right: ${issue?.message ?? 'it cannot be read'}`);
  }
  const { iat, exp, sub, ...narrowing } = parsed.data;
  const skew = doorLimits.tokenSkewSeconds;
  const secondsMax = doorLimits.tokenSecondsMax;
  // Not `>`: what is no number in the end is refused too.
  if (!(iat <= nowMs / 1_000 + skew)) {
    throw invalidToken('iat', `is ahead of this server's clock by more than ${skew} s`);
  }
  if (!(exp > iat && exp - iat <= secondsMax)) {
    throw invalidToken('exp', `must be at most ${secondsMax} s after iat, and after it`);
  }
  assertMemberId(sub, ids);
  return { caller: callerOf(sub, kid, narrowing), expiresAtMs: (exp + skew) * 1_000 };
}

/**
 * Only an id that stays as it is: one that is made into another before it is asked for could name
 * somebody else, and one that means nobody would be shared by all whose backend says so.
 */
function assertMemberId(sub: string, ids: IdRules): void {
  const read = readMemberId(sub, ids);
  if ('problem' in read) throw invalidToken('sub', `is no member id: ${read.problem}`);
  if (meansNobody(sub, ids)) throw invalidToken('sub', 'means nobody (CAINI_ANONYMOUS_MEMBER_IDS)');
  if (read.cleaned) {
    throw invalidToken('sub', `must be written as the id is kept: ${quoteValue(read.id)}`);
  }
}

const everyScope: ReadonlySet<MemberScope> = new Set(memberScopes);
const noScope: Caller['scopes'] = new Set();

interface Narrowing {
  readonly scope?: string;
  readonly stores?: readonly string[];
  readonly scenarios?: readonly Scenario[];
}

function callerOf(memberId: string, kid: string, narrowing: Narrowing): Caller {
  const { scope, stores, scenarios } = narrowing;
  // Words that others understand (`openid`) open nothing.
  const words = scope?.split(' ');
  return {
    keyId: `token:${kid}`,
    memberId,
    memberScopes: words ? new Set(memberScopes.filter((one) => words.includes(one))) : everyScope,
    scopes: noScope,
    stores: stores ? new Set(stores) : 'all',
    scenarios: scenarios ? new Set(scenarios) : 'all',
  };
}
