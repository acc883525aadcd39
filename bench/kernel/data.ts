// The seeded chain that the kernel is timed on: items as they would have arrived by Zipf's law,
// members with 50 items in 14 baskets, some bought again, and a row of neighbours for every item
// that they bought.
import { createRandom } from '../../engine/index.ts';

const historyItems = 50;
const basketsPerMember = 14;
const itemsPerBasket = 5;
/** More than are served, as rows of a real chain have: the kernel reads views of them. */
const cellsPerRow = 80;
const zipfExponent = 0.9;
const millisecondsPerDay = 86_400_000;
const firstDay = 20_000;
export const lastDay = firstDay + 7 * basketsPerMember;
/** Receipts that the counters are made of. */
const baskets = 2_000_000;
export const one = 2 ** 20;

/** Of a history as the twins read it; the kernel must say the same. */
export const entryBytes = 44;
export const lineBytes = 12;

export interface Cell {
  readonly item: number;
  readonly weight: number;
}

export interface KernelData {
  readonly items: number;
  readonly hashes: BigUint64Array;
  /** POP in baskets; the other counters follow from it. */
  readonly popularity: Float64Array;
  /** As they lie on disk (assembly/history.ts). */
  readonly histories: readonly Uint8Array[];
  readonly rows: ReadonlyMap<number, readonly Cell[]>;
}

/** Draws ranks of n by Zipf's law. */
function zipf(random: () => number, n: number): number {
  const power = 1 - zipfExponent;
  return Math.min(n - 1, Math.floor(((n ** power - 1) * random() + 1) ** (1 / power)) - 1);
}

/** Numbers by rank: who sells more tends to arrive earlier, at a time of its rate. */
function arrivals(items: number, random: () => number): Uint32Array {
  const times = Float64Array.from({ length: items }, (_, rank) => {
    return -Math.log(1 - random()) * (rank + 1) ** zipfExponent;
  });
  const ranks = Uint32Array.from({ length: items }, (_, rank) => rank);
  ranks.sort((a, b) => times[a]! - times[b]!);
  const numbers = new Uint32Array(items);
  for (const [number, rank] of ranks.entries()) numbers[rank] = number;
  return numbers;
}

function distinct(count: number, draw: () => number): number[] {
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(draw());
  return [...drawn];
}

/** Five new items in the first basket, then one or two of each five are bought again. */
function basketsOf(items: readonly number[], random: () => number): number[][] {
  let met = 0;
  return Array.from({ length: basketsPerMember }, (_, basket) => {
    const again = basket === 0 ? 0 : 1 + (basket % 2);
    const old = distinct(again, () => items[Math.floor(random() * met)]!);
    const fresh = items.slice(met, met + itemsPerBasket - again);
    met += fresh.length;
    return [...old, ...fresh];
  });
}

function encodeHistory(baskets: readonly (readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(basketsPerMember * (entryBytes + itemsPerBasket * lineBytes));
  const view = new DataView(bytes.buffer);
  for (const [basket, items] of baskets.entries()) {
    const at = basket * (entryBytes + itemsPerBasket * lineBytes);
    view.setFloat64(at, (firstDay + basket * 7) * millisecondsPerDay, true);
    view.setFloat64(at + 8, basket + 1, true);
    view.setFloat64(at + 16, basket + 1, true);
    view.setUint16(at + 38, itemsPerBasket, true);
    for (const [line, item] of items.entries()) {
      view.setUint32(at + entryBytes + line * lineBytes, item, true);
      view.setUint32(at + entryBytes + line * lineBytes + 4, 1, true);
    }
  }
  return bytes;
}

export function makeData(items: number, members: number): KernelData {
  const { next: random } = createRandom(items);
  const numbers = arrivals(items, random);
  const draw = () => numbers[zipf(random, items)]!;
  const bought = Array.from({ length: members }, () => distinct(historyItems, draw));
  const rows = new Map<number, Cell[]>();
  for (const item of bought.flat()) {
    if (rows.has(item)) continue;
    const neighbours = distinct(cellsPerRow, draw).filter((other) => other !== item);
    rows.set(
      item,
      neighbours.map((other, place) => ({
        item: other,
        weight: (1 + random()) * (1 + 30 / (1 + place)),
      })),
    );
  }
  const popularity = new Float64Array(items);
  const scale = baskets / (items ** (1 - zipfExponent) / (1 - zipfExponent));
  for (let rank = 0; rank < items; rank++) {
    popularity[numbers[rank]!] = Math.ceil(scale * (rank + 1) ** -zipfExponent);
  }
  const hashes = new BigUint64Array(items);
  for (let item = 0; item < items; item++) {
    hashes[item] = (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(item);
  }
  const histories = bought.map((list) => {
    const inOrder = basketsOf(list, random).map((basket) =>
      basket.sort((a, b) => (hashes[a]! < hashes[b]! ? -1 : 1)),
    );
    return encodeHistory(inOrder);
  });
  return { items, hashes, popularity, histories, rows };
}
