// What an operator does about a clock: says that it is right, or takes out what it has left.

import { type Clock, millisecondsPerDay } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { formatMoment } from '../base/time.ts';
import { nextTurn } from '../base/turns.ts';
import type { ClockGuard } from '../events/clock-guard.ts';
import { type DiscardedReceipt, discardReceipts, findAfter } from '../events/discard.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Log } from '../log/log.ts';

const entriesAtOnce = 512;
const receiptsAtOnce = 32;

export interface ClockParts {
  readonly log: Log;
  readonly writer: Ingest;
  readonly clockGuard: ClockGuard;
  readonly clock: Clock;
}

/** Moments in RFC 3339, days as dates. */
export interface ClockReport {
  readonly clock: string;
  /** Absent before the first receipt. */
  readonly newestReceiptOn?: string;
}

export async function confirmClock(parts: ClockParts): Promise<ClockReport> {
  const { writer, clockGuard, clock } = parts;
  await writer.transact(() => clockGuard.confirm());
  const day = writer.newestDay;
  return {
    clock: formatMoment(clock(), 0),
    ...(day > 0 && { newestReceiptOn: formatMoment(day * millisecondsPerDay, 0).slice(0, 10) }),
  };
}

/** Throws INVALID_ARGUMENT when nothing would be left to tell what day it is. */
export async function discardAfter(
  { log, writer }: ClockParts,
  momentMs: number,
): Promise<readonly DiscardedReceipt[]> {
  const steps = findAfter(log, momentMs, entriesAtOnce);
  let step = steps.next();
  for (; !step.done; step = steps.next()) await nextTurn();
  const { sequences, newestDay } = step.value;
  if (sequences.length > 0 && newestDay === 0) {
    const message = `all receipts are of after ${formatMoment(momentMs, 0)}: choose a later one`;
    throw new EngineError('INVALID_ARGUMENT', message, { field: 'moment' });
  }
  const taken: DiscardedReceipt[] = [];
  for (let at = 0; at < sequences.length; at += receiptsAtOnce) {
    const slice = sequences.slice(at, at + receiptsAtOnce);
    taken.push(...(await writer.transact((context) => discardReceipts(context, slice))));
  }
  if (taken.length > 0) await writer.resetNewestDay(newestDay);
  return taken;
}
