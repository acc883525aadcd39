// Which outside ids were accepted already, and with what content: what makes a retry count once.
import type { Store } from '../store/store.ts';

export type IdKind = 'purchase' | 'return' | 'unreferencedReturn';

const kindBytes: Record<IdKind, number> = { purchase: 112, return: 114, unreferencedReturn: 117 };
const valueBytes = 16;

export interface KnownId {
  /** The log sequence of the first acceptance. */
  readonly sequence: number;
  readonly contentHash: bigint;
}

function idKey(kind: IdKind, id: string): Buffer {
  const key = Buffer.allocUnsafe(1 + Buffer.byteLength(id));
  key[0] = kindBytes[kind];
  key.write(id, 1);
  return key;
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
  store.tables.ids.putSync(idKey(kind, id), value);
}
