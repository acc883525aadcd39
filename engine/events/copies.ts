// Receipts in the log: which copy of each counts, where several origins accepted one.
import { millisecondsPerDay } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { ByteReader } from '../log/bytes.ts';
import { acceptedAtMsOf, bodyOf, codeOf } from '../log/frame.ts';
import type { Store } from '../store/store.ts';
import { registerUnknown } from './catalogue.ts';
import { requireRecount, type WriteContext } from './context.ts';
import { forgetReturns } from './forget.ts';
import { findId, type KnownId, readCopies, rememberId, writeCopies } from './ids.ts';
import type { IncomingEntry } from './kind.ts';
import {
  decodePurchase,
  type LoggedPurchase,
  purchaseCode,
  purchaseHash,
} from './logged-purchase.ts';
import type { KeptReturn } from './logged-return.ts';
import { insertReceipt, readReturns, removeReceipt, type StoredPurchase } from './receipts.ts';
import { indexEntry } from './subjects.ts';
import { hasTombstone, removeTombstones } from './tombstones.ts';

export interface KnownPurchase extends StoredPurchase {
  readonly acceptedAtMs: number;
}

/** The purchase at a place of the log; undefined where something else stands. */
export function readPurchase(
  { log }: Pick<WriteContext, 'log'>,
  sequence: number,
): KnownPurchase | undefined {
  const bytes = log.read(sequence);
  if (codeOf(bytes) !== purchaseCode) return undefined;
  const purchase = decodePurchase(new ByteReader(bodyOf(bytes)));
  return { purchase, sequence, acceptedAtMs: acceptedAtMsOf(bytes) };
}

/** Whether the copy of a receipt at a place of the log is the one that counts. */
export function isCountedCopy(store: Store, purchaseId: string, sequence: number): boolean {
  return findId(store, purchaseCode, purchaseId)?.sequence === sequence;
}

/** The copy of a receipt that counts. */
export function findPurchase(
  context: Pick<WriteContext, 'log' | 'store'>,
  purchaseId: string,
): KnownPurchase | undefined {
  const known = findId(context.store, purchaseCode, purchaseId);
  return known && readPurchase(context, known.sequence);
}

/** The receipt counts from `addedAt` on, under its id. */
export function countPurchase(
  context: WriteContext,
  { purchase, sequence, acceptedAtMs }: KnownPurchase,
  addedAt: number,
): void {
  registerUnknown(context, purchase);
  const contentHash = purchaseHash(context, purchase);
  rememberId(context.store, purchaseCode, purchase.purchaseId, { sequence, contentHash });
  const returns = takeParked(context, purchase.purchaseId, acceptedAtMs);
  insertReceipt(context, { purchase, sequence }, { addedAt, returns });
}

/**
 * Returns that waited for this purchase, without those that waited too long: by when both were
 * accepted, so that every node decides alike.
 */
function takeParked(
  context: WriteContext,
  purchaseId: string,
  purchaseAcceptedAtMs: number,
): readonly KeptReturn[] {
  const parked = readReturns(context, purchaseId);
  if (parked.length === 0) return parked;
  const oldest = purchaseAcceptedAtMs - limits.parkedReturnDaysMax * millisecondsPerDay;
  const counted = parked.filter(({ acceptedAtMs }) => acceptedAtMs >= oldest);
  const tooLate = parked.filter(({ acceptedAtMs }) => acceptedAtMs < oldest);
  forgetReturns(context, purchaseId, tooLate, counted);
  return counted;
}

/** A copy that does not count: an erase of its member finds it by them. */
function addCopy({ store }: WriteContext, { purchase, sequence }: StoredPurchase): void {
  const { purchaseId, memberId } = purchase;
  writeCopies(store, purchaseId, [...readCopies(store, purchaseId), sequence]);
  if (memberId !== undefined) indexEntry(store, memberId, sequence, purchaseCode);
}

/** The receipt has come to two origins: the copy of the one whose name comes first counts. */
export function settleCopies(
  context: WriteContext,
  { value: purchase, acceptedAtMs, origin }: IncomingEntry<LoggedPurchase>,
  known: KnownId,
  sequence: number,
): void {
  const { log, notify } = context;
  const { purchaseId } = purchase;
  if (!log.origins.isNamed) {
    const message = `the log does not replay: receipt ${JSON.stringify(purchaseId)} stands twice`;
    throw new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
  }
  const holder = log.origins.at(known.sequence).origin;
  const counts = origin < holder;
  if (counts) {
    const before = readPurchase(context, known.sequence)!;
    removeReceipt(context, before, {
      removedAt: sequence,
      returns: readReturns(context, purchaseId),
    });
    addCopy(context, before);
    countPurchase(context, { purchase, sequence, acceptedAtMs }, sequence);
  } else {
    addCopy(context, { purchase, sequence });
  }
  requireRecount(context, sequence);
  const counted = counts ? origin : holder;
  notify(`receipt ${purchaseId} came to ${origin} and ${holder}: that of ${counted} counts`);
}

/**
 * Counts the next copy of a receipt whose counted copy was erased or has expired: as if that had
 * never come. Inside the transaction that takes it.
 */
export function countNextCopy(context: WriteContext, purchaseId: string): void {
  const { store, log } = context;
  const kept = readCopies(store, purchaseId);
  if (kept.length === 0) return;
  const copies = kept.flatMap((sequence) => readPurchase(context, sequence) ?? []);
  const originOf = ({ sequence }: KnownPurchase) => log.origins.at(sequence).origin;
  copies.sort((a, b) => (originOf(a) < originOf(b) ? -1 : 1));
  // Copies of an erased member stay where they are until the erase comes to them.
  const isErased = ({ purchase: { memberId } }: KnownPurchase) =>
    memberId !== undefined && hasTombstone(context, 'member', memberId);
  const next = copies.find((copy) => !isErased(copy));
  const left = copies.filter((copy) => copy !== next);
  writeCopies(
    store,
    purchaseId,
    left.map(({ sequence }) => sequence),
  );
  if (!next) {
    forgetReturns(context, purchaseId, readReturns(context, purchaseId), []);
    return;
  }
  removeTombstones(context, purchaseId);
  countPurchase(context, next, log.head);
  requireRecount(context, log.head);
}
