// Who a member is: ids merged into one, and whether they consent to personalisation. Most members
// have no record here.
import type { Store } from '../store/store.ts';

/**
 * One answer to the question of consent. Of several, the latest counts; at the same moment, the
 * withdrawal.
 */
export interface ConsentAnswer {
  readonly atMs: number;
  readonly given: boolean;
  readonly sequence: number;
}

export interface MemberRecord {
  /** The ids merged into this one. */
  readonly aliases: readonly string[];
  readonly consents: readonly ConsentAnswer[];
  /** Log entries that name this member, besides receipts: an erase overwrites them. */
  readonly sequences: readonly number[];
}

interface AliasRecord {
  readonly root: string;
}

const plainMember: MemberRecord = { aliases: [], consents: [], sequences: [] };

export interface Member {
  /** The id that stands for the whole union. */
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
  return {
    root: found.root,
    record: record && !('root' in record) ? record : plainMember,
  };
}

/** Inside a transaction only. */
export function putMember(store: Store, { root, record }: Member): void {
  store.tables.members.put(Buffer.from(root), Buffer.from(JSON.stringify(record)));
  const alias: AliasRecord = { root };
  for (const id of record.aliases) {
    store.tables.members.put(Buffer.from(id), Buffer.from(JSON.stringify(alias)));
  }
}

/** Whether the member lets their receipts count. */
export function isPersonalised(record: MemberRecord): boolean {
  let latest: ConsentAnswer | undefined;
  for (const answer of record.consents) {
    const isLater = !latest || answer.atMs > latest.atMs;
    if (isLater || (answer.atMs === latest?.atMs && !answer.given)) latest = answer;
  }
  return latest?.given ?? true;
}
