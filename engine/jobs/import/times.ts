// Times of an import file: what a till wrote, read as RFC 3339 with the offset that held at that
// moment.
import { millisecondsPerDay, millisecondsPerMinute } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { formatMoment, zoneOffsetMinutes } from '../../base/time.ts';

export interface Moment {
  /** RFC 3339 with the offset given, else with the zone's at that time. */
  readonly text: string;
  readonly epochMs: number;
}

/** Undefined when the text is no time, or lies before 1970. */
export type TimeReader = (text: string) => Moment | undefined;

const datePattern = /(\d{4})([-/])(\d{1,2})\2(\d{1,2})/;
const clockPattern = /(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?/;
const offsetPattern = /[Zz]|[+-]\d{2}:?\d{2}/;
const timePattern = new RegExp(
  `^${datePattern.source}(?:[Tt ]${clockPattern.source}\\s?(${offsetPattern.source})?)?$`,
);
/** What says UTC and nothing of the place (RFC 9557). */
const placelessOffset = /^(?:[Zz]|-00:?00)$/;

/**
 * Reads the forms of docs/guides/import.md; times without an offset are local times of
 * `timeZone`.
 */
export function createTimeReader(timeZone: string): TimeReader {
  let lastText: string | undefined;
  let lastMoment: Moment | undefined;
  return (text) => {
    // Rows of one receipt mostly share their time.
    if (text !== lastText) {
      lastMoment = readMoment(text.trim(), timeZone);
      lastText = text;
    }
    return lastMoment;
  };
}

function readMoment(text: string, timeZone: string): Moment | undefined {
  const match = timePattern.exec(text);
  const localMs = match === null ? undefined : readLocal(match);
  if (match === null || localMs === undefined) return undefined;
  const given = match[9];
  const offset = given === undefined ? settleOffset(localMs, timeZone) : parseOffset(given);
  const epochMs = localMs - offset * millisecondsPerMinute;
  // An offset out of range is NaN, and so is the moment then.
  if (!(epochMs >= limits.occurredAtMsMin)) return undefined;
  const placeless = given !== undefined && placelessOffset.test(given);
  const formatted = formatMoment(epochMs, offset);
  return { epochMs, text: placeless ? formatted.replace('+00:00', 'Z') : formatted };
}

/** The local time as if it were UTC, to the millisecond. */
function readLocal(match: RegExpExecArray): number | undefined {
  const [year, month, day] = [Number(match[1]), Number(match[3]), Number(match[4])];
  const [hour, minute, second] = [match[5], match[6], match[7]].map((part) => Number(part ?? 0));
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const milliseconds = Number((match[8] ?? '').slice(0, 3).padEnd(3, '0'));
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  const date = new Date(localMs);
  // Date.UTC rolls 30 February over into March; a till that wrote it is wrong.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? localMs : undefined;
}

/** Minutes east of Greenwich; NaN when out of range. */
function parseOffset(text: string): number {
  if (placelessOffset.test(text)) return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(-2));
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * The offset of a local time. An hour that happens twice is its first; an hour that the clocks skip
 * keeps the offset from before the change.
 */
function settleOffset(localMs: number, timeZone: string): number {
  const before = zoneOffsetMinutes(timeZone, localMs - millisecondsPerDay);
  const after = zoneOffsetMinutes(timeZone, localMs + millisecondsPerDay);
  if (before === after || holds(before, localMs, timeZone)) return before;
  return holds(after, localMs, timeZone) ? after : before;
}

/** Whether the zone has this offset at the moment that the local time means under it. */
function holds(offset: number, localMs: number, timeZone: string): boolean {
  return zoneOffsetMinutes(timeZone, localMs - offset * millisecondsPerMinute) === offset;
}
