// Moments and local hours of RFC 3339 times, the slow way, through the host's own calendar.

/** The moment, and the local offset if the text tells one: `Z` tells none. */
export function momentOf(time: string): {
  readonly epochMs: number;
  readonly offsetMinutes: number | undefined;
} {
  const epochMs = Date.parse(time);
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(time) ?? [];
  if (sign === undefined) return { epochMs, offsetMinutes: undefined };
  const size = Number(hours) * 60 + Number(minutes);
  return { epochMs, offsetMinutes: sign === '-' ? -size : size };
}

/** The date on the wall, e.g. `2026-05-01`: by the offset that the text gives, else by the zone. */
export function localDateOf(time: string, timeZone: string): string {
  const { epochMs, offsetMinutes } = momentOf(time);
  if (offsetMinutes !== undefined) {
    return new Date(epochMs + offsetMinutes * 60_000).toISOString().slice(0, 10);
  }
  return new Intl.DateTimeFormat('sv', { timeZone }).format(epochMs);
}

/** The hour on the wall, 0 to 23: by the offset that the text gives, else by the zone. */
export function localHourOf(time: string, timeZone: string): number {
  const { epochMs, offsetMinutes } = momentOf(time);
  if (offsetMinutes !== undefined) return new Date(epochMs + offsetMinutes * 60_000).getUTCHours();
  const hour = new Intl.DateTimeFormat('en', { timeZone, hour: '2-digit', hourCycle: 'h23' });
  return Number(hour.format(epochMs));
}
