// The options of `caini keys`, read into what a key is to be. Each refusal names option, value and
// limit.
import {
  type Clock,
  EngineError,
  idSchema,
  millisecondsPerDay,
  type Scenario,
  scenarios,
  zoneOffsetMinutes,
} from '../../engine/index.ts';
import type { NewKey } from '../access/change-keys.ts';
import { doorLimits } from '../limits.ts';
import { isNetwork } from '../networks.ts';
import { type Scope, scopes } from '../operations/caller.ts';
import { quoteValue } from '../quote-value.ts';

export interface KeyFlags {
  readonly name: string;
  readonly scopes: string;
  readonly stores: string;
  readonly scenarios: string;
  readonly rate?: string;
  readonly members?: string;
  readonly expires?: string;
  readonly from?: string;
}

interface Now {
  readonly clock: Clock;
  /** A day without a time begins here. */
  readonly timeZone: string;
}

/** Throws INVALID_ARGUMENT. */
export function newKeyOf(flags: KeyFlags, now: Now): NewKey {
  const { name, rate, members, expires, from } = flags;
  if (name.length > 64 || name.trim() === '') throw bad('name', name, '1 to 64 characters');
  return {
    name,
    scopes: wordsOf<Scope>('scopes', flags.scopes, scopes),
    stores: flags.stores === 'all' ? 'all' : entriesOf('stores', flags.stores, isId, 'ids'),
    scenarios:
      flags.scenarios === 'all'
        ? 'all'
        : wordsOf<Scenario>('scenarios', flags.scenarios, scenarios),
    ...(rate !== undefined && { ratePerSecond: numberOf('rate', rate, doorLimits.keyRateMax) }),
    ...(members !== undefined && {
      membersPerMinute: numberOf('members', members, doorLimits.keyMembersMax),
    }),
    ...(expires !== undefined && { expiresAt: expiryOf(expires, now) }),
    ...(from !== undefined && {
      addresses: entriesOf('from', from, isNetwork, 'addresses or networks such as 10.0.0.0/8'),
    }),
  };
}

/** Of `24h` or `7d`. Throws INVALID_ARGUMENT. */
export function overlapMsOf(text: string): number {
  const limit = `0h to ${doorLimits.keyOverlapHoursMax}h, or days as 7d`;
  const ms = durationMsOf(text);
  const isRight = ms !== undefined && ms <= doorLimits.keyOverlapHoursMax * millisecondsPerHour;
  if (!isRight) throw bad('overlap', text, limit);
  return ms;
}

const millisecondsPerHour = 3_600_000;

function durationMsOf(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * (unit === 'h' ? millisecondsPerHour : millisecondsPerDay);
}

function numberOf(option: string, text: string, most: number): number {
  const number = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most) throw bad(option, text, `a whole number from 1 to ${most}`);
  return number;
}

function expiryOf(text: string, { clock, timeZone }: Now): string {
  const nowMs = clock();
  const duration = durationMsOf(text);
  const atMs = duration === undefined ? momentOf(text, timeZone) : nowMs + duration;
  const limit = 'a time to come: 2027-01-01, 2027-01-01T08:00:00+08:00, 90d or 12h';
  if (Number.isNaN(atMs) || atMs <= nowMs) throw bad('expires', text, limit);
  return new Date(atMs).toISOString();
}

/** NaN for what is no day and no time. */
function momentOf(text: string, timeZone: string): number {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text)) return Date.parse(text);
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return Number.NaN;
  const atMs = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes the 31st of February for a day of March; a time zone is asked of real days.
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== text) return Number.NaN;
  return atMs - zoneOffsetMinutes(timeZone, atMs) * 60_000;
}

function isId(text: string): boolean {
  return idSchema.safeParse(text).success;
}

function wordsOf<Word extends string>(
  option: string,
  text: string,
  known: readonly Word[],
): readonly Word[] {
  const isKnown = (word: string) => (known as readonly string[]).includes(word);
  return entriesOf(option, text, isKnown, `of ${known.join(', ')}`) as readonly Word[];
}

/** Each once, in the order given. */
function entriesOf(
  option: string,
  text: string,
  isRight: (entry: string) => boolean,
  limit: string,
): readonly string[] {
  const entries = [...new Set(text.split(',').map((entry) => entry.trim()))];
  const wrong = entries.find((entry) => !isRight(entry));
  if (wrong !== undefined) throw bad(option, wrong, limit);
  const most = doorLimits.keyEntriesMax;
  if (entries.length > most) throw bad(option, `${entries.length} entries`, `at most ${most}`);
  return entries;
}

function bad(option: string, given: string, limit: string): EngineError {
  const [field, value] = [`--${option}`, quoteValue(given)];
  const message = `must be ${limit}`;
  return new EngineError('INVALID_ARGUMENT', `${field} is ${value} but ${message}`, {
    violations: [{ field, value, limit, message }],
  });
}
