// Local time: the offset of a moment in a time zone, and the daypart of a local hour.
import { millisecondsPerMinute } from './clock.ts';

const quarterHourMs = 15 * millisecondsPerMinute;
/** Of all zones together: some 60 B each, 3 MB. */
const cacheEntriesMax = 50_000;
/** By zone in lower case: case means nothing, and of each name there are very many spellings. */
const formats = new Map<string, Intl.DateTimeFormat>();
/** The same, then by quarter of an hour since 1970. */
const offsets = new Map<string, Map<number, number>>();
let cacheEntries = 0;

/** First hours of the six dayparts: [0,6) [6,11) [11,14) [14,18) [18,22) [22,24). */
const daypartStarts = [0, 6, 11, 14, 18, 22] as const;
export const daypartCount = daypartStarts.length;

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
  // No zone has ever changed its offset inside a quarter of an hour, and asking Intl costs
  // microseconds.
  const quarter = Math.floor(epochMs / quarterHourMs);
  let known = offsets.get(timeZone);
  if (known === undefined) {
    known = new Map();
    offsets.set(timeZone, known);
  }
  let offset = known.get(quarter);
  if (offset === undefined) {
    offset = askOffset(timeZone, epochMs);
    if (cacheEntries >= cacheEntriesMax) forgetOffsets();
    cacheEntries += 1;
    known.set(quarter, offset);
  }
  return offset;
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
