// Seeded chance for the storms: the same seed draws the same events, moments and torn sectors.

export interface Chance {
  /** A whole number in [0, count). */
  integer(count: number): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
  /** The same values in another order. */
  shuffled<Value>(values: readonly Value[]): Value[];
}

/** mulberry32: 32 bits of state are enough to choose what breaks where. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (count: number) => Math.floor(next() * count);
  return {
    integer,
    happens: (probability) => next() < probability,
    pick: (values) => values[integer(values.length)]!,
    shuffled: (values) => {
      const order = [...values];
      for (let index = order.length - 1; index > 0; index--) {
        const other = integer(index + 1);
        [order[index], order[other]] = [order[other]!, order[index]!];
      }
      return order;
    },
  };
}

/** The seed of a run: given by STORM_SEED to repeat one, else a new one. */
export function seedOfRun(): number {
  return Number(process.env['STORM_SEED'] ?? Date.now() % 1_000_000_000);
}
