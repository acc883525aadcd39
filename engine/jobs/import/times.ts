// Times of an import file: what a till wrote, read as RFC 3339 with the offset that held at that
// moment.
import { millisecondsPerDay, millisecondsPerMinute } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { formatMoment, zoneOffsetMinutes } from '../../base/time.ts';
import { type DateOrders, type DayFound, dayText, findDay } from './dates.ts';

export interface Moment {
  /** RFC 3339 with the offset given, else with the zone's at that time. */
  readonly text: string;
  readonly epochMs: number;
  /** Whether the text had a time of day; a bare day stands at its midnight. */
  readonly hasTime: boolean;
  /** A local time of an hour that the clocks went through twice, or never. */
  readonly hour?: ChangedHour | undefined;
}

export type ChangedHour = 'twice' | 'skipped';

/** `unreadable` is also what lies before 1970. */
export type TimeProblem = 'unreadable' | 'ambiguous';

export type TimeReader = (text: string) => Moment | TimeProblem;

export interface TimeRules {
  /** IANA zone of times without an offset. */
  readonly timeZone: string;
  /** Told or found; absent: a date that fits two orders is `ambiguous`. */
  readonly dateOrders?: DateOrders | undefined;
  /** The day that files which count days from 1 begin with, as UTC midnight. */
  readonly dayOneMs?: number | undefined;
}

/** A local time as if it were UTC, and what the text said of its offset. */
interface Local {
  readonly localMs: number;
  readonly offset?: string | undefined;
  readonly hasTime: boolean;
}

/** From 1973 on: fewer digits may be a number of anything. */
const epochSeconds = /^\d{9,10}(?:\.\d+)?$/;
const epochMilliseconds = /^\d{13}(?:\.0+)?$/;
/** Days since 1899-12-30 with the share of the day, as spreadsheets keep times. */
const serial = /^(\d{5})(?:\.(\d+))?$/;
const serialEpochMs = Date.UTC(1899, 11, 30);
/** 1970 to 2099. */
const serialRange = [25_569, 73_050] as const;

const between = /^(?:T|[-,]|\s)\s*/i;
const half = '上午|下午|凌晨|早上|中午|晚上|[ap]\\.?m\\.?';
/** Zones whose letters mean one offset in the whole world; CST, IST and BST mean several. */
const zoneOffsets: Readonly<Record<string, string>> = {
  EST: '-05:00',
  EDT: '-04:00',
  CDT: '-05:00',
  MST: '-07:00',
  MDT: '-06:00',
  PST: '-08:00',
  PDT: '-07:00',
  CET: '+01:00',
  CEST: '+02:00',
  JST: '+09:00',
  HKT: '+08:00',
  SGT: '+08:00',
  AEST: '+10:00',
  AEDT: '+11:00',
};
const zoneLetters = Object.keys(zoneOffsets).join('|');
const offset = `Z|UTC|GMT|${zoneLetters}|[+-]\\d{2}(?::?\\d{2})?(?:\\s*(?:UTC|GMT|[A-Z]{3,4}))?`;
const clock = new RegExp(
  `^(${half})?\\s*(\\d{1,2})(?:[:.时点h](\\d{2})(?:[:.分](\\d{2})秒?(?:[.,](\\d{1,9}))?)?分?)?` +
    `\\s*(${half})?\\s*(${offset})?(?:\\s*\\([^)]*\\))?$`,
  'i',
);
const compactClock = /^[T ]?(\d{2})(\d{2})(\d{2})?(\.\d+)?$/;
const dayShare = /^0?\.\d+$/;
/** What says UTC and nothing of the place (RFC 9557). */
const placelessOffset = /^(?:Z|UTC|GMT|-00(?::?00)?|[+-]00(?::?00)?\s*(?:UTC|GMT))$/i;
/** The same behind a time of day. */
const placelessEnd = /:\d{2}(?:[.,]\d+)?\s*(?:Z|UTC|GMT|[+-]00(?::?00)?)$/i;

/**
 * Reads the forms of docs/guides/import.md; times without an offset are local times of `timeZone`.
 */
