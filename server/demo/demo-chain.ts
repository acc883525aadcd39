// The demo chain: a lifestyle chain that never was, the same for everybody who asks on the same
// day.
import {
  type Item,
  millisecondsPerDay,
  type Purchase,
  type StoreProfile as Store,
} from '../../engine/index.ts';
import { demoItems, demoShelves } from './catalogue.ts';
import { complements, followUps } from './habits.ts';
import { type DemoHighlights, findHighlights } from './highlights.ts';
import { createHouseholds } from './households.ts';
import { everydayNeeds, everydayOccasions, lifestyles } from './lifestyles.ts';
import { eatingOccasions } from './occasions-eating.ts';
import { livingOccasions } from './occasions-living.ts';
import { generateReceipts } from './receipts.ts';
import type { DemoWorld } from './shapes.ts';
import { createShelving } from './shelving.ts';
import { demoOffsetHours, demoStores, demoTimeZone } from './stores.ts';

export interface DemoChainOptions {
  /** Any whole number. Default 1. */
  readonly seed?: number;
  /**
   * Epoch milliseconds. Only its day (in China) counts: the last receipt is of the evening before.
   */
  readonly now: number;
}

export interface DemoChain {
  readonly stores: readonly Store[];
  readonly items: readonly Item[];
  readonly members: number;
  /** Made while it is walked, in time order; walking it again gives the same receipts. */
  readonly purchases: Iterable<Purchase>;
  readonly highlights: DemoHighlights;
  /** The first day and the day after the last, epoch milliseconds of their local midnights. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Half a year; 26 whole weeks, so that it holds as many Sundays as Mondays. */
const demoDays = 182;
const memberCount = 3_000;
/**
 * Nearly one ticket in five is anonymous: these households', and those of members without their
 * card.
 */
const strangerCount = 520;

const world: DemoWorld = {
  shelves: demoShelves,
  stores: demoStores,
  occasions: [...eatingOccasions, ...livingOccasions],
  lifestyles,
  everydayOccasions,
  everydayNeeds,
  complements,
  followUps,
};

/**
 * About 42,000 receipts when walked, in about half a second. Depends on the seed and the day of
 * `now` only.
 */
export function demoChain(options: DemoChainOptions): DemoChain {
  const seed = options.seed ?? 1;
  const offsetMs = demoOffsetHours * 3_600_000;
  const today = Math.floor((options.now + offsetMs) / millisecondsPerDay);
  const firstDay = today - demoDays;
  const shelving = createShelving(world);
  const households = createHouseholds(world, {
    seed,
    members: memberCount,
    strangers: strangerCount,
    days: demoDays,
  });
  const walk = () => generateReceipts({ shelving, households, seed, firstDay, days: demoDays });
  return {
    stores: demoStores.map(({ storeId, name, city }) => {
      return { storeId, name, city, timeZone: demoTimeZone };
    }),
    items: demoItems(),
    members: memberCount,
    purchases: { [Symbol.iterator]: walk },
    highlights: findHighlights({ households, shelves: demoShelves, days: demoDays }),
    fromMs: firstDay * millisecondsPerDay - offsetMs,
    toMs: today * millisecondsPerDay - offsetMs,
  };
}
