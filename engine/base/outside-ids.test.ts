// Tests of outside ids: what is wrapping is taken off, what is no id is refused.
import { expect, test } from 'vitest';
import { createNobodyTest, readOutsideId } from './outside-ids.ts';

test('shields of spreadsheets, padding and odd blanks are taken off', () => {
  const cases = {
    '="00123"': '00123',
    "'00123": '00123',
    '`P3': 'P3',
    'P1\t': 'P1',
    '00123  ': '00123',
    '\u00A017850\u3000': '17850',
    'A\u00A0B': 'A B',
    '\uFEFF42\u200B': '42',
  };
  for (const [text, id] of Object.entries(cases)) {
    expect(readOutsideId(text), text).toEqual({ id, cleaned: true });
  }
});

test('an ordinary id stays as it is, whatever it looks like', () => {
  for (const id of ['17850.0', "'s-Hertogenbosch", '咖啡豆', 'milk 1 l', '0', '1E5', 'O’Neill']) {
    expect(readOutsideId(id), id).toEqual({ id, cleaned: false });
  }
});

test('words for nothing and shortened numbers are no ids', () => {
  const wrong = ['undefined', 'null', 'NaN', 'None', '[object Object]', '\\N', ' NULL ', '#N/A'];
  for (const text of [...wrong, '6.9E+12', '6.90123E+12', '2e+05']) {
    expect(readOutsideId(text), text).toHaveProperty('problem');
  }
});

test('nobody is a list that can be made longer and shorter', () => {
  const isSharedCard = createNobodyTest(['Walk-in 7', '!0']);
  for (const text of ['', ' ', 'NULL', '散客', 'Walk-In Customer', 'walk-in 7']) {
    expect(isSharedCard(text), text).toBe(true);
  }
  for (const text of ['0', '17850', '散客张']) expect(isSharedCard(text), text).toBe(false);
  expect(createNobodyTest()('0')).toBe(true);
});
