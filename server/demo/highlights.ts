// A few people, items and stores of the demo chain that are worth asking about first.
import type { Household, Shelf } from './shapes.ts';

export interface DemoHighlights {
  /** Members with a clear taste and enough visits to show it. */
  readonly members: readonly { readonly memberId: string; readonly description: string }[];
  readonly items: readonly { readonly itemId: string; readonly name: string }[];
  readonly stores: readonly { readonly storeId: string; readonly description: string }[];
  /** A ticket half scanned, for the basket add-on. */
  readonly basketItemIds: readonly string[];
}

export interface HighlightOptions {
  readonly households: readonly Household[];
  readonly shelves: readonly Shelf[];
  readonly days: number;
}

const memberWishes: readonly {
  readonly lifestyle: string;
  readonly description: string;
  /** Age of the child at the end of the half year, in days. */
  readonly ageDays?: readonly [from: number, to: number];
}[] = [
  { lifestyle: 'coffee', description: 'a coffee lover: beans every few weeks' },
  {
    lifestyle: 'baby',
    description: 'parents whose baby moves from 2段 to 3段 formula',
    ageDays: [346, 364],
  },
  { lifestyle: 'yoga', description: 'in the gym and on the yoga mat' },
  { lifestyle: 'cat', description: 'keeps a cat: food and litter every month' },
  { lifestyle: 'cook', description: 'cooks for the family most evenings' },
  { lifestyle: 'night-owl', description: 'comes for snacks late at night' },
];

const itemIds = ['beans-yunnan', 'yoga-set', 'hotpot-spicy', 'formula-miao-1', 'tent-auto'];

export function findHighlights(options: HighlightOptions): DemoHighlights {
  const items = options.shelves.flatMap((shelf) => shelf.items);
  return {
    members: memberWishes.flatMap((wish) => {
      const found = options.households
        .filter((household) => matches(household, wish, options.days))
        .toSorted((first, second) => distraction(first) - distraction(second))[0];
      if (found?.memberId === undefined) return [];
      return [{ memberId: found.memberId, description: wish.description }];
    }),
    items: itemIds.flatMap((itemId) => {
      const found = items.find((item) => item.itemId === itemId);
      return found === undefined ? [] : [{ itemId, name: found.name }];
    }),
    stores: [
      { storeId: 'S03', description: 'beside a university: snacks and stationery' },
      { storeId: 'S05', description: 'among family homes: fresh food, babies, pets' },
      { storeId: 'S11', description: 'among offices: coffee and lunch' },
    ],
    basketItemIds: ['hotpot-spicy', 'beef-roll'],
  };
}

function matches(household: Household, wish: (typeof memberWishes)[number], days: number): boolean {
  const { lifestyles, memberId, visitGapDays, firstDay, lastDay } = household;
  const isPure = lifestyles.length === 1 && lifestyles[0]?.key === wish.lifestyle;
  if (!isPure || memberId === undefined) return false;
  const age = household.ageDays + days;
  const isOfAge = wish.ageDays === undefined || (age >= wish.ageDays[0] && age <= wish.ageDays[1]);
  const hasStageNeeds = household.needs.filter((each) => each.need.urgent).length > 0;
  const isRegular = visitGapDays <= 12 && firstDay <= 14 && lastDay >= days;
  return isOfAge && isRegular && (wish.ageDays === undefined || hasStageNeeds);
}

/**
 * Fewer things on the list that have nothing to do with the lifestyle make a clearer example, more
 * that have make one too; among equals, more visits do.
 */
function distraction(household: Household): number {
  const own = new Set(household.lifestyles.flatMap((lifestyle) => lifestyle.needs));
  const ownCount = household.needs.filter((each) => own.has(each.need)).length;
  const others = household.needs.length - ownCount;
  return others - 0.3 * ownCount + household.visitGapDays / 100;
}
