// Erases: a member was forgotten, with every id merged into them, named by keyed hashes which name
// nobody.
import { findMember, idsOf } from '../history/members.ts';
import { requireRecount, type WriteContext } from './context.ts';
import { type Erased, eraseMember, knownOf } from './erase-member.ts';
import { jsonCodec } from './json.ts';
import { type EntryKind, type IncomingEntry, namesNoMember } from './kind.ts';
import { record } from './record.ts';
import { tombstoneKey } from './tombstones.ts';

export interface LoggedErase {
  /** In hexadecimal. */
  readonly hashes: readonly string[];
}

const eraseCode = 18;
const codec = jsonCodec<readonly string[]>();

function apply(
  context: WriteContext,
  { value: { hashes }, append }: IncomingEntry<LoggedErase>,
): void {
  const { store, batch } = context;
  const sequence = append(true);
  for (const hash of hashes) {
    const keyed = Buffer.from(hash, 'hex');
    store.tables.tombstones.put(tombstoneKey('member', keyed), Buffer.alloc(0));
    batch.erasedHashes.push(keyed);
  }
  const ids = hashes.flatMap(context.idsOfHash);
  const roots = new Set<string>();
  for (const id of ids) {
    const member = findMember(store, id);
    if (member.record.erasedAt !== undefined || roots.has(member.root)) continue;
    roots.add(member.root);
    // A merge that the erasing node had not heard of: it leaves the log here, and so cannot tell.
    const others = idsOf(member).filter((other) => !ids.includes(other));
    if (others.length > 0) context.onAlsoErased(others);
    eraseMember(context, id, sequence);
  }
  // What a checkpoint still counts is kept once for each sequence, and here may be several members.
  if (roots.size > 1) requireRecount(context, sequence);
}

export interface ErasedHere extends Erased {
  readonly sequence: number;
}

/**
 * Erases a member and every id merged into them, inside a transaction. An unknown member is erased
 * too: their later receipts are refused.
 */
export function eraseHere(context: WriteContext, memberId: string): ErasedHere {
  const member = findMember(context.store, memberId);
  const ids = new Map(
    idsOf(member).map((id) => [context.ledger.hash(id).toString('hex'), id] as const),
  );
  const known = knownOf(context.store, member);
  const idsOfHash = (hash: string) => {
    const id = ids.get(hash);
    return id === undefined ? [] : [id];
  };
  const sequence = record({ ...context, idsOfHash }, eraseEntries, { hashes: [...ids.keys()] });
  return { ...known, sequence };
}

export const eraseEntries: EntryKind<'erase', LoggedErase> = {
  name: 'erase',
  code: eraseCode,
  stream: 'log',
  encode: (writer, { hashes }) => codec.encode(writer, hashes),
  decode: (reader) => ({ hashes: codec.decode(reader) }),
  subjects: () => [],
  apply,
  forget: namesNoMember,
};
