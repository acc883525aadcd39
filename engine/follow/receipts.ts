// Receipts and returns of other origins. A receipt that several origins accepted counts once: the
// copy of the origin whose name comes first.
import { millisecondsPerDay } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { purchaseContent, returnContent } from '../log/codec.ts';
import { findId, type KnownId, readCopies, rememberId, writeCopies } from '../log/dedupe.ts';
import {
  type AcceptContext,
  changeHistory,
  expiredBeforeMs,
  historyOf,
  judgeForgotten,
  noteDayOf,
  putTombstone,
  requireRecount,
  tombstoneKey,
} from '../views/accept.ts';
import { type AcceptedPurchase, countPurchase } from '../views/accept-purchase.ts';
import {
  findPurchase,
  type KnownPurchase,
  knownReturns,
  moveReceipt,
} from '../views/accept-return.ts';
import { forgetReturns } from '../views/forget.ts';
import { encodeHistoryEntry, removeEntry } from '../views/history.ts';
import { findMember, putMember } from '../views/members.ts';
import { deriveEntry } from '../views/receipts.ts';
import { readReturns, writeReturns } from '../views/returns.ts';
import type { ArrivalOf, Following } from './apply.ts';

/** Whether a member was erased, also earlier in this transaction. */
export function isErased({ store, ledger }: AcceptContext, memberId: string): boolean {
  return store.tables.tombstones.has(tombstoneKey('member', ledger.hash(memberId)));
}

export function applyPurchase(
  context: AcceptContext,
  { place, entry, append }: ArrivalOf<'purchase'>,
  { notify }: Pick<Following, 'notify'>,
): void {
  const { store, log } = context;
  const { purchase, acceptedAtMs } = entry;
  const { purchaseId, memberId } = purchase;
  // The newest day of all that was accepted settles the landmark, whatever becomes of it here.
  noteDayOf(context, purchase);
  const erased = memberId !== undefined && isErased(context, memberId);
  const known = findId(store, 'purchase', purchaseId);
  if (erased || purchase.occurredAtMs < expiredBeforeMs(context)) {
    append(false);
    // As if it had never come; another copy of it may still.
    if (erased && !known) forget(context, purchaseId);
    return;
  }
  const contentHash = context.hashContent(purchaseContent(purchase));
  const sequence = append(true);
  const accepted = { purchase, contentHash, acceptedAtMs, sequence };
  if (!known) {
    revive(context, purchaseId);
    countPurchase(context, accepted);
    return;
  }
  const holder = log.origins.at(known.sequence).origin;
  const counts = place.origin < holder;
  if (counts) replaceCopy(context, known, accepted);
  else keepCopy(context, purchaseId, sequence, memberId);
  requireRecount(context, sequence);
  const counted = counts ? place.origin : holder;
  notify(`receipt ${purchaseId} came to ${place.origin} and ${holder}: that of ${counted} counts`);
}

function forget(context: AcceptContext, purchaseId: string): void {
  forgetReturns(context, purchaseId, readReturns(context.store, purchaseId), []);
  putTombstone(context, 'purchase', purchaseId);
}

/** A copy of a receipt that was forgotten counts: what is brought back of it does too. */
function revive({ store, ledger }: AcceptContext, purchaseId: string): void {
  const { tombstones } = store.tables;
  if (tombstones.isEmpty()) return;
  const hash = ledger.hash(purchaseId);
  for (const kind of ['purchase', 'expired'] as const) tombstones.remove(tombstoneKey(kind, hash));
}

function replaceCopy(context: AcceptContext, known: KnownId, accepted: AcceptedPurchase): void {
  const { purchaseId } = accepted.purchase;
  const before = findPurchase(context, purchaseId)!;
  takeOut(context, before, accepted.sequence);
  keepCopy(context, purchaseId, known.sequence, before.purchase.memberId);
  countPurchase(context, accepted);
}

/** Takes a receipt out of histories and counts, and leaves it in the log. */
function takeOut(context: AcceptContext, known: KnownPurchase, sequence: number): void {
  const { registries, checkpoints, batch, store } = context;
  const { purchase, sequence: purchaseSequence } = known;
  if (purchase.memberId === undefined) {
    const returns = readReturns(store, purchase.purchaseId);
    const kept = { purchase, purchaseSequence, addedAt: purchaseSequence, returns, registries };
    batch.changeTicket(purchaseSequence, encodeHistoryEntry(deriveEntry(kept)), undefined);
    return;
  }
  const member = findMember(store, purchase.memberId);
  const before = historyOf(context, member.root);
  if (!before) return;
  const options = { purchaseSequence, sequence, checkpoints: checkpoints() };
  changeHistory(context, member, before, removeEntry(before, options).history);
}

