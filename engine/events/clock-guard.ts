// Whether the server's clock can be believed: by how far it was when something was last accepted,
// and how long that is ago by a clock that cannot be set.
import { type Clock, dayOf } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { formatMoment } from '../base/time.ts';
import { acceptedAtMsOf, codeOf, stubCode } from '../log/frame.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';

/** `behind`: before what is in the log. `ahead`: further on than time can have gone. */
export type ClockState = 'right' | 'behind' | 'ahead';

/** An operator has said that the clock is right, whatever the log says of the time before. */
interface Confirmed {
  readonly wallMs: number;
  readonly sequence: number;
}

const confirmedName = 'clockConfirmed';
/** Entries looked at for the last one that says when it was accepted; stubs do not. */
const entriesRead = 4_096;

/** A moment by the server's clock and, where this process has seen it, by the steady one. */
interface Seen {
  readonly wallMs: number;
  readonly steadyMs: number | undefined;
}

export class ClockGuard {
  private readonly store: Store;
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly steady: Clock;
  private readonly isOfOurClock: (entry: Buffer) => boolean;
  /** When this process began, by the steady clock. */
  private readonly begunMs: number;
  private last: Seen | undefined;

  constructor(parts: {
    readonly store: Store;
    readonly log: Log;
    readonly clock: Clock;
    readonly steady: Clock;
    /** Whether the moment of an entry of our own is what our clock said. */
    readonly isOfOurClock: (entry: Buffer) => boolean;
  }) {
    this.store = parts.store;
    this.log = parts.log;
    this.clock = parts.clock;
    this.steady = parts.steady;
    this.isOfOurClock = parts.isOfOurClock;
    this.begunMs = this.steady();
    const wallMs = this.lastAccepted();
    this.last = wallMs === undefined ? undefined : { wallMs, steadyMs: undefined };
  }

  /** When the newest entry of our own was accepted, unless the clock was confirmed after it. */
  private lastAccepted(): number | undefined {
    const { log } = this;
    const confirmed = this.store.readMeta(confirmedName) as Confirmed | undefined;
    const first = Math.max(1, confirmed?.sequence ?? 0, log.head - entriesRead);
    for (let sequence = log.head; sequence > first; sequence--) {
      if (!log.isOwn(sequence)) continue;
      const entry = log.read(sequence);
      if (codeOf(entry) === stubCode) continue;
      if (!log.origins.isNamed || this.isOfOurClock(entry)) return acceptedAtMsOf(entry);
    }
    return confirmed?.wallMs;
  }

  /** Called when something was accepted. */
  onAccepted(): void {
    this.last = { wallMs: this.clock(), steadyMs: this.steady() };
  }

  get state(): ClockState {
    const { last } = this;
    if (last === undefined) return 'right';
    const now = this.clock();
    if (now < last.wallMs - limits.clockSkewMsMax) return 'behind';
    const { steadyMs } = last;
    // Of the time before this process nobody knows how long it was.
    const rested = steadyMs === undefined ? limits.clockRestMsMax : 0;
    const gone = rested + this.steady() - (steadyMs ?? this.begunMs);
    return now > last.wallMs + gone + limits.clockSkewMsMax ? 'ahead' : 'right';
  }

  /** What readiness says of it; undefined while the clock is right. */
  get trouble(): string | undefined {
    const { state, last } = this;
    if (state === 'right' || last === undefined) return undefined;
    const [now, then] = [this.clock(), last.wallMs].map((ms) => formatMoment(ms, 0));
    return state === 'behind'
      ? `the clock says ${now}, which is before ${then}, when the newest entry was accepted`
      : `the clock says ${now}, and ${then} when an entry came last: more time than has gone`;
  }

  /** Throws UNAVAILABLE, CLOCK_BEHIND, while the clock is behind the log. */
  assertNotBehind(): void {
    if (this.state !== 'behind') return;
    const message = `${this.trouble}; set the clock, or confirm it with caini clock --confirm`;
    const details = { reason: 'CLOCK_BEHIND', retryAfterMs: limits.clockRetryMs };
    throw new EngineError('UNAVAILABLE', message, details);
  }

  /**
   * Whether a receipt of a day may be the newest: not beyond what the other receipts say, unless
   * the clock bears it out and it is not too far, or an operator has confirmed the clock since.
   */
  allows(day: number, newestDay: number): boolean {
    if (newestDay === 0 || day <= newestDay + 1) return true;
    const confirmed = this.store.readMeta(confirmedName) as Confirmed | undefined;
    if (confirmed !== undefined && day <= dayOf(confirmed.wallMs)) return true;
    return this.state === 'right' && day <= newestDay + limits.leapDaysMax;
  }

  /** The clock is right as it is, whatever the log says; inside a transaction. */
  confirm(): void {
    const confirmed: Confirmed = { wallMs: this.clock(), sequence: this.log.head };
    this.store.writeMeta(confirmedName, confirmed);
    this.onAccepted();
  }
}
