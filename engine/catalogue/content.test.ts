// How the catalogue alone tells what is alike: words, shelves, and what changes with a new name.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { limits } from '../base/limits.ts';
import { Content, wordsOf } from './content.ts';
import { Registry } from './registry.ts';
import { type Item, itemSchema } from './shapes.ts';

const { h64 } = await xxhash();

function catalogue(...items: readonly object[]) {
  const registry = new Registry<Item>((id) => h64(id), 0);
  for (const item of items) {
    const parsed = itemSchema.parse(item);
    registry.push(parsed.itemId, parsed, 0);
  }
  const content = new Content(registry);
  content.begin();
  content.read(Number.POSITIVE_INFINITY);
  const near = (itemId: string, most = 10) =>
    content
      .neighbours(registry.numberOf(itemId) ?? -1, most, () => true)
      .found.map(({ number }) => registry.idOf(number));
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
  content.update([number]);
  content.read(100);
  expect(near('a')).toEqual([]);
  expect(near('c')).toEqual(['b']);
});

const noun = (at: number) => `noun${at % 50} kind${at % 7} no${at}`;

function large(items: number) {
  const registry = new Registry<Item>((id) => h64(id), 0);
  const item = (at: number) =>
    itemSchema.parse({ itemId: `i${at}`, name: noun(at), category: ['a', `shelf ${at % 20}`] });
  for (let at = 0; at < items; at++) registry.push(`i${at}`, item(at), 1);
  const content = new Content(registry);
  content.begin();
  return { registry, content, item };
}

test('a large catalogue is read in slices, each about as long as asked for', () => {
  const { content } = large(2_000);
  // Itself, four to six words, and two shelves.
  const [least, most] = [7, 9];
  let slices = 0;
  let before = content.version;
  for (let left = 0; left === 0; slices++) {
    left = content.read(100);
    expect(content.version - before).toBeLessThanOrEqual(Math.ceil(100 / least));
    before = content.version;
  }
  expect(slices).toBeGreaterThanOrEqual((2_000 * least) / (100 + most));
  expect(content.version).toBe(2_000);
  // There is nothing left to be done.
  expect(content.read(100)).toBe(100);
  expect(content.version).toBe(2_000);
});

test('what is asked for is compared at once with all that was read', () => {
  const { content, registry } = large(1_000);
  content.read(2_000);
  const all = () => true;
  const asked = content.neighbours(999, 5, all).found;
  expect(asked.length).toBe(5);
  const nearness = asked.map(({ number }) => content.nearness(999, number));
  expect(nearness).toEqual(asked.map((each) => each.nearness));
  content.read(Number.POSITIVE_INFINITY);
  const read = large(1_000);
  read.content.read(Number.POSITIVE_INFINITY);
  // However it was read, in the end the same is alike.
  expect(content.neighbours(3, 50, all)).toEqual(read.content.neighbours(3, 50, all));
  expect(registry.size).toBe(1_000);
});

test('no item is compared with more than a bounded number of others', () => {
  const { content } = large(20_000);
  content.read(Number.POSITIVE_INFINITY);
  for (const number of [0, 7_777, 19_999]) {
    const { found, compared } = content.neighbours(number, 50, () => true);
    expect(compared).toBeLessThanOrEqual(limits.alikeComparedMax);
    expect(found).toHaveLength(50);
  }
});

test('an item that is not on the disk yet leaves no trace when its writing fails', () => {
  const { content, registry, item } = large(100);
  content.read(Number.POSITIVE_INFINITY);
  const before = content.neighbours(1, 50, () => true);
  registry.push('i100', item(100), 2);
  expect(content.neighbours(100, 5, () => true).found).toHaveLength(5);
  registry.truncate(100);
  expect(content.neighbours(1, 50, () => true)).toEqual(before);
  // Another one takes its number.
  registry.push('other', itemSchema.parse({ itemId: 'other', name: 'tea' }), 2);
  content.update([100]);
  content.read(100);
  expect(content.neighbours(100, 5, () => true).found).toEqual([]);
});

test('words of a change that was taken back do not stay', () => {
  const { content, registry, item } = large(100);
  content.read(Number.POSITIVE_INFINITY);
  const before = content.neighbours(1, 50, () => true);
  registry.replace(1, itemSchema.parse({ itemId: 'i1', name: 'tea' }), 2);
  // Somebody may have read it in the meantime.
  content.update([1]);
  content.read(100);
  registry.replace(1, item(1), 1);
  content.onUndone([1]);
  content.read(100);
  expect(content.neighbours(1, 50, () => true)).toEqual(before);
});
