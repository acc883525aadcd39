// Who shops in the demo chain: households with one to three lifestyles, a home store, a pace and a
// shopping list.
import { createRandom, type Random, uniformOf } from '../../engine/index.ts';
import type {
  DemoStore,
  DemoWorld,
  Household,
  HouseholdNeed,
  Lifestyle,
  Need,
  Occasion,
  StoreKind,
} from './shapes.ts';

/** Usual days between two visits: a few regulars make most receipts, and many come now and then. */
const paces: readonly { readonly share: number; readonly gapDays: readonly [number, number] }[] = [
  { share: 0.17, gapDays: [5, 9] },
  { share: 0.35, gapDays: [11, 20] },
  { share: 0.48, gapDays: [26, 50] },
];

/** Washing powder is carried home from the shop next door, not from the office. */
const everydayShare: Readonly<Record<StoreKind, number>> = {
  community: 1,
  mall: 0.7,
  office: 0.35,
  campus: 0.3,
};

export interface HouseholdOptions {
  readonly seed: number;
  readonly members: number;
  /** Households that never show a card: their receipts are anonymous tickets. */
  readonly strangers: number;
  readonly days: number;
}

/**
 * Members first (M00001, M00002, …), then strangers. The same options give the same people on any
 * day.
 */
export function createHouseholds(world: DemoWorld, options: HouseholdOptions): Household[] {
  const random = createRandom(options.seed);
  const byKey = new Map(world.occasions.map((occasion) => [occasion.key, occasion]));
  return Array.from({ length: options.members + options.strangers }, (_, index) => {
    const isMember = index < options.members;
    const memberId = isMember ? `M${String(index + 1).padStart(5, '0')}` : undefined;
    return createHousehold({ world, random, byKey, memberId, days: options.days });
  });
}

interface Draw {
  readonly world: DemoWorld;
  readonly random: Random;
  readonly byKey: ReadonlyMap<string, Occasion>;
  readonly memberId: string | undefined;
  readonly days: number;
}

function createHousehold(draw: Draw): Household {
  const { world, random, memberId } = draw;
  const taste = random.integer(2 ** 31);
  const lifestyles = drawLifestyles(world.lifestyles, random);
  const ageDays = drawAge(lifestyles, random);
  const homeStore = drawStore(world.stores, lifestyles, random);
  return {
    memberId,
    taste,
    lifestyles,
    ageDays,
    homeStore,
    otherStore: drawOtherStore(world.stores, homeStore, random),
    occasions: drawOccasions(draw, lifestyles, taste),
    needs: drawNeeds({ world, random, lifestyles, ageDays, homeKind: homeStore.kind }),
    visitGapDays: drawGap(lifestyles, random),
    onlineShare: Math.max(0.12, ...lifestyles.map((lifestyle) => lifestyle.onlineShare ?? 0)),
    ...drawStay(draw.days, random),
  };
}

function drawLifestyles(all: readonly Lifestyle[], random: Random): Lifestyle[] {
  const count = 1 + random.weighted([0.5, 0.4, 0.1]);
  const weights = all.map((lifestyle) => lifestyle.weight);
  return Array.from({ length: count }, () => {
    const index = random.weighted(weights);
    weights[index] = 0;
    return all[index]!;
  });
}

function drawAge(lifestyles: readonly Lifestyle[], random: Random): number {
  const [from, to] = lifestyles.find((lifestyle) => lifestyle.ageDays)?.ageDays ?? [0, 0];
  return Math.round(random.between(from, to));
}

function drawStore(
  stores: readonly DemoStore[],
  lifestyles: readonly Lifestyle[],
  random: Random,
): DemoStore {
  // Every lifestyle has a say in where people live; 0.15 keeps every kind of store possible.
  const weights = stores.map((store) =>
    lifestyles.reduce((fit, { homes }) => fit * (homes[store.kind] ?? 0.15), 1),
  );
  return stores[random.weighted(weights)]!;
}

function drawOtherStore(stores: readonly DemoStore[], home: DemoStore, random: Random): DemoStore {
  const nearby = stores.filter((store) => store.city === home.city && store !== home);
  return nearby[random.integer(nearby.length)] ?? home;
}

function drawOccasions(draw: Draw, lifestyles: readonly Lifestyle[], taste: number) {
  const weights: Record<string, number> = { ...draw.world.everydayOccasions };
  for (const lifestyle of lifestyles) {
    for (const [key, weight] of Object.entries(lifestyle.occasions)) {
      weights[key] = (weights[key] ?? 0) + weight;
    }
  }
  return Object.entries(weights).map(([key, weight], index) => {
    const occasion = draw.byKey.get(key);
    if (occasion === undefined) throw new Error(`unknown occasion ${key}`);
    return { occasion, weight: weight * (0.4 + 1.2 * uniformOf(taste, 1_000 + index)) };
  });
}

function drawNeeds(options: {
  readonly world: DemoWorld;
  readonly random: Random;
  readonly lifestyles: readonly Lifestyle[];
  readonly ageDays: number;
  readonly homeKind: StoreKind;
}): HouseholdNeed[] {
  const { world, random, lifestyles, ageDays, homeKind } = options;
  const chosen = new Map<Need['shelf'], HouseholdNeed>();
  const everyday = world.everydayNeeds.map((need) => {
    return { ...need, chance: need.chance * everydayShare[homeKind] };
  });
  for (const need of [...lifestyles.flatMap((each) => each.needs), ...everyday]) {
    if (chosen.has(need.shelf) || !random.chance(need.chance)) continue;
    chosen.set(need.shelf, { need, gapDays: random.between(...need.gapDays), ageDays });
  }
  return [...chosen.values()];
}

function drawGap(lifestyles: readonly Lifestyle[], random: Random): number {
  const pace = paces[random.weighted(paces.map((each) => each.share))]!;
  const factor = Math.max(1, ...lifestyles.map((lifestyle) => lifestyle.pace ?? 1));
  return random.between(...pace.gapDays) / factor;
}

function drawStay(days: number, random: Random): { firstDay: number; lastDay: number } {
  // One in three joins during the half year, one in twelve stays away from some day on.
  const firstDay = random.chance(1 / 3) ? random.integer(days - 10) : random.integer(14);
  const leaves = random.chance(1 / 12);
  return { firstDay, lastDay: leaves ? firstDay + random.integer(days) : days };
}
