// Overload: who is served now, who waits a moment, and who is refused because they waited too long.
import { EngineError } from '../engine/index.ts';
import { Lane, type LaneLimits, type Visitor } from './lane.ts';
import { doorLimits } from './limits.ts';
import type { EngineAccess } from './operations/operation.ts';

/** Milliseconds that never go back. */
export type SteadyClock = () => number;

export interface GateLimits {
  readonly listsMs: number;
  readonly writesAtOnce: number;
  readonly refusalsMin: number;
  readonly servedPerRefusal: number;
  readonly lists: LaneLimits;
  readonly writes: LaneLimits;
}

/**
 * Shares out each turn of the event loop: so much for lists, so much for writes, the rest waits for
 * the next turn, each in a lane of its own. Nothing is held up while a turn has room. Refusals have
 * a share too: a client that is refused at once asks again at once, and paced ones cannot take the
 * time of those who are served.
 */
export class Gate {
  private readonly now: SteadyClock;
  private readonly limits: GateLimits;
  private readonly lists: Lane;
  private readonly writes: Lane;
  private refused: Pick<Visitor, 'refuse'>[] = [];
  private turnStart = 0;
  private writesOfTurn = 0;
  private servedOfTurn = 0;
  private isTurning = false;

  constructor(now: SteadyClock = () => performance.now(), limits: Partial<GateLimits> = {}) {
    this.now = now;
    this.limits = { ...doorLimits.gate, ...limits };
    this.lists = new Lane(this.limits.lists);
    this.writes = new Lane(this.limits.writes);
  }

  /** Whether a list may be served right now; if not, it is to be given to `list`. */
  isFree(): boolean {
    const now = this.now();
    if (!this.isTurning) this.beginTurn(now);
    const isFree = this.lists.isEmpty && now - this.turnStart < this.limits.listsMs;
    if (isFree) this.servedOfTurn += 1;
    return isFree;
  }

  /** Serves a list now, soon or never. */
  list(visitor: Visitor): void {
    if (this.isFree()) visitor.serve();
    else this.lists.push(visitor, this.now());
  }

  /** The same for a write; `isBehind` says that the engine has more of them than it can count. */
  write(visitor: Visitor, isBehind: boolean): void {
    const now = this.now();
    if (!this.isTurning) this.beginTurn(now);
    if (isBehind) this.refused.push(visitor);
    else if (!this.writes.isEmpty || this.writesOfTurn >= this.limits.writesAtOnce) {
      this.writes.push(visitor, now);
    } else {
      this.writesOfTurn += 1;
      this.servedOfTurn += 1;
      visitor.serve();
    }
  }

  private beginTurn(now: number): void {
    this.isTurning = true;
    this.turnStart = now;
    this.writesOfTurn = 0;
    setImmediate(() => this.turn());
  }

  /** After all that could be read in this turn of the loop has been read. */
  private turn(): void {
    const start = this.now();
    const take = (visitor: Visitor) => this.refused.push(visitor);
    this.lists.late(start, take);
    this.writes.late(start, take);
    this.isTurning = false;
    let served = this.servedOfTurn;
    this.lists.serve(() => this.now() - start < this.limits.listsMs && ++served > 0);
    let writes = 0;
    this.writes.serve(() => writes++ < this.limits.writesAtOnce && ++served > 0);
    this.servedOfTurn = 0;
    this.sendRefusals(served);
    const isLeft = !this.lists.isEmpty || !this.writes.isEmpty || this.refused.length > 0;
    if (isLeft) this.beginTurn(this.now());
  }

  /** By number, not by time: of a busy machine, a slice of time is worth little. */
  private sendRefusals(served: number): void {
    const { refusalsMin, servedPerRefusal } = this.limits;
    const most = Math.max(refusalsMin, Math.floor(served / servedPerRefusal));
    for (const visitor of this.refused.splice(0, most)) visitor.refuse();
  }
}

/** Whether a receipt that came now would wait too long for the disk. */
export function isBehind(access: EngineAccess): boolean {
  try {
    return access.engine().writes.isBehind;
  } catch {
    // Not open yet, which the way of every request tells better.
    return false;
  }
}

/** What is refused is told to come back; nothing of it was done. */
export function overloaded(): EngineError {
  const message = 'more is asked than can be answered in time; nothing was done, try again';
  const details = { reason: 'OVERLOADED', retryAfterMs: doorLimits.overloadRetryMs };
  return new EngineError('RESOURCE_EXHAUSTED', message, details);
}
