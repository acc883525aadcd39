// The time inside a scenario: lines tell it, and what a line leaves out goes on from the line
// before.
import type { When } from './steps.ts';

/** `day 0` of every scenario, in the chain's local time. */
const firstDayMs = Date.parse('2026-05-01T00:00:00Z');
const chainOffset = '+08:00';
const minutesPerDay = 1440;

export interface StoryTime {
  /** The clock of the engine: the latest moment named so far, unless a line has stopped it. */
  readonly now: () => number;
  /** Moves to the time of a line and returns it as RFC 3339. */
  pass(when: When): string;
  /** From here on the clock stands still, so that later lines lie in its future. */
  stopAt(when: When): void;
}

/** Starts at 09:00 of day 0; a line without a time is one minute after the line before. */
export function createStoryTime(): StoryTime {
  let minute = 9 * 60;
  let clockMs = Date.parse(textOf(minute, chainOffset));
  let isStopped = false;
  const moveTo = ({ day, time }: When) => {
    const today = day ?? Math.floor(minute / minutesPerDay);
    if (time !== undefined) minute = today * minutesPerDay + minuteOf(time);
    else if (day !== undefined) minute = day * minutesPerDay + (minute % minutesPerDay);
    else minute += 1;
  };
  return {
    now: () => clockMs,
    pass(when) {
      moveTo(when);
      const text = textOf(minute, when.offset ?? chainOffset);
      if (!isStopped) clockMs = Math.max(clockMs, Date.parse(text));
      return text;
    },
    stopAt(when) {
      moveTo(when);
      clockMs = Date.parse(textOf(minute, when.offset ?? chainOffset));
      isStopped = true;
    },
  };
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}

function textOf(minute: number, offset: string): string {
  const local = new Date(firstDayMs + minute * 60_000).toISOString();
  return `${local.slice(0, 19)}${offset}`;
}
