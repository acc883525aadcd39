// What scales print, by patterns of a chain: item, weight and price, and what is no such code.
import { expect, test } from 'vitest';
import { parseBarcodePattern, readMeasuredCode } from './measured-codes.ts';

const read = (code: string, ...patterns: string[]) =>
  readMeasuredCode(patterns.map(parseBarcodePattern), code);

test('a code holds item and weight, or item and price, or both', () => {
  expect(read('2123456003567', '2IIIIIIWWWWWC')).toEqual({
    itemCode: '123456',
    thousandths: 356,
    totalFen: undefined,
  });
  expect(read('2200042019901', '22IIIIIPPPPPC')).toEqual({
    itemCode: '00042',
    thousandths: undefined,
    totalFen: 1_990,
  });
  // As scales in China print it: both of them, in 18 places.
  expect(read('220004201990003561', '22IIIIIPPPPPWWWWWC')).toEqual({
    itemCode: '00042',
    thousandths: 356,
    totalFen: 1_990,
  });
  expect(read('2000429019907', '2IIIIIXPPPPPX')).toMatchObject({ itemCode: '00042' });
});

test('the first pattern that a code fits is taken, by its beginning and its length', () => {
  const both = ['22IIIIIPPPPPC', '2IIIIIIWWWWWC'];
  expect(read('2200042019901', ...both)).toMatchObject({ totalFen: 1_990 });
  expect(read('2123456003567', ...both)).toMatchObject({ thousandths: 356 });
  for (const other of ['6901234567892', '212345600356', '21234560035678', '2123456OO3568', '']) {
    expect(read(other, ...both)).toBeUndefined();
  }
});

test('a wrong check digit and no weight at all are told, and nothing is read', () => {
  expect(read('2123456003568', '2IIIIIIWWWWWC')).toEqual({
    problem:
      'ends with the check digit 8 where 2IIIIIIWWWWWC asks for 7: it was read wrongly, ' +
      'scan it again',
  });
  expect(read('2123456000000', '2IIIIIIWWWWWX')).toHaveProperty('problem');
});

test.each([
  ['IIIIIIWWWWWC', 'the digits that the codes begin with'],
  ['2IIIIIIWWWWWQ', 'the digits that the codes begin with'],
  ['2CIIIIIWWWWWW', 'the digits that the codes begin with'],
  ['2IIIWWWWWIIIC', 'must have its I side by side'],
  ['2IIIIWWIWWWWC', 'must have its I side by side'],
  ['2IIWWPWWPPPPC', 'must have its W side by side'],
  ['2WWWWWWWWWWWC', 'must have the item in it'],
  ['2IIIIIIIIIIIC', 'must have a weight or a price in it'],
  ['2IIWWC', 'must have 8 to 20 places (it has 6)'],
])('%s is no pattern, and it is said why', (pattern, why) => {
  expect(() => parseBarcodePattern(pattern)).toThrow(why);
  expect(() => parseBarcodePattern(pattern)).toThrow(JSON.stringify(pattern));
});
