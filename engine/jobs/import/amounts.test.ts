// Tests of amounts: decimals become fen without a float in between.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFen, parseFen, parseQuantity, parseWholeFen } from './amounts.ts';

test('a decimal price is the exact number of fen', () => {
  const cases = { '2.55': 255, '1.1': 110, '0.29': 29, '4.35': 435, '7': 700, '.5': 50, '3.': 300 };
  for (const [text, fen] of Object.entries(cases)) expect(parseFen(text), text).toBe(fen);
});

test('a third decimal rounds half away from zero', () => {
  const cases = { '0.004': 0, '0.005': 1, '1.995': 200, '-0.005': -1, '-11062.064': -1_106_206 };
  for (const [text, fen] of Object.entries(cases)) expect(parseFen(text), text).toBe(fen);
});

test('what is no plain decimal within the limit is no price', () => {
  for (const text of ['', '.', '1,5', '¥3', '1e3', 'NaN', '0x10', '10000000.01', '9'.repeat(40)]) {
    expect(parseFen(text), text).toBeUndefined();
  }
  expect(parseFen('10000000')).toBe(1_000_000_000);
});

test('fen written as yuan read back as the same fen', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (fen) => {
      expect(parseFen(formatFen(fen))).toBe(fen);
    }),
  );
  expect(formatFen(5)).toBe('0.05');
});

test('a quantity is a whole number, also with a fraction of zero as sheets write it', () => {
  expect(['6', '6.0', ' 12 ', '-3', '+4'].map(parseQuantity)).toEqual([6, 6, 12, -3, 4]);
  for (const text of ['', '1.5', 'six', '1e2', '1000000001']) {
    expect(parseQuantity(text), text).toBeUndefined();
  }
});

test('a price in fen is a whole number', () => {
  expect([parseWholeFen('255'), parseWholeFen('2.5')]).toEqual([255, undefined]);
});
