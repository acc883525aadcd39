// What the last checkpoint still counts of histories that were erased after it: entries without ids
// and places in the log.
//
// sequence of the erase u64 | number u32 -> entries, oldest first
import type { Store } from '../store/store.ts';

function residueKey(sequence: number, number: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeBigUInt64BE(BigInt(sequence));
  key.writeUInt32BE(number, 8);
  return key;
}

/** Inside a transaction: entries that come after those that are there. */
export function putResidue({ tables }: Store, sequence: number, entries: Buffer): void {
  const last = tables.residues.atOrBefore(residueKey(sequence, 0xffff_ffff))?.key;
  const isOfIt = last !== undefined && Number(last.readBigUInt64BE()) === sequence;
  const number = isOfIt ? last.readUInt32BE(8) + 1 : 0;
  tables.residues.put(residueKey(sequence, number), entries);
}

/** Everything that was erased after a sequence, by the sequence of its erase. */
export function residuesAfter({ tables }: Store, sequence: number): Map<number, Buffer> {
  const parts = new Map<number, Buffer[]>();
  for (const { key, value } of tables.residues.rows(residueKey(sequence + 1, 0))) {
    const erasedAt = Number(key.readBigUInt64BE());
    const ofIt = parts.get(erasedAt) ?? [];
    ofIt.push(value);
    parts.set(erasedAt, ofIt);
  }
  return new Map([...parts].map(([erasedAt, each]) => [erasedAt, Buffer.concat(each)]));
}
