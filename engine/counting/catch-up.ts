// From a checkpoint to the log's end: each member and ticket that the tail touched, once.

import { limits } from '../base/limits.ts';
import { nextTurn } from '../base/turns.ts';
import { readPurchase } from '../events/copies.ts';
import { findId } from '../events/ids.ts';
import { purchaseCode } from '../events/logged-purchase.ts';
import { returnedPurchaseOf } from '../events/logged-return.ts';
import { type ReceiptSource, ticketAt } from '../events/stored-receipts.ts';
import { keyAt, positionAt, prefixOf, startsOf } from '../history/chunk.ts';
import {
  type Change,
  contributionModeOf,
  entryChange,
  readHistory,
} from '../history/contributions.ts';
import { addedAtOf, entryEnd, removedAtOf, sequenceOf } from '../history/entry.ts';
import { chunkAtOrBefore, isSharedCard, readTotals, totalsAsOf } from '../history/histories.ts';
import { findMember, idsOf, type Member } from '../history/members.ts';
import { residuesAfter } from '../history/residues.ts';
import { updateCounts } from './count-updater.ts';
import type { Counts } from './counts.ts';

/** Later than every entry of a log. */
const now = Number.MAX_SAFE_INTEGER;
/** Entries read between two pauses: some 5 µs each. */
const entriesAtOnce = 512;

export interface CatchUp extends ReceiptSource {
  /** They stand at sequence `from`. */
  readonly counts: Counts;
  readonly from: number;
}

/** A receipt that the tail touched, where it stands in a history. */
interface Receipt {
  readonly memberId: string;
  readonly sequence: number;
  readonly position: { readonly occurredAtMs: number; readonly purchaseId: Buffer };
}

interface Touched {
  /** By the id that stands for the member, and by their places in the log. */
  readonly members: Map<string, Map<number, Receipt>>;
  readonly tickets: Set<number>;
}

/** The receipt at a place of the log has come, or changed by a return. */
function touch(source: ReceiptSource, touched: Touched, sequence: number): void {
  const stored = readPurchase(source, sequence);
  if (!stored) return;
  const { memberId, occurredAtMs, purchaseId } = stored.purchase;
  if (memberId === undefined) {
    touched.tickets.add(sequence);
    return;
  }
  const { root } = findMember(source.store, memberId);
  const receipts = touched.members.get(root) ?? new Map<number, Receipt>();
  touched.members.set(root, receipts);
  const position = { occurredAtMs, purchaseId: Buffer.from(purchaseId) };
  receipts.set(sequence, { memberId, sequence, position });
}

function touchBy(
  source: ReceiptSource,
  touched: Touched,
  { sequence, bytes }: { readonly sequence: number; readonly bytes: Buffer },
): void {
  const purchaseId = returnedPurchaseOf(bytes);
  const known =
    purchaseId === undefined ? sequence : findId(source.store, purchaseCode, purchaseId)?.sequence;
  if (known !== undefined) touch(source, touched, known);
}

/** Whether an entry counts at a log sequence. */
function isLiveAt(entries: Buffer, at: number, sequence: number): boolean {
  const removedAt = removedAtOf(entries, at);
  return addedAtOf(entries, at) <= sequence && (removedAt === 0 || removedAt > sequence);
}

/** Every receipt by itself that counts at a sequence: at the checkpoint's it goes, now it comes. */
function* singles(id: string, entries: Buffer, sequence: number, comes: boolean) {
  const prefix = prefixOf(id);
  for (const at of startsOf(entries)) {
    if (!isLiveAt(entries, at, sequence)) continue;
    const entry = entries.subarray(at, entryEnd(entries, at));
    const change = entryChange(keyAt(prefix, positionAt(entry, 0)), comes, entry);
    yield comes ? change : { ...change, beforeAsOf: sequence };
  }
}

function* memberChanges(
  { store, from }: CatchUp,
  member: Member,
  receipts: ReadonlyMap<number, Receipt>,
): Generator<Change> {
  const ids = idsOf(member);
  const total = ids.reduce((sum, id) => sum + readTotals(store.tables.histories, id).receipts, 0);
  if (total > limits.receiptsPerMemberMax + receipts.size) {
    // A shared card now, and was at the checkpoint.
    if (contributionModeOf(member, () => true) === 'nothing') return;
    for (const receipt of receipts.values()) yield* receiptChanges(store, receipt, from);
    return;
  }
  const entries = readHistory(store, ids);
  if (!entries) return;
  const modeAt = (sequence: number) =>
    contributionModeOf(member, () =>
      isSharedCard(totalsAsOf(entries, (at) => isLiveAt(entries, at, sequence))),
    );
  const [did, does] = [modeAt(from), modeAt(now)];
  const subject = { kind: ids.length > 1 ? 'union' : 'member', id: member.root } as const;
  const before = did === 'person' ? entries : undefined;
  const after = does === 'person' ? entries : undefined;
  if (did === 'tickets') yield* singles(member.root, entries, from, false);
  if (before || after) yield { subject, before, beforeAsOf: from, after, isMember: true };
  if (does === 'tickets') yield* singles(member.root, entries, now, true);
}

/** Of a receipt of a shared card: as it counted at a sequence, and as it does now. */
function* receiptChanges(
  { tables }: ReceiptSource['store'],
  { memberId, sequence, position }: Receipt,
  from: number,
): Generator<Change> {
  const prefix = prefixOf(memberId);
  const chunk = chunkAtOrBefore(tables.histories, prefix, keyAt(prefix, position));
  if (!chunk) return;
  const parts: Buffer[] = [];
  for (const at of startsOf(chunk.entries)) {
    if (sequenceOf(chunk.entries, at) !== sequence) continue;
    parts.push(chunk.entries.subarray(at, entryEnd(chunk.entries, at)));
  }
  const entries = Buffer.concat(parts);
  yield* singles(memberId, entries, from, false);
  yield* singles(memberId, entries, now, true);
}

/** What was erased after the checkpoint, whose counts still hold it: entries without ids. */
function* residueChanges({ store, from }: CatchUp): Generator<Change> {
  for (const entries of residuesAfter(store, from).values()) {
    if (isSharedCard(totalsAsOf(entries, (at) => isLiveAt(entries, at, from)))) {
      yield* singles('', entries, from, false);
      continue;
    }
    const subject = { kind: 'member', id: '' } as const;
    yield { subject, before: entries, beforeAsOf: from, after: undefined, isMember: true };
  }
}

/** What counted at `from` and what counts now, one subject after the other. */
function* changesOf(options: CatchUp, { members, tickets }: Touched): Generator<Change> {
  const { store, from } = options;
  for (const [root, receipts] of members) {
    yield* memberChanges(options, findMember(store, root), receipts);
  }
  for (const sequence of tickets) {
    const before = sequence > from ? undefined : ticketAt(options, sequence, from);
    const after = ticketAt(options, sequence);
    yield { subject: { kind: 'ticket', sequence }, before, after, isMember: false };
  }
  yield* residueChanges(options);
}

/** Brings counts to the head of the log. Throws what the kernel throws. */
export async function catchUp(options: CatchUp): Promise<void> {
  const { log, counts, from } = options;
  const touched: Touched = { members: new Map(), tickets: new Set() };
  for (const entry of log.scan(from + 1)) {
    touchBy(options, touched, entry);
    if (entry.sequence % entriesAtOnce === 0) await nextTurn();
  }
  const target = { counts, covers: () => true, finishSlice: () => true };
  await updateCounts(changesOf(options, touched), [target]);
}
