// Which receipt took the place of which. Whether a receipt is withdrawn is a function of the set of
// these rows, which only grows, so that it does not matter in which order they come. By keyed
// hashes: the rows outlive both receipts, which may come again from another node.
//
// 1 | hash of the replaced | hash of what counts instead -> JSON: where it stands in the log, and
//                                                           both ids until one is forgotten
// 2 | hash of what counts instead | hash of the replaced -> nothing
// 3 | hash of either -> nothing: so that one look tells most receipts that nothing is said of them
import type { WriteContext } from './context.ts';
import { findId, readCopies } from './ids.ts';
import { purchaseCode } from './logged-purchase.ts';
import type { Pair } from './logged-replacement.ts';

type Context = Pick<WriteContext, 'store' | 'ledger'>;

const hashBytes = 16;
const [ofReplaced, ofOther, ofEither] = [1, 2, 3] as const;

export interface Replacement extends Pair {
  /** Where it stands in the log, once for each origin that accepted it. */
  readonly sequences: readonly number[];
  /** Absent from when on one of the two is forgotten. */
  readonly ids?: { readonly replaced: string; readonly by: string } | undefined;
}

/** Whether the replacement is of an anonymous receipt by itself, with a member. */
export function isOfItself({ replaced, by }: Pair): boolean {
  return replaced.equals(by);
}

function keyOf({ replaced, by }: Pair): Buffer {
  return Buffer.concat([Buffer.of(ofReplaced), replaced, by]);
}

function* rowsFrom({ store }: Pick<WriteContext, 'store'>, code: number, hash: Buffer) {
  const { replacements } = store.tables;
  if (replacements.isEmpty()) return;
  const prefix = Buffer.concat([Buffer.of(code), hash]);
  for (const row of replacements.rows(prefix)) {
    if (row.key.compare(prefix, 0, prefix.length, 0, prefix.length) !== 0) return;
    yield row;
  }
}

/** By what a receipt was replaced: one, or several where origins did not know of each other. */
export function replacementsOf(context: Pick<WriteContext, 'store'>, hash: Buffer): Replacement[] {
  return [...rowsFrom(context, ofReplaced, hash)].map(({ key, value }) => ({
    replaced: key.subarray(1, 1 + hashBytes),
    by: key.subarray(1 + hashBytes),
    ...(JSON.parse(value.toString()) as Pick<Replacement, 'sequences' | 'ids'>),
  }));
}

/** What a receipt has replaced. */
export function replacementsBy(context: Pick<WriteContext, 'store'>, hash: Buffer): Replacement[] {
  return [...rowsFrom(context, ofOther, hash)].flatMap(({ key }) => {
    const replaced = key.subarray(1 + hashBytes);
    return replacementsOf(context, replaced).filter(({ by }) => by.equals(hash));
  });
}

/** Inside a transaction only, like what follows. */
export function putReplacement({ store }: Context, replacement: Replacement): void {
  const { replaced, by, sequences, ids } = replacement;
  const value = Buffer.from(JSON.stringify({ sequences, ids }));
  store.tables.replacements.put(keyOf(replacement), value);
  const other = Buffer.concat([Buffer.of(ofOther), by, replaced]);
  store.tables.replacements.put(other, Buffer.alloc(0));
  for (const hash of [replaced, by]) store.tables.replacements.put(markOf(hash), Buffer.alloc(0));
}

function markOf(hash: Buffer): Buffer {
  return Buffer.concat([Buffer.of(ofEither), hash]);
}

/** One of the two was forgotten, here or elsewhere; what stood in the log goes on to. */
export function putForgotten(context: Context, { replaced, by }: Pair): void {
  const known = replacementsOf(context, replaced).find((other) => other.by.equals(by));
  putReplacement(context, { replaced, by, sequences: known?.sequences ?? [], ids: known?.ids });
}

export function removeReplacement({ store }: Context, { replaced, by }: Pair): void {
  store.tables.replacements.remove(keyOf({ replaced, by }));
  store.tables.replacements.remove(Buffer.concat([Buffer.of(ofOther), by, replaced]));
}

/** A receipt as far as that matters here. */
interface Copy {
  readonly purchaseId: string;
  readonly memberId: string | undefined;
}

/**
 * Whether a copy of a receipt does not count, because another receipt took its place: one that
 * replaced it, or one that replaced the same as it did and whose hash is less; or the receipt
 * itself, with a member.
 */
export function isWithdrawn(context: Context, { purchaseId, memberId }: Copy): boolean {
  const { replacements } = context.store.tables;
  if (replacements.isEmpty()) return false;
  const hash = context.ledger.hash(purchaseId);
  if (!replacements.has(markOf(hash))) return false;
  const isReplaced = replacementsOf(context, hash).some((replacement) => {
    return !isOfItself(replacement) || memberId === undefined;
  });
  return isReplaced || isOutdone(context, hash);
}

function isOutdone(context: Context, hash: Buffer): boolean {
  return replacementsBy(context, hash).some((replacement) => {
    if (isOfItself(replacement)) return false;
    const others = replacementsOf(context, replacement.replaced);
    return others.some((other) => !isOfItself(other) && other.by.compare(hash) < 0);
  });
}

/** Whether any copy of a receipt is kept, whether it counts or not. */
export function isHeld({ store }: Pick<WriteContext, 'store'>, purchaseId: string): boolean {
  const isCounted = findId(store, purchaseCode, purchaseId) !== undefined;
  return isCounted || readCopies(store, purchaseId).length > 0;
}

/** The receipt that counts instead of one that was replaced, where that is kept. */
export function replacedBy(context: Context, purchaseId: string): string | undefined {
  if (context.store.tables.replacements.isEmpty()) return undefined;
  const all = replacementsOf(context, context.ledger.hash(purchaseId));
  return all.find((replacement) => !isOfItself(replacement) && replacement.ids)?.ids?.by;
}

/** Whether there may be copies of receipts that do not count. */
export function mayHaveCopies({ store, log }: Pick<WriteContext, 'store' | 'log'>): boolean {
  return log.origins.isNamed || !store.tables.replacements.isEmpty();
}
