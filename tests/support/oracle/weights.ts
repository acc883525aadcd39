// How much a day weighs and how a weight becomes an integer: docs/reference/counts.md, "Weights",
// word by word.

const fixedOne = 2 ** 20;
const tableOne = 2 ** 30;
const landmarkHalfLives = 16;

/** Days after which a weight halves; `null` means that nothing ever fades. */
export type HalfLifeDays = number | null;

export interface Decay {
  readonly landmarkDay: number;
  /** g(d): the weight of a basket of that day. */
  weightOf(day: number): number;
}

/**
 * The decay of a chain whose newest accepted day is `newestDay` (undefined: nothing was accepted
 * yet).
 */
export function decayFor(halfLifeDays: HalfLifeDays, newestDay: number | undefined): Decay {
  if (halfLifeDays === null) return { landmarkDay: 0, weightOf: () => 1 };
  const grid = landmarkHalfLives * halfLifeDays;
  const landmarkDay = grid * Math.floor((newestDay ?? 0) / grid);
  const table = growthTable(halfLifeDays);
  return {
    landmarkDay,
    weightOf(day) {
      const halfLives = Math.floor((day - landmarkDay) / halfLifeDays);
      const within = day - landmarkDay - halfLives * halfLifeDays;
      return (table[within] ?? Number.NaN) * 2 ** halfLives;
    },
  };
}

/** G[0..h−1] of docs/reference/counts.md. */
export function growthTable(halfLifeDays: number): readonly number[] {
  return Array.from(
    { length: halfLifeDays },
    (_, day) => Math.round(2 ** (day / halfLifeDays) * tableOne) / tableOne,
  );
}

/** The weight as an integer in units of 2⁻²⁰, halves to even. */
export function fixed(weight: number): bigint {
  const scaled = weight * fixedOne;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return BigInt(up ? below + 1 : below);
}

/** The way back, for scores. */
export function unfixed(value: bigint): number {
  return Number(value) / fixedOne;
}
