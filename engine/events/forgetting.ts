// The steps of an erase that follow the first: what is kept of an erased member is taken away, some
// receipts at a time, so that no transaction is long however long the history was.
import { limits } from '../base/limits.ts';
import {
  type Chunk,
  encodeChunk,
  firstKeyOf,
  idOfKey,
  prefixOf,
  startsOf,
} from '../history/chunk.ts';
import {
  addedAtOf,
  entryEnd,
  purchaseIdOf,
  removedAtOf,
  sequenceOf,
  withoutId,
} from '../history/entry.ts';
import { removeErasing } from '../history/erasing.ts';
import { chunksFrom } from '../history/histories.ts';
import { isNeeded } from '../history/history-writer.ts';
import { countId, findMember, idsOf, isPersonalised, type Member } from '../history/members.ts';
import { putResidue } from '../history/residues.ts';
import { ByteReader } from '../log/bytes.ts';
import { bodyOf, codeOf } from '../log/frame.ts';
import { requireRecount, type WriteContext } from './context.ts';
import { countNextCopy } from './copies.ts';
import { forgetReceipt } from './forget.ts';
import { kindOfCode } from './index.ts';
import { namesNoMember } from './kind.ts';
import { entriesOf, type Indexed, unindexEntry } from './subjects.ts';
import { putTombstone } from './tombstones.ts';
import { forgetReplaced } from './withdrawn.ts';

export interface ForgottenSlice {
  readonly receipts: number;
  readonly returns: number;
  readonly isDone: boolean;
}

/**
 * One step, inside a transaction: about so many receipts, one at least. Nothing to be done for a
 * member who was not erased.
 */
export function forgetSlice(
  context: WriteContext,
  memberId: string,
  receiptsMax: number = limits.receiptsForgottenAtOnce,
): ForgottenSlice {
  const { store } = context;
  const member = findMember(store, memberId);
  let [receipts, returns, left] = [0, 0, receiptsMax];
  if (member.record.erasedAt === undefined) return { receipts, returns, isDone: true };
  for (const id of idsOf(member)) {
    for (const chunk of chunksFrom(store.tables.histories, prefixOf(id))) {
      if (left <= 0) return { receipts, returns, isDone: false };
      const forgotten = forgetChunk(context, member, chunk, receiptsMax);
      receipts += forgotten.receipts;
      returns += forgotten.returns;
      if (!forgotten.isWhole) return { receipts, returns, isDone: false };
      left -= forgotten.receipts + 1;
    }
    for (const indexed of entriesOf(store, id)) {
      if (left <= 0) return { receipts, returns, isDone: false };
      forgetIndexed(context, id, indexed);
      left -= 1;
    }
  }
  for (const id of idsOf(member)) store.tables.members.remove(Buffer.from(id));
  removeErasing(store, member.root);
  return { receipts, returns, isDone: true };
}

/** The first receipts of a chunk, `most` of them, or all. */
function forgetChunk(context: WriteContext, member: Member, chunk: Chunk, most: number) {
  const { key, entries } = chunk;
  const receipts = new Map<number, string>();
  let end = 0;
  for (const at of startsOf(entries)) {
    const sequence = sequenceOf(entries, at);
    if (receipts.size === most && !receipts.has(sequence)) break;
    receipts.set(sequence, purchaseIdOf(entries, at).toString());
    end = entryEnd(entries, at);
  }
  let returns = 0;
  for (const [sequence, purchaseId] of receipts) {
    returns += forgetReceipt(context, { purchaseId, sequence });
    putTombstone(context, 'purchase', purchaseId);
    countNextCopy(context, purchaseId);
    returns += forgetReplaced(context, purchaseId);
  }
  keepResidue(context, member, entries.subarray(0, end));
  const { histories } = context.store.tables;
  const id = idOfKey(key);
  context.batch.contributions.onChanged(id);
  const isWhole = end === entries.length;
  if (!isWhole) {
    histories.put(key, encodeChunk({ ...chunk, entries: entries.subarray(end) }));
  } else {
    histories.remove(key);
    if (key.equals(firstKeyOf(prefixOf(id)))) countId(context.store, id, -1);
  }
  context.batch.work += workOfReceipt * receipts.size;
  return { receipts: receipts.size, returns, isWhole };
}

/** Of `Batch.work`. */
const workOfReceipt = 20;

/**
 * Keeps what the last checkpoint still counts of a chunk, without ids: there is nothing else left
 * to subtract from. Of a person with several ids the order of receipts would be lost with them, so
 * that such a checkpoint is not gone on from.
 */
function keepResidue(context: WriteContext, { record }: Member, entries: Buffer): void {
  const { store, checkpoints } = context;
  const sequence = record.erasedAt!;
  if (record.aliases.length > 0) {
    requireRecount(context, sequence);
    return;
  }
  if (!isPersonalised(record)) return;
  const parts: Buffer[] = [];
  for (const at of startsOf(entries)) {
    const removedAt = removedAtOf(entries, at) || sequence;
    if (!isNeeded(addedAtOf(entries, at), removedAt, checkpoints())) continue;
    parts.push(withoutId(entries.subarray(at, entryEnd(entries, at))));
  }
  if (parts.length > 0) putResidue(store, sequence, Buffer.concat(parts));
}

function forgetIndexed(context: WriteContext, memberId: string, { sequence, code }: Indexed): void {
  const { store, log } = context;
  const kind = kindOfCode(code);
  const bytes = log.read(sequence);
  if (kind && codeOf(bytes) === code) {
    const value = kind.decode(new ByteReader(bodyOf(bytes)));
    if (kind.forget !== namesNoMember) kind.forget(context, { value, sequence });
    for (const id of kind.subjects(value)) unindexEntry(store, id, sequence);
  }
  unindexEntry(store, memberId, sequence);
  log.blank(sequence);
}
