// The life of a server: the door first, then the data folder, then the demo if asked for, and all
// of it back again.
import type { Logger } from 'pino';
import { counted, type Engine, EngineError, nextTurn, systemClock } from '../engine/index.ts';
import { type DemoSummary, loadDemo } from './demo/load-demo.ts';
import { doorLimits } from './limits.ts';
import type { InputRules } from './operations/input-rules.ts';
import type { EngineAccess, Readiness } from './operations/operation.ts';
import type { Trail } from './trail/trail.ts';

/** A way in that is open: where it is, and how to shut it behind the last one served. */
export interface Door {
  readonly url: string;
  /** Takes nobody new, and resolves when the last answer is out or was cut off at its limit. */
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly log: Logger;
  /**
   * May resolve before everything stored is counted; `engine.ready` is waited for. The signal is
   * aborted when the server is to close: long work is given up, also that of the opening.
   */
  readonly openFolder: (closing: AbortSignal) => Promise<Engine>;
  /** Opens the way in; this room stands below those of the doors and must not know them. */
  readonly openDoor: (access: EngineAccess) => Promise<Door>;
  /** What is made of what is sent; absent: as without any setting. */
  readonly inputRules?: InputRules;
  /** Absent: what is asked leaves no audit trail. */
  readonly trail?: Trail;
  /** Fills a folder that holds nothing with the demo chain. */
  readonly demoIfEmpty: boolean;
  /** Told at once when the server is to close, so that nothing is waited for any more. */
  readonly onClosing?: () => void;
  /** How far the demo is, 0 to 1. */
  readonly onDemoProgress?: (share: number) => void;
  /** How often receipts leave the retention window; for tests. */
  readonly expireEveryMs?: number;
}

export interface RunningServer {
  readonly url: string;
  /** Resolves when the data folder is open and nobody else's; rejects when it cannot be opened. */
  readonly opened: Promise<Engine>;
  /** Resolves when all is ready, with what was loaded if it was. */
  readonly started: Promise<DemoSummary | undefined>;
  /** Answers what is in flight, then closes the data folder. Safe at any moment after the start. */
  close(): Promise<void>;
}

interface State {
  engine?: Engine;
  waitingFor: string | undefined;
  readonly closing: AbortController;
  expiry?: NodeJS.Timeout;
}

/**
 * Resolves as soon as the address is taken: a busy port is reported before a long recovery and not
 * after it, and /healthz answers meanwhile. Rejects when the address cannot be taken.
 */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const { log, openDoor } = options;
  const closing = new AbortController();
  const state: State = { waitingFor: 'opening the data folder', closing };
  const door = await openDoor(accessTo(state, options));
  // Everything from here on is done while somebody may wait: in many turns of the event loop.
  await nextTurn();
  const opened = options.openFolder(closing.signal);
  const started = opened.then((engine) => fillIfAsked(engine, options, state));
  // Both may fail before anyone looks at them.
  opened.catch((error) => log.debug({ err: error }, 'the data folder was not opened'));
  started.catch((error) => log.debug({ err: error }, 'the start was not finished'));
  return {
    url: door.url,
    opened,
    started,
    close: () => close(state, door, started, options.onClosing),
  };
}

async function fillIfAsked(
  engine: Engine,
  options: ServeOptions,
  state: State,
): Promise<DemoSummary | undefined> {
  state.engine = engine;
  state.waitingFor = undefined;
  await engine.ready;
  keepRetention(engine, options, state);
  const isEmpty = engine.status().events === 0;
  const summary = options.demoIfEmpty && isEmpty ? await fill(engine, options, state) : undefined;
  state.waitingFor = undefined;
  return summary;
}

/** Now and then every hour; the engine does nothing without a retention window. */
function keepRetention(engine: Engine, options: ServeOptions, state: State): void {
  const { log, expireEveryMs = doorLimits.expireEveryMs } = options;
  const expire = async (): Promise<void> => {
    try {
      const expired = await engine.writes.expire({ signal: state.closing.signal });
      if (expired > 0) log.info(`${counted(expired, 'receipt')} left the retention window`);
    } catch (error) {
      // The next hour tries again; closing in the midst of it is no failure.
      if (!state.closing.signal.aborted) log.error({ err: error }, 'receipts could not be expired');
    }
  };
  if (state.closing.signal.aborted) return;
  void expire();
  state.expiry = setInterval(() => void expire(), expireEveryMs).unref();
}

async function fill(
  engine: Engine,
  { onDemoProgress }: ServeOptions,
  state: State,
): Promise<DemoSummary> {
  state.waitingFor = 'loading the demo chain';
  return loadDemo(engine, {
    now: systemClock(),
    onProgress: ({ share, purchases }) => {
      state.waitingFor = `loading the demo chain, ${purchases} receipts so far`;
      // The only way to stop half-way: what is loaded stays, whole receipts each.
      if (state.closing.signal.aborted)
        throw new EngineError('UNAVAILABLE', 'the server is closing');
      onDemoProgress?.(share);
    },
  });
}

/** The doors have their time, and the data folder what is left of ours. */
async function close(
  state: State,
  door: Door,
  started: Promise<unknown>,
  onClosing: () => void = () => {},
): Promise<void> {
  const endMs = performance.now() + doorLimits.closeMsMax;
  state.closing.abort();
  onClosing();
  clearInterval(state.expiry);
  await door.close();
  await started.catch(() => undefined);
  const leftMs = Math.max(0, Math.floor(endMs - performance.now()));
  await state.engine?.close({ signal: AbortSignal.timeout(leftMs) });
}

function accessTo(state: State, { inputRules, trail }: ServeOptions): EngineAccess {
  return {
    inputRules,
    trail,
    engine() {
      if (state.engine !== undefined) return state.engine;
      throw new EngineError('UNAVAILABLE', `not ready yet: ${state.waitingFor}`, {
        retryAfterMs: 1_000,
      });
    },
    readiness(): Readiness {
      const status = state.engine?.status();
      const waitingFor = state.waitingFor ?? status?.waitingFor;
      const ready = status?.ready === true && state.waitingFor === undefined;
      return { ...status, ready, ...(ready || waitingFor === undefined ? {} : { waitingFor }) };
    },
  };
}
