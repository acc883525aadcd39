// Accepts returns: against a purchase, before it, or without any receipt.

import { assert } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import {
  encodeReturn,
  type LoggedPurchase,
  type LoggedReturn,
  returnContent,
} from '../log/codec.ts';
import { findId, rememberId } from '../log/dedupe.ts';
import type { IngestResult, Return, UnreferencedReturn } from '../log/events.ts';
import {
  type AcceptContext,
  changeHistory,
  historyOf,
  judgeErased,
  judgeForgotten,
  judgeKnown,
  judgeMoment,
  momentOf,
  rejected,
} from './accept.ts';
import { decodeHistory, encodeHistoryEntry, insertEntry, removeEntry } from './history.ts';
import { findMember } from './members.ts';
import { deriveEntry, type KeptReturn, piecesByItem, returnedPieces } from './receipts.ts';
import { readReturns, writeReturns } from './returns.ts';

export interface KnownPurchase {
  readonly sequence: number;
  readonly acceptedAtMs: number;
  readonly purchase: LoggedPurchase;
}

/** The copy of a receipt that counts. */
export function findPurchase(
  context: AcceptContext,
  purchaseId: string,
): KnownPurchase | undefined {
  const known = findId(context.store, 'purchase', purchaseId);
  if (!known) return undefined;
  const entry = context.log.read(known.sequence);
  assert(entry.kind === 'purchase', `log entry ${known.sequence} is not the purchase it should be`);
  const { purchase, acceptedAtMs } = entry;
  return { sequence: known.sequence, purchase, acceptedAtMs };
}

/** A rejection when a receipt has so many returns that each would cost more than the one before. */
function judgeNumber(
  { isReplay = false }: AcceptContext,
  { returnId, purchaseId }: Return,
  earlier: readonly KeptReturn[],
): IngestResult | undefined {
  if (isReplay || !isFull(earlier)) return undefined;
  const { returnsPerPurchaseMax: returnsMax, returnLinesPerPurchaseMax: linesMax } = limits;
  const limit = earlier.length >= returnsMax ? returnsMax : linesMax;
  const message =
    `purchase ${JSON.stringify(purchaseId)} has ${earlier.length} returns of ` +
    `${linesOf(earlier)} lines already; none are taken beyond ${returnsMax} returns or ` +
    `${linesMax} lines, so send what comes back together`;
  return rejected(returnId, { reason: 'RETURNS_MAX', field: 'purchaseId', message, limit });
}

function isFull(earlier: readonly KeptReturn[]): boolean {
  const { returnsPerPurchaseMax, returnLinesPerPurchaseMax } = limits;
  return earlier.length >= returnsPerPurchaseMax || linesOf(earlier) >= returnLinesPerPurchaseMax;
}

function linesOf(returns: readonly KeptReturn[]): number {
  return returns.reduce((sum, { lines }) => sum + lines.length, 0);
}

/** A rejection when more would be returned than is left of what was bought. */
function judgePieces(
  value: Return,
  purchase: LoggedPurchase,
  earlier: readonly KeptReturn[],
): IngestResult | undefined {
  const bought = piecesByItem(purchase.lines);
  const gone = returnedPieces(earlier);
  for (const [itemId, pieces] of piecesByItem(value.lines)) {
    const left = (bought.get(itemId) ?? 0) - (gone.get(itemId) ?? 0);
    if (pieces <= left) continue;
    const message =
      `${pieces} of item ${JSON.stringify(itemId)} cannot be returned to purchase ` +
      `${JSON.stringify(value.purchaseId)}: ${Math.max(0, left)} are left ` +
      `of ${bought.get(itemId) ?? 0} bought`;
    const line = value.lines.findIndex((candidate) => candidate.itemId === itemId);
    const field = `lines[${line}].quantity`;
    const because = { reason: 'RETURN_EXCEEDS_PURCHASE', field, message };
    return rejected(value.returnId, { ...because, limit: Math.max(0, left) });
  }
  return undefined;
}

/**
 * Moves the history, or the anonymous ticket, from the receipt as it was to the receipt less these
 * returns.
 */
