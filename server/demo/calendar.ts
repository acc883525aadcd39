// The year as a shop feels it: which months sell what, weekends and public holidays, days to dates.
import { millisecondsPerDay } from '../../engine/index.ts';
import type { Season } from './shapes.ts';

/**
 * Twelve factors, January first. A season nobody is in sells next to nothing, but never quite
 * nothing.
 */
const months: Readonly<Record<Season, readonly number[]>> = {
  always: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  summer: [0.1, 0.1, 0.2, 0.5, 0.9, 1.4, 1.8, 1.7, 1.1, 0.5, 0.2, 0.1],
  winter: [1.8, 1.5, 0.7, 0.2, 0.05, 0, 0, 0, 0.1, 0.5, 1.3, 1.8],
  cooler: [1.5, 1.4, 1, 0.8, 0.6, 0.5, 0.5, 0.5, 0.8, 1.1, 1.4, 1.6],
  outdoor: [0.3, 0.3, 0.9, 1.5, 1.5, 1.1, 0.7, 0.7, 1.3, 1.6, 0.8, 0.3],
  term: [0.8, 1.1, 1.3, 1, 1, 1.4, 0.4, 0.6, 2, 1, 1, 1.1],
  moving: [0.6, 0.9, 1.3, 1, 0.9, 1.2, 1.4, 1.4, 1.2, 0.9, 0.8, 0.7],
  newYear: [2, 1.2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.6],
  dragonBoat: [0, 0, 0, 0.2, 1.4, 1.6, 0, 0, 0, 0, 0, 0],
  midAutumn: [0, 0, 0, 0, 0, 0, 0, 0.5, 2.2, 0.2, 0, 0],
};

/**
 * Month and day of the long holidays that keep their date. The lunar ones are close enough as
 * seasons.
 */
const holidays = [
  { month: 0, from: 1, to: 3 },
  { month: 4, from: 1, to: 5 },
  { month: 9, from: 1, to: 7 },
] as const;

export interface CalendarDay {
  /** Days since 1970-01-01, on the local calendar. */
  readonly day: number;
  readonly month: number;
  readonly isWeekend: boolean;
  readonly isHoliday: boolean;
  /** `2026-05-01`. */
  readonly date: string;
}

export function calendarDay(day: number): CalendarDay {
  const midnight = new Date(day * millisecondsPerDay);
  const month = midnight.getUTCMonth();
  const dayOfMonth = midnight.getUTCDate();
  const isHoliday = holidays.some(
    (holiday) => holiday.month === month && dayOfMonth >= holiday.from && dayOfMonth <= holiday.to,
  );
  const isWeekend = daysUntilWeekend(day) === 0;
  return { day, month, isWeekend, isHoliday, date: midnight.toISOString().slice(0, 10) };
}

/** 0 on Saturdays and Sundays, 1 on Fridays, 5 on Mondays. */
export function daysUntilWeekend(day: number): number {
  // 1970-01-01 was a Thursday; counting Monday as 0 puts it at 3.
  const weekday = (day + 3) % 7;
  return Math.max(0, 5 - weekday);
}

/** How well a thing of this season sells in this month, around 1. */
export function seasonFactor(season: Season, month: number): number {
  return months[season][month] ?? 1;
}
