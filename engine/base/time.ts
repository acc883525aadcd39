// Local time: the offset of a moment in a time zone, and the daypart of a local hour.
import { millisecondsPerDay, millisecondsPerMinute } from './clock.ts';

const quarterHourMs = 15 * millisecondsPerMinute;
/** Of all zones together: some 60 B each, 3 MB. */
const cacheEntriesMax = 50_000;
/** By zone in lower case: case means nothing, and of each name there are very many spellings. */
const formats = new Map<string, Intl.DateTimeFormat>();
/** The same, then by the start of a UTC day; of days on which it changes by quarters, below 0. */
const offsets = new Map<string, Map<number, number>>();
let cacheEntries = 0;

/** First hours of the six dayparts: [0,6) [6,11) [11,14) [14,18) [18,22) [22,24). */
const daypartStarts = [0, 6, 11, 14, 18, 22] as const;
/** Of a receipt of which the day is known and no time: it sells on a day and at no daypart. */
export const noDaypart = daypartStarts.length;
/** That one with them. */
export const daypartCount = daypartStarts.length + 1;

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    formats.set(timeZone, format);
  }
  return format;
}

/** Minutes east of UTC in an IANA zone at a moment. */
export function zoneOffsetMinutes(spelling: string, epochMs: number): number {
  const timeZone = spelling.toLowerCase();
  let known = offsets.get(timeZone);
  if (known === undefined) {
    known = new Map();
    offsets.set(timeZone, known);
  }
  // Asking Intl costs microseconds. No zone has changed its offset twice within a week since 1970,
  // so that a day that ends as it began has one offset; nor ever inside a quarter of an hour.
  const dayMs =
    epochMs - (((epochMs % millisecondsPerDay) + millisecondsPerDay) % millisecondsPerDay);
  const ofDay = recall(known, dayMs, () => offsetOfDay(timeZone, dayMs));
  if (!Number.isNaN(ofDay)) return ofDay;
  const quarter = Math.floor(epochMs / quarterHourMs);
  return recall(known, -1 - quarter, () => askOffset(timeZone, epochMs));
}

/** What is kept under a key, which is made when it is wanted first. */
function recall(known: Map<number, number>, key: number, make: () => number): number {
  let offset = known.get(key);
  if (offset !== undefined) return offset;
  offset = make();
  if (cacheEntries >= cacheEntriesMax) forgetOffsets();
  cacheEntries += 1;
  known.set(key, offset);
  return offset;
}

/** NaN for a day on which it changes. */
function offsetOfDay(timeZone: string, startMs: number): number {
  const offset = askOffset(timeZone, startMs);
  return askOffset(timeZone, startMs + millisecondsPerDay - 1) === offset ? offset : Number.NaN;
}

function forgetOffsets(): void {
  for (const known of offsets.values()) known.clear();
  cacheEntries = 0;
}

function askOffset(timeZone: string, epochMs: number): number {
  const parts = formatOf(timeZone).formatToParts(epochMs);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::\d{2})?)?$/.exec(name);
  const minutes = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0);
  return match?.[1] === '-' ? -minutes : minutes;
}

/**
 * The offset written in an RFC 3339 time; undefined for `Z` and `-00:00`, which say nothing of
 * local time (RFC 9557).
 */
export function statedOffsetMinutes(time: string): number | undefined {
  const match = /([+-])(\d{2}):(\d{2})$/.exec(time);
  if (!match || match[0] === '-00:00') return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

/** 0 to 5. */
export function daypartAt(epochMs: number, offsetMinutes: number): number {
  const localHour = Math.floor(epochMs / millisecondsPerMinute + offsetMinutes) / 60;
  const hour = ((localHour % 24) + 24) % 24;
  return daypartStarts.findLastIndex((start) => hour >= start);
}

/** RFC 3339 in the given offset, to the second (or millisecond when there is one). */
export function formatMoment(epochMs: number, offsetMinutes: number): string {
  const local = new Date(epochMs + offsetMinutes * millisecondsPerMinute).toISOString();
  const text = local.endsWith('.000Z') ? local.slice(0, -5) : local.slice(0, -1);
  const size = Math.abs(offsetMinutes);
  const hours = String(Math.floor(size / 60)).padStart(2, '0');
  const minutes = String(size % 60).padStart(2, '0');
  return `${text}${offsetMinutes < 0 ? '-' : '+'}${hours}:${minutes}`;
}
