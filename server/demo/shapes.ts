// The words in which the demo chain is described: shelves, occasions, lifestyles, stores. Shapes
// only, no numbers.

/** A shelf is one kind of thing: its items replace each other, the first sells best. */
export interface Shelf {
  readonly key: string;
  readonly path: readonly string[];
  readonly items: readonly ShelfItem[];
  readonly tags: readonly string[];
  readonly season: Season;
  /** Bought once and kept for years: nobody takes home a second grinder in half a year. */
  readonly durable: boolean;
  /** Shelves of one brand line share a household's choice: same place on the shelf, same brand. */
  readonly brandLine: string;
}

export interface ShelfItem {
  readonly itemId: string;
  readonly brand: string;
  readonly name: string;
  readonly priceFen: number;
  /** On sale only in the last days of the half year. */
  readonly launchedDaysAgo?: number;
  /** Not sold any more since then; its status is `inactive`. */
  readonly withdrawnDaysAgo?: number;
  /** In the catalogue, never sold: what a cold item looks like. */
  readonly unsold?: boolean;
}

export type ShelfItemRow = readonly [
  itemId: string,
  brand: string,
  name: string,
  priceFen: number,
  special?: Pick<ShelfItem, 'launchedDaysAgo' | 'withdrawnDaysAgo' | 'unsold'>,
];

export interface ShelfOptions {
  readonly tags?: readonly string[];
  readonly season?: Season;
  readonly durable?: boolean;
  readonly brandLine?: string;
}

/** Writes a shelf down in a table: the rows stand from the best seller to the slowest. */
export function shelf(
  key: string,
  path: readonly string[],
  rows: readonly ShelfItemRow[],
  options: ShelfOptions = {},
): Shelf {
  const items = rows.map(([itemId, brand, name, priceFen, special]) => {
    return { itemId, brand, name: `${brand} ${name}`, priceFen, ...special };
  });
  const { tags = [], season = 'always', durable = false, brandLine = key } = options;
  return { key, path, items, tags, season, durable, brandLine };
}

/** When in the year something sells; `calendar.ts` has the months. */
export type Season =
  | 'always'
  | 'summer'
  | 'winter'
  | 'cooler'
  | 'outdoor'
  | 'term'
  | 'moving'
  | 'newYear'
  | 'dragonBoat'
  | 'midAutumn';

export type StoreKind = 'campus' | 'community' | 'office' | 'mall';

export interface DemoStore {
  readonly storeId: string;
  readonly name: string;
  readonly city: string;
  readonly kind: StoreKind;
}

/** Local hours of the day, e.g. 11.5 is half past eleven. */
export type HourSpan = readonly [from: number, to: number, weight: number];

/** A reason to go to the shop and what then lands in the basket. */
export interface Occasion {
  readonly key: string;
  readonly hours: readonly HourSpan[];
  /** Relative likelihood by kind of store; 1 where nothing is said. */
  readonly stores?: Partial<Record<StoreKind, number>>;
  /** How much likelier at a weekend. */
  readonly weekend?: number;
  readonly season?: Season;
  /** Likelier during public holidays. */
  readonly festive?: boolean;
  /** A dash for something to eat or drink: the shopping list stays in the pocket. */
  readonly quick?: boolean;
  readonly slots: readonly (readonly [shelf: string, chance: number])[];
}

/** Something a household uses up and buys again at its own pace. */
export interface Need {
  /** The shelf, or the shelves that follow each other as a child or a pet grows. */
  readonly shelf: string | readonly Stage[];
  /** How many of the lifestyle's households have this need. */
  readonly chance: number;
  /** The household's usual gap is drawn from this range. */
  readonly gapDays: readonly [from: number, to: number];
  /** Running out of it is reason enough to go to the shop. */
  readonly urgent?: boolean;
  /**
   * So many days before the next stage it is bought beside this one, so that the change is gentle.
   */
  readonly overlapDays?: number;
  /** Chance of taking the usual brand. Nobody changes a baby's milk without need. */
  readonly loyalty?: number;
}

/** `shelf` absent: nothing is needed yet at that age. */
export interface Stage {
  readonly untilAgeDays: number;
  readonly shelf?: string;
}

export interface Lifestyle {
  readonly key: string;
  readonly name: string;
  /** Relative number of households that live so. */
  readonly weight: number;
  readonly homes: Partial<Record<StoreKind, number>>;
  readonly occasions: Readonly<Record<string, number>>;
  readonly needs: readonly Need[];
  /** Age of the child or the pet on the first day, in days; negative: not born yet. */
  readonly ageDays?: readonly [from: number, to: number];
  /** Factor on how often the household goes shopping. */
  readonly pace?: number;
  /** Share of orders by app or mini program. */
  readonly onlineShare?: number;
}

/** Lands in the same basket: who takes `shelf` takes `other` too with this chance. */
export interface Complement {
  readonly shelf: string;
  readonly other: string;
  readonly chance: number;
}

/** Comes some days later: once per household. */
export interface FollowUp {
  readonly shelf: string;
  readonly later: string;
  readonly chance: number;
  readonly afterDays: readonly [from: number, to: number];
}

/** Everything the households live in, handed to each step as one. */
export interface DemoWorld {
  readonly shelves: readonly Shelf[];
  readonly stores: readonly DemoStore[];
  readonly occasions: readonly Occasion[];
  readonly lifestyles: readonly Lifestyle[];
  readonly everydayOccasions: Readonly<Record<string, number>>;
  readonly everydayNeeds: readonly Need[];
  readonly complements: readonly Complement[];
  readonly followUps: readonly FollowUp[];
}

/** A need as one household has it. */
export interface HouseholdNeed {
  readonly need: Need;
  readonly gapDays: number;
  /** Age of the child or pet it is for, on the first day. */
  readonly ageDays: number;
}

/**
 * Who a household is; what it has bought so far is kept apart, so that a chain can be generated
 * again.
 */
export interface Household {
  /** Absent: shops without a card. */
  readonly memberId: string | undefined;
  /** Any whole number: likes and dislikes are a pure function of it. */
  readonly taste: number;
  readonly lifestyles: readonly Lifestyle[];
  readonly ageDays: number;
  readonly homeStore: DemoStore;
  readonly otherStore: DemoStore;
  readonly occasions: readonly { readonly occasion: Occasion; readonly weight: number }[];
  readonly needs: readonly HouseholdNeed[];
  readonly visitGapDays: number;
  readonly onlineShare: number;
  /** First and last day of shopping here, counted from the first day of the half year. */
  readonly firstDay: number;
  readonly lastDay: number;
}
