// Who shows keys that nobody knows, again and again: told to come back later, by address.
import { EngineError } from '../../engine/index.ts';
import { networkOf } from '../shares.ts';
import type { Authenticate } from './authenticate.ts';
import { RateLimiter, type SteadyClock } from './rate.ts';

export interface FailureOptions {
  /** Of one address, and as many at once; absent: any number. */
  readonly failuresPerMinute: number | undefined;
  readonly steady: SteadyClock;
}

/**
 * A key that counts is let in from any address and at any time: who sits behind the same address as
 * somebody who guesses must not be locked out. To compare a key costs a microsecond, and nobody
 * guesses 256 bits; what is bounded is the noise. Throws RESOURCE_EXHAUSTED.
 */
export function slowFailures(
  authenticate: Authenticate,
  { failuresPerMinute, steady }: FailureOptions,
): Authenticate {
  if (failuresPerMinute === undefined) return authenticate;
  const failures = new RateLimiter(steady);
  const slowed: Authenticate = (shown) => {
    try {
      return authenticate(shown);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'UNAUTHENTICATED') throw error;
      const network = networkOf(shown.address ?? '');
      const waitMs = failures.take(network, failuresPerMinute / 60, failuresPerMinute);
      throw waitMs === 0 ? error : tooMany(network, failuresPerMinute, waitMs);
    }
  };
  // What else it can do, it still can.
  return Object.assign(slowed, authenticate);
}

function tooMany(network: string, perMinute: number, retryAfterMs: number): EngineError {
  const failures = `${perMinute} requests a minute may fail to show a known key`;
  const message = `from ${network} ${failures}; one that shows it is served at any time`;
  return new EngineError('RESOURCE_EXHAUSTED', message, {
    reason: 'FAILED_ATTEMPTS',
    retryAfterMs,
  });
}
