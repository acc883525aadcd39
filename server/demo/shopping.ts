// One visit of one household: why it comes, what it takes home, what that leads to, when it comes
// again.
import type { Random } from '../../engine/index.ts';
import { type CalendarDay, daysUntilWeekend, seasonFactor } from './calendar.ts';
import type {
  DemoStore,
  FollowUp,
  Household,
  HouseholdNeed,
  Occasion,
  ShelfItem,
} from './shapes.ts';
import type { Shelving } from './shelving.ts';

/** What a household has done so far. Days are counted from the first day of the half year. */
export interface HouseholdState {
  readonly household: Household;
  nextVisitDay: number;
  readonly dueDays: number[];
  readonly owned: Set<string>;
  readonly decided: Set<FollowUp>;
  planned: { readonly shelf: string; readonly day: number }[];
}

export interface Visit {
  readonly household: Household;
  readonly store: DemoStore;
  readonly hour: number;
  readonly items: readonly ShelfItem[];
}

export interface VisitContext {
  readonly shelving: Shelving;
  readonly random: Random;
  readonly calendar: CalendarDay;
  /** Days since the first day of the half year, and days until its end. */
  readonly dayIndex: number;
  readonly daysAgo: number;
}

/**
 * How sure a household is to take its usual brand: of a thing on its list, and of anything else.
 */
const loyaltyOfNeeds = 0.88;
const loyaltyOfWhims = 0.6;
/** Nobody buys everything at once; the rest stays on the list. */
const needsPerVisitMax = 5;

/** Share of visits to the store near home, where both would do. */
const homeShare = 0.78;

export function createState(household: Household, random: Random): HouseholdState {
  const { firstDay, needs } = household;
  // Nobody starts with an empty larder: the first time is anywhere within the usual gap.
  const dueDays = needs.map((need) => firstDay + random.between(0, need.gapDays));
  const nextVisitDay = firstDay + random.integer(Math.ceil(household.visitGapDays));
  return {
    household,
    nextVisitDay,
    dueDays,
    owned: new Set(),
    decided: new Set(),
    planned: [],
  };
}

/** Shops once, moves the state on and plans the next visit. Undefined when nothing was wanted. */
export function shop(state: HouseholdState, context: VisitContext): Visit | undefined {
  const { household } = state;
  const { random, calendar } = context;
  const occasion = chooseOccasion(state, context);
  const store = chooseStore(household, occasion, random);
  const basket = new Basket(state, context);
  takeNeeds(basket, state, context, occasion);
  takePlanned(basket, state, context);
  for (const [shelf, chance] of occasion.slots) {
    const liking = context.shelving.liking(household.taste, shelf);
    const season = seasonFactor(context.shelving.shelf(shelf).season, calendar.month);
    if (random.chance(chance * liking * season)) basket.take(shelf, loyaltyOfWhims);
  }
  takeComplements(basket, context);
  if (basket.isEmpty) takeAny(basket, occasion, context);
  settle(basket, state, context);
  state.nextVisitDay = planVisit(state, context);
  if (basket.isEmpty) return undefined;
  return { household, store, hour: drawHour(occasion, random), items: basket.items };
}

/** The shelves a household has taken from during one visit. */
class Basket {
  readonly items: ShelfItem[] = [];
  readonly shelves = new Set<string>();
  private readonly state: HouseholdState;
  private readonly context: VisitContext;

  constructor(state: HouseholdState, context: VisitContext) {
    this.state = state;
    this.context = context;
  }

  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  take(key: string, loyalty: number): void {
    const { shelving, random, daysAgo } = this.context;
    if (this.shelves.has(key) || this.state.owned.has(key)) return;
    const taste = this.state.household.taste;
    const item = shelving.choose({ key, taste, loyalty, daysAgo, random });
    if (item === undefined) return;
    this.items.push(item);
    this.shelves.add(key);
    if (shelving.shelf(key).durable) this.state.owned.add(key);
  }
}

function chooseOccasion(state: HouseholdState, context: VisitContext): Occasion {
  const { calendar, dayIndex, random } = context;
  const isErrand = state.household.needs.some(
    (need, index) => need.need.urgent && state.dueDays[index]! <= dayIndex + 1,
  );
  const weights = state.household.occasions.map(({ occasion, weight }) => {
    const place = fitness(occasion, state.household).reduce((sum, each) => sum + each);
    const weekend = calendar.isWeekend ? (occasion.weekend ?? 1) : 1;
    const holiday = calendar.isHoliday && occasion.festive ? 2.5 : 1;
    // Who has run out of cat food does not go for a bag of crisps.
    const errand = isErrand && occasion.quick ? 0.1 : 1;
    const season = seasonFactor(occasion.season ?? 'always', calendar.month);
    return weight * place * weekend * holiday * errand * season;
  });
  return state.household.occasions[random.weighted(weights)]!.occasion;
}

