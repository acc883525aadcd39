// Reproducible chance: a small seeded generator for made-up data and tests. Never for keys, tokens
// or ids of people.

/** A stream of numbers that depends on nothing but its seed. Not for secrets. */
export interface Random {
  /** Uniform in [0, 1), in steps of 2⁻³². */
  next(): number;
  /** Uniform in [from, to). */
  between(from: number, to: number): number;
  /** A whole number in [0, count). */
  integer(count: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** Bell-shaped around 1: most draws in [0.8, 1.2], all in [0.55, 1.45]. */
  aroundOne(): number;
  /** An index, drawn in proportion to its weight. At least one weight must be above zero. */
  weighted(weights: readonly number[]): number;
}

/**
 * xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS
 * 47(4), 2021), its state filled by a 32-bit finalizer over a Weyl sequence, as its authors
 * advise. Integer arithmetic only, so that every host draws the same numbers; Math.log or
 * Math.cos may differ between two builds of V8.
 */
export function createRandom(seed: number): Random {
  const draw = xoshiro128(seed);
  const next = () => draw() / 2 ** 32;
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    integer: (count) => Math.floor(next() * count),
    chance: (probability) => next() < probability,
    // The sum of three uniforms is close enough to a normal draw, and has no tails to guard
    // against.
    aroundOne: () => 0.55 + (next() + next() + next()) * 0.3,
    weighted: (weights) => weightedIndex(weights, next()),
  };
}

/** Which index a uniform draw in [0, 1) falls on when each has a stretch as long as its weight. */
export function weightedIndex(weights: readonly number[], uniform: number): number {
  let rest = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return index;
  }
  return weights.findLastIndex((weight) => weight > 0);
}

/**
 * Mixes two integers into a uniform number in [0, 1): the same pair always gives the same number.
 */
export function uniformOf(first: number, second: number): number {
  return mix((mix(first) ^ Math.imul(second, 0x9e3779b1)) >>> 0) / 2 ** 32;
}

function xoshiro128(seed: number): () => number {
  // Golden-ratio steps keep the four words apart, and mix is a bijection, so they are never all
  // zero.
  let [a, b, c, d] = [1, 2, 3, 4].map((step) =>
    mix((seed + Math.imul(step, 0x9e3779b9)) >>> 0),
  ) as [number, number, number, number];
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/**
 * The finalizer of MurmurHash3 (Appleby), a bijection on 32 bits in which every input bit moves
 * every output bit.
 */
function mix(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
