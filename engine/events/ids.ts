// Which outside ids were accepted already, and with what content: what makes a retry count once.
//
// code u8 | id                  -> sequence f64, contentHash u64
// copies u8 | purchaseId        -> JSON: sequences of copies of a receipt that do not count
import { createHash } from 'node:crypto';
import type { Store } from '../store/store.ts';
import { keyAfter } from '../store/table.ts';

const valueBytes = 16;
/** No kind of entry has these codes. */
const [copiesCode, requestCode] = [250, 251] as const;

export interface KnownId {
  /** The log sequence of the first acceptance. */
  readonly sequence: number;
  readonly contentHash: bigint;
}

function idKey(code: number, id: string): Buffer {
  const key = Buffer.allocUnsafe(1 + Buffer.byteLength(id));
  key[0] = code;
  key.write(id, 1);
  return key;
}

/**
 * The key of an event that becomes other events. Nothing leads from a member to it, so that it is
 * kept as a hash only; `idHash`: SHA-256 of its id.
 */
function requestKey(kind: string, idHash: Buffer): Buffer {
  const hash = createHash('sha256').update(`${kind}\0`).update(idHash).digest();
  return Buffer.concat([Buffer.of(requestCode), hash]);
}

function hashOf(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}

function read({ tables }: Store, key: Buffer): KnownId | undefined {
  const value = tables.ids.get(key);
  if (!value) return undefined;
  return { sequence: value.readDoubleLE(0), contentHash: value.readBigUInt64LE(8) };
}

function write({ tables }: Store, key: Buffer, { sequence, contentHash }: KnownId): void {
  const value = Buffer.allocUnsafe(valueBytes);
  value.writeDoubleLE(sequence, 0);
  value.writeBigUInt64LE(contentHash, 8);
  tables.ids.put(key, value);
}

export function findId(store: Store, code: number, id: string): KnownId | undefined {
  return read(store, idKey(code, id));
}

/** Inside a transaction only, like all that follow. */
export function rememberId(store: Store, code: number, id: string, known: KnownId): void {
  write(store, idKey(code, id), known);
}

export function forgetId({ tables }: Store, code: number, id: string): void {
  tables.ids.remove(idKey(code, id));
}

export function findRequest(store: Store, kind: string, id: string): KnownId | undefined {
  return findRequestHash(store, kind, hashOf(id));
}

export function findRequestHash(store: Store, kind: string, idHash: Buffer): KnownId | undefined {
  return read(store, requestKey(kind, idHash));
}

export function rememberRequest(store: Store, kind: string, id: string, known: KnownId): void {
  rememberRequestHash(store, kind, hashOf(id), known);
}

export function rememberRequestHash(
  store: Store,
  kind: string,
  idHash: Buffer,
  known: KnownId,
): void {
  write(store, requestKey(kind, idHash), known);
}

/** Of ids that the log does not tell again: a replay copies those up to a sequence. */
export function copyRequests(source: Store, target: Store, upTo: number): void {
  for (const { key, value } of source.tables.ids.rows(Buffer.of(requestCode))) {
    if (key[0] !== requestCode || value.readDoubleLE(0) > upTo) continue;
    target.tables.ids.put(key, value);
  }
}

/** Where the copies of a receipt stand that do not count; most receipts have none. */
export function readCopies({ tables }: Store, purchaseId: string): readonly number[] {
  const value = tables.ids.get(idKey(copiesCode, purchaseId));
  return value ? JSON.parse(value.toString()) : [];
}

interface Copies {
  readonly purchaseId: string;
  readonly sequences: readonly number[];
}

/** The same of receipts that have any, some from a key on; `next` begins the rest, if there is. */
export function copiesFrom(
  { tables }: Store,
  from: Buffer | undefined,
  limit: number,
): { readonly copies: readonly Copies[]; readonly next: Buffer | undefined } {
  const start = from ?? Buffer.of(copiesCode);
  const rows = tables.ids.chunk(start, limit).filter(({ key }) => key[0] === copiesCode);
  const copies = rows.map(({ key, value }) => ({
    purchaseId: key.toString('utf8', 1),
    sequences: JSON.parse(value.toString()) as readonly number[],
  }));
  return { copies, next: rows.length === limit ? keyAfter(rows.at(-1)!.key) : undefined };
}

/** The ids of all receipts that are kept, some of them twice; `code`: that of purchases. */
export function* keptPurchaseIds({ tables }: Store, code: number): IterableIterator<string> {
  for (const first of [code, copiesCode]) {
    for (let start: Buffer = Buffer.of(first); ; ) {
      const keys = tables.ids.keys(start, idsAtOnce).filter((key) => key[0] === first);
      for (const key of keys) yield key.toString('utf8', 1);
      if (keys.length < idsAtOnce) break;
      start = keyAfter(keys.at(-1)!);
    }
  }
}

const idsAtOnce = 512;

export function writeCopies(
  { tables }: Store,
  purchaseId: string,
  copies: readonly number[],
): void {
  const key = idKey(copiesCode, purchaseId);
  if (copies.length === 0) tables.ids.remove(key);
  else tables.ids.put(key, Buffer.from(JSON.stringify(copies)));
}