export function createTimeReader(rules: TimeRules): TimeReader {
  let lastText: string | undefined;
  let last: Moment | TimeProblem = 'unreadable';
  return (text) => {
    // Rows of one receipt mostly share their time.
    if (text !== lastText) {
      last = readMoment(text, rules);
      lastText = text;
    }
    return last;
  };
}

/**
 * The local day of a time, by which rows of one day are put together: the one that is written, or
 * that of the zone where the text names a moment and no place.
 */
export function createDayReader(timeZone: string, orders: DateOrders): (text: string) => string {
  const readTime = createTimeReader({ timeZone, dateOrders: orders });
  return (text) => {
    const bare = text.normalize('NFKC').trim();
    const isMoment = epochSeconds.test(bare) || epochMilliseconds.test(bare);
    if (!isMoment && !serial.test(bare) && !placelessEnd.test(bare)) {
      return dayText(bare, orders);
    }
    const time = readTime(bare);
    if (typeof time !== 'object') return dayText(bare, orders);
    const minutes = zoneOffsetMinutes(timeZone, time.epochMs);
    return formatMoment(time.epochMs, minutes).slice(0, 'yyyy-mm-dd'.length);
  };
}

function readMoment(text: string, rules: TimeRules): Moment | TimeProblem {
  const bare = text.normalize('NFKC').trim().replace(/\s+/g, ' ').replace(/^'/, '');
  const local =
    readEpoch(bare) ??
    readSerial(bare) ??
    readNumberedDay(bare, rules.dayOneMs) ??
    readLocal(bare, rules.dateOrders ?? {});
  if (local === undefined) return 'unreadable';
  if (local === 'ambiguous') return local;
  const { localMs, offset: given, hasTime } = local;
  const settled = given === undefined ? settleOffset(localMs, rules.timeZone) : undefined;
  const minutes = settled === undefined ? parseOffset(given!) : settled.minutes;
  const epochMs = localMs - minutes * millisecondsPerMinute;
  // An offset out of range is NaN, and so is the moment then.
  if (!(epochMs >= limits.occurredAtMsMin)) return 'unreadable';
  const placeless = given !== undefined && placelessOffset.test(given);
  const formatted = formatMoment(epochMs, minutes);
  const moment = {
    epochMs,
    hasTime,
    text: placeless ? formatted.replace('+00:00', 'Z') : formatted,
  };
  return settled?.hour !== undefined && hasTime ? { ...moment, hour: settled.hour } : moment;
}

function readEpoch(text: string): Local | undefined {
  if (epochSeconds.test(text))
    return { localMs: Math.round(Number(text) * 1_000), offset: 'Z', hasTime: true };
  if (epochMilliseconds.test(text)) return { localMs: Number(text), offset: 'Z', hasTime: true };
  return undefined;
}

function readSerial(text: string): Local | undefined {
  const match = serial.exec(text);
  if (match === null) return undefined;
  const days = Number(match[1]);
  if (days < serialRange[0] || days > serialRange[1]) return undefined;
  const localMs = serialEpochMs + days * millisecondsPerDay + shareMs(match[2] ?? '');
  return { localMs, hasTime: match[2] !== undefined };
}

const numberedDay = /^(\d{1,4})(?=$| )(.*)$/;

function readNumberedDay(text: string, dayOneMs: number | undefined): Local | undefined {
  const match = dayOneMs === undefined ? null : numberedDay.exec(text);
  if (match === null || dayOneMs === undefined) return undefined;
  const startMs = dayOneMs + (Number(match[1]) - 1) * millisecondsPerDay;
  if (match[2] === '') return { localMs: startMs, hasTime: false };
  const time = readClock(match[2]!);
  return time === undefined ? undefined : { localMs: startMs + time.ms, hasTime: true };
}

/** A share of a day, to the second: spreadsheets keep no more. */
function shareMs(fraction: string): number {
  return Math.round(Number(`0.${fraction || '0'}`) * 86_400) * 1_000;
}

function readLocal(text: string, orders: DateOrders): Local | 'ambiguous' | undefined {
  const day = findDay(text, orders);
  if (day === undefined || day === 'ambiguous') return day;
  const startMs = startOf(day);
  if (startMs === undefined) return undefined;
  if (day.rest.trim() === '') return { localMs: startMs, hasTime: false };
  // After 日 the clock may follow at once.
  const time = readClock(/^\d{1,2}[:时点]/.test(day.rest) ? ` ${day.rest}` : day.rest);
  return time === undefined
    ? undefined
    : { localMs: startMs + time.ms, offset: time.offset, hasTime: true };
}

function startOf({ year, month, day }: DayFound): number | undefined {
  const localMs = Date.UTC(year, month - 1, day);
  const date = new Date(localMs);
  // Date.UTC rolls 30 February over into March; a till that wrote it is wrong.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? localMs : undefined;
}

function readClock(text: string): { ms: number; offset?: string | undefined } | undefined {
  const compact = compactClock.exec(text);
  if (compact !== null) {
    return timeOfDay({ hour: compact[1]!, minute: compact[2], second: compact[3] });
  }
  const bare = text.replace(between, '').trim();
  if (dayShare.test(bare)) return { ms: shareMs(bare.slice(bare.indexOf('.') + 1)) };
  const match = clock.exec(bare);
  if (match === null || !(between.test(text) || /^[上下凌早中晚]/.test(bare))) return undefined;
  const [, before, hour, minute, second, fraction, after, given] = match;
  if (before !== undefined && after !== undefined) return undefined;
  // An hour alone is one where the columns of day and hour are joined; with an offset it is none.
  if (minute === undefined && given !== undefined) return undefined;
  const time = timeOfDay({ hour: hour!, minute, second, fraction, half: before ?? after });
  return time === undefined ? undefined : { ...time, offset: given };
}

interface ClockParts {
  readonly hour: string;
  readonly minute?: string | undefined;
  readonly second?: string | undefined;
  readonly fraction?: string | undefined;
  readonly half?: string | undefined;
}

/** 24:00 is the next day, and a leap second the second after it. */
function timeOfDay(parts: ClockParts): { ms: number } | undefined {
  const [minute, second] = [Number(parts.minute ?? 0), Number(parts.second ?? 0)];
  const hour = hourOf(Number(parts.hour), parts.half);
  const ms = Number((parts.fraction ?? '').slice(0, 3).padEnd(3, '0'));
  if (hour === undefined || minute > 59 || second > 60) return undefined;
  if (second === 60 && minute !== 59) return undefined;
  if (hour > 24 || (hour === 24 && minute + second + ms > 0)) return undefined;
  return { ms: ((hour * 60 + minute) * 60 + second) * 1_000 + ms };
}

function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined || hour > 12) return hour;
  const isMorning = /^(?:a|上|凌|早)/i.test(half);
  if (isMorning) return hour === 12 ? 0 : hour;
  // 中午 11:30 is before noon.
  if (half === '中午') return hour < 4 ? hour + 12 : hour;
  return hour === 12 ? (half === '晚上' ? 24 : 12) : hour + 12;
}

