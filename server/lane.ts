// One queue at the door: served in order while it can be, and when it cannot, the newest first and
// the oldest not at all.

/** One request: what answers it, and what refuses it. One of the two is called, once. */
export interface Visitor {
  serve(): void;
  refuse(): void;
}

interface Waiting {
  readonly visitor: Visitor;
  readonly since: number;
}

export interface LaneLimits {
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
export class Lane {
  private readonly limits: LaneLimits;
  private waiting: Waiting[] = [];
  /** Where the oldest stands. */
  private first = 0;
  private lateSince: number | undefined;
  private isOverloaded = false;
  private refusedAt = 0;

  constructor(limits: LaneLimits) {
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.first === this.waiting.length;
  }

  push(visitor: Visitor, since: number): void {
    this.waiting.push({ visitor, since });
  }

  /** Takes out who waits too long, if that has lasted. */
  late(now: number, take: (visitor: Visitor) => void): void {
    const { spared, ageMs, patienceMs, overloadAgeMs } = this.limits;
    const isMany = this.waiting.length - this.first > spared;
    if (!isMany || this.waitedMs(now) <= ageMs) this.lateSince = undefined;
    else this.lateSince ??= now;
    if (this.lateSince !== undefined && now - this.lateSince >= patienceMs) {
      if (!this.isOverloaded) this.refusedAt = now;
      this.isOverloaded = true;
    }
    if (!this.isOverloaded) return;
    while (this.waitedMs(now) > overloadAgeMs) {
      take(this.waiting[this.first++]!.visitor);
      this.refusedAt = now;
    }
    // Not as soon as nobody waits: the queue would fill up and be emptied again and again.
    if (now - this.refusedAt >= patienceMs) this.isOverloaded = false;
  }

  /** Of the oldest; 0 when nobody waits. */
  private waitedMs(now: number): number {
    return this.isEmpty ? 0 : now - this.waiting[this.first]!.since;
  }

  /** Serves while `goesOn`. */
  serve(goesOn: () => boolean): void {
    while (!this.isEmpty && goesOn()) {
      const next = this.isOverloaded ? this.waiting.pop()! : this.waiting[this.first++]!;
      next.visitor.serve();
    }
    if (this.isEmpty) {
      this.waiting.length = 0;
      this.first = 0;
    } else if (this.first > sweptAfter) {
      this.waiting = this.waiting.slice(this.first);
      this.first = 0;
    }
  }
}