function chooseStore(household: Household, occasion: Occasion, random: Random): DemoStore {
  const isHome = random.weighted(fitness(occasion, household)) === 0;
  return isHome ? household.homeStore : household.otherStore;
}

/** How well the home store and the other one suit an occasion. */
function fitness(occasion: Occasion, household: Household): [home: number, other: number] {
  const { homeStore, otherStore } = household;
  const home = occasion.stores?.[homeStore.kind] ?? 1;
  const other = occasion.stores?.[otherStore.kind] ?? 1;
  return [homeShare * home, (1 - homeShare) * other];
}

function takeNeeds(
  basket: Basket,
  state: HouseholdState,
  context: VisitContext,
  occasion: Occasion,
): void {
  const { dayIndex, random } = context;
  const willingness = occasion.quick ? 0.12 : 0.92;
  for (const [index, need] of state.household.needs.entries()) {
    if (basket.items.length >= needsPerVisitMax) return;
    // People stock up before the last spoonful, all the more of what they cannot do without.
    const ahead = need.gapDays * (need.need.urgent ? 0.25 : 0.1);
    if (state.dueDays[index]! > dayIndex + ahead || !random.chance(willingness)) continue;
    const { loyalty = loyaltyOfNeeds, overlapDays = 0 } = need.need;
    for (const day of [dayIndex, dayIndex + overlapDays]) {
      const shelf = shelfOf(need, day);
      if (shelf !== undefined) basket.take(shelf, loyalty);
    }
  }
}

function takePlanned(basket: Basket, state: HouseholdState, context: VisitContext): void {
  const { dayIndex, random } = context;
  state.planned = state.planned.filter((plan) => {
    if (plan.day > dayIndex || random.chance(0.25)) return true;
    basket.take(plan.shelf, loyaltyOfWhims);
    return false;
  });
}

function takeComplements(basket: Basket, context: VisitContext): void {
  const { shelving, random, calendar } = context;
  // The set grows while it is walked, so that a kettle brings a dripper and the dripper its
  // filters.
  for (const shelf of basket.shelves) {
    for (const { other, chance } of shelving.complementsOf(shelf)) {
      const season = seasonFactor(shelving.shelf(other).season, calendar.month);
      if (random.chance(chance * season)) basket.take(other, loyaltyOfWhims);
    }
  }
}

function takeAny(basket: Basket, occasion: Occasion, context: VisitContext): void {
  const { random, shelving, calendar } = context;
  const weights = occasion.slots.map(
    ([shelf, chance]) => chance * seasonFactor(shelving.shelf(shelf).season, calendar.month),
  );
  if (weights.every((weight) => weight === 0)) return;
  basket.take(occasion.slots[random.weighted(weights)]![0], loyaltyOfWhims);
}

function settle(basket: Basket, state: HouseholdState, context: VisitContext): void {
  const { dayIndex, random, shelving } = context;
  for (const [index, need] of state.household.needs.entries()) {
    const shelf = shelfOf(need, dayIndex);
    if (shelf === undefined) state.dueDays[index] = Math.max(state.dueDays[index]!, dayIndex + 3);
    else if (basket.shelves.has(shelf)) {
      state.dueDays[index] = dayIndex + need.gapDays * random.aroundOne();
    }
  }
  for (const shelf of basket.shelves) {
    for (const followUp of shelving.followUpsOf(shelf)) {
      if (state.decided.has(followUp) || !random.chance(followUp.chance)) continue;
      state.decided.add(followUp);
      const day = dayIndex + Math.round(random.between(...followUp.afterDays));
      state.planned.push({ shelf: followUp.later, day });
    }
  }
}

function planVisit(state: HouseholdState, context: VisitContext): number {
  const { household, dueDays } = state;
  const { random, dayIndex, calendar } = context;
  const gap = Math.max(1, Math.round(household.visitGapDays * random.between(0.45, 1.55)));
  const untilWeekend = daysUntilWeekend(calendar.day + gap);
  const wanted = dayIndex + gap + (untilWeekend <= 3 && random.chance(0.3) ? untilWeekend : 0);
  const urgent = household.needs.map((need, index) =>
    need.need.urgent ? Math.ceil(dueDays[index]!) + random.integer(4) : wanted,
  );
  return Math.max(dayIndex + 1, Math.min(wanted, ...urgent));
}

function shelfOf(need: HouseholdNeed, dayIndex: number): string | undefined {
  const { shelf } = need.need;
  if (typeof shelf === 'string') return shelf;
  return shelf.find((stage) => need.ageDays + dayIndex < stage.untilAgeDays)?.shelf;
}

function drawHour(occasion: Occasion, random: Random): number {
  const [from, to] = occasion.hours[random.weighted(occasion.hours.map((span) => span[2]))]!;
  return random.between(from, to);
}
