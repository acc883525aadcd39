// Which outside ids were accepted already, and with what content: what makes a retry count once.
import { createHash } from 'node:crypto';
import type { Store } from '../store/store.ts';
import { keyAfter } from '../store/table.ts';

export type IdKind = 'purchase' | 'return' | 'unreferencedReturn';

const kindBytes: Record<IdKind, number> = { purchase: 112, return: 114, unreferencedReturn: 117 };
const valueBytes = 16;

export interface KnownId {
  /** The log sequence of the first acceptance. */
  readonly sequence: number;
  readonly contentHash: bigint;
}

function idKey(kind: IdKind, id: string): Buffer {
  // Nothing leads from a member to the unreferenced returns they brought, so their ids are kept as
  // hashes only.
  if (kind === 'unreferencedReturn') {
    return Buffer.concat([Buffer.of(kindBytes[kind]), createHash('sha256').update(id).digest()]);
  }
  const key = Buffer.allocUnsafe(1 + Buffer.byteLength(id));
  key[0] = kindBytes[kind];
  key.write(id, 1);
  return key;
}

/** Other copies of a receipt that several origins accepted: kept, and not counted. */
const copiesByte = 100;

function copiesKey(purchaseId: string): Buffer {
  return Buffer.concat([Buffer.of(copiesByte), Buffer.from(purchaseId)]);
}

/** Where the copies of a receipt stand that do not count; most receipts have none. */
export function readCopies(store: Store, purchaseId: string): readonly number[] {
  const value = store.tables.ids.get(copiesKey(purchaseId));
  return value ? JSON.parse(value.toString()) : [];
}

export interface Copies {
  readonly purchaseId: string;
  readonly sequences: readonly number[];
}

/** The same of receipts that have any, some from a key on; `next` begins the rest, if there is. */
export function copiesFrom(
  store: Store,
  from: Buffer | undefined,
  limit: number,
): { readonly copies: readonly Copies[]; readonly next: Buffer | undefined } {
  const start = from ?? Buffer.of(copiesByte);
  const rows = store.tables.ids.chunk(start, limit).filter(({ key }) => key[0] === copiesByte);
  const copies = rows.map(({ key, value }) => ({
    purchaseId: key.toString('utf8', 1),
    sequences: JSON.parse(value.toString()) as readonly number[],
  }));
  return { copies, next: rows.length === limit ? keyAfter(rows.at(-1)!.key) : undefined };
}

/** Inside a transaction only. */
export function writeCopies(store: Store, purchaseId: string, copies: readonly number[]): void {
  const key = copiesKey(purchaseId);
  if (copies.length === 0) store.tables.ids.remove(key);
  else store.tables.ids.put(key, Buffer.from(JSON.stringify(copies)));
}

/** Whether a receipt in the log is the copy that counts. */
export function isCounted(store: Store, purchaseId: string, sequence: number): boolean {
  return findId(store, 'purchase', purchaseId)?.sequence === sequence;
}

export function findId(store: Store, kind: IdKind, id: string): KnownId | undefined {
  const value = store.tables.ids.get(idKey(kind, id));
  if (!value) return undefined;
  return { sequence: value.readDoubleLE(0), contentHash: value.readBigUInt64LE(8) };
}

/** Inside a transaction only. */
export function rememberId(store: Store, kind: IdKind, id: string, known: KnownId): void {
  const value = Buffer.allocUnsafe(valueBytes);
  value.writeDoubleLE(known.sequence, 0);
  value.writeBigUInt64LE(known.contentHash, 8);
  store.tables.ids.put(idKey(kind, id), value);
}

/** Inside a transaction only. */
export function forgetId(store: Store, kind: IdKind, id: string): void {
  store.tables.ids.remove(idKey(kind, id));
}
