// Tokens of members (RFC 7519): verified when they are first seen, and kept until they expire, so
// that a request with one that is known waits for nothing.
import { hash } from 'node:crypto';
import { errors, type JWSHeaderParameters, jwtVerify } from 'jose';
import { type Clock, EngineError, type IdRules } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { overloadedError } from '../load-shedder.ts';
import type { Caller } from '../operations/caller.ts';
import { quoteValue } from '../quote-value.ts';
import { tokenAlgorithms } from './jwks-file.ts';
import { type Claims, readClaims } from './token-claims.ts';
import { expiredToken, invalidToken } from './token-errors.ts';
import type { TokenKeys } from './token-keys.ts';

export interface MemberTokenOptions {
  /** Asked with every request, so that a change counts at once. */
  readonly keys: () => TokenKeys;
  /** What `iss` and `aud` must be. */
  readonly issuer: string;
  readonly audience: string;
  readonly ids: IdRules;
  readonly clock: Clock;
}

interface Refused {
  readonly error: unknown;
  readonly untilMs: number;
}

/** Nothing of a token is kept but its SHA-256 and what it says. */
export class MemberTokens {
  private readonly options: MemberTokenOptions;
  private readonly kept = new Map<string, Claims>();
  private readonly refused = new Map<string, Refused>();
  private readonly verifying = new Map<string, Promise<void>>();
  /** Those that all of it was verified with. */
  private keys: TokenKeys;

  constructor(options: MemberTokenOptions) {
    this.options = options;
  }

  /** Whether there is an issuer, or was one: then nobody is let in without a key or a token. */
  get areTaken(): boolean {
    return this.currentKeys() !== undefined;
  }

  /** How many tokens are kept. */
  get size(): number {
    return this.kept.size;
  }

  /**
   * What has to be waited for before `callerOf` knows the token; undefined: nothing. Never rejects.
   */
  prepare(text: string): Promise<void> | undefined {
    if (this.currentKeys() === undefined || !isToken(text) || isTooLong(text)) return undefined;
    const id = idOf(text);
    const { kept, verifying } = this;
    if (kept.has(id) || this.refusedNow(id) !== undefined) return undefined;
    const running = verifying.get(id);
    if (running !== undefined) return running;
    if (verifying.size >= doorLimits.tokensVerifyingMax) return undefined;
    const decided = this.decide(text, id).finally(() => verifying.delete(id));
    verifying.set(id, decided);
    return decided;
  }

  /**
   * Whose token it is. Throws UNAUTHENTICATED, and RESOURCE_EXHAUSTED for one that could not be
   * verified among so many.
   */
  callerOf(text: string): Caller {
    if (isTooLong(text)) {
      const limit = doorLimits.tokenCharactersMax;
      throw invalidToken('its length', `is ${text.length} but must be at most ${limit} characters`);
    }
    this.currentKeys();
    const id = idOf(text);
    const found = this.kept.get(id);
    if (found !== undefined) {
      if (this.options.clock() < found.expiresAtMs) return found.caller;
      this.kept.delete(id);
      throw expiredToken();
    }
    throw this.refusedNow(id)?.error ?? overloadedError();
  }

  private refusedNow(id: string): Refused | undefined {
    const found = this.refused.get(id);
    if (found === undefined || this.options.clock() < found.untilMs) return found;
    this.refused.delete(id);
    return undefined;
  }

  /** Verified with other keys, nothing that is kept says anything. */
  private currentKeys(): TokenKeys {
    const keys = this.options.keys();
    if (keys !== this.keys) {
      this.keys = keys;
      this.kept.clear();
      this.refused.clear();
    }
    return keys;
  }

  private async decide(text: string, id: string): Promise<void> {
    for (;;) {
      const keys = this.currentKeys();
      const verdict = await this.verify(text, keys).catch((error: unknown) => ({ error }));
      // An issuer may have been revoked in the meantime.
      if (this.currentKeys() !== keys) continue;
      if ('error' in verdict) {
        const untilMs = this.options.clock() + doorLimits.tokenRefusedMs;
        put(this.refused, id, { ...verdict, untilMs }, doorLimits.tokensRefusedMax);
      } else put(this.kept, id, verdict, doorLimits.tokensKeptMax);
      return;
    }
  }

  /** Rejects with UNAUTHENTICATED. */
  private async verify(text: string, keys: TokenKeys): Promise<Claims> {
    const { issuer, audience, ids, clock } = this.options;
    const nowMs = clock();
    try {
      const { payload, protectedHeader } = await jwtVerify(text, (head) => keyOf(head, keys), {
        algorithms: [...tokenAlgorithms],
        issuer,
        audience,
        requiredClaims: ['sub', 'iat', 'exp'],
        clockTolerance: doorLimits.tokenSkewSeconds,
        currentDate: new Date(nowMs),
      });
      return readClaims(payload, { kid: protectedHeader.kid!, ids, nowMs });
    } catch (error) {
      throw refusalOf(error, { issuer, audience });
    }
  }
}

/** Whether it may be one; no API key has a dot. */
export function isToken(text: string): boolean {
  return text.includes('.');
}

function isTooLong(text: string): boolean {
  return text.length > doorLimits.tokenCharactersMax;
}

function idOf(text: string): string {
  return hash('sha256', text, 'base64');
}

/** The oldest goes where there is no room: it expires first, and can be verified again. */
function put<T>(map: Map<string, T>, id: string, value: T, most: number): void {
  if (map.size >= most) {
    for (const oldest of map.keys()) {
      map.delete(oldest);
      break;
    }
  }
  map.set(id, value);
}

/** A key that the token brings along, or says where to fetch, is never looked at. */
function keyOf({ alg, kid, crit }: JWSHeaderParameters, keys: TokenKeys) {
  if (crit !== undefined) throw invalidToken('crit', 'is not taken in the head');
  const key = typeof kid === 'string' ? keys?.get(kid) : undefined;
  if (key === undefined) {
    throw invalidToken('kid', `is ${quoteValue(kid)} but must name a key of the JWK Set`);
  }
  if (key.algorithm !== alg) {
    throw invalidToken('alg', `is ${quoteValue(alg)} but its key is for ${key.algorithm}`);
  }
  return key.key;
}

interface Expected {
  readonly issuer: string;
  readonly audience: string;
}

function refusalOf(error: unknown, { issuer, audience }: Expected): unknown {
  if (error instanceof EngineError) return error;
  if (error instanceof errors.JWTExpired) return expiredToken();
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim } = error;
    const expected = { iss: issuer, aud: audience }[claim];
    const must = expected === undefined ? 'is missing, or not right' : `must be ${expected}`;
    return invalidToken(claim, must, error);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return invalidToken('alg', `must be ${tokenAlgorithms.join(' or ')}`, error);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalidToken('its signature', 'is not that of its key', error);
  }
  return error instanceof errors.JOSEError ? invalidToken('it', 'is no signed JWT', error) : error;
}
