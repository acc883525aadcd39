// Time weights and powers from basic IEEE operations only, so that every machine gets the same
// bits.

import { allocate, release } from './heap';
import { ONE } from './layout';

const LOG2_E: f64 = 1.4426950408889634;
const LN_2: f64 = 0.6931471805599453;

/** 2^n for -1022 <= n <= 1023, exactly. */
function powerOfTwo(n: i32): f64 {
  return reinterpret<f64>(<u64>(1023 + n) << 52);
}

/** 2^y by the exponential series to degree 16 on [-0.5, 0.5]; relative error below 3 ulp. */
function exp2(y: f64): f64 {
  const whole = nearest(y);
  const x = (y - whole) * LN_2;
  let sum: f64 = 1.0;
  for (let k = 16; k > 0; k--) sum = 1.0 + (sum * x) / <f64>k;
  return sum * powerOfTwo(<i32>whole);
}

/** log2 of a positive normal number by the series of artanh; absolute error below 1e-11. */
function log2(value: f64): f64 {
  const bits = reinterpret<u64>(value);
  let exponent = <i32>((bits >> 52) & 0x7ff) - 1023;
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent++;
  }
  const s = (mantissa - 1.0) / (mantissa + 1.0);
  const q = s * s;
  const series =
    1.0 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 + q * (1.0 / 11 + q / 13)))));
  return <f64>exponent + 2.0 * LOG2_E * s * series;
}

/**
 * value^exponent for value > 0, to about 1e-10; 0 for value <= 0 (an absent counter weighs
 * nothing).
 */
export function power(value: f64, exponent: f64): f64 {
  if (value <= 0) return 0;
  const y = exponent * log2(value);
  const whole = nearest(y);
  const x = (y - whole) * LN_2;
  const sum =
    1.0 + x * (1.0 + x * (1.0 / 2 + x * (1.0 / 6 + x * (1.0 / 24 + x * (1.0 / 120 + x * (1.0 / 720 +
    x * (1.0 / 5040 + x * (1.0 / 40320 + x / 362880))))))));
  return sum * powerOfTwo(<i32>whole);
}

/** Nearest fixed-point integer, halves to even (docs/reference/counts.md). */
export function fixed(weight: f64): i64 {
  return <i64>nearest(weight * ONE);
}

// @ts-expect-error: decorator
@inline
export function plain(weight: i64): f64 {
  return <f64>weight / ONE;
}

/**
 * Forward decay g(d) = 2^((d - landmark) / half-life) over a table of one half-life (Cormode et al.
 * 2009).
 */
let halfLife: i32 = 0;
let landmark: i32 = 0;
let growth: u32 = 0;
let popularityHalfLife: i32 = 0;
let popularityLandmark: i32 = 0;
let popularityGrowth: u32 = 0;

function growthTable(old: u32, days: i32): u32 {
  release(old);
  if (!days) return 0;
  const table = allocate(<u32>days * 8);
  for (let k = 0; k < days; k++) {
    // Rounded to 2^-30, so that any decent pow makes the same table.
    store<f64>(table + <u32>k * 8, nearest(exp2(<f64>k / <f64>days) * 1073741824.0) / 1073741824.0);
  }
  return table;
}

/**
 * Half-lives in days (0: no decay) and the days that weigh 1. To be called before anything is
 * counted.
 */
export function setDecay(days: i32, landmarkDay: i32, popDays: i32, popLandmarkDay: i32): void {
  growth = growthTable(growth, days);
  popularityGrowth = growthTable(popularityGrowth, popDays);
  halfLife = days;
  landmark = landmarkDay;
  popularityHalfLife = popDays;
  popularityLandmark = popLandmarkDay;
}

function growthAt(table: u32, days: i32, day: i32, from: i32): f64 {
  if (!days) return 1.0;
  const distance = day - from;
  let whole = distance / days;
  let rest = distance % days;
  if (rest < 0) {
    rest += days;
    whole--;
  }
  if (whole < -1000) return 0;
  return load<f64>(table + <u32>rest * 8) * powerOfTwo(whole);
}

/** g(day) for pairs. */
export function pairGrowth(day: i32): f64 {
  return growthAt(growth, halfLife, day, landmark);
}

/** g(day) for popularity. */
export function popGrowth(day: i32): f64 {
  return growthAt(popularityGrowth, popularityHalfLife, day, popularityLandmark);
}
