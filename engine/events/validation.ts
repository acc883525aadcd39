// Validation that several kinds of events share at the door: of their moment, of ids that are
// known, of members and receipts that were forgotten.
import { dayOf, millisecondsPerDay } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { formatMoment, statedOffsetMinutes, zoneOffsetMinutes } from '../base/time.ts';
import type { WriteContext } from './context.ts';
import { findId } from './ids.ts';
import { type IngestResult, rejected } from './result.ts';
import { expiredBeforeMs, hasTombstone, tombstoneOfPurchase } from './tombstones.ts';

/**
 * Milliseconds for arithmetic, and the minutes east of UTC that were settled when the event was
 * accepted.
 */
export interface Moment {
  readonly occurredAtMs: number;
  readonly offsetMinutes: number;
}

/** The moment an event happened, in the offset it gives, else its store's, else the chain's. */
export function momentOf(
  context: WriteContext,
  occurredAt: string,
  storeId: string | undefined,
): Moment {
  const { stores } = context.registries;
  const occurredAtMs = Date.parse(occurredAt);
  const stated = statedOffsetMinutes(occurredAt);
  if (stated !== undefined) return { occurredAtMs, offsetMinutes: stated };
  const number = storeId === undefined ? undefined : stores.numberOf(storeId);
  const storeZone = number === undefined ? undefined : stores.valueOf(number).timeZone;
  const offsetMinutes = zoneOffsetMinutes(storeZone ?? context.timeZone, occurredAtMs);
  return { occurredAtMs, offsetMinutes };
}

/**
 * The moment that a receipt counts at: its own, or that of the server's clock when its till's clock
 * runs ahead. A file of years is no till: what lies ahead there was read wrongly.
 */
export function countedMoment(context: WriteContext, moment: Moment): Moment {
  const now = context.clock();
  const aheadMs = moment.occurredAtMs - now;
  const isOfTill = context.clockGuard !== undefined;
  const isSkewed = aheadMs > limits.clockSkewMsMax && aheadMs <= limits.clockAheadMsMax;
  return isOfTill && isSkewed ? { ...moment, occurredAtMs: now } : moment;
}

/** A rejection when the moment cannot be right; undefined when it can. */
export function validateMoment(
  context: WriteContext,
  id: string,
  { occurredAtMs }: Moment,
): IngestResult | undefined {
  const now = context.clock();
  if (occurredAtMs > now + limits.clockSkewMsMax) {
    const message =
      `occurredAt ${formatMoment(occurredAtMs, 0)} is more than ` +
      `${limits.clockSkewMsMax / 60_000} minutes ahead of the server's clock ` +
      `(${formatMoment(now, 0)})`;
    const limit = formatMoment(now + limits.clockSkewMsMax, 0);
    return rejected(id, { reason: 'OCCURRED_AT_IN_FUTURE', field: 'occurredAt', message, limit });
  }
  if (!(occurredAtMs >= limits.occurredAtMsMin)) {
    const message = `occurredAt ${formatMoment(occurredAtMs, 0)} is before 1970-01-01`;
    const limit = formatMoment(limits.occurredAtMsMin, 0);
    return rejected(id, { reason: 'OCCURRED_AT_TOO_OLD', field: 'occurredAt', message, limit });
  }
  const { retentionDays } = context;
  if (retentionDays !== undefined && occurredAtMs < retentionStartMs(now, retentionDays)) {
    const message =
      `occurredAt ${formatMoment(occurredAtMs, 0)} lies outside the retention window ` +
      `of ${retentionDays} days`;
    const limit = formatMoment(retentionStartMs(now, retentionDays), 0);
    return rejected(id, { reason: 'OUTSIDE_RETENTION', field: 'occurredAt', message, limit });
  }
  return validateNotExpired(context, id, occurredAtMs);
}

/**
 * The same for goods brought back. Of a till whose clock runs ahead they are taken like its
 * receipts, at the moment that it says: nothing is weighed by that.
 */
export function validateReturnMoment(
  context: WriteContext,
  id: string,
  moment: Moment,
): IngestResult | undefined {
  return isSkewed(context, moment) ? undefined : validateMoment(context, id, moment);
}

/** Whether the clock of the till that says so runs ahead by no more than may be. */
export function isSkewed(context: WriteContext, moment: Moment): boolean {
  return countedMoment(context, moment) !== moment;
}

