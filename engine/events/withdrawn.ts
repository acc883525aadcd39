// Receipts that another took the place of: they are kept in the log, so that a chain can be put
// back to before that, and go with the one that counts instead.
import { acceptedAtMsOf } from '../log/frame.ts';
import type { WriteContext } from './context.ts';
import { type KnownPurchase, readHeld, settleCopies } from './copies.ts';
import { forgetReturns } from './forget.ts';
import { findId, readCopies, writeCopies } from './ids.ts';
import { purchaseCode } from './logged-purchase.ts';
import { encodeReplacement, type Pair, replacementCode } from './logged-replacement.ts';
import { readReturns } from './receipts.ts';
import { encode } from './record.ts';
import {
  isHeld,
  isOfItself,
  isWithdrawn,
  putReplacement,
  type Replacement,
  removeReplacement,
  replacementsBy,
  replacementsOf,
} from './replacements.ts';
import { unindexEntry } from './subjects.ts';
import { putTombstone } from './tombstones.ts';

const kind = { code: replacementCode, encode: encodeReplacement };

/** What an entry says of two receipts of which one is forgotten. */
export function veil({ log }: WriteContext, { replaced, by }: Pair, sequence: number): void {
  const [hashOfReplaced, hashOfBy] = [replaced.toString('hex'), by.toString('hex')];
  const value = { replaced: hashOfReplaced, by: hashOfBy, isVeiled: true };
  log.overwrite(sequence, encode(kind, acceptedAtMsOf(log.read(sequence)), value));
}

function veilAll(context: WriteContext, replacement: Replacement): void {
  if (!replacement.ids) return;
  for (const sequence of replacement.sequences) veil(context, replacement, sequence);
  putReplacement(context, { ...replacement, ids: undefined });
}

function copiesOf({ store, log }: WriteContext, purchaseId: string): KnownPurchase[] {
  const known = findId(store, purchaseCode, purchaseId);
  const copies = readCopies(store, purchaseId);
  return readHeld({ store, log }, known ? [known.sequence, ...copies] : copies);
}

/** Whether what counts instead is kept: of a receipt with a member now, its copy that has one. */
export function isReplacementHeld(context: WriteContext, of: Pair, by: string): boolean {
  if (!isOfItself(of)) return isHeld(context, by);
  return copiesOf(context, by).some(({ purchase }) => purchase.memberId !== undefined);
}

/** Whether a receipt that comes now was replaced by one that is forgotten: so is it then. */
export function isGone(
  context: WriteContext,
  purchase: { readonly purchaseId: string; readonly memberId: string | undefined },
): boolean {
  if (!isWithdrawn(context, purchase)) return false;
  const { store, ledger } = context;
  const all = replacementsOf({ store }, ledger.hash(purchase.purchaseId));
  const isKept = (each: Replacement) =>
    each.ids !== undefined && isReplacementHeld(context, each, each.ids.by);
  return all.length > 0 && !all.some(isKept);
}

/**
 * A receipt is taken out as if it had never come: what it took the place of counts again. Answers
 * the ids of those, as far as they are kept.
 */
export function takeBackReplacements(context: WriteContext, purchaseId: string): string[] {
  const { store, log, ledger } = context;
  if (store.tables.replacements.isEmpty()) return [];
  const replaced: string[] = [];
  for (const each of replacementsBy({ store }, ledger.hash(purchaseId))) {
    for (const sequence of each.sequences) log.blank(sequence);
    removeReplacement(context, each);
    if (!each.ids) continue;
    settleCopies(context, each.ids.replaced, log.head);
    if (!isOfItself(each) && isHeld(context, each.ids.replaced)) replaced.push(each.ids.replaced);
  }
  return replaced;
}

/** What becomes of the id: that of an erased member, or of a receipt that has expired. */
type Why = 'purchase' | 'expired';

/** Copies that do not count leave the log, with what was brought back of them. */
function forgetCopies(context: WriteContext, purchaseId: string, why: Why): number {
  const { store, log, batch } = context;
  for (const { purchase, sequence } of copiesOf(context, purchaseId)) {
    log.blank(sequence);
    if (purchase.memberId !== undefined) unindexEntry(store, purchase.memberId, sequence);
    batch.work += workOfCopy;
  }
  writeCopies(store, purchaseId, []);
  const returns = readReturns(context, purchaseId);
  forgetReturns(context, purchaseId, returns, []);
  putTombstone(context, why, purchaseId);
  return returns.length;
}

/** A receipt whose replacement was forgotten is forgotten with it, and so on. */
export function forgetWithdrawn(context: WriteContext, purchaseId: string): void {
  for (const { purchase } of copiesOf(context, purchaseId)) {
    // One with another member, of a receipt that was anonymous elsewhere.
    if (!isWithdrawn(context, purchase)) return;
  }
  forgetCopies(context, purchaseId, 'purchase');
  forgetReplaced(context, purchaseId);
}

/** Of `Batch.work`. */
const workOfCopy = 20;

/**
 * After a copy of a receipt has left: where no copy is left that could count, those that it took
 * the place of leave too, and nothing names them any more. Answers how many returns left with them.
 */
export function forgetReplaced(
  context: WriteContext,
  purchaseId: string,
  why: Why = 'purchase',
): number {
  if (context.store.tables.replacements.isEmpty()) return 0;
  let returns = 0;
  for (const ids = [purchaseId]; ids.length > 0; ) {
    const id = ids.pop()!;
    const hash = context.ledger.hash(id);
    const [of, by] = [replacementsOf(context, hash), replacementsBy(context, hash)];
    // The anonymous one, whose copy with a member has left.
    const isClaimed = of.some(isOfItself) && isHeld(context, id);
    if (isClaimed && !isReplacementHeld(context, { replaced: hash, by: hash }, id)) {
      returns += forgetCopies(context, id, why);
    }
    if (isHeld(context, id)) continue;
    const replaced = by.flatMap((each) => (isOfItself(each) ? [] : (each.ids?.replaced ?? [])));
    for (const each of [...of, ...by]) veilAll(context, each);
    for (const other of replaced) {
      const others = replacementsOf(context, context.ledger.hash(other));
      if (others.some((each) => each.ids && isReplacementHeld(context, each, each.ids.by)))
        continue;
      returns += forgetCopies(context, other, why);
      ids.push(other);
    }
  }
  return returns;
}
