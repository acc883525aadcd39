// All tills in conversation: how many there may be, what they hold, who has fallen silent, and how
// long a message may have waited before we saw it.
import { EngineError, limits } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { type Client, Shares } from '../shares.ts';

/** Milliseconds of a steady clock. */
export type SteadyClock = () => number;

/** A session as the register knows it. */
export interface Registered {
  readonly client: Client;
  /** When the till was last heard; at first, when it came. */
  lastMessageAtMs: number;
  /** Whether it has said `open`. */
  readonly isOpen: boolean;
  /** The till has been silent for too long. */
  expire(why: EngineError): void;
}

export interface Sessions {
  readonly now: SteadyClock;
  /** How long a message that is read now may have waited for this process, in milliseconds. */
  waitedMs(): number;
  /** Throws RESOURCE_EXHAUSTED when there are too many. */
  enter(session: Registered): void;
  leave(session: Registered): void;
  /** Throws RESOURCE_EXHAUSTED when the tickets of this client, or of all, hold too much. */
  acquireLine(client: Client): void;
  releaseLines(client: Client, count: number): void;
  /** How many there are. */
  readonly size: number;
  /** Ends those that have been silent for too long. */
  sweep(): void;
  stop(): void;
}

const beatEveryMs = 10;

interface SessionsOptions {
  readonly now: SteadyClock;
  readonly sessionsMax?: number;
  readonly linesMax?: number;
  readonly openMsMax?: number;
  readonly lookEveryMs?: number;
}

export function createSessions(options: SessionsOptions): Sessions {
  const { now, openMsMax = limits.scanSessionOpenMsMax } = options;
  const places = new Shares(options.sessionsMax ?? limits.scanSessionsMax);
  const lines = new Shares(options.linesMax ?? limits.scanLinesMax);
  const sessions = new Set<Registered>();
  const stalls = createStallWatch(now);
  const sweep = (): void => {
    // What came in while the thread was held has not been read yet.
    const at = now() - stalls.waitedMs();
    for (const session of [...sessions]) {
      const silentMs = at - session.lastMessageAtMs;
      if (!session.isOpen && silentMs > openMsMax) session.expire(notOpened(openMsMax));
      if (silentMs > limits.scanSessionIdleMsMax) session.expire(idle());
    }
  };
  const sweeper = setInterval(sweep, options.lookEveryMs ?? doorLimits.lookEveryMs).unref();
  return {
    now,
    waitedMs: stalls.waitedMs,
    enter(session) {
      const { client } = session;
      if (!places.acquire(client)) throw exhausted('TOO_MANY_SESSIONS', 'sessions', places, client);
      sessions.add(session);
      stalls.watch(true);
    },
    leave(session) {
      if (sessions.delete(session)) places.release(session.client);
      stalls.watch(sessions.size > 0);
    },
    acquireLine(client) {
      if (lines.acquire(client)) return;
      throw exhausted('TOO_MANY_SCANS', 'scans on unfinished tickets', lines, client);
    },
    releaseLines: (client, count) => lines.release(client, count),
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

function exhausted(reason: string, what: string, shares: Shares, client: Client): EngineError {
  const message = shares.refusalText(client, what);
  return new EngineError('RESOURCE_EXHAUSTED', message, { reason, retryAfterMs: 1_000 });
}

function notOpened(milliseconds: number): EngineError {
  const message = `open was not sent within ${milliseconds / 1_000} seconds`;
  return new EngineError('DEADLINE_EXCEEDED', message, { reason: 'SESSION_NOT_OPENED' });
}

function idle(): EngineError {
  const minutes = limits.scanSessionIdleMsMax / 60_000;
  const message = `nothing was heard from the till for ${minutes} minutes`;
  return new EngineError('DEADLINE_EXCEEDED', message, { reason: 'SESSION_IDLE' });
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
