// The first step of an erase, in one transaction: from here on nothing of the member counts, is
// read or comes in. What is kept of them is taken away afterwards, some at a time (forgetting.ts).
import { addErasing } from '../history/erasing.ts';
import { readTotals } from '../history/histories.ts';
import { findMember, hasReceipts, idsOf, type Member, putMember } from '../history/members.ts';
import { compactDueName } from '../store/format.ts';
import type { Store } from '../store/store.ts';
import { touchMember, type WriteContext } from './context.ts';
import { entriesOf } from './subjects.ts';
import { putTombstone } from './tombstones.ts';

export interface Erased {
  /** Whether anything was known of the member. */
  readonly found: boolean;
  readonly receipts: number;
  /** Other ids that had been merged into the member. */
  readonly aliases: number;
}

/** Tombstones of these ids, and of the same after a restore; returns their keyed hashes. */
function refuseFromNowOn(context: WriteContext, ids: readonly string[]): Buffer[] {
  const hashes = ids.map((id) => putTombstone(context, 'member', id));
  context.batch.erasedHashes.push(...hashes);
  return hashes;
}

/** What is kept of a member; nothing of one who is being erased. */
export function knownOf(store: Store, member: Member): Erased {
  const ids = idsOf(member);
  const { aliases, erasedAt } = member.record;
  if (erasedAt !== undefined) return { found: false, receipts: 0, aliases: 0 };
  const receipts = ids.reduce(
    (sum, id) => sum + readTotals(store.tables.histories, id).receipts,
    0,
  );
  const isIndexed = ids.some((id) => !entriesOf(store, id).next().done);
  return { found: receipts > 0 || isIndexed, receipts, aliases: aliases.length };
}

/** Erases all ids of a person, under the log entry at `sequence` that says so. */
export function eraseMember(context: WriteContext, memberId: string, sequence: number): void {
  const { store, batch } = context;
  const member = findMember(store, memberId);
  const { root, record } = member;
  refuseFromNowOn(context, idsOf(member));
  const { found, aliases } = knownOf(store, member);
  if (!found && aliases === 0 && !idsOf(member).some((id) => hasReceipts(store, id))) return;
  touchMember(context, member);
  putMember(store, { root, record: { ...record, erasedAt: sequence } });
  addErasing(store, root);
  batch.erasedMembers.add(root);
  store.writeMeta(compactDueName, true);
}
