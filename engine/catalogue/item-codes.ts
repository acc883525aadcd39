// What stands where an itemId is asked for: the id itself, a barcode of an item, or what a scale
// printed.
import { type BarcodePattern, readMeasuredCode } from './measured-codes.ts';
import type { Registry } from './registry.ts';
import type { Item } from './shapes.ts';

/** What a code was read as. */
export interface ReadCode {
  readonly itemId: string;
  /** What this piece weighs and costs, as far as the code says it. */
  readonly thousandths?: number | undefined;
  readonly totalFen?: number | undefined;
}

export interface WrongCode {
  readonly problem: string;
}

export class ItemCodes {
  private readonly items: Registry<Item>;
  private readonly patterns: readonly BarcodePattern[];

  constructor(items: Registry<Item>, patterns: readonly BarcodePattern[] = []) {
    this.items = items;
    this.patterns = patterns;
  }

  /** Whether nothing but ids is known, so that nothing needs to be looked up. */
  get isIdle(): boolean {
    return !this.items.hasCodes && this.patterns.length === 0;
  }

  /** Undefined: it is an id, known or new. An id that is known is nothing else. */
  read(code: string): ReadCode | WrongCode | undefined {
    if (this.isIdle || this.items.numberOf(code) !== undefined) return undefined;
    const itemId = this.idOfBarcode(code);
    if (itemId !== undefined) return { itemId };
    const measured = readMeasuredCode(this.patterns, code);
    if (measured === undefined || 'problem' in measured) return measured;
    const { itemCode, thousandths, totalFen } = measured;
    return { itemId: this.idOfItemCode(itemCode), thousandths, totalFen };
  }

  /** The id that a code stands for; the code itself where it stands for none. */
  itemIdOf(code: string): string {
    const read = this.read(code);
    return read === undefined || 'problem' in read ? code : read.itemId;
  }

  /** Why a code cannot be used. */
  problemOf(code: string): string | undefined {
    const read = this.read(code);
    return read !== undefined && 'problem' in read ? read.problem : undefined;
  }

  private idOfBarcode(code: string): string | undefined {
    const [number] = this.items.claimantsOf(code);
    return number === undefined ? undefined : this.items.idOf(number);
  }

  private idOfItemCode(code: string): string {
    if (this.items.numberOf(code) !== undefined) return code;
    return this.idOfBarcode(code) ?? code;
  }
}
