// Merges, consents and erases of other origins.
import {
  type AcceptContext,
  historyOf,
  putHistory,
  requireRecount,
  tombstoneKey,
} from '../views/accept.ts';
import { eraseMember } from '../views/erase.ts';
import { uniteHistories } from '../views/history.ts';
import { findMember, isPersonalised, putMember } from '../views/members.ts';
import type { ArrivalOf, Following } from './apply.ts';
import { countNextCopies, isErased } from './receipts.ts';

/**
 * The union of two histories. Where one of the two was erased, the other was the same person: an
 * erase that came after the merge would have taken both.
 */
export function applyMerge(
  context: AcceptContext,
  { entry, append }: ArrivalOf<'merge'>,
  { alsoErased }: Pick<Following, 'alsoErased'>,
): void {
  const { memberId, fromMemberId } = entry.merge;
  const ids = [memberId, fromMemberId];
  const isGone = ids.some((id) => isErased(context, id));
  const sequence = append(!isGone);
  if (isGone) {
    for (const id of ids.filter((each) => !isErased(context, each))) {
      for (const one of unionOf(context, id)) alsoErased.add(one);
      eraseAt(context, id, sequence);
    }
    return;
  }
  unite(context, entry.merge, sequence);
}

function unite(
  context: AcceptContext,
  { memberId, fromMemberId }: { readonly memberId: string; readonly fromMemberId: string },
  sequence: number,
): void {
  const { store, batch } = context;
  const [into, from] = [findMember(store, memberId), findMember(store, fromMemberId)];
  if (into.root === from.root) {
    const { root, record } = into;
    putMember(store, { root, record: { ...record, sequences: [...record.sequences, sequence] } });
    return;
  }
  const [before, fromBefore] = [historyOf(context, into.root), historyOf(context, from.root)];
  const united = uniteHistories(fromBefore, before);
  const record = {
    aliases: [...into.record.aliases, from.root, ...from.record.aliases],
    consents: [...into.record.consents, ...from.record.consents],
    sequences: [...into.record.sequences, ...from.record.sequences, sequence],
  };
  putMember(store, { root: into.root, record });
  putHistory(context, from.root, Buffer.alloc(0));
  putHistory(context, into.root, united);
  requireRecount(context, sequence);
  const [didFrom, did] = [isPersonalised(from.record), isPersonalised(into.record)];
  const does = isPersonalised(record);
  batch.changeMember(from.root, didFrom ? fromBefore : undefined, undefined);
  batch.changeMember(into.root, did ? before : undefined, does ? united : undefined);
}

export function applyConsent(
  context: AcceptContext,
  { entry, append }: ArrivalOf<'consent'>,
): void {
  const { store, batch } = context;
  const { memberId, personalization, moment } = entry;
  const isGone = isErased(context, memberId);
  const sequence = append(!isGone);
  if (isGone) return;
  const { root, record } = findMember(store, memberId);
  const answer = { atMs: moment.occurredAtMs, given: personalization, sequence };
  const after = {
    ...record,
    consents: [...record.consents, answer],
    sequences: [...record.sequences, sequence],
  };
  putMember(store, { root, record: after });
  requireRecount(context, sequence);
  const history = historyOf(context, root);
  if (!history) return;
  const [did, does] = [isPersonalised(record), isPersonalised(after)];
  batch.changeMember(root, did ? history : undefined, does ? history : undefined);
}

export function applyErase(
  context: AcceptContext,
  { entry, append }: ArrivalOf<'erase'>,
  { idsOf, alsoErased }: Pick<Following, 'idsOf' | 'alsoErased'>,
): void {
  const { store, batch } = context;
  const sequence = append(true);
  for (const hash of entry.hashes) {
    const keyed = Buffer.from(hash, 'hex');
    store.tables.tombstones.put(tombstoneKey('member', keyed), Buffer.alloc(0));
    batch.erasedHashes.push(keyed);
  }
  const ids = entry.hashes.flatMap(idsOf);
  for (const id of ids) {
    // A merge that the erasing node had not heard of: it leaves the log here, and so cannot tell.
    for (const other of unionOf(context, id)) if (!ids.includes(other)) alsoErased.add(other);
    eraseAt(context, id, sequence);
  }
  // What a checkpoint still counts is kept once for each sequence, and here may be several members.
  if (ids.length > 1) requireRecount(context, sequence);
}

/** All ids of one person: other nodes may not have heard yet that they are one. */
function unionOf({ store }: AcceptContext, memberId: string): readonly string[] {
  const { root, record } = findMember(store, memberId);
  return [root, ...record.aliases];
}

/**
 * Says in a log of our own that these members are erased, whom only we knew to be tied to others
 * that were; in the transaction that took them.
 */
export function tellErased(context: AcceptContext, memberIds: Iterable<string>): void {
  for (const id of memberIds) countNextCopies(context, eraseMember(context, id).shared);
}

/** The erase itself, under an entry that stands in the log already. */
function eraseAt(context: AcceptContext, memberId: string, sequence: number): void {
  const { shared } = eraseMember(context, memberId, () => sequence);
  countNextCopies(context, shared);
}