export function moveReceipt(
  context: AcceptContext,
  known: KnownPurchase,
  returns: { readonly before: readonly KeptReturn[]; readonly after: readonly KeptReturn[] },
  sequence: number,
): void {
  const { registries } = context;
  const { purchase, sequence: purchaseSequence } = known;
  const entryWith = (kept: readonly KeptReturn[], addedAt: number) =>
    deriveEntry({ purchase, purchaseSequence, addedAt, returns: kept, registries });
  const after = entryWith(returns.after, sequence);
  if (purchase.memberId === undefined) {
    const before = encodeHistoryEntry(entryWith(returns.before, purchaseSequence));
    context.batch.changeTicket(purchaseSequence, before, encodeHistoryEntry(after));
    return;
  }
  const member = findMember(context.store, purchase.memberId);
  const before = historyOf(context, member.root);
  assert(before, 'a member with a purchase has a history');
  const checkpoints = context.checkpoints();
  const removed = removeEntry(before, { purchaseSequence, sequence, checkpoints });
  changeHistory(context, member, before, insertEntry(removed.history, after));
}

export function acceptReturn(context: AcceptContext, value: Return): IngestResult {
  const { returnId, purchaseId } = value;
  const { occurredAt, ...rest } = value;
  const moment = momentOf(context, occurredAt, value.storeId);
  const logged: LoggedReturn = { ...rest, ...moment };
  const content = returnContent(logged);
  const contentHash = context.hashContent(content);
  const known = findPurchase(context, purchaseId);
  const earlier = readReturns(context.store, purchaseId);
  const answer =
    judgeForgotten(context, returnId, purchaseId) ??
    judgeKnown(context, 'return', returnId, contentHash) ??
    judgeMoment(context, returnId, moment) ??
    judgeNumber(context, value, earlier) ??
    (known && judgePieces(value, known.purchase, earlier));
  if (answer) return answer;
  const acceptedAtMs = context.clock();
  const sequence = context.log.append(encodeReturn(acceptedAtMs, moment.offsetMinutes, content));
  rememberId(context.store, 'return', returnId, { sequence, contentHash });
  const kept = [...earlier, { sequence, acceptedAtMs, lines: value.lines }];
  writeReturns(context.store, purchaseId, kept);
  if (known) moveReceipt(context, known, { before: earlier, after: kept }, sequence);
  const result = {
    id: returnId,
    status: 'created',
    watermark: context.log.watermarkOf(sequence),
  } as const;
  return known ? result : { ...result, parked: true };
}

function takesNoMore({ store, isReplay = false }: AcceptContext, purchaseId: string): boolean {
  return !isReplay && isFull(readReturns(store, purchaseId));
}

/** Pieces to take off per purchase, newest purchase first. */
function match(
  context: AcceptContext,
  value: UnreferencedReturn,
  occurredAtMs: number,
): { byPurchase: Map<string, Map<string, number>>; unmatched: number } {
  const { root } = findMember(context.store, value.memberId);
  const entries = decodeHistory(historyOf(context, root)).reverse();
  const byPurchase = new Map<string, Map<string, number>>();
  let unmatched = 0;
  for (const [itemId, pieces] of piecesByItem(value.lines)) {
    const itemNumber = context.registries.items.numberOf(itemId);
    let left = pieces;
    for (const { removedAt, occurredAtMs: boughtAtMs, purchaseId, lines } of entries) {
      if (left === 0) break;
      if (removedAt !== 0 || boughtAtMs > occurredAtMs) continue;
      const line = lines.find((candidate) => candidate.itemNumber === itemNumber);
      const taken = line ? Math.min(left, line.quantity - line.returned) : 0;
      if (taken === 0 || takesNoMore(context, purchaseId)) continue;
      const ofPurchase = byPurchase.get(purchaseId) ?? new Map<string, number>();
      byPurchase.set(purchaseId, ofPurchase.set(itemId, taken));
      left -= taken;
    }
    unmatched += left;
  }
  return { byPurchase, unmatched };
}

const derivedPattern = /^([0-9a-f]{16})#\d+$/;

/**
 * Where a return stands that has an id already: one place, or those of all returns that were made
 * of the same goods without a receipt. Each node makes what it can of them.
 */