/** Minutes east of Greenwich; NaN when out of range. */
function parseOffset(text: string): number {
  if (placelessOffset.test(text)) return 0;
  const digits = zoneOffsets[text.toUpperCase()] ?? text;
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?/.exec(digits)!;
  if (Number(hours) > 23 || Number(minutes) > 59) return Number.NaN;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/**
 * The offset of a local time. An hour that happens twice is its first; an hour that the clocks skip
 * keeps the offset from before the change.
 */
function settleOffset(
  localMs: number,
  timeZone: string,
): { readonly minutes: number; readonly hour?: ChangedHour } {
  const before = zoneOffsetMinutes(timeZone, localMs - millisecondsPerDay);
  const after = zoneOffsetMinutes(timeZone, localMs + millisecondsPerDay);
  if (before === after) return { minutes: before };
  const [isBefore, isAfter] = [holds(before, localMs, timeZone), holds(after, localMs, timeZone)];
  if (isBefore && isAfter) return { minutes: before, hour: 'twice' };
  if (!isBefore && !isAfter) return { minutes: before, hour: 'skipped' };
  return { minutes: isBefore ? before : after };
}

/** Whether the zone has this offset at the moment that the local time means under it. */
function holds(offsetMinutes: number, localMs: number, timeZone: string): boolean {
  const epochMs = localMs - offsetMinutes * millisecondsPerMinute;
  return zoneOffsetMinutes(timeZone, epochMs) === offsetMinutes;
}
