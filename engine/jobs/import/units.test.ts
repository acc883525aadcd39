// Tests of units: what a quantity counts in, and what its price is the price of.
import { expect, test } from 'vitest';
import { isNegativeAmount, parseThousandths } from './amounts.ts';
import { importFields } from './columns.ts';
import { priceOfOne, quantityInPriceUnit } from './measures.ts';
import type { SourceRow } from './source-row.ts';

test('weights are kilograms, volumes litres, and everything else is pieces', () => {
  const cases = {
    '1斤': 500,
    '2两': 100,
    '1台斤': 600,
    '500g': 500,
    '500 克': 500,
    '1.5kg': 1_500,
    '1.5 KG': 1_500,
    '2公斤': 2_000,
    '3 lb': 1_361,
    '3 lbs.': 1_361,
    '8oz': 227,
    '250ml': 250,
    '1.5L': 1_500,
    '2 dozen': 24_000,
    '1打': 12_000,
    '3瓶': 3_000,
    '２箱': 2_000,
    '4 EA': 4_000,
    '2 例': 2_000,
    // Any word in Chinese counts things.
    '2锅': 2_000,
    '-0.5斤': -250,
    '11840‰': 11_840,
    '2 pizza': 'unreadable',
    '1斤2两': 'unreadable',
  };
  for (const [text, thousandths] of Object.entries(cases)) {
    expect(parseThousandths(text), text).toBe(thousandths);
  }
  expect(isNegativeAmount('-2瓶')).toBe(true);
  expect(isNegativeAmount('2瓶')).toBe(false);
});

/** A row with these cells, read: its quantity in thousandths and the price of one in fen. */
function line(quantity: string, unitPrice: string, lineTotal = '') {
  const values: Readonly<Record<string, string>> = { quantity, unitPrice, lineTotal };
  const cells = importFields.map((field) => values[field] ?? '');
  const source: SourceRow = { file: 0, line: 1, raw: '', cells, whole: 0, isReturn: false };
  const text = quantityInPriceUnit(source, undefined);
  return [parseThousandths(text), priceOfOne(source, undefined)];
}

test('a price of a unit is brought to the price of one', () => {
  expect(line('0.5', '¥12.00/公斤')).toEqual([500, 1_200]);
  expect(line('0.5kg', '¥12.00/公斤')).toEqual([500, 1_200]);
  expect(line('500g', '12元/kg')).toEqual([500, 1_200]);
  expect(line('2斤', '6元/斤')).toEqual([1_000, 1_200]);
  expect(line('2瓶', '3.5/瓶')).toEqual([2_000, 350]);
  expect(line('0.3', '8.80/500g')).toEqual([300, 1_760]);
  expect(line('3 lb', '$2.00 per lb')).toEqual([1_361, 441]);
  // What one bottle costs, nobody says.
  expect(line('2瓶', '12/公斤')).toEqual([2_000, 'unreadable']);
});

test('a number alone counts in the unit of its price, unless the total says otherwise', () => {
  expect(line('2', '6.00元/斤')).toEqual([1_000, 1_200]);
  expect(line('2', '6.00元/斤', '12.00')).toEqual([1_000, 1_200]);
  expect(line('2', '6.00元/斤', '24.00')).toEqual([2_000, 1_200]);
});

test('a price without a unit is of the unit in which prices are said', () => {
  expect(line('2斤', '6.00')).toEqual([1_000, 1_200]);
  expect(line('2斤', '12.00', '12.00')).toEqual([1_000, 1_200]);
  expect(line('500g', '12.00')).toEqual([500, 1_200]);
  expect(line('500g', '0.02', '10.00')).toEqual([500, 2_000]);
});
