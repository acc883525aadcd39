// Suspicions: receipts that were taken since the start and are worth a look, because what sent them
// is set up wrongly. Counts only; the answer to each receipt says it of that one.
import { type Clock, millisecondsPerDay } from '../base/clock.ts';
import type { Event } from '../events/index.ts';
import type { IngestResult } from '../events/result.ts';

export interface Suspicions {
  /** Of tills whose clock runs ahead: they count at the server's time. */
  readonly clockAhead: number;
  /** Of tills that say it was more than a year ago: their clock may stand still. */
  readonly clockBack: number;
  /** With a memberId that stands for nobody. */
  readonly ofNobody: number;
}

export const noSuspicions: Suspicions = { clockAhead: 0, clockBack: 0, ofNobody: 0 };

/** A till that was offline sends its receipts within weeks; a year and more is no delay. */
const daysBackMax = 400;

export class SuspicionCounter {
  private counts = noSuspicions;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get current(): Suspicions {
    return this.counts;
  }

  /** `results` are those of the events, in their order. */
  onIngested(events: readonly Event[], results: readonly IngestResult[]): void {
    const oldestMs = this.clock() - daysBackMax * millisecondsPerDay;
    let { clockAhead, clockBack, ofNobody } = this.counts;
    for (const [index, { status, clockSkewed, anonymous }] of results.entries()) {
      const event = events[index];
      if (status !== 'created' || event?.kind !== 'purchase') continue;
      if (clockSkewed) clockAhead += 1;
      if (anonymous) ofNobody += 1;
      if (Date.parse(event.purchase.occurredAt) < oldestMs) clockBack += 1;
    }
    this.counts = { clockAhead, clockBack, ofNobody };
  }
}
