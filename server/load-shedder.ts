// Overload: who is served now, who waits a moment, and who is refused because they waited too long.
import { EngineError } from '../engine/index.ts';
import { type CoDelLimits, CoDelQueue, type PendingRequest } from './codel-queue.ts';
import { doorLimits } from './limits.ts';
import type { EngineAccess } from './operations/operation.ts';

/** Milliseconds that never go back. */
export type SteadyClock = () => number;

export interface LoadShedderLimits {
  readonly listsMs: number;
  readonly writesAtOnce: number;
  readonly refusalsMin: number;
  readonly servedPerRefusal: number;
  readonly lists: CoDelLimits;
  readonly writes: CoDelLimits;
}

/**
 * Shares out each turn of the event loop: so much for lists, so much for writes, the rest waits for
 * the next turn, each in a queue of its own. Nothing is held up while a turn has room. Refusals
 * have a share too: a client that is refused at once asks again at once, and paced ones cannot take
 * the time of those who are served.
 */
export class LoadShedder {
  private readonly now: SteadyClock;
  private readonly limits: LoadShedderLimits;
  private readonly lists: CoDelQueue;
  private readonly writes: CoDelQueue;
  private refused: Pick<PendingRequest, 'refuse'>[] = [];
  private turnStart = 0;
  private writesOfTurn = 0;
  private servedOfTurn = 0;
  private isTurning = false;
  private refusals = 0;

  constructor(now: SteadyClock = () => performance.now(), limits: Partial<LoadShedderLimits> = {}) {
    this.now = now;
    this.limits = { ...doorLimits.loadShedder, ...limits };
    this.lists = new CoDelQueue(this.limits.lists);
    this.writes = new CoDelQueue(this.limits.writes);
  }

  /** Those who waited for their turn, and how many were refused since the start. */
  get measures() {
    return { lists: this.lists.waits, writes: this.writes.waits, refused: this.refusals };
  }

  /** Whether a list may be served right now; if not, it is to be given to `admitList`. */
  tryAdmitList(): boolean {
    const now = this.now();
    if (!this.isTurning) this.beginTurn(now);
    const isFree = this.lists.isEmpty && now - this.turnStart < this.limits.listsMs;
    if (isFree) this.servedOfTurn += 1;
    return isFree;
  }

  /** Serves a list now, soon or never. */
  admitList(request: PendingRequest): void {
    if (this.tryAdmitList()) request.serve();
    else this.lists.push(request, this.now());
  }

  /** The same for a write; `isBehind` says that the engine has more of them than it can count. */
  admitWrite(request: PendingRequest, isBehind: boolean): void {
    const now = this.now();
    if (!this.isTurning) this.beginTurn(now);
    if (isBehind) this.refused.push(request);
    else if (!this.writes.isEmpty || this.writesOfTurn >= this.limits.writesAtOnce) {
      this.writes.push(request, now);
    } else {
      this.writesOfTurn += 1;
      this.servedOfTurn += 1;
      request.serve();
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
    const take = (request: PendingRequest) => this.refused.push(request);
    this.lists.takeExpired(start, take);
    this.writes.takeExpired(start, take);
    this.isTurning = false;
    let served = this.servedOfTurn;
    this.lists.serve(start, () => this.now() - start < this.limits.listsMs && ++served > 0);
    let writes = 0;
    this.writes.serve(start, () => writes++ < this.limits.writesAtOnce && ++served > 0);
    this.servedOfTurn = 0;
    this.sendRefusals(served);
    const isLeft = !this.lists.isEmpty || !this.writes.isEmpty || this.refused.length > 0;
    if (isLeft) this.beginTurn(this.now());
  }

  /** By number, not by time: of a busy machine, a slice of time is worth little. */
  private sendRefusals(served: number): void {
    const { refusalsMin, servedPerRefusal } = this.limits;
    const most = Math.max(refusalsMin, Math.floor(served / servedPerRefusal));
    for (const request of this.refused.splice(0, most)) {
      this.refusals += 1;
      request.refuse();
    }
  }
}

/** Whether a receipt that came now would wait too long for the disk. */
export function isBehind(access: EngineAccess): boolean {
  try {
    return access.engine().writes.isBehind;
  } catch {
    // Not open yet, which every request reports better itself.
    return false;
  }
}

/** What is refused is asked to come back; nothing of it was done. */
export function overloadedError(): EngineError {
  const message = 'more is asked than can be answered in time; nothing was done, try again';
  const details = { reason: 'OVERLOADED', retryAfterMs: doorLimits.overloadRetryMs };
  return new EngineError('RESOURCE_EXHAUSTED', message, details);
}
