// Names: what an import tells the catalogue about the items it sees.
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
  private readonly spare = new Map<string, string>();

  constructor(rules: NameRules) {
    this.rules = rules;
  }

  /** Remembers the names of rows that are in already, for `leftovers`. */
  collect(rows: readonly Row[]): void {
    for (const { itemId, itemName, unitPriceFen } of rows) {
      if (itemName === undefined || unitPriceFen !== 0) continue;
      if (!this.spare.has(itemId)) this.spare.set(itemId, itemName);
    }
  }

  /** The items that these rows are the first to name. */
  take(rows: readonly Row[]): Item[] {
    this.collect(rows);
    const items: Item[] = [];
    for (const { itemId, itemName, unitPriceFen } of rows) {
      if (itemName === undefined || unitPriceFen === 0 || this.named.has(itemId)) continue;
      this.named.add(itemId);
      items.push(...this.nameUnlessKnown(itemId, itemName));
    }
    return items;
  }

  /** The items that never got a better name than the note of a row without a value. */
  leftovers(): Item[] {
    return [...this.spare].flatMap(([itemId, name]) => this.nameUnlessKnown(itemId, name));
  }

  private nameUnlessKnown(itemId: string, name: string): Item[] {
    const known = this.rules.item(itemId);
    if (known?.name !== undefined) return [];
    const charge = !this.rules.keepCharges && isChargeName(name);
    const status = charge ? 'inactive' : (known?.status ?? 'active');
    return [{ ...known, itemId, name, status }];
  }
}
