// What is alike by the catalogue, kept in step with it: items are read and new ones looked up in
// slices, so that neither a request nor a write waits for a large catalogue.
import { limits } from '../base/limits.ts';
import { Content } from './content.ts';
import { Newcomers } from './newcomers.ts';
import type { Registry } from './registry.ts';
import type { Item } from './shapes.ts';

/** Items looked at in one slice of the start: some 0.3 µs each. */
const itemsAtOnce = 2_048;

export class Likeness {
  readonly content: Content;
  readonly newcomers: Newcomers;
  private readonly items: Registry<Item>;
  /** Whether an item has few receipts. */
  private readonly isNew: (number: number) => boolean;

  constructor(
    items: Registry<Item>,
    supportOf: (number: number) => number,
    isMerged: (number: number) => boolean = () => false,
  ) {
    this.items = items;
    this.content = new Content(items, isMerged);
    this.newcomers = new Newcomers(this.content);
    this.isNew = (number) => supportOf(number) < limits.newcomerReceipts;
  }

  /**
   * To be run to its end once the catalogue and the counts are there: finds the new items, the
   * latest upserts last, as if they had just arrived. Nothing is read before `processSome`.
   */
  *begin(): Generator<void> {
    const { items } = this;
    this.content.begin();
    const bySequence = (a: number, b: number) => items.sequenceOf(a) - items.sequenceOf(b);
    let found: number[] = [];
    for (let number = 0; number < items.size; number++) {
      if (this.content.hasWords(number)) found.push(number);
      // A pile of twice as many is sorted at a time, not every item into its place.
      if (found.length === 2 * limits.newcomersMax) {
        yield;
        found = found.filter(this.isNew).sort(bySequence).slice(-limits.newcomersMax);
        yield;
      }
      if (number % itemsAtOnce === itemsAtOnce - 1) yield;
    }
    yield;
    this.newcomers.update(found.sort(bySequence), this.isNew);
    yield;
  }

  /**
   * Called with items that are new or have changed, once that is on the disk; returns whether
   * there is work left of it. Of few of them there is none: who asks next knows them.
   */
  update(numbers: ReadonlySet<number>): boolean {
    if (numbers.size === 0) return false;
    this.content.update(numbers);
    this.newcomers.update(numbers, this.isNew);
    return this.processSome();
  }

  /** Called with changes that were taken back. */
  onUndone(numbers: ReadonlySet<number>): void {
    this.content.onUndone(numbers);
  }

  /** Does one slice of what there is to do; returns whether anything is left. */
  processSome(units: number = limits.alikeUnitsAtOnce): boolean {
    return this.newcomers.lookUp(this.content.read(units)) === 0;
  }
}
