// How the catalogue alone tells what is alike: words, shelves, and what changes with a new name.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { type Item, itemSchema } from '../log/events.ts';
import { Registry } from './catalogue.ts';
import { Content, wordsOf } from './content.ts';

const { h64 } = await xxhash();

function catalogue(...items: readonly object[]) {
  const registry = new Registry<Item>((id) => h64(id), 0);
  for (const item of items) {
    const parsed = itemSchema.parse(item);
    registry.push(parsed.itemId, parsed, 0);
  }
  const content = new Content(registry);
  const near = (itemId: string, most = 10) =>
    content
      .neighbours(registry.numberOf(itemId) ?? -1, most, () => true)
      .map(({ number }) => registry.idOf(number));
  return { registry, content, near };
}

test('Chinese names are read as pairs of characters, others as words, in lower case', () => {
  expect(wordsOf('云南咖啡豆 250G')).toEqual(['云南', '南咖', '咖啡', '啡豆', '250', 'g']);
  expect(wordsOf('JUMBO BAG Red')).toEqual(['jumbo', 'bag', 'red']);
  expect(wordsOf('奶')).toEqual(['奶']);
  expect(wordsOf(undefined)).toEqual([]);
});

test('full-width letters are the same words as their plain forms', () => {
  expect(wordsOf('ＯＡＴ奶')).toEqual(wordsOf('oat奶'));
});

test('rare words bring together, and common ones hardly do', () => {
  const { near } = catalogue(
    { itemId: 'red-bag', name: 'jumbo bag red' },
    { itemId: 'owl-bag', name: 'jumbo bag owl' },
    { itemId: 'red-cup', name: 'cup red' },
    { itemId: 'red-tin', name: 'tin red' },
    { itemId: 'red-box', name: 'box red' },
  );
  expect(near('red-bag')[0]).toBe('owl-bag');
});

test('the shelf counts where both have one, and the brand does not', () => {
  const { near, content, registry } = catalogue(
    { itemId: 'beans', name: '岭上豆 咖啡豆', brand: '岭上豆', category: ['饮品', '咖啡', '豆'] },
    { itemId: 'cup', name: '岭上豆 马克杯', brand: '岭上豆', category: ['家居', '杯'] },
    { itemId: 'drip', name: '挂耳包', category: ['饮品', '咖啡', '挂耳'] },
    { itemId: 'tea', name: '茶叶', category: ['饮品', '茶'] },
  );
  expect(near('beans')).toEqual(['drip', 'tea']);
  const number = (itemId: string) => registry.numberOf(itemId) ?? -1;
  expect(content.nearness(number('beans'), number('drip'))).toBeCloseTo((2 / 3) ** 2 / 2);
  expect(content.nearness(number('beans'), number('cup'))).toBe(0);
});

test('a changed name is found by its new words and no more by its old ones', () => {
  const { near, content, registry } = catalogue(
    { itemId: 'a', name: 'hand warmer' },
    { itemId: 'b', name: 'hand cream' },
    { itemId: 'c', name: 'lunch bag' },
  );
  expect(near('a')).toEqual(['b']);
  const number = registry.numberOf('b') ?? -1;
  registry.replace(number, itemSchema.parse({ itemId: 'b', name: 'lunch box' }), 1);
  content.note([number]);
  expect(near('a')).toEqual([]);
  expect(near('c')).toEqual(['b']);
});
