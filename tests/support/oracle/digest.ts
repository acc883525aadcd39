// The digest of docs/reference/digest.md, summed over every cell of the oracle.
import type { Counts, ItemCounterName, Row } from './counts.ts';
import { hashOf, rotateLeft, wrap } from './hash.ts';

const tableCodes: Readonly<Record<ItemCounterName, bigint>> = {
  n: 10n,
  in: 11n,
  out: 12n,
  opp: 13n,
  rep: 14n,
  pop: 15n,
  support: 16n,
  on: 17n,
  on0: 18n,
  gapDays: 19n,
  gaps: 40n,
  last: 41n,
  expected: 42n,
  rebought: 43n,
  expectedOnce: 44n,
  reboughtOnce: 45n,
};

interface KeyParts {
  readonly table: bigint;
  readonly first: bigint;
  readonly second: bigint;
}

/** 16 lower-case hexadecimal digits. */
export function digestOf(counts: Counts): string {
  let sum = 0n;
  for (const [name, table] of Object.entries(tableCodes)) {
    for (const [itemId, weight] of counts.items[name as ItemCounterName]) {
      sum += weight * keyOf({ table, first: hashOf(itemId), second: 0n });
    }
  }
  for (const [anchor, row] of counts.next) sum += rowTerm(1n, hashOf(anchor), row);
  for (const [anchor, row] of counts.same) sum += rowTerm(2n, hashOf(anchor), row);
  for (const [anchor, row] of counts.mem) sum += rowTerm(3n, hashOf(anchor), row);
  for (const [storeId, rows] of counts.scopes) {
    const store = storeId === undefined ? 0n : hashOf(storeId);
    for (const [daypart, row] of rows.entries()) sum += rowTerm(20n + BigInt(daypart), store, row);
  }
  sum += counts.shareSum * keyOf({ table: 30n, first: 0n, second: 0n });
  sum += counts.shareCount * keyOf({ table: 31n, first: 0n, second: 0n });
  sum += counts.popTotal * keyOf({ table: 32n, first: 0n, second: 0n });
  for (const [day, baskets] of counts.days) {
    sum += BigInt(baskets) * keyOf({ table: 33n, first: BigInt(day), second: 0n });
  }
  for (const [cell, { expected, rebought }] of counts.habits) {
    sum += expected * keyOf({ table: 34n, first: BigInt(cell), second: 0n });
    sum += rebought * keyOf({ table: 35n, first: BigInt(cell), second: 0n });
  }
  return wrap(sum).toString(16).padStart(16, '0');
}

/** The odd 64-bit number that stands for one cell. */
export function keyOf({ table, first, second }: KeyParts): bigint {
  return mix(wrap(mix(wrap(mix(table) + first)) + second)) | 1n;
}

function rowTerm(table: bigint, first: bigint, row: Row): bigint {
  let sum = 0n;
  for (const [itemId, { weight, count }] of row) {
    const key = keyOf({ table, first, second: hashOf(itemId) });
    sum += weight * key + BigInt(count) * (rotateLeft(key, 32n) | 1n);
  }
  return sum;
}

function mix(value: bigint): bigint {
  let mixed = wrap((value ^ (value >> 30n)) * 0xbf58476d1ce4e5b9n);
  mixed = wrap((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
  return mixed ^ (mixed >> 31n);
}
