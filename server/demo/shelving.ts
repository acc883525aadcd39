// The shelves by key: what stands on them on a given day, who likes what, and what goes with what.
import { type Random, uniformOf, weightedIndex } from '../../engine/index.ts';
import type { Complement, DemoWorld, FollowUp, Shelf, ShelfItem } from './shapes.ts';

export interface Choice {
  readonly key: string;
  readonly taste: number;
  /** Chance of taking the household's usual item, if it is to be had. */
  readonly loyalty: number;
  readonly daysAgo: number;
  readonly random: Random;
}

export interface Shelving {
  shelf(key: string): Shelf;
  /** How much a household likes a shelf, 0.3 to 1.5, always the same. */
  liking(taste: number, key: string): number;
  /** Undefined when nothing of the shelf is on sale. */
  choose(choice: Choice): ShelfItem | undefined;
  complementsOf(key: string): readonly Complement[];
  followUpsOf(key: string): readonly FollowUp[];
}

interface Place {
  readonly shelf: Shelf;
  readonly number: number;
  readonly lineNumber: number;
  readonly weights: readonly number[];
  readonly complements: readonly Complement[];
  readonly followUps: readonly FollowUp[];
}

/** Throws when a habit or an occasion names a shelf that does not exist. */
export function createShelving(world: DemoWorld): Shelving {
  const places = createPlaces(world);
  const place = (key: string): Place => {
    const found = places.get(key);
    if (found === undefined) throw new Error(`no shelf is called ${key}`);
    return found;
  };
  for (const occasion of world.occasions) for (const [key] of occasion.slots) place(key);
  for (const { other } of world.complements) place(other);
  for (const { later } of world.followUps) place(later);
  return {
    shelf: (key) => place(key).shelf,
    liking: (taste, key) => 0.3 + 1.2 * uniformOf(taste, place(key).number),
    choose: (choice) => choose(place(choice.key), choice),
    complementsOf: (key) => place(key).complements,
    followUpsOf: (key) => place(key).followUps,
  };
}

function createPlaces(world: DemoWorld): ReadonlyMap<string, Place> {
  const lines = [...new Set(world.shelves.map((shelf) => shelf.brandLine))];
  const entries = world.shelves.map((shelf, number): [string, Place] => {
    // Zipf's law, softened: the second sells two thirds of the first, the third half.
    const weights = shelf.items.map((_, rank) => 2 / (rank + 2));
    const complements = world.complements.filter((each) => each.shelf === shelf.key);
    const followUps = world.followUps.filter((each) => each.shelf === shelf.key);
    const lineNumber = 500 + lines.indexOf(shelf.brandLine);
    return [shelf.key, { shelf, number, lineNumber, weights, complements, followUps }];
  });
  return new Map(entries);
}

function choose(place: Place, choice: Choice): ShelfItem | undefined {
  const { taste, loyalty, daysAgo, random } = choice;
  const { items } = place.shelf;
  const usual = items[weightedIndex(place.weights, uniformOf(taste, place.lineNumber))]!;
  if (isOnSale(usual, daysAgo) && random.chance(loyalty)) return usual;
  const weights = place.weights.map((weight, rank) =>
    isOnSale(items[rank]!, daysAgo) ? weight : 0,
  );
  if (weights.every((weight) => weight === 0)) return undefined;
  return items[random.weighted(weights)];
}

function isOnSale(item: ShelfItem, daysAgo: number): boolean {
  if (item.unsold) return false;
  if (item.launchedDaysAgo !== undefined && daysAgo > item.launchedDaysAgo) return false;
  return item.withdrawnDaysAgo === undefined || daysAgo > item.withdrawnDaysAgo;
}
