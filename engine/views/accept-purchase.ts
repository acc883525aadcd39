// Accepts one purchase: log, id, history, and the returns that came before it.

import { millisecondsPerDay } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { encodePurchase, type LoggedPurchase, purchaseContent } from '../log/codec.ts';
import { findId, rememberId } from '../log/dedupe.ts';
import type { IngestResult, Purchase } from '../log/events.ts';
import {
  type AcceptContext,
  changeHistory,
  historyOf,
  judgeErased,
  judgeForgotten,
  judgeKnown,
  judgeLeap,
  judgeMoment,
  momentOf,
  noteDayOf,
  putTombstone,
  registerUnknown,
  rejected,
} from './accept.ts';
import { forgetReturns } from './forget.ts';
import { encodeHistoryEntry, insertEntry } from './history.ts';
import { findMember } from './members.ts';
import { deriveEntry, type KeptReturn, piecesByItem } from './receipts.ts';
import { readReturns } from './returns.ts';

function judgeQuantities(purchase: Purchase): IngestResult | undefined {
  for (const [itemId, pieces] of piecesByItem(purchase.lines)) {
    if (pieces <= limits.quantityMax) continue;
    const message =
      `the lines of item ${JSON.stringify(itemId)} add up to ${pieces} pieces; ` +
      `at most ${limits.quantityMax} are allowed`;
    const because = { reason: 'QUANTITY_TOO_LARGE', field: 'lines', message };
    return rejected(purchase.purchaseId, { ...because, limit: limits.quantityMax });
  }
  return undefined;
}

/**
 * Returns that waited for this purchase, without those that waited too long: by when both were
 * accepted, so that every node decides alike.
 */
function takeParked(
  context: AcceptContext,
  purchaseId: string,
  purchaseAcceptedAtMs: number,
): readonly KeptReturn[] {
  const parked = readReturns(context.store, purchaseId);
  if (parked.length === 0) return parked;
  const oldest = purchaseAcceptedAtMs - limits.parkedReturnDaysMax * millisecondsPerDay;
  const counted = parked.filter(({ acceptedAtMs }) => acceptedAtMs >= oldest);
  const tooLate = parked.filter(({ acceptedAtMs }) => acceptedAtMs < oldest);
  forgetReturns(context, purchaseId, tooLate, counted);
  return counted;
}

/**
 * The refusal of an erased member's receipt; returns that had waited for it were theirs too, and
 * go.
 */
function refuseErased(context: AcceptContext, purchase: Purchase): IngestResult | undefined {
  const { purchaseId, memberId } = purchase;
  const refusal = judgeErased(context, purchaseId, memberId);
  if (!refusal) return judgeForgotten(context, purchaseId, purchaseId);
  const parked = findId(context.store, 'purchase', purchaseId)
    ? []
    : readReturns(context.store, purchaseId);
  if (parked.length > 0) {
    forgetReturns(context, purchaseId, parked, []);
    putTombstone(context, 'purchase', purchaseId);
  }
  return refusal;
}

export function acceptPurchase(context: AcceptContext, purchase: Purchase): IngestResult {
  const { purchaseId } = purchase;
  const { occurredAt, ...rest } = purchase;
  const moment = momentOf(context, occurredAt, purchase.storeId);
  const logged: LoggedPurchase = { ...rest, ...moment };
  const content = purchaseContent(logged);
  const contentHash = context.hashContent(content);
  const answer =
    refuseErased(context, purchase) ??
    judgeKnown(context, 'purchase', purchaseId, contentHash) ??
    judgeMoment(context, purchaseId, moment) ??
    judgeLeap(context, purchaseId, moment) ??
    judgeQuantities(purchase);
  if (answer) return answer;
  const acceptedAtMs = context.clock();
  const sequence = context.log.append(encodePurchase(acceptedAtMs, moment.offsetMinutes, content));
  countPurchase(context, { purchase: logged, contentHash, acceptedAtMs, sequence });
  noteDayOf(context, moment);
  return { id: purchaseId, status: 'created', watermark: context.log.watermarkOf(sequence) };
}

export interface AcceptedPurchase {
  readonly purchase: LoggedPurchase;
  readonly contentHash: bigint;
  readonly acceptedAtMs: number;
  /** Where it stands in the log. */
  readonly sequence: number;
  /** From when on it counts, where that is later. */
  readonly addedAt?: number;
}

/** Puts a purchase that stands in the log into ids, histories and counts. */
export function countPurchase(context: AcceptContext, accepted: AcceptedPurchase): void {
  const { purchase, contentHash, acceptedAtMs, sequence, addedAt = sequence } = accepted;
  const { purchaseId, memberId } = purchase;
  registerUnknown(context, purchase);
  rememberId(context.store, 'purchase', purchaseId, { sequence, contentHash });
  const entry = deriveEntry({
    purchase,
    purchaseSequence: sequence,
    addedAt,
    returns: takeParked(context, purchaseId, acceptedAtMs),
    registries: context.registries,
  });
  if (memberId === undefined) {
    context.batch.changeTicket(sequence, undefined, encodeHistoryEntry(entry));
  } else {
    const member = findMember(context.store, memberId);
    const before = historyOf(context, member.root);
    changeHistory(context, member, before, insertEntry(before, entry));
  }
}
