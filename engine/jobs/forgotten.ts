// At the start: erases again whoever the ledger names and the store still knows, because a restore,
// or a crash, took the erase back. In slices, so that health is answered meanwhile.

import { limits } from '../base/limits.ts';
import { nextTurn } from '../base/turns.ts';
import { eraseHere } from '../events/erase.ts';
import { allMemberIds } from '../events/subjects.ts';
import { tombstoneKey } from '../events/tombstones.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { diskFull, isFull } from '../store/disk-reserve.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import { keyAfter, type Table } from '../store/table.ts';
import type { Progress } from './shared-work.ts';

export interface ForgottenParts {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly writer: Ingest;
  readonly signal: AbortSignal;
  /** Rows that are looked at, and about how many there are. */
  readonly progress: Progress;
}

/**
 * Brings ledger and store into step; returns how many members were erased again. A follower's log
 * has no place for that (`mayErase` is false): the erase comes again with its origin's entries.
 */
export async function reconcileErased(parts: ForgottenParts, mayErase: boolean): Promise<number> {
  const { store, ledger } = parts;
  const known = await completeLedger(parts);
  if (ledger.size === known) return 0;
  const ids = mayErase ? await findForgotten(parts) : new Set<string>();
  for (const id of ids) {
    await parts.writer.transact((context) => eraseHere(context, id));
    parts.signal.throwIfAborted();
  }
  // Those whose receipts are not here either still must be refused when they come.
  const hashes = ledger.all();
  for (let at = 0; at < hashes.length; at += limits.walkRowsMax) {
    await store.transaction(() => {
      for (const hash of hashes.slice(at, at + limits.walkRowsMax)) {
        const key = tombstoneKey('member', hash);
        if (!store.tables.tombstones.has(key)) store.tables.tombstones.put(key, Buffer.alloc(0));
      }
    });
    parts.signal.throwIfAborted();
  }
  return ids.size;
}

/** Adds whom the store knows as erased; returns how many those are. */
async function completeLedger(parts: ForgottenParts): Promise<number> {
  const first = tombstoneKey('member', Buffer.alloc(0));
  let known = 0;
  for await (const keys of walkKeys(parts, parts.store.tables.tombstones, first)) {
    const members = keys.filter((key) => key[0] === first[0]);
    parts.ledger.add(members.map((key) => key.subarray(1)));
    known += members.length;
    // Tombstones of other kinds come after those of members.
    if (members.length < keys.length) break;
  }
  return known;
}

async function findForgotten(parts: ForgottenParts): Promise<ReadonlySet<string>> {
  const { store, ledger, progress, signal } = parts;
  const { histories, members, tombstones, subjects } = store.tables;
  const total = histories.count() + members.count() + subjects.count();
  const ids = new Set<string>();
  let done = 0;
  for (const id of allMemberIds(store)) {
    const hash = ledger.hash(id);
    if (ledger.has(hash) && !tombstones.has(tombstoneKey('member', hash))) ids.add(id);
    done += 1;
    if (done % limits.walkRowsMax > 0) continue;
    progress(Math.min(done, total), total);
    await nextTurn();
    signal.throwIfAborted();
  }
  return ids;
}

/** The keys of a table, some at a time; the event loop turns after each. */
async function* walkKeys({ signal }: ForgottenParts, table: Table, from: Buffer) {
  let start = from;
  while (true) {
    const keys = table.keys(start, limits.walkRowsMax);
    if (keys.length > 0) yield keys;
    if (keys.length < limits.walkRowsMax) return;
    start = keyAfter(keys.at(-1)!);
    await nextTurn();
    signal.throwIfAborted();
  }
}

/** Adds to the ledger, with the room that is kept for it when the disk is full. */
export function recordErased(
  { ledger, store }: Pick<ForgottenParts, 'ledger' | 'store'>,
  hashes: readonly Buffer[],
): void {
  try {
    ledger.add(hashes);
  } catch (error) {
    if (!store.diskReserve?.spend(error)) throw isFull(error) ? diskFull(error) : error;
    ledger.add(hashes);
  }
}
