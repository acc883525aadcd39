// Port: writes. Events that come in, and receipts that are let go.
import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import type { Measures } from '../base/measures.ts';
import type { ClockGuard } from '../events/clock-guard.ts';
import type { DiscardedReceipt } from '../events/discard.ts';
import type { Event } from '../events/index.ts';
import type { IngestResult } from '../events/result.ts';
import type { Bookmark, Ingest } from '../ingest/ingest.ts';
import { discardAfter } from '../jobs/clock.ts';
import type { Maintenance } from '../jobs/maintenance.ts';
import type { Waiting } from '../jobs/shared-work.ts';
import type { Log } from '../log/log.ts';
import type { Readiness } from './readiness.ts';
import type { SuspicionCounter } from './suspicions.ts';

export interface WritesPort {
  /**
   * Validated events in, one result each in the same order, resolved after fsync and after the
   * counts moved: the next read sees them. Throws RESOURCE_EXHAUSTED when the queue is full.
   */
  ingest(events: readonly Event[], options?: IngestOptions): Promise<readonly IngestResult[]>;
  /** Whether receipts come faster than they are counted, so that another one should be refused. */
  readonly isBehind: boolean;
  /**
   * Years of receipts are about to come, up to this day (whole days since 1970): without it counts
   * are made anew in their midst. 0 when they are in. Receipts are taken or refused as ever.
   */
  expectDay(day: number): void;
  /** Takes out receipts older than the retention window; returns how many. */
  expire(waiting?: Waiting): Promise<number>;
  /**
   * Takes out all receipts of after a moment, which a clock that was ahead has left, and with them
   * the newest day that they made. Resolves to what they were, so that they can be sent again.
   */
  discardAfter(momentMs: number): Promise<readonly DiscardedReceipt[]>;
}

export interface IngestOptions {
  /**
   * Written in the same transaction as the events, so that an import knows exactly how far it came.
   */
  readonly bookmark?: Bookmark;
  /**
   * Receipts may be newer than all others by any number of days: for years of receipts that are
   * brought in on purpose, and in no order. Default: only as the clock bears out.
   */
  readonly trustsDays?: boolean;
}

export interface WritesParts {
  readonly writer: Ingest;
  readonly log: Log;
  readonly clock: Clock;
  readonly clockGuard: ClockGuard;
  readonly maintenance: Maintenance;
  readonly readiness: Readiness;
  readonly suspicions: SuspicionCounter;
  readonly measures: Measures;
  readonly expectDay: (day: number) => void;
}

export function writesOf(parts: WritesParts): WritesPort {
  const { writer, clockGuard, maintenance, readiness } = parts;
  const { suspicions, measures } = parts;
  return {
    ingest: async (events, options = {}) => {
      readiness.assertReady();
      clockGuard.assertNotBehind();
      const results = await writer.submit(events, options);
      if (clockGuard.state === 'right') clockGuard.onAccepted();
      // A file of years tells nothing of the tills that are open now.
      if (options.trustsDays !== true) suspicions.onIngested(events, results);
      for (const { status, reason } of results) measures.onResult(status, reason);
      return results;
    },
    expectDay: parts.expectDay,
    get isBehind() {
      return writer.isBehind;
    },
    expire: async (waiting) => {
      readiness.assertReadyOrOversize();
      // By a clock that is years ahead everything would be too old.
      const { trouble } = clockGuard;
      if (trouble !== undefined) throw new EngineError('UNAVAILABLE', trouble, { reason: 'CLOCK' });
      return maintenance.expire(waiting);
    },
    discardAfter: (momentMs) => {
      readiness.assertReadyOrOversize();
      return discardAfter(parts, momentMs);
    },
  };
}