export function knownReturns({ store }: AcceptContext, returnId: string): readonly number[] {
  const goods = derivedPattern.exec(returnId)?.[1];
  if (goods === undefined) {
    const known = findId(store, 'return', returnId);
    return known ? [known.sequence] : [];
  }
  const sequences: number[] = [];
  for (let number = 1; ; number++) {
    const known = findId(store, 'return', `${goods}#${number}`);
    if (!known) return sequences;
    sequences.push(known.sequence);
  }
}

/** Hashed, so that the derived id stays within the limit whatever the length of the given one. */
function derivedId(contentHash: bigint, number: number): string {
  return `${contentHash.toString(16).padStart(16, '0')}#${number}`;
}

/** Pieces that an earlier acceptance of the same goods could match to purchases. */
function matchedPieces({ store, log }: AcceptContext, contentHash: bigint): number {
  let pieces = 0;
  for (let number = 1; ; number++) {
    const known = findId(store, 'return', derivedId(contentHash, number));
    if (!known) return pieces;
    const entry = log.read(known.sequence);
    if (entry.kind !== 'return') continue;
    for (const { quantity } of entry.return.lines) pieces += quantity;
  }
}

/** A duplicate tells again how many pieces had found no purchase. */
function repeatAnswer(
  context: AcceptContext,
  known: IngestResult | undefined,
  value: UnreferencedReturn,
  contentHash: bigint,
): IngestResult | undefined {
  if (known?.status !== 'duplicate') return known;
  const pieces = value.lines.reduce((sum, { quantity }) => sum + quantity, 0);
  const unmatchedQuantity = pieces - matchedPieces(context, contentHash);
  return unmatchedQuantity === 0 ? known : { ...known, unmatchedQuantity };
}

/** The same goods were brought back through another origin: only what it made of them is here. */
function judgeElsewhere(
  context: AcceptContext,
  returnId: string,
  contentHash: bigint,
): IngestResult | undefined {
  if (!context.log.origins.isNamed) return undefined;
  const known = findId(context.store, 'return', derivedId(contentHash, 1));
  if (!known) return undefined;
  const watermark = context.log.watermarkOf(known.sequence);
  return { id: returnId, status: 'duplicate', watermark };
}

/**
 * Goods without a receipt: one ordinary return against each purchase that they can have come from.
 */
export function acceptUnreferencedReturn(
  context: AcceptContext,
  value: UnreferencedReturn,
): IngestResult {
  const { returnId } = value;
  const kind = 'unreferencedReturn';
  const moment = momentOf(context, value.occurredAt, value.storeId);
  const lines = value.lines.map(({ itemId, quantity }) => [itemId, quantity]);
  const content = [returnId, moment.occurredAtMs, value.memberId, value.storeId ?? null, lines];
  const contentHash = context.hashContent(JSON.stringify(content));
  const answer =
    judgeErased(context, returnId, value.memberId) ??
    repeatAnswer(context, judgeKnown(context, kind, returnId, contentHash), value, contentHash) ??
    repeatAnswer(context, judgeElsewhere(context, returnId, contentHash), value, contentHash) ??
    judgeMoment(context, returnId, moment);
  if (answer) return answer;
  const { byPurchase, unmatched } = match(context, value, moment.occurredAtMs);
  if (byPurchase.size === 0) {
    const message = `no purchase of member ${JSON.stringify(value.memberId)} holds these items`;
    const refusal = rejected(returnId, { reason: 'RETURN_UNMATCHED', field: 'lines', message });
    return { ...refusal, unmatchedQuantity: unmatched };
  }
  let number = 0;
  for (const [purchaseId, pieces] of byPurchase) {
    number += 1;
    const result = acceptReturn(context, {
      returnId: derivedId(contentHash, number),
      purchaseId,
      storeId: value.storeId,
      channel: 'other',
      occurredAt: value.occurredAt,
      lines: [...pieces].map(([itemId, quantity]) => ({ itemId, quantity })),
    });
    assert(result.status === 'created', `a matched return was ${result.status}: ${result.message}`);
  }
  const sequence = context.log.head;
  rememberId(context.store, kind, returnId, { sequence, contentHash });
  const created = {
    id: returnId,
    status: 'created',
    watermark: context.log.watermarkOf(sequence),
  } as const;
  return unmatched === 0 ? created : { ...created, unmatchedQuantity: unmatched };
}
