// Which log entries are whose: what an erase, an export and a certificate find a member's by, where
// histories do not tell it.
//
// idLength u8 | member id | sequence u64 -> kind u8
import { belongsTo, idOfKey, keyBehind, prefixOf } from '../history/chunk.ts';
import type { Store } from '../store/store.ts';
import { keyAfter, type Table } from '../store/table.ts';

const sequenceBytes = 8;

function subjectKey(memberId: string, sequence: number): Buffer {
  const prefix = prefixOf(memberId);
  const key = Buffer.allocUnsafe(prefix.length + sequenceBytes);
  prefix.copy(key);
  key.writeBigUInt64BE(BigInt(sequence), prefix.length);
  return key;
}

/** Inside a transaction only. */
export function indexEntry(store: Store, memberId: string, sequence: number, code: number): void {
  store.tables.subjects.put(subjectKey(memberId, sequence), Buffer.of(code));
}

/** Inside a transaction only. */
export function unindexEntry(store: Store, memberId: string, sequence: number): void {
  store.tables.subjects.remove(subjectKey(memberId, sequence));
}

export interface Indexed {
  readonly sequence: number;
  readonly code: number;
}

/** What is indexed for one id, in the order in which it came. */
export function* entriesOf(store: Store, memberId: string): IterableIterator<Indexed> {
  const prefix = prefixOf(memberId);
  for (const { key, value } of store.tables.subjects.rows(prefix)) {
    if (!belongsTo(key, prefix)) return;
    yield { sequence: Number(key.readBigUInt64BE(prefix.length)), code: value[0]! };
  }
}

/** Every id that something is kept of, some of them more than once, in short reads. */
export function* allMemberIds({ tables }: Store): IterableIterator<string> {
  yield* idsOfPrefixes(tables.histories);
  yield* idsOfPrefixes(tables.subjects);
  for (let start: Buffer = Buffer.alloc(1); ; ) {
    const keys = tables.members.keys(start, idsAtOnce);
    for (const key of keys) yield key.toString();
    if (keys.length < idsAtOnce) return;
    start = keyAfter(keys.at(-1)!);
  }
}

const idsAtOnce = 512;

/** The ids that keys of a table begin with, one seek for each. */
export function* idsOfPrefixes(table: Table): IterableIterator<string> {
  let [key] = table.keys(Buffer.alloc(1), 1);
  while (key) {
    const id = idOfKey(key);
    yield id;
    [key] = table.keys(keyBehind(prefixOf(id)), 1);
  }
}
