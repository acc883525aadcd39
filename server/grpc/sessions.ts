// All tills in conversation: how many there may be, what they hold, who has fallen silent, and how
// long a message may have waited before we saw it.
import { EngineError, limits } from '../../engine/index.ts';

/** Milliseconds of a steady clock. */
export type SteadyClock = () => number;

/** A session as the register knows it. */
export interface Registered {
  /** When the till was last heard. */
  heardAtMs: number;
  /** The till has been silent for too long. */
  expire(): void;
}

export interface Sessions {
  readonly now: SteadyClock;
  /** How long a message that is read now may have waited for this process, in milliseconds. */
  waitedMs(): number;
  /** Throws RESOURCE_EXHAUSTED when there are too many. */
  enter(session: Registered): void;
  leave(session: Registered): void;
  /** Throws RESOURCE_EXHAUSTED when all tickets together hold too much. */
  takeLine(): void;
  giveLines(count: number): void;
  /** How many there are. */
  readonly size: number;
  /** Ends those that have been silent for too long. */
  sweep(): void;
  stop(): void;
}

const beatEveryMs = 10;
const sweepEveryMs = 30_000;

interface SessionsOptions {
  readonly now: SteadyClock;
  readonly sessionsMax?: number;
  readonly linesMax?: number;
}

export function createSessions(options: SessionsOptions): Sessions {
  const { now, sessionsMax = limits.scanSessionsMax, linesMax = limits.scanLinesMax } = options;
  const sessions = new Set<Registered>();
  const stalls = createStallWatch(now);
  let lines = 0;
  const sweep = (): void => {
    const oldest = now() - limits.scanSessionIdleMsMax;
    for (const session of [...sessions]) if (session.heardAtMs < oldest) session.expire();
  };
  const sweeper = setInterval(sweep, sweepEveryMs).unref();
  return {
    now,
    waitedMs: stalls.waitedMs,
    enter(session) {
      if (sessions.size >= sessionsMax) throw exhausted('TOO_MANY_SESSIONS', sessionsMax);
      sessions.add(session);
      stalls.watch(true);
    },
    leave(session) {
      sessions.delete(session);
      stalls.watch(sessions.size > 0);
    },
    takeLine() {
      if (lines >= linesMax) throw exhausted('TOO_MANY_SCANS', linesMax);
      lines += 1;
    },
    giveLines(count) {
      lines -= count;
    },
    get size() {
      return sessions.size;
    },
    sweep,
    stop() {
      clearInterval(sweeper);
      stalls.watch(false);
    },
  };
}

function exhausted(reason: string, limit: number): EngineError {
  const what = reason === 'TOO_MANY_SESSIONS' ? 'sessions' : 'scans on unfinished tickets';
  const message = `this server already holds ${limit} ${what}`;
  return new EngineError('RESOURCE_EXHAUSTED', message, { reason, retryAfterMs: 1_000 });
}

/**
 * While something else holds the thread, messages wait unread in the kernel, and nobody can tell
 * since when. A beat that comes late says how long that may have been: whatever is read before the
 * next turn of the event loop is taken to have waited as long, so that advice is rather silent than
 * late.
 */
function createStallWatch(now: SteadyClock) {
  let beatAt = 0;
  let stallMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const beat = (): void => {
    const at = now();
    stallMs = Math.max(0, at - beatAt - beatEveryMs);
    beatAt = at;
    // Sockets are read between the timers and the immediates of a turn.
    setImmediate(() => {
      stallMs = 0;
    });
  };
  return {
    watch(on: boolean): void {
      if (on === (timer !== undefined)) return;
      clearInterval(timer);
      timer = on ? setInterval(beat, beatEveryMs).unref() : undefined;
      beatAt = now();
      stallMs = 0;
    },
    waitedMs: (): number =>
      timer === undefined ? 0 : Math.max(stallMs, now() - beatAt - beatEveryMs, 0),
  };
}
