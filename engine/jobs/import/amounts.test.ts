// Tests of amounts: decimals become fen and thousandths without a float in between.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type DecimalMark,
  decimalMarkOf,
  formatFen,
  isNegativeAmount,
  parseFen,
  parseThousandths,
  parseWholeFen,
} from './amounts.ts';

test('a decimal price is the exact number of fen', () => {
  const cases = { '2.55': 255, '1.1': 110, '0.29': 29, '4.35': 435, '7': 700, '.5': 50, '3.': 300 };
  for (const [text, fen] of Object.entries(cases)) expect(parseFen(text), text).toBe(fen);
});

test('a third decimal rounds half away from zero', () => {
  const cases = { '0.004': 0, '0.005': 1, '1.995': 200, '-0.005': -1, '-11062.064': -1_106_206 };
  for (const [text, fen] of Object.entries(cases)) expect(parseFen(text), text).toBe(fen);
});

test('money is read with signs, words, thousands and exponents', () => {
  const cases = {
    '¥12.00': 1_200,
    '￥1,234.50': 123_450,
    '12元': 1_200,
    '$1,025.00': 102_500,
    '-$8.00': -800,
    '$-8.00': -800,
    '(8.00)': -800,
    '8.00-': -800,
    '1.2E+1': 1_200,
    '1.5e-1': 15,
    'RMB 1,234,567.8': 123_456_780,
    '12.80 CNY': 1_280,
    '１２．５': 1_250,
    '1 234.50': 123_450,
    "1'234.50": 123_450,
    '−3': -300,
  };
  for (const [text, fen] of Object.entries(cases)) expect(parseFen(text), text).toBe(fen);
});

test('a decimal comma is read where it leaves no doubt, or when it is told', () => {
  expect(parseFen('1,50')).toBe(150);
  expect(parseFen('1.234,50')).toBe(123_450);
  expect(parseFen('0,356')).toBe(36);
  expect(parseFen('1,234')).toBe('ambiguous');
  expect(parseFen('1,234', '.')).toBe(123_400);
  expect(parseFen('1,234', ',')).toBe(123);
  expect(parseFen('1.234', ',')).toBe(123_400);
  expect(parseFen('1,50', '.')).toBe('unreadable');
  const marks: readonly [string, DecimalMark][] = [
    ['1,50', ','],
    ['1.234,5', ','],
    ['1,234.5', '.'],
    ['1.5', '.'],
    ['1,234', undefined],
    ['1.234', undefined],
    ['12', undefined],
  ];
  for (const [text, mark] of marks) expect(decimalMarkOf(text), text).toBe(mark);
});

test('what is no decimal within the limit is no amount', () => {
  const wrong = ['', '.', 'e3', 'NaN', '0x10', '1.2.3', '1,2,3', '12 pizza', '--1', '(-1)'];
  for (const text of wrong) expect(parseFen(text), text).toBe('unreadable');
  expect(parseFen('9'.repeat(40))).toBe('too large');
  expect(parseFen('10000000000.01')).toBe('too large');
  expect(parseFen('10000000000')).toBe(1_000_000_000_000);
});

test('fen written as yuan read back as the same fen', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (fen) => {
      expect(parseFen(formatFen(fen))).toBe(fen);
    }),
  );
  expect(formatFen(5)).toBe('0.05');
});

test('a quantity is read in thousandths, with the units of shops', () => {
  const cases = {
    '6': 6_000,
    '6.0': 6_000,
    ' 12 ': 12_000,
    '-3': -3_000,
    '.4': 400,
    '0.356': 356,
    '-0.508': -508,
    '1,000': 'ambiguous',
    '2瓶': 2_000,
    '0.5kg': 500,
    '1.2千克': 1_200,
    '500g': 500,
    '3 pcs': 3_000,
    '1000000001': 'too large',
    six: 'unreadable',
    '': 'unreadable',
  };
  for (const [text, thousandths] of Object.entries(cases)) {
    expect(parseThousandths(text), text).toBe(thousandths);
  }
});

test('a price in fen is a whole number', () => {
  expect([parseWholeFen('255'), parseWholeFen('255.0')]).toEqual([255, 255]);
  expect(parseWholeFen('2.5')).toBe('unreadable');
});

test('amounts below zero are known in every way of writing', () => {
  for (const text of ['-1', '−1', '(1.00)', '1.00-', '-$5', '$-5']) {
    expect(isNegativeAmount(text), text).toBe(true);
  }
  for (const text of ['1', '-', '-0', '0', 'A-1', '(note)', '']) {
    expect(isNegativeAmount(text), text).toBe(false);
  }
});
