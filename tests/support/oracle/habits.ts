// What is bought again, counted at each basket of a member: HABITS of docs/reference/counts.md.
import type { Receipt } from './ledger.ts';
import { type Decay, fixed, unfixed } from './weights.ts';

/** What it reads of a basket. */
interface Basket {
  readonly receipt: Receipt;
  readonly items: readonly string[];
}

type Counter = Map<string, bigint>;

/** What it adds to. */
interface Counts {
  readonly habits: Map<number, { expected: bigint; rebought: bigint }>;
  readonly items: {
    readonly expected: Counter;
    readonly rebought: Counter;
    readonly expectedOnce: Counter;
    readonly reboughtOnce: Counter;
  };
}

const pairBasketItemsMax = 128;
const ageDecay = 0.9;
const upToTimes = [1, 2, 3, 4, 6, 9, 14, 24];
const upToAge = [0, 1, 2, 3, 5, 8, 13, 20, 34];
const upToBaskets = [1, 2, 3, 4, 6, 9, 14, 24, 49];

/** In how many baskets, how many baskets ago the last of them (0: the latest), of how many. */
export interface HabitStanding {
  readonly times: number;
  readonly age: number;
  readonly baskets: number;
}

/** Of an item in the eyes of a member with this history; undefined when never bought. */
export function standingOf(history: readonly Basket[], itemId: string): HabitStanding | undefined {
  const times = history.filter(({ items }) => items.includes(itemId)).length;
  if (times === 0) return undefined;
  const last = history.findLastIndex(({ items }) => items.includes(itemId));
  return { times, age: history.length - 1 - last, baskets: history.length };
}

export function habitCell({ times, age, baskets }: HabitStanding): number {
  const place = (bounds: readonly number[], value: number) => {
    const found = bounds.findIndex((bound) => value <= bound);
    return found < 0 ? bounds.length : found;
  };
  return (place(upToTimes, times) * 10 + place(upToAge, age)) * 10 + place(upToBaskets, baskets);
}

/** The share of the member's weight that lies on an item. */
function shareOf(history: readonly Basket[], itemId: string): number {
  let [own, whole] = [0, 0];
  for (const [at, { items }] of history.entries()) {
    const weight = ageDecay ** (history.length - 1 - at);
    whole += weight;
    if (items.includes(itemId)) own += weight;
  }
  return own / (whole + 0.5);
}

/** Every item bought before is bought again in this basket, or is not. */
export function addHabits(
  { habits, items: counters }: Counts,
  { receipt, items }: Basket,
  { earlier, decay }: { readonly earlier: readonly Basket[]; readonly decay: Decay },
): void {
  if (items.length > pairBasketItemsMax) return;
  const growth = decay.weightOf(receipt.day);
  for (const itemId of new Set(earlier.flatMap((before) => before.items))) {
    const standing = standingOf(earlier, itemId);
    if (standing === undefined) continue;
    const expected = fixed(shareOf(earlier, itemId));
    const isHeld = items.includes(itemId);
    const index = habitCell(standing);
    const cell = habits.get(index) ?? { expected: 0n, rebought: 0n };
    cell.expected += expected;
    cell.rebought += isHeld ? 1n : 0n;
    habits.set(index, cell);
    const add = (counter: Counter, amount: bigint) =>
      counter.set(itemId, (counter.get(itemId) ?? 0n) + amount);
    const weighed = fixed(growth * unfixed(expected));
    const rebought = isHeld ? fixed(growth) : 0n;
    add(counters.expected, weighed);
    add(counters.rebought, rebought);
    if (standing.times > 1) continue;
    add(counters.expectedOnce, weighed);
    add(counters.reboughtOnce, rebought);
  }
}
