// Weights of days and their integers, against arithmetic that uses no floating point at all.
import { expect, test } from 'vitest';
import { decayFor, fixed, growthTable } from './weights.ts';

test('the growth table is the one that exact integer roots give', () => {
  for (const halfLifeDays of [30, 60, 7]) {
    for (const [day, growth] of growthTable(halfLifeDays).entries()) {
      expect(BigInt(growth * 2 ** 30), `day ${day} of ${halfLifeDays}`).toBe(
        roundedRoot(halfLifeDays, day),
      );
    }
  }
});

test('rounds halves to even', () => {
  const unit = 2 ** -20;
  const halves = [0.5, 1.5, 2.5, 3.5, 0.49, 2.51].map((value) => fixed(value * unit));
  expect(halves).toEqual([0n, 2n, 2n, 4n, 0n, 3n]);
});

test('stands the landmark on a grid of sixteen half-lives and doubles with each', () => {
  const decay = decayFor(60, 20_200);
  expect(decay.landmarkDay).toBe(20_160);
  expect([20_160, 20_220, 20_100, 21_120].map(decay.weightOf)).toEqual([1, 2, 0.5, 65_536]);
  expect(decayFor(60, 20_159).landmarkDay).toBe(19_200);
  expect(decayFor(30, 20_159).landmarkDay).toBe(19_680);
});

test('nothing fades without a half-life', () => {
  expect(decayFor(null, 20_200).weightOf(3)).toBe(1);
});

/**
 * round(2^(day/halfLifeDays) · 2³⁰) by bisection on integers: no power, no logarithm, no double.
 */
function roundedRoot(halfLifeDays: number, day: number): bigint {
  const degree = BigInt(halfLifeDays);
  const scale = 2n ** 31n;
  let low = scale;
  let high = 2n * scale;
  const target = scale ** degree * 2n ** BigInt(day);
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** degree <= target) low = middle;
    else high = middle;
  }
  return (low + 1n) / 2n;
}
