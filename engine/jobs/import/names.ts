// Names: what an import tells the catalogue about the items it sees.
import { limits } from '../../base/limits.ts';
import type { Item } from '../../catalogue/shapes.ts';
import { isChargeName } from './charges.ts';
import type { Row } from './row.ts';

export interface NameRules {
  /** The item as the catalogue has it. */
  readonly item: (itemId: string) => Item | undefined;
  /** Let postage, fees and the like be listed as any item. */
  readonly keepCharges: boolean;
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

  constructor(rules: NameRules) {
    this.rules = rules;
  }

  /** Remembers the names of rows that are in already, for `leftovers`. */
  collect(rows: readonly Row[]): void {
    for (const row of rows) {
      if (row.itemName === undefined || !isWorthless(row)) continue;
      if (!this.spare.has(row.itemId)) this.spare.set(row.itemId, row);
    }
  }

  /** The items that these rows are the first to name. */
  take(rows: readonly Row[]): Item[] {
    this.collect(rows);
    const items: Item[] = [];
    for (const row of rows) {
      if (!isDescribed(row) || this.named.has(row.itemId)) continue;
      if (row.itemName !== undefined && isWorthless(row)) continue;
      this.named.add(row.itemId);
      items.push(...this.describeUnlessKnown(row));
    }
    return items;
  }

  /** The items that never got a better name than the note of a row without a value. */
  leftovers(): Item[] {
    return [...this.spare.values()].flatMap((row) => this.describeUnlessKnown(row));
  }

  /** What the catalogue knows already is never overwritten. */
  private describeUnlessKnown({ itemId, itemName, category, brand }: Row): Item[] {
    const known = this.rules.item(itemId);
    const added = {
      ...(itemName === undefined || known?.name !== undefined ? {} : { name: itemName }),
      ...(category === undefined || known?.category !== undefined
        ? {}
        : { category: levelsOf(category) }),
      ...(brand === undefined || known?.brand !== undefined ? {} : { brand }),
    };
    if (Object.keys(added).length === 0) return [];
    // What an item is to a receipt is guessed from its name here, and nowhere else.
    const isNewCharge =
      added.name !== undefined && !this.rules.keepCharges && isChargeName(added.name);
    const status = isNewCharge ? 'inactive' : (known?.status ?? 'active');
    return [{ ...known, itemId, ...added, status }];
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
function isWorthless({ unitPriceFen, lineTotalFen }: Row): boolean {
  return unitPriceFen === 0 && (lineTotalFen ?? 0) === 0;
}
