// Who a member is: ids that are one person, and what they consent to. Most members have no record.

import type { Store } from '../store/store.ts';
import { firstKeyOf, prefixOf } from './chunk.ts';

/** What a member may be asked to consent to. */
const purposes = ['personalization', 'marketing', 'thirdParty'] as const;
export type Purpose = (typeof purposes)[number];

/** The answer that counts: the latest; at the same moment, the withdrawal. */
export interface Answer {
  readonly atMs: number;
  readonly given: boolean;
}

export interface MemberRecord {
  /** The other ids of this person. */
  readonly aliases: readonly string[];
  readonly consents: Readonly<Partial<Record<Purpose, Answer>>>;
  /**
   * Where their erase stands in the log, while what is kept of them is still being taken away:
   * nothing of it counts or is read any more.
   */
  readonly erasedAt?: number;
}

interface AliasRecord {
  readonly root: string;
}

const plainMember: MemberRecord = { aliases: [], consents: {} };

export interface Member {
  /** The id that stands for all ids of the person. */
  readonly root: string;
  readonly record: MemberRecord;
}

function read(store: Store, id: string): MemberRecord | AliasRecord | undefined {
  const value = store.tables.members.get(Buffer.from(id));
  return value && JSON.parse(value.toString());
}

/** The member that an id stands for. */
export function findMember(store: Store, memberId: string): Member {
  const found = read(store, memberId);
  if (!found) return { root: memberId, record: plainMember };
  if (!('root' in found)) return { root: memberId, record: found };
  const record = read(store, found.root);
  return { root: found.root, record: record && !('root' in record) ? record : plainMember };
}

const countName = 'members';

/** How many persons have receipts, also those of whom nothing counts. */
export function countMembers(store: Store): number {
  return Number(store.readMeta(countName) ?? 0);
}

/**
 * Inside a transaction: the first receipt of an id has come, or its last has gone. Nothing to count
 * where another id of the person has some.
 */
export function countId(store: Store, id: string, more: 1 | -1): void {
  const others = idsOf(findMember(store, id)).filter((other) => other !== id);
  if (!others.some((other) => hasReceipts(store, other))) addMembers(store, more);
}

export function addMembers(store: Store, more: 1 | -1): void {
  store.writeMeta(countName, countMembers(store) + more);
}

/** Whether anything came under an id. */
export function hasReceipts({ tables }: Store, id: string): boolean {
  return tables.histories.has(firstKeyOf(prefixOf(id)));
}

/** All ids of the person. */
export function idsOf({ root, record }: Member): readonly string[] {
  return record.aliases.length === 0 ? [root] : [root, ...record.aliases];
}

/** Inside a transaction only. */
export function putMember(store: Store, { root, record }: Member): void {
  store.tables.members.put(Buffer.from(root), Buffer.from(JSON.stringify(record)));
  const alias: AliasRecord = { root };
  for (const id of record.aliases) {
    store.tables.members.put(Buffer.from(id), Buffer.from(JSON.stringify(alias)));
  }
}

/** Of two answers the one that counts. */
export function laterAnswer(one: Answer | undefined, other: Answer): Answer {
  if (one === undefined || other.atMs > one.atMs) return other;
  return other.atMs === one.atMs && !other.given ? other : one;
}

/** Two people who are one: their ids, and of their answers those that count. */
export function uniteMembers(into: Member, from: Member): Member {
  const consents: Partial<Record<Purpose, Answer>> = { ...into.record.consents };
  for (const purpose of purposes) {
    const answer = from.record.consents[purpose];
    if (answer) consents[purpose] = laterAnswer(consents[purpose], answer);
  }
  const aliases = [...into.record.aliases, from.root, ...from.record.aliases];
  return { root: into.root, record: { aliases, consents } };
}

/** Whether the member lets their receipts count. */
export function isPersonalised({ consents }: MemberRecord): boolean {
  return consents.personalization?.given ?? true;
}
