// All shelves of the demo chain together, and each item as the engine's catalogue wants it.
import type { Item } from '../../engine/index.ts';
import { care, sportAndOutdoors } from './catalogue-body.ts';
import { drinks } from './catalogue-drinks.ts';
import { babies, pets } from './catalogue-family.ts';
import { freshAndPantry, readyAndSnacks } from './catalogue-food.ts';
import { household, stationeryAndGifts } from './catalogue-home.ts';
import type { Shelf, ShelfItem } from './shapes.ts';

export const demoShelves: readonly Shelf[] = [
  ...drinks,
  ...readyAndSnacks,
  ...freshAndPantry,
  ...babies,
  ...pets,
  ...household,
  ...stationeryAndGifts,
  ...care,
  ...sportAndOutdoors,
];

/** Every item once, shelf by shelf. */
export function demoItems(): readonly Item[] {
  return demoShelves.flatMap((shelf) => shelf.items.map((item) => toItem(shelf, item)));
}

function toItem(shelf: Shelf, item: ShelfItem): Item {
  return {
    itemId: item.itemId,
    name: item.name,
    category: [...shelf.path],
    brand: item.brand,
    priceFen: item.priceFen,
    tags: tagsOf(shelf, item),
    status: item.withdrawnDaysAgo === undefined ? 'active' : 'inactive',
  };
}

function tagsOf(shelf: Shelf, item: ShelfItem): string[] {
  const tags = [...shelf.tags];
  if (shelf.season === 'summer') tags.push('夏季');
  if (shelf.season === 'winter') tags.push('冬季');
  if (shelf.path[0] === '礼品') tags.push('送礼');
  if (item.launchedDaysAgo !== undefined) tags.push('新品');
  return tags;
}
