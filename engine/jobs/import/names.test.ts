// What an import makes of the names in its rows: which one an item gets, and what it is by it.
import { expect, test } from 'vitest';
import { compileRoles, type GuessRole } from '../../catalogue/role-names.ts';
import type { Item } from '../../catalogue/shapes.ts';
import { shippedRoles } from '../../catalogue/shipped-roles.ts';
import { NameCollector } from './names.ts';
import type { Row } from './row.ts';

function row(itemId: string, itemName: string, unitPriceFen: number | undefined): Row {
  return { itemId, itemName, unitPriceFen } as Row;
}

const shipped = compileRoles(shippedRoles);

/** What one import tells a catalogue, which then holds it. */
function importInto(
  catalogue: Map<string, Item>,
  rows: readonly Row[],
  guessRole: GuessRole = shipped,
): void {
  const names = new NameCollector({
    item: (itemId) => catalogue.get(itemId),
    itemIdOf: (code) => code,
    guessRole,
    isGivenAway: () => false,
  });
  for (const item of [...names.take(rows), ...names.leftovers()]) {
    const { role, roleGuessed = false, ...said } = item;
    const guessed = role === undefined || roleGuessed ? guessRole(said) : undefined;
    const kept = guessed === undefined ? said : { ...said, role: guessed, roleGuessed: true };
    catalogue.set(item.itemId, role !== undefined && !roleGuessed ? item : kept);
  }
}

function namesIn(catalogue: Map<string, Item>): unknown[] {
  return [...catalogue.values()].map(({ itemId, name, role, status }) => {
    return [itemId, name, role ?? 'goods', status].join(' ');
  });
}

test('names come from rows sold at a price, and known ones stay', () => {
  const catalogue = new Map<string, Item>([
    ['tea', { itemId: 'tea', name: '龙井', status: 'active' }],
  ]);
  importInto(catalogue, [
    row('cup', 'found', 0),
    row('gift', '赠品', 0),
    row('cup', '咖啡杯', 500),
    row('tea', '茶', 500),
    row('POST', 'Postage', 500),
  ]);
  expect(namesIn(catalogue).sort()).toEqual([
    'POST Postage fee inactive',
    'cup 咖啡杯 goods active',
    'gift 赠品 sample inactive',
    'tea 龙井 goods active',
  ]);
});

test('what was only ever given away is a sample, until it is sold', () => {
  const catalogue = new Map<string, Item>();
  importInto(catalogue, [row('mini', 'Cream 5 ml', 0), row('tea', '茶', 500)]);
  expect(catalogue.get('mini')).toMatchObject({ priceFen: 0, role: 'sample', status: 'inactive' });
  importInto(catalogue, [row('mini', 'Cream 5 ml', 900)]);
  expect(catalogue.get('mini')).toEqual({ itemId: 'mini', name: 'Cream 5 ml', status: 'active' });
});

test('where nothing has a price, nothing is given away', () => {
  const catalogue = new Map<string, Item>();
  importInto(catalogue, [row('tea', '茶', 0), row('cup', '杯', 0), row('pot', '壶', undefined)]);
  expect(namesIn(catalogue).sort()).toEqual([
    'cup 杯 goods active',
    'pot 壶 goods active',
    'tea 茶 goods active',
  ]);
});

test('other names hold for what a former import has named, and never against who said it', () => {
  const catalogue = new Map<string, Item>([
    ['bag', { itemId: 'bag', name: '购物袋', role: 'goods', status: 'active' }],
    ['old', { itemId: 'old', name: '运费', status: 'inactive' }],
  ]);
  const rows = [row('tip', 'Tip', 500), row('bag', '购物袋', 100), row('old', '运费', 800)];
  importInto(catalogue, rows);
  expect(namesIn(catalogue)).toEqual([
    'bag 购物袋 goods active',
    'old 运费 fee inactive',
    'tip Tip fee inactive',
  ]);
  importInto(catalogue, rows, () => undefined);
  expect(namesIn(catalogue)).toEqual([
    'bag 购物袋 goods active',
    'old 运费 goods active',
    'tip Tip goods active',
  ]);
});

test('what is given away in all rows is a sample before the first of them is counted', () => {
  const names = new NameCollector({
    item: () => undefined,
    itemIdOf: (code) => code,
    guessRole: shipped,
    isGivenAway: (itemId) => itemId === 'gift',
  });
  const first = names.take([
    row('cup', 'found', 0),
    row('cup', '咖啡杯', 500),
    row('gift', '赠品', 0),
  ]);
  const gift = { itemId: 'gift', name: '赠品', priceFen: 0, status: 'inactive' };
  expect(first).toEqual([{ itemId: 'cup', name: '咖啡杯', status: 'active' }, gift]);
  expect(names.take([row('gift', '赠品', 0)])).toEqual([]);
  expect(names.leftovers()).toEqual([]);
});
