// Where the time comes from. Nothing else in engine/ may ask the host for it.

/** Milliseconds since 1970-01-01T00:00:00Z. Injected everywhere, so that tests own the time. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

export const millisecondsPerMinute = 60_000;
export const millisecondsPerDay = 86_400_000;

/** The whole UTC day (days since 1970-01-01) that a moment lies in. */
export function dayOf(epochMs: number): number {
  return Math.floor(epochMs / millisecondsPerDay);
}

/**
 * A steady clock in milliseconds, for the length of slices only: never for anything that is kept.
 */
export const steadyMilliseconds = (): number => performance.now();