/** An erase of the member finds the copy by their record. */
function keepCopy(
  context: AcceptContext,
  purchaseId: string,
  sequence: number,
  memberId: string | undefined,
): void {
  const { store } = context;
  writeCopies(store, purchaseId, [...readCopies(store, purchaseId), sequence]);
  if (memberId === undefined) return;
  const { root, record } = findMember(store, memberId);
  putMember(store, { root, record: { ...record, sequences: [...record.sequences, sequence] } });
}

/**
 * Counts the next copy of receipts whose counted copy was erased or has expired: as if that had
 * never come. Inside the transaction that takes it.
 */
export function countNextCopies(context: AcceptContext, purchaseIds: readonly string[]): void {
  const { store, log } = context;
  for (const purchaseId of purchaseIds) {
    const kept = readCopies(store, purchaseId);
    if (kept.length === 0) continue;
    const copies = kept.flatMap((sequence) => {
      const entry = log.read(sequence);
      return entry.kind === 'purchase' ? [{ sequence, entry }] : [];
    });
    const named = copies.map((copy) => ({ ...copy, ...log.origins.at(copy.sequence), at: copy }));
    named.sort((a, b) => (a.origin < b.origin ? -1 : 1));
    const next = named[0]?.at;
    const left = copies.filter((copy) => copy !== next).map(({ sequence }) => sequence);
    writeCopies(store, purchaseId, left);
    if (!next) {
      forgetReturns(context, purchaseId, readReturns(store, purchaseId), []);
      continue;
    }
    revive(context, purchaseId);
    const { purchase, acceptedAtMs } = next.entry;
    const contentHash = context.hashContent(purchaseContent(purchase));
    const { sequence } = next;
    countPurchase(context, { purchase, contentHash, acceptedAtMs, sequence, addedAt: log.head });
    requireRecount(context, log.head);
  }
}

/** By when both were accepted, so that the order in which they came here does not matter. */
function isTooLate(acceptedAtMs: number, known: KnownPurchase | undefined): boolean {
  if (!known) return false;
  return acceptedAtMs < known.acceptedAtMs - limits.parkedReturnDaysMax * millisecondsPerDay;
}

export function applyReturn(
  context: AcceptContext,
  { place, entry, append }: ArrivalOf<'return'>,
): void {
  const { store, log } = context;
  const { return: value, acceptedAtMs } = entry;
  const { returnId, purchaseId } = value;
  const known = findPurchase(context, purchaseId);
  const twins = knownReturns(context, returnId);
  const originOf = (sequence: number) => log.origins.at(sequence).origin;
  const isSecond = twins.some((sequence) => originOf(sequence) < place.origin);
  const isForgotten = judgeForgotten(context, returnId, purchaseId) !== undefined;
  if (isForgotten || isSecond || isTooLate(acceptedAtMs, known)) {
    append(false);
    return;
  }
  const later = twins.filter((sequence) => originOf(sequence) > place.origin);
  for (const twin of later) takeBackReturn(context, twin);
  const sequence = append(true);
  const contentHash = context.hashContent(returnContent(value));
  rememberId(store, 'return', returnId, { sequence, contentHash });
  const earlier = readReturns(store, purchaseId);
  const kept = [...earlier, { sequence, acceptedAtMs, lines: value.lines }];
  writeReturns(store, purchaseId, kept);
  if (known) moveReceipt(context, known, { before: earlier, after: kept }, sequence);
  if (later.length > 0) requireRecount(context, sequence);
}

/** The same return came through an origin whose name comes later: that one does not count. */
function takeBackReturn(context: AcceptContext, sequence: number): void {
  const { store, log } = context;
  const entry = log.read(sequence);
  if (entry.kind !== 'return') return;
  const { purchaseId } = entry.return;
  const before = readReturns(store, purchaseId);
  const after = before.filter((kept) => kept.sequence !== sequence);
  const known = findPurchase(context, purchaseId);
  if (known) moveReceipt(context, known, { before, after }, log.head + 1);
  forgetReturns(
    context,
    purchaseId,
    before.filter((kept) => kept.sequence === sequence),
    after,
  );
}
