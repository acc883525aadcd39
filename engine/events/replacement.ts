// That one receipt takes the place of another: a correction, or the receipt itself with a member.
import { counted } from '../base/plural.ts';
import type { WriteContext } from './context.ts';
import { settleCopies } from './copies.ts';
import { type EntryKind, type IncomingEntry, namesNoMember } from './kind.ts';
import {
  decodeReplacement,
  encodeReplacement,
  type LoggedReplacement,
  type Pair,
  pairOf,
  replacementCode,
} from './logged-replacement.ts';
import { readReturns } from './receipts.ts';
import { isOfItself, putReplacement, type Replacement, replacementsOf } from './replacements.ts';
import { tombstoneKey } from './tombstones.ts';
import { forgetWithdrawn, isReplacementHeld, veil } from './withdrawn.ts';

function known(context: WriteContext, { replaced, by }: Pair): Replacement | undefined {
  return replacementsOf(context, replaced).find((other) => other.by.equals(by));
}

/** What counts instead was forgotten, here or before it came: so is what it took the place of. */
function applyVeiled(
  context: WriteContext,
  { value, pair }: { readonly value: LoggedReplacement; readonly pair: Pair },
  sequence: number,
): void {
  const { store } = context;
  for (const each of [...(known(context, pair)?.sequences ?? []), sequence]) {
    veil(context, pair, each);
  }
  putReplacement(context, { ...pair, sequences: [], ids: undefined });
  store.tables.tombstones.put(tombstoneKey('purchase', pair.replaced), Buffer.alloc(0));
  settleOthers(context, pair, sequence);
  const ids = value.isVeiled ? context.purchaseIdsOfHash(value.replaced) : [value.replaced];
  for (const id of ids) {
    settleCopies(context, id, sequence);
    forgetWithdrawn(context, id);
  }
}

/** Of receipts that replace the same one only one counts, also where that one is forgotten. */
function settleOthers(context: WriteContext, { replaced }: Pair, sequence: number): void {
  for (const other of replacementsOf(context, replaced)) {
    if (isOfItself(other)) continue;
    const ids = other.ids ? [other.ids.by] : context.purchaseIdsOfHash(other.by.toString('hex'));
    for (const id of ids) settleCopies(context, id, sequence);
  }
}

function apply(context: WriteContext, incoming: IncomingEntry<LoggedReplacement>): void {
  const { value, append } = incoming;
  const { replaced, by, isVeiled } = value;
  const pair = pairOf(context, value);
  const sequence = append(true);
  const before = known(context, pair);
  // It stands behind what counts instead: where that is not here, it was forgotten.
  if (isVeiled || !isReplacementHeld(context, pair, by)) {
    applyVeiled(context, { value, pair }, sequence);
    return;
  }
  const sequences = [...(before?.sequences ?? []), sequence];
  putReplacement(context, { ...pair, sequences, ids: { replaced, by } });
  settleCopies(context, replaced, sequence);
  if (isOfItself(pair)) return;
  settleOthers(context, pair, sequence);
  const left = readReturns(context, replaced).length;
  if (left === 0) return;
  context.notify(
    `receipt ${replaced} was replaced by ${by}; ${counted(left, 'return')} of it will not count`,
  );
}

export const replacementEntries: EntryKind<'replacement', LoggedReplacement> = {
  name: 'replacement',
  code: replacementCode,
  stream: 'log',
  encode: encodeReplacement,
  decode: decodeReplacement,
  // Whoever forgets one of the receipts takes their ids out of it (withdrawn.ts).
  subjects: () => [],
  apply,
  forget: namesNoMember,
};
