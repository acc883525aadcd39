// Compares histories with the log they came from.
import { limits } from '../base/limits.ts';
import { isCountedCopy, type KnownPurchase, readPurchase } from '../events/copies.ts';
import { mayHaveCopies } from '../events/replacements.ts';
import { entryOf, type ReceiptSource } from '../events/stored-receipts.ts';
import { idsOfPrefixes } from '../events/subjects.ts';
import {
  belongsTo,
  type Chunk,
  decodeChunk,
  firstKeyOf,
  keyAt,
  noTotals,
  prefixOf,
  startsOf,
  type Totals,
} from '../history/chunk.ts';
import {
  decodeEntry,
  encodeEntry,
  entryEnd,
  lineCountOf,
  removedAtOf,
  sequenceOf,
} from '../history/entry.ts';
import { chunksFrom, readTotals, totalsAsOf } from '../history/histories.ts';
import { findMember } from '../history/members.ts';
import type { Store } from '../store/store.ts';
import type { DifferenceList } from './verify.ts';

/** The entries of a receipt that count, in the history that it belongs to, as that is now. */
function heldNow({ store }: ReceiptSource, memberId: string, stored: KnownPurchase): Buffer[] {
  const prefix = prefixOf(memberId);
  const { occurredAtMs, purchaseId } = stored.purchase;
  const position = keyAt(prefix, { occurredAtMs, purchaseId: Buffer.from(purchaseId) });
  // Not copied as a whole: a verify looks at some kilobytes for each receipt.
  const row = store.tables.histories.viewAtOrBefore(position);
  if (!row || !belongsTo(row.key, prefix)) return [];
  const { entries } = decodeChunk(row.key, row.value);
  const held: Buffer[] = [];
  for (const at of startsOf(entries)) {
    if (removedAtOf(entries, at) !== 0 || sequenceOf(entries, at) !== stored.sequence) continue;
    held.push(Buffer.from(entries.subarray(at, entryEnd(entries, at))));
  }
  return held;
}

/** What is wrong with an entry of the history of an id that counts. */
function entryDifference(source: ReceiptSource, id: string, entry: Buffer): string | undefined {
  const held = decodeEntry(entry);
  const { purchaseId, purchaseSequence: sequence } = held;
  const stored = readPurchase(source, sequence);
  if (stored?.purchase.memberId !== id) return `receipt ${purchaseId} is not in the log`;
  const expected = entryOf(source, stored, { addedAt: held.addedAt });
  const isSame = encodeEntry(expected).equals(entry);
  return isSame ? undefined : `receipt ${purchaseId} is not what was logged`;
}

/** The same, read again within one step: it may have been written since it was read. */
function differenceNow(source: ReceiptSource, id: string, entry: Buffer): string | undefined {
  const difference = entryDifference(source, id, entry);
  if (difference === undefined || isErased(source.store, id)) return undefined;
  const stored = readPurchase(source, sequenceOf(entry, 0));
  if (!stored) return isHeldStill(source, id, entry) ? difference : undefined;
  const held = heldNow(source, id, stored);
  return held.map((now) => entryDifference(source, id, now)).find((found) => found !== undefined);
}

function isHeldStill({ store }: ReceiptSource, id: string, entry: Buffer): boolean {
  for (const { entries } of chunksFrom(store.tables.histories, prefixOf(id))) {
    for (const at of startsOf(entries)) {
      if (removedAtOf(entries, at) !== 0) continue;
      if (sequenceOf(entries, at) === sequenceOf(entry, 0)) return true;
    }
  }
  return false;
}

/** Of whom everything is being taken away. */
function isErased(store: Store, id: string): boolean {
  return findMember(store, id).record.erasedAt !== undefined;
}

function addTotals(sum: Totals, { entries }: Chunk): Totals {
  const { receipts, lines } = totalsAsOf(entries, (at) => removedAtOf(entries, at) === 0);
  return { ...sum, receipts: sum.receipts + receipts, lines: sum.lines + lines };
}

/** What a receipt costs beside its lines, in lines. */
const linesOfReceipt = 8;

/** Compares the history of one id, some lines a step. */
function* compareHistory(
  source: ReceiptSource,
  id: string,
  differences: DifferenceList,
): Generator<void, void> {
  const { store, log } = source;
  const { head } = log;
  let totals = noTotals;
  let compared = 0;
  let expected: Buffer | undefined = firstKeyOf(prefixOf(id));
  let isChained = true;
  for (const chunk of chunksFrom(store.tables.histories, prefixOf(id))) {
    totals = addTotals(totals, chunk);
    isChained &&= expected?.equals(chunk.key) ?? false;
    expected = chunk.next;
    for (const at of startsOf(chunk.entries)) {
      const lines = linesOfReceipt + lineCountOf(chunk.entries, at);
      if (compared > 0 && compared + lines > limits.verifyLinesMax) {
        yield;
        compared = 0;
      }
      compared += lines;
      if (removedAtOf(chunk.entries, at) !== 0) continue;
      const entry = chunk.entries.subarray(at, entryEnd(chunk.entries, at));
      const difference = differenceNow(source, id, entry);
      if (difference !== undefined) differences.add(`history: ${difference}`);
    }
  }
  // What was written meanwhile is in some of the parts and not in others.
  if (log.head !== head || isErased(store, id)) return;
  if (!isChained || expected)
    differences.add(`history: the chunks of ${id} do not lead through all`);
  const stored = readTotals(store.tables.histories, id);
  if (stored.receipts === totals.receipts && stored.lines === totals.lines) return;
  const [held, counted] = [stored, totals].map(({ receipts, lines }) => `${receipts}/${lines}`);
  differences.add(`history: ${id} says ${held} receipts and lines, and holds ${counted}`);
}

/**
 * Every receipt of a member stands in the history of its id, once, as it was logged less its
 * returns. Yields between members and within long histories: whatever is found to differ is read
 * within one step, so that what is written between two steps is no difference.
 */
export function* compareHistories(
  source: ReceiptSource,
  differences: DifferenceList,
): Generator<void, void> {
  const { store, log } = source;
  // What is accepted from here on is for the next verify.
  const { head } = log;
  for (const id of idsOfPrefixes(store.tables.histories)) {
    yield* compareHistory(source, id, differences);
    yield;
  }
  for (let sequence = 1; sequence <= head; sequence++) {
    const stored = readPurchase(source, sequence);
    const memberId = stored?.purchase.memberId;
    if (stored && memberId !== undefined && !isErased(store, memberId)) {
      const { purchaseId } = stored.purchase;
      const isCopy = mayHaveCopies(source) && !isCountedCopy(store, purchaseId, sequence);
      const times = isCopy ? 1 : heldNow(source, memberId, stored).length;
      if (times === 0) differences.add(`receipt ${purchaseId} is in no history`);
      if (times > 1) differences.add(`receipt ${purchaseId} is held twice`);
    }
    yield;
  }
}
