// How often one member may be asked for or changed, and of how many members one key may ask.
import { EngineError } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import type { Caller } from '../operations/caller.ts';
import type { LimitMember } from '../operations/chain.ts';
import { quoteValue } from '../quote-value.ts';
import { RateLimiter, type SteadyClock } from './rate.ts';

export interface MemberLimitOptions {
  /** About one member; absent: any number. */
  readonly requestsPerMinute?: number | undefined;
  /** Members of one key of a guide that says nothing itself; absent: any number. */
  readonly guideMembersPerMinute?: number | undefined;
  readonly steady: SteadyClock;
}

/** Throws RESOURCE_EXHAUSTED. Who is asked for no key has no limits. */
export function createMemberLimits(options: MemberLimitOptions): LimitMember {
  const { requestsPerMinute, guideMembersPerMinute, steady } = options;
  const requests = new RateLimiter(steady, doorLimits.memberRatesMax);
  const members = new RateLimiter(steady);
  const known = new KnownMembers(steady);
  return (caller, memberId) => {
    const { keyId } = caller;
    if (keyId === undefined) return;
    if (requestsPerMinute !== undefined) {
      const waitMs = requests.take(memberId, requestsPerMinute / 60, requestsPerMinute);
      if (waitMs > 0) throw tooOften(memberId, requestsPerMinute, waitMs);
    }
    const most =
      caller.membersPerMinute ?? (isGuideAlone(caller) ? guideMembersPerMinute : undefined);
    if (most === undefined || known.has(keyId, memberId)) return;
    const waitMs = members.take(keyId, most / 60, most);
    if (waitMs > 0) throw tooMany(keyId, most, waitMs);
    known.add(keyId, memberId);
  };
}

/** Of the backend of a shop, all members are to be expected. */
function isGuideAlone({ scopes }: Caller): boolean {
  return scopes.has('guide') && !scopes.has('read');
}

const rememberedMs = 60_000;

/** Members that a key has asked for lately, which are not new to it. */
class KnownMembers {
  private readonly now: SteadyClock;
  private recent = new Set<string>();
  private older = new Set<string>();
  private since: number;

  constructor(now: SteadyClock) {
    this.now = now;
    this.since = now();
  }

  has(keyId: string, memberId: string): boolean {
    const pair = `${keyId} ${memberId}`;
    if (this.now() - this.since >= rememberedMs) this.forget();
    if (this.recent.has(pair)) return true;
    if (!this.older.has(pair)) return false;
    this.add(keyId, memberId);
    return true;
  }

  add(keyId: string, memberId: string): void {
    if (this.recent.size >= doorLimits.memberRatesMax) this.forget();
    this.recent.add(`${keyId} ${memberId}`);
  }

  /** What was asked before those of the last minute or two. */
  private forget(): void {
    const now = this.now();
    this.older = now - this.since >= 2 * rememberedMs ? new Set() : this.recent;
    this.recent = new Set();
    this.since = now;
  }
}

function tooOften(memberId: string, perMinute: number, retryAfterMs: number): EngineError {
  const field = 'memberId';
  const value = quoteValue(memberId);
  const message = `may be asked for ${perMinute} times a minute`;
  return new EngineError('RESOURCE_EXHAUSTED', `${field} ${value} ${message}`, {
    reason: 'MEMBER_RATE',
    retryAfterMs,
    violations: [{ field, value, limit: perMinute, message }],
  });
}

function tooMany(keyId: string, perMinute: number, retryAfterMs: number): EngineError {
  const message = `the API key ${keyId} may ask for ${perMinute} members a minute`;
  return new EngineError('RESOURCE_EXHAUSTED', message, { reason: 'KEY_MEMBERS', retryAfterMs });
}
