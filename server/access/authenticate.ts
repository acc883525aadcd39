// Who asks: from a key, or a member's token, and an address to a caller. The same for every door.
import { timingSafeEqual } from 'node:crypto';
import { type Clock, EngineError } from '../../engine/index.ts';
import { anonymous, type Caller } from '../operations/caller.ts';
import { hashOf, keyIdIn } from './key-text.ts';
import type { Keys, LiveKey } from './keys.ts';
import { isToken, type MemberTokens } from './member-tokens.ts';
import { RateLimiter, type SteadyClock } from './rate.ts';

/** What a request shows. */
export interface Shown {
  /** A key or a token; absent: none. */
  readonly key: string | undefined;
  /** Of the other end of the connection. */
  readonly address: string | undefined;
}

/**
 * Throws UNAUTHENTICATED for who shows no key that counts, PERMISSION_DENIED for a key that may not
 * be used here or now, RESOURCE_EXHAUSTED for one that asks too often.
 */
export interface Authenticate {
  (shown: Shown): Caller;
  /**
   * What has to be waited for first, when what is shown was never seen before; undefined: nothing.
   * Never rejects. A caller that was not waited for is told to come back.
   */
  readonly prepare?: (key: string) => Promise<void> | undefined;
}

export const authenticateNobody: Authenticate = () => anonymous;

interface AuthenticateOptions {
  readonly clock: Clock;
  readonly steady: SteadyClock;
  /** Absent: none are taken. */
  readonly tokens?: MemberTokens;
}

/**
 * `keys` is asked with every request, so that a change counts at once. As long as no key and no
 * issuer of tokens was ever made, nobody is asked for one.
 */
export function createAuthenticate(
  keys: () => Keys,
  { clock, steady, tokens }: AuthenticateOptions,
): Authenticate {
  const rates = new RateLimiter(steady);
  const authenticate = ({ key: text, address }: Shown): Caller => {
    const { wereMade, byId } = keys();
    if (!wereMade && !tokens?.areTaken) return anonymous;
    if (text === undefined) throw unauthenticated('API_KEY', 'is required');
    const id = keyIdIn(text);
    if (id === undefined && isToken(text) && tokens?.areTaken) return tokens.callerOf(text);
    const key = id === undefined ? undefined : byId.get(id);
    const nowMs = clock();
    if (key === undefined || !isSecretOf(key, hashOf(text), nowMs)) {
      throw unauthenticated('API_KEY', 'is not a known key');
    }
    admit(key, { id: id!, nowMs, address });
    const waitMs = key.ratePerSecond === undefined ? 0 : rates.take(id!, key.ratePerSecond);
    if (waitMs > 0) throw tooOften(id!, key.ratePerSecond!, waitMs);
    return key.caller;
  };
  if (tokens === undefined) return authenticate;
  return Object.assign(authenticate, { prepare: (key: string) => tokens.prepare(key) });
}

/** How long it takes says nothing of how much of a secret was right. */
function isSecretOf({ hash, before }: LiveKey, shown: Buffer, nowMs: number): boolean {
  const isCurrent = timingSafeEqual(hash, shown);
  if (before === undefined || nowMs >= before.validUntilMs) return isCurrent;
  return timingSafeEqual(before.hash, shown) || isCurrent;
}

interface Admission {
  readonly id: string;
  readonly nowMs: number;
  readonly address: string | undefined;
}

/** Told only to who has the secret. */
function admit(key: LiveKey, { id, nowMs, address }: Admission): void {
  if (key.isRevoked) throw unauthenticated('KEY_REVOKED', `${id} is revoked`);
  if (nowMs >= key.expiresAtMs) {
    const at = new Date(key.expiresAtMs).toISOString();
    throw denied('KEY_EXPIRED', `the API key ${id} has expired at ${at}`);
  }
  if (key.mayComeFrom !== undefined && !key.mayComeFrom(address ?? '')) {
    throw denied('ADDRESS_FOREIGN', `the API key ${id} may not be used from ${address}`);
  }
}

function unauthenticated(reason: string, message: string): EngineError {
  const field = 'x-api-key';
  const violations = [{ field, message }];
  return new EngineError('UNAUTHENTICATED', `${field} ${message}`, { reason, violations });
}

function denied(reason: string, message: string): EngineError {
  return new EngineError('PERMISSION_DENIED', message, { reason });
}

function tooOften(id: string, perSecond: number, retryAfterMs: number): EngineError {
  const message = `the API key ${id} may ask ${perSecond} times a second`;
  return new EngineError('RESOURCE_EXHAUSTED', message, { reason: 'KEY_RATE', retryAfterMs });
}