/** What another origin has let expire is gone on all nodes: it would count here alone. */
function validateNotExpired(
  context: WriteContext,
  id: string,
  occurredAtMs: number,
): IngestResult | undefined {
  if (!context.log.origins.isNamed) return undefined;
  const beforeMs = expiredBeforeMs(context);
  if (occurredAtMs >= beforeMs) return undefined;
  const limit = formatMoment(beforeMs, 0);
  const message =
    `occurredAt ${formatMoment(occurredAtMs, 0)} is before ${limit}, ` +
    'and what is older has expired at another origin of the chain';
  return rejected(id, { reason: 'OUTSIDE_RETENTION', field: 'occurredAt', message, limit });
}

/**
 * A rejection of a receipt that would be the newest by more than the others and the clock bear out:
 * everything is weighed from the newest day, so that one till or one clock that is years ahead
 * would make nothing of all that was learnt.
 */
export function validateLeap(
  context: WriteContext,
  id: string,
  { occurredAtMs }: Moment,
): IngestResult | undefined {
  const { clockGuard, newestDay } = context;
  if (clockGuard === undefined) return undefined;
  const [day, newest] = [dayOf(occurredAtMs), newestDay()];
  if (clockGuard.allows(day, newest)) return undefined;
  const limit = formatMoment((newest + 1) * millisecondsPerDay, 0).slice(0, 10);
  const { trouble } = clockGuard;
  const message =
    `occurredAt ${formatMoment(occurredAtMs, 0)} is ${day - newest} days after the newest other ` +
    `receipt${trouble === undefined ? '' : `, and ${trouble}`}; ` +
    'if it is right: caini clock --confirm';
  return rejected(id, { reason: 'DAY_LEAPS', field: 'occurredAt', message, limit });
}

/** The first moment inside the retention window: the start of a UTC day. */
export function retentionStartMs(now: number, retentionDays: number): number {
  return (dayOf(now) - retentionDays) * millisecondsPerDay;
}

/** The answer when an id was accepted before: `duplicate` for the same content, else `conflict`. */
export function answerKnown(
  context: WriteContext,
  { code, field }: { readonly code: number; readonly field: string },
  id: string,
  hash: () => bigint,
): IngestResult | undefined {
  const known = findId(context.store, code, id);
  if (!known) return undefined;
  if (known.contentHash === hash()) {
    return { id, status: 'duplicate', watermark: context.log.watermarkOf(known.sequence) };
  }
  const message = `${JSON.stringify(id)} was accepted before with other content`;
  return { id, status: 'conflict', reason: 'CONTENT_DIFFERS', field, message };
}

/** A rejection when the member was erased: nothing of theirs comes in any more. */
export function refuseErased(
  context: WriteContext,
  id: string,
  memberId: string | undefined,
  field = 'memberId',
): IngestResult | undefined {
  if (memberId === undefined || context.ledger.size === 0) return undefined;
  if (!hasTombstone(context, 'member', memberId)) return undefined;
  const message = 'the member was erased; nothing of theirs is kept';
  return rejected(id, { reason: 'MEMBER_ERASED', field, message });
}

/** A rejection of what only a person can do, by an id that stands for nobody. */
export function refuseNobody(
  context: WriteContext,
  id: string,
  memberId: string,
  field = 'memberId',
): IngestResult | undefined {
  if (!context.isNobody(memberId)) return undefined;
  const message = `${field} ${JSON.stringify(memberId)} stands for nobody`;
  const limit = 'a member: CAINI_ANONYMOUS_MEMBER_IDS says who is none';
  return rejected(id, { reason: 'MEMBER_IS_NOBODY', field, message, limit });
}

/** The same for an event that names a receipt of which nothing is kept. */
export function refuseForgotten(
  context: WriteContext,
  id: string,
  purchaseId: string,
  field = 'purchaseId',
): IngestResult | undefined {
  const why = tombstoneOfPurchase(context, purchaseId);
  return why && rejected(id, { ...forgottenWords[why], field });
}

const forgottenWords = {
  purchase: { reason: 'MEMBER_ERASED', message: 'the receipt belonged to an erased member' },
  expired: { reason: 'OUTSIDE_RETENTION', message: 'the receipt has left the retention window' },
  replaced: { reason: 'PURCHASE_REPLACED', message: 'another receipt took its place' },
} as const;
