// Receipts in the log: which copy of each counts, where several origins accepted one, or where
// another receipt took its place.
import { millisecondsPerDay } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { ByteReader } from '../log/bytes.ts';
import { acceptedAtMsOf, bodyOf, codeOf } from '../log/frame.ts';
import type { Store } from '../store/store.ts';
import { registerUnknown } from './catalogue.ts';
import { requireRecount, type WriteContext } from './context.ts';
import { forgetReturns } from './forget.ts';
import { findId, forgetId, type KnownId, readCopies, rememberId, writeCopies } from './ids.ts';
import { decodePurchase, purchaseCode, purchaseHash } from './logged-purchase.ts';
import type { KeptReturn } from './logged-return.ts';
import { insertReceipt, readReturns, removeReceipt, type StoredPurchase } from './receipts.ts';
import { isWithdrawn } from './replacements.ts';
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
  const bytes = log.view(sequence);
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
export function addCopy({ store }: WriteContext, { purchase, sequence }: StoredPurchase): void {
  const { purchaseId, memberId } = purchase;
  writeCopies(store, purchaseId, [...readCopies(store, purchaseId), sequence]);
  if (memberId !== undefined) indexEntry(store, memberId, sequence, purchaseCode);
}

/** What no checkpoint counts: it is not gone on from afterwards. */
const noCheckpoint = { oldest: 0, newest: 0 };

/** The counted copy does not count from a log sequence on. */
function uncount(context: WriteContext, { sequence }: KnownId, removedAt: number): void {
  const stored = readPurchase(context, sequence)!;
  const { purchaseId } = stored.purchase;
  const returns = readReturns(context, purchaseId);
  const ofNone = { ...context, checkpoints: () => noCheckpoint };
  removeReceipt(ofNone, stored, { removedAt, returns });
  forgetId(context.store, purchaseCode, purchaseId);
  addCopy(context, stored);
}

function isErased(context: WriteContext, { purchase: { memberId } }: KnownPurchase): boolean {
  return memberId !== undefined && hasTombstone(context, 'member', memberId);
}

/** Copies that are kept, in the order in which they came. */
export function readHeld(
  context: Pick<WriteContext, 'log' | 'store'>,
  sequences: readonly number[],
): KnownPurchase[] {
  return [...sequences]
    .sort((a, b) => a - b)
    .flatMap((sequence) => readPurchase(context, sequence) ?? []);
}

/**
 * Of copies of a receipt the one that counts: of those that no other receipt took the place of, the
 * one of the origin whose name comes first. Those of an erased member stay where they are until the
 * erase comes to them.
 */
function bestOf(context: WriteContext, sequences: readonly number[]): KnownPurchase | undefined {
  const { origins } = context.log;
  const originOf = (sequence: number) => (origins.isNamed ? origins.at(sequence).origin : '');
  const mayCount = readHeld(context, sequences).filter(
    (copy) => !isErased(context, copy) && !isWithdrawn(context, copy.purchase),
  );
  const [first] = mayCount.map(({ sequence }) => originOf(sequence)).sort();
  return mayCount.find(({ sequence }) => originOf(sequence) === first);
}

/**
 * From a log sequence on that copy of a receipt counts which should: after one has come or gone, or
 * another receipt has taken its place.
 */
export function settleCopies(context: WriteContext, purchaseId: string, sequence: number): void {
  const { store } = context;
  const known = findId(store, purchaseCode, purchaseId);
  const copies = readCopies(store, purchaseId);
  const next = bestOf(context, known ? [known.sequence, ...copies] : copies);
  if (next?.sequence === known?.sequence) return;
  if (known) uncount(context, known, sequence);
  if (next) {
    const left = readCopies(store, purchaseId).filter((copy) => copy !== next.sequence);
    writeCopies(store, purchaseId, left);
    removeTombstones(context, purchaseId);
    countPurchase(context, next, sequence);
  }
  requireRecount(context, sequence);
}

/**
 * Counts the next copy of a receipt whose counted copy was erased or has expired: as if that had
 * never come. Inside the transaction that takes it.
 */
export function countNextCopy(context: WriteContext, purchaseId: string): void {
  const { store, log } = context;
  const copies = readCopies(store, purchaseId);
  if (copies.length === 0) return;
  settleCopies(context, purchaseId, log.head);
  if (!readHeld(context, copies).every((copy) => isErased(context, copy))) return;
  forgetReturns(context, purchaseId, readReturns(context, purchaseId), []);
}
