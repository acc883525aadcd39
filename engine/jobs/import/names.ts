// Names: what an import tells the catalogue about the items it sees.
import { limits } from '../../base/limits.ts';
import type { GuessRole } from '../../catalogue/role-names.ts';
import type { Item } from '../../catalogue/shapes.ts';
import type { Row } from './row.ts';

export interface NameRules {
  /** The item as the catalogue has it. */
  readonly item: (itemId: string) => Item | undefined;
  /** The id that a barcode stands for; of an id itself. */
  readonly itemIdOf: (code: string) => string;
  /** What an item is by its name, where nobody says it. */
  readonly guessRole: GuessRole;
  /** Whether none of the rows that come has a price for the item. */
  readonly isGivenAway: (itemId: string) => boolean;
}

/**
 * The first name that a row sold at a price gives an item. Rows without a value (stock corrections,
 * gifts) carry notes such as "found" or "damaged" where the name should be, so theirs are kept for
 * items with no other. A name that the catalogue has already is never overwritten.
 */
export class NameCollector {
  private readonly rules: NameRules;
  private readonly named = new Set<string>();
  private readonly spare = new Map<string, Row>();
  /** Whether anything of the files had a price: where nothing has, 0 says nothing. */
  private hasPrices = false;

  constructor(rules: NameRules) {
    this.rules = rules;
  }

  /** Remembers the names of rows that are in already, for `leftovers`. */
  collect(rows: readonly Row[]): void {
    for (const row of rows) {
      this.hasPrices ||= isPaid(row);
      if (row.itemName === undefined || !isWorthless(row)) continue;
      const itemId = this.rules.itemIdOf(row.itemId);
      if (!this.spare.has(itemId)) this.spare.set(itemId, { ...row, itemId });
    }
  }

  /** The items that these rows are the first to name. */
  take(rows: readonly Row[]): Item[] {
    this.collect(rows);
    const items: Item[] = [];
    for (const row of rows) {
      if (!isDescribed(row)) continue;
      const itemId = this.rules.itemIdOf(row.itemId);
      if (this.named.has(itemId)) continue;
      if (row.itemName !== undefined && isWorthless(row) && !this.isGift(itemId)) continue;
      this.named.add(itemId);
      items.push(...this.describe({ ...row, itemId }));
    }
    return items;
  }

  /** Described before it is counted: whoever hears of it afterwards must count anew. */
  private isGift(itemId: string): boolean {
    return this.hasPrices && this.rules.isGivenAway(itemId);
  }

  /**
   * The items that never got a better name than the note of a row without a value: they were given
   * away and never sold.
   */
  leftovers(): Item[] {
    const left = [...this.spare.values()].filter(({ itemId }) => !this.named.has(itemId));
    return left.flatMap((row) => this.describe(row));
  }

  /** What the catalogue knows already is never overwritten, but for a role that was guessed. */
  private describe(row: Row): Item[] {
    const { itemId, itemName, category, brand } = row;
    const known = this.rules.item(itemId);
    const added = {
      ...(itemName === undefined || known?.name !== undefined ? {} : { name: itemName }),
      ...(category === undefined || known?.category !== undefined
        ? {}
        : { category: levelsOf(category) }),
      ...(brand === undefined || known?.brand !== undefined ? {} : { brand }),
    };
    const { priceFen, ...rest } = { ...known, itemId, ...added };
    const price = this.priceOf(row, known);
    const described = { ...rest, ...(price === undefined ? {} : { priceFen: price }) };
    const isGuessed = known?.role === undefined || known.roleGuessed === true;
    const guessed = isGuessed ? this.rules.guessRole(described) : known.role;
    const isNews = Object.keys(added).length > 0 || price !== priceFen;
    if (!isNews && guessed === known?.role) return [];
    // What was taken for no goods before, and is not any more, comes back.
    const usual = known?.roleGuessed ? 'active' : (known?.status ?? 'active');
    const status = isGuessed && guessed !== undefined ? 'inactive' : usual;
    return [{ ...described, status }];
  }

  /** Of what was only ever given away, 0, until it is sold. */
  private priceOf(row: Row, known: Item | undefined): number | undefined {
    if (known?.priceFen === 0 && known.roleGuessed && isPaid(row)) return undefined;
    const isGift = this.hasPrices && known?.name === undefined && isWorthless(row);
    return isGift ? (known?.priceFen ?? 0) : known?.priceFen;
  }
}

/** Columns that were joined are levels, from the widest to the narrowest. */
function levelsOf(category: string): string[] {
  return category.split('\n').slice(0, limits.categoryLevelsMax);
}

function isDescribed({ itemName, category, brand }: Row): boolean {
  return itemName !== undefined || category !== undefined || brand !== undefined;
}

/** Sold for nothing, though a price stands there. */
export function isWorthless({ unitPriceFen, lineTotalFen }: Row): boolean {
  return unitPriceFen === 0 && (lineTotalFen ?? 0) === 0;
}

export function isPaid({ unitPriceFen = 0, lineTotalFen = 0 }: Row): boolean {
  return unitPriceFen > 0 || lineTotalFen > 0;
}
