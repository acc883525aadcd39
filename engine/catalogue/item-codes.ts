// What stands where an itemId is asked for: the id itself, or a code of an item.
import type { Registry } from './registry.ts';
import type { Item } from './shapes.ts';

/** What a code was read as. */
export interface ReadCode {
  readonly itemId: string;
}

export class ItemCodes {
  private readonly items: Registry<Item>;

  constructor(items: Registry<Item>) {
    this.items = items;
  }

  /** Whether nothing but ids is known, so that nothing needs to be looked up. */
  get isIdle(): boolean {
    return !this.items.hasCodes;
  }

  /** Undefined: it is an id, known or new. An id that is known is nothing else. */
  read(code: string): ReadCode | undefined {
    if (this.isIdle || this.items.numberOf(code) !== undefined) return undefined;
    const [number] = this.items.claimantsOf(code);
    return number === undefined ? undefined : { itemId: this.items.idOf(number) };
  }

  itemIdOf(code: string): string {
    return this.read(code)?.itemId ?? code;
  }
}
