// Entries of others that name what is forgotten by keyed hashes: which ids of this node are meant.
import { nextTurn } from '../base/turns.ts';
import { eraseEntries, type LoggedErase } from '../events/erase.ts';
import { keptPurchaseIds } from '../events/ids.ts';
import { purchaseCode } from '../events/logged-purchase.ts';
import { readPair } from '../events/logged-replacement.ts';
import { putForgotten, replacementsOf } from '../events/replacements.ts';
import { allMemberIds } from '../events/subjects.ts';
import { tombstoneKey } from '../events/tombstones.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import { type ForeignEntry, readForeign } from './apply.ts';

interface Parts {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly writer: Ingest;
}

/** Of a hash in hexadecimal. */
type IdsOfHash = (hash: string) => readonly string[];

/** How many ids are hashed at a time: about 1 ms. */
const hashedAtOnce = 512;

/**
 * The ids behind the hashes of erases. Whoever is named is refused from here on, so that nobody
 * comes in between the search and the erase.
 */
export async function findErased(
  parts: Parts,
  entries: readonly ForeignEntry[],
): Promise<IdsOfHash> {
  const { store, ledger } = parts;
  const read = entries.map(readForeign);
  const wanted = new Map<string, Set<string>>();
  for (const { kind, value } of read) {
    if (kind?.code !== eraseEntries.code) continue;
    for (const hash of (value as LoggedErase).hashes) wanted.set(hash, new Set());
  }
  if (wanted.size > 0) {
    const look = (id: string) => wanted.get(ledger.hash(id).toString('hex'))?.add(id);
    const hashes = [...wanted.keys()].map((hash) => Buffer.from(hash, 'hex'));
    ledger.add(hashes);
    await putTombstones(parts, hashes);
    for (const { kind, value } of read) for (const id of kind?.subjects(value) ?? []) look(id);
    let looked = 0;
    for (const id of allMemberIds(store)) {
      look(id);
      looked += 1;
      if (looked % hashedAtOnce === 0) await nextTurn();
    }
  }
  return (hash: string): readonly string[] => [...(wanted.get(hash) ?? [])];
}

/**
 * The receipts behind hashes: those whose place was taken by what is forgotten since, and others
 * that took the same place. Each that comes from here on is known by the rows that are put first.
 */
export async function findReplaced(
  parts: Parts,
  entries: readonly ForeignEntry[],
): Promise<IdsOfHash> {
  const { store, ledger, writer } = parts;
  const pairs = entries.flatMap(({ bytes }) => readPair({ ledger }, bytes) ?? []);
  const veiled = pairs.filter(({ isVeiled }) => isVeiled);
  if (veiled.length > 0) {
    await writer.transact((context) => {
      for (const pair of veiled) putForgotten(context, pair);
    });
  }
  const wanted = pairs.flatMap(({ replaced }) => {
    const all = replacementsOf({ store }, replaced);
    return all.every(({ ids }) => ids) ? [] : [replaced, ...all.map(({ by }) => by)];
  });
  const found = new Map(wanted.map((hash) => [hash.toString('hex'), new Set<string>()]));
  let looked = 0;
  for (const id of found.size === 0 ? [] : keptPurchaseIds(store, purchaseCode)) {
    found.get(ledger.hash(id).toString('hex'))?.add(id);
    looked += 1;
    if (looked % hashedAtOnce === 0) await nextTurn();
  }
  return (hash: string): readonly string[] => [...(found.get(hash) ?? [])];
}

async function putTombstones({ writer, store }: Parts, hashes: readonly Buffer[]): Promise<void> {
  await writer.transact(() => {
    for (const hash of hashes) {
      store.tables.tombstones.put(tombstoneKey('member', hash), Buffer.alloc(0));
    }
  });
}
