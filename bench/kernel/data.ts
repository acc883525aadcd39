// The seeded chain that the kernel is timed on: items as they would have arrived by Zipf's law,
// members with 50 items in ten baskets, and a row of neighbours for every item that they bought.
import { createRandom } from '../../engine/index.ts';

const historyItems = 50;
const basketsPerMember = 10;
const itemsPerBasket = historyItems / basketsPerMember;
/** More than are served, as rows of a real chain have: the kernel reads views of them. */
const cellsPerRow = 80;
const zipfExponent = 0.9;
const millisecondsPerDay = 86_400_000;
const firstDay = 20_000;
export const lastDay = firstDay + 7 * basketsPerMember;
/** Receipts that the counters are made of. */
const baskets = 2_000_000;
export const one = 2 ** 20;

const entryBytes = 40;
const lineBytes = 12;

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

function encodeHistory(items: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(basketsPerMember * (entryBytes + itemsPerBasket * lineBytes));
  const view = new DataView(bytes.buffer);
  for (let basket = 0; basket < basketsPerMember; basket++) {
    const at = basket * (entryBytes + itemsPerBasket * lineBytes);
    view.setFloat64(at, (firstDay + basket * 7) * millisecondsPerDay, true);
    view.setFloat64(at + 8, basket + 1, true);
    view.setFloat64(at + 16, basket + 1, true);
    view.setUint16(at + 38, itemsPerBasket, true);
    for (let line = 0; line < itemsPerBasket; line++) {
      const to = at + entryBytes + line * lineBytes;
      view.setUint32(to, items[basket * itemsPerBasket + line]!, true);
      view.setUint32(to + 4, 1, true);
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
  return { items, hashes, popularity, histories: bought.map(encodeHistory), rows };
}
