// Forgets one member inside a write transaction: tombstones, then everything that names them or
// their receipts.
import { encodeErase } from '../log/codec.ts';
import { readCopies } from '../log/dedupe.ts';
import { compactDueName } from '../store/format.ts';
import { type AcceptContext, historyOf, putTombstone } from './accept.ts';
import { forgetReceipt } from './forget.ts';
import { decodeHistory, type HistoryEntry, residueOf } from './history.ts';
import { findMember, isPersonalised, type Member } from './members.ts';

export interface Erased {
  /** Whether anything was known of the member. */
  readonly found: boolean;
  readonly receipts: number;
  readonly returns: number;
  /** Other ids that had been merged into the member. */
  readonly aliases: number;
  readonly sequence: number;
  /** Receipts of theirs that another origin accepted too. */
  readonly shared: readonly string[];
}

function sequenceKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(sequence));
  return key;
}

/**
 * Keeps what the last checkpoint still counts of a history, without ids: there is nothing else left
 * to subtract from.
 */
function keepResidue(
  context: AcceptContext,
  history: Buffer | undefined,
  options: { readonly sequence: number; readonly isMember: boolean },
): void {
  const residue = residueOf(history, options.sequence, context.checkpoints());
  if (!residue) return;
  const value = Buffer.concat([Buffer.of(options.isMember ? 1 : 0), residue]);
  context.store.tables.residues.put(sequenceKey(options.sequence), value);
}

function putTombstones(context: AcceptContext, ids: readonly string[]): Buffer[] {
  const hashes = ids.map((id) => putTombstone(context, 'member', id));
  context.batch.erasedHashes.push(...hashes);
  return hashes;
}

function forgetHistory(context: AcceptContext, member: Member, sequence: number) {
  const { store, batch } = context;
  const history = historyOf(context, member.root);
  const counted = new Map<number, HistoryEntry>();
  for (const entry of decodeHistory(history)) counted.set(entry.purchaseSequence, entry);
  let returns = 0;
  const shared: string[] = [];
  for (const entry of counted.values()) {
    if (readCopies(store, entry.purchaseId).length > 0) shared.push(entry.purchaseId);
    returns += forgetReceipt(context, entry);
    putTombstone(context, 'purchase', entry.purchaseId);
  }
  if (history) {
    store.tables.histories.remove(Buffer.from(member.root));
    if (isPersonalised(member.record)) {
      keepResidue(context, history, { sequence, isMember: true });
      batch.changeMember(member.root, history, undefined);
    }
  }
  return { receipts: counted.size, returns, shared };
}

function appendErase({ log, clock }: AcceptContext, hashes: readonly Buffer[]): number {
  const told = hashes.map((hash) => hash.toString('hex'));
  return log.append(encodeErase(clock(), told));
}

/**
 * Erases the whole union that an id stands for. An unknown member is erased too: their later
 * receipts are refused. `append` writes the log entry and answers its sequence.
 */
export function eraseMember(
  context: AcceptContext,
  memberId: string,
  append = appendErase,
): Erased {
  const { store, log } = context;
  const member = findMember(store, memberId);
  const { root, record } = member;
  const ids = [root, ...record.aliases];
  const sequence = append(context, putTombstones(context, ids));
  const { receipts, returns, shared } = forgetHistory(context, member, sequence);
  for (const entry of record.sequences) log.blank(entry);
  for (const id of ids) store.tables.members.remove(Buffer.from(id));
  store.writeMeta(compactDueName, true);
  const found = receipts > 0 || record.sequences.length > 0;
  return { found, receipts, returns, aliases: record.aliases.length, sequence, shared };
}
