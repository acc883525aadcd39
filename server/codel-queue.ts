// One queue at the door: served in order while it can be, and when it cannot, the newest first and
// the oldest not at all.
import { Histogram, secondsBounds } from '../engine/index.ts';

/** One request: what answers it, and what refuses it. One of the two is called, once. */
export interface PendingRequest {
  serve(): void;
  refuse(): void;
}

interface Queued {
  readonly request: PendingRequest;
  readonly since: number;
}

export interface CoDelLimits {
  /** So many may wait for however long it takes: few callers, each with one request, are served. */
  readonly spared: number;
  /** Waiting longer than that is too long … */
  readonly ageMs: number;
  /** … when it lasts for so long. */
  readonly patienceMs: number;
  /** From then on this is too long: about one turn of the event loop. */
  readonly overloadAgeMs: number;
}

const sweptAfter = 1_024;

/**
 * When the oldest has waited too long for the whole of `patienceMs` (the measure of CoDel, RFC
 * 8289), more is asked than can be served. Then the newest are served first, and who could not be
 * served in their own turn is refused, so that those who are served have hardly waited; until for
 * `patienceMs` everybody who came could be served.
 */
export class CoDelQueue {
  private readonly limits: CoDelLimits;
  private queue: Queued[] = [];
  /** Where the oldest stands. */
  private first = 0;
  private lateSince: number | undefined;
  private isOverloaded = false;
  private refusedAt = 0;
  /** Seconds that those waited who were served. */
  readonly waits = new Histogram(secondsBounds);

  constructor(limits: CoDelLimits) {
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.first === this.queue.length;
  }

  push(request: PendingRequest, since: number): void {
    this.queue.push({ request, since });
  }

  /** Takes out who waits too long, if that has lasted. */
  takeExpired(now: number, take: (request: PendingRequest) => void): void {
    const { spared, ageMs, patienceMs, overloadAgeMs } = this.limits;
    const isMany = this.queue.length - this.first > spared;
    if (!isMany || this.waitedMs(now) <= ageMs) this.lateSince = undefined;
    else this.lateSince ??= now;
    if (this.lateSince !== undefined && now - this.lateSince >= patienceMs) {
      if (!this.isOverloaded) this.refusedAt = now;
      this.isOverloaded = true;
    }
    if (!this.isOverloaded) return;
    while (this.waitedMs(now) > overloadAgeMs) {
      take(this.queue[this.first++]!.request);
      this.refusedAt = now;
    }
    // Not as soon as nobody waits: the queue would fill up and be emptied again and again.
    if (now - this.refusedAt >= patienceMs) this.isOverloaded = false;
  }

  /** Of the oldest; 0 when nobody waits. */
  private waitedMs(now: number): number {
    return this.isEmpty ? 0 : now - this.queue[this.first]!.since;
  }

  /** Serves while `canServeMore`. */
  serve(now: number, canServeMore: () => boolean): void {
    while (!this.isEmpty && canServeMore()) {
      const next = this.isOverloaded ? this.queue.pop()! : this.queue[this.first++]!;
      this.waits.observe(Math.max(0, now - next.since) / 1_000);
      next.request.serve();
    }
    if (this.isEmpty) {
      this.queue.length = 0;
      this.first = 0;
    } else if (this.first > sweptAfter) {
      this.queue = this.queue.slice(this.first);
      this.first = 0;
    }
  }
}
