// A ledger of erased members in memory, as an engine shows its own.
import { createHmac } from 'node:crypto';
import type { ErasedIds } from '../../engine/index.ts';

export interface TestErasedIds extends ErasedIds {
  add(id: string): void;
}

/** `key` is that of the ledger. */
export function erasedIds(ids: readonly string[] = [], key = 'a key'): TestErasedIds {
  const hash = (id: string) => createHmac('sha256', key).update(id).digest().subarray(0, 16);
  const hashes = new Set(ids.map((id) => hash(id).toString('hex')));
  return {
    get size() {
      return hashes.size;
    },
    hash,
    has: (keyed) => hashes.has(keyed.toString('hex')),
    add: (id) => hashes.add(hash(id).toString('hex')),
  };
}
