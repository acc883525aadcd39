// What a chain is opened with where its options say nothing.
import type { EngineOptions } from './engine.ts';

const halfLifeDaysDefault = 60;
const popularityHalfLifeDaysDefault = 30;

/** `null` is no decay, which is said and not left out. */
export function halfLivesOf({ halfLifeDays, popularityHalfLifeDays }: EngineOptions) {
  return {
    pairDays: halfLifeDays === undefined ? halfLifeDaysDefault : halfLifeDays,
    popularityDays:
      popularityHalfLifeDays === undefined ? popularityHalfLifeDaysDefault : popularityHalfLifeDays,
  };
}

export function timeZoneOf({ timeZone = 'Asia/Shanghai' }: EngineOptions): string {
  return timeZone;
}
