// What was cut off or turned away at the doors, counted by reason: /metrics shows it, and the log
// once in a while.
import type { Logger } from 'pino';
import { EngineError } from '../engine/index.ts';
import { doorLimits } from './limits.ts';
import type { DoorName } from './telemetry/requests.ts';

export interface Cut {
  readonly door: DoorName;
  /** UPPER_SNAKE_CASE, as clients get it where they can get an answer. */
  readonly reason: string;
  readonly count: number;
}

export interface Cuts {
  count(door: DoorName, reason: string): void;
  readonly all: readonly Cut[];
}

/** Shared by the doors of one process. */
export function createCuts(log: Logger, now: () => number = () => performance.now()): Cuts {
  const counts = new Map<string, { door: DoorName; reason: string; count: number }>();
  let reportedAt = Number.NEGATIVE_INFINITY;
  return {
    count(door, reason) {
      const key = `${door} ${reason}`;
      const cut = counts.get(key) ?? { door, reason, count: 0 };
      cut.count += 1;
      counts.set(key, cut);
      // A flood must not fill the log too.
      if (now() - reportedAt < doorLimits.cutsReportedEveryMs) return;
      reportedAt = now();
      log.warn({ door, reason, since_start: cut.count }, 'a client was cut off or turned away');
    },
    get all() {
      return [...counts.values()];
    },
  };
}

/** What of a refusal is counted: the rest is the business of who asks. */
const countedReasons: ReadonlySet<string | undefined> = new Set([
  'KEY_RATE',
  'FAILED_ATTEMPTS',
  'MEMBER_RATE',
  'KEY_MEMBERS',
]);

/** Counts an error that turns somebody away who is not known, or asks too often. */
export function countRefusal(cuts: Cuts, door: DoorName, error: unknown): void {
  if (!(error instanceof EngineError)) return;
  const { code, reason } = error;
  if (code === 'UNAUTHENTICATED' || countedReasons.has(reason)) cuts.count(door, reason ?? code);
}
