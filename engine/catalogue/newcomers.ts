// New items by what they are alike to, so that lists can offer a few of them before receipts speak.
// They are looked up in slices, each once all of the catalogue is read.
import { limits } from '../base/limits.ts';
import type { Content } from './content.ts';

/** A newcomer stands with so many items of the catalogue, the nearest ones. */
const anchorsMax = 20;
/** Less than this is a common word at best. */
const nearnessMin = 0.2;
/** Of the units of Content.read: an item is compared in about the time in which a word is read. */
const unitsPerLookUp = 16;

export interface NewItem {
  readonly number: number;
  readonly nearness: number;
}

const none: readonly NewItem[] = [];

export class Newcomers {
  private readonly content: Content;
  /** Which of the items kept here stand with an item. */
  private readonly newItemsBy = new Map<number, Set<number>>();
  private readonly anchorsOf = new Map<number, readonly number[]>();
  /** To be looked up when all of the catalogue is read. */
  private readonly pending = new Set<number>();
  /** What `similarTo` has answered since anything changed: no request compares words anew. */
  private readonly cache = new Map<number, readonly NewItem[]>();
  private cachedVersion = 0;

  constructor(content: Content) {
    this.content = content;
  }

  /**
   * Called with every item that is new or whose words or shelf have changed, oldest first. Over
   * the limit, those with enough receipts are forgotten first, then the oldest.
   */
  update(numbers: Iterable<number>, isNew: (number: number) => boolean): void {
    for (const number of numbers) {
      this.forget(number);
      if (this.content.hasWords(number)) this.pending.add(number);
    }
    const excess = () => this.pending.size + this.anchorsOf.size - limits.newcomersMax;
    if (excess() <= 0) return;
    const kept = [...this.anchorsOf.keys(), ...this.pending];
    for (const number of kept) if (!isNew(number)) this.forget(number);
    for (const number of kept.filter(isNew).slice(0, Math.max(0, excess()))) this.forget(number);
  }

  private forget(number: number): void {
    this.pending.delete(number);
    if (this.anchorsOf.has(number)) this.cache.clear();
    for (const anchor of this.anchorsOf.get(number) ?? []) {
      const newItems = this.newItemsBy.get(anchor);
      newItems?.delete(number);
      if (newItems?.size === 0) this.newItemsBy.delete(anchor);
    }
    this.anchorsOf.delete(number);
  }

  /** Looks up for about `units`; returns how many are left, which is none while any is pending. */
  lookUp(units: number): number {
    let left = units;
    for (const number of this.pending) {
      if (left <= 0) return 0;
      this.pending.delete(number);
      left -= unitsPerLookUp + this.findAnchors(number);
    }
    return Math.max(0, left);
  }

  /** Finds the anchors of one; returns how many items were compared. */
  private findAnchors(number: number): number {
    this.cache.clear();
    const { found, compared } = this.content.neighbours(number, anchorsMax, () => true);
    const anchors = found.map((anchor) => anchor.number);
    this.anchorsOf.set(number, anchors);
    for (const anchor of anchors) {
      const newItems = this.newItemsBy.get(anchor) ?? new Set<number>();
      this.newItemsBy.set(anchor, newItems.add(number));
    }
    return compared;
  }

  /** Whether no item stands with any. */
  get isEmpty(): boolean {
    return this.anchorsOf.size === 0;
  }

  /** The items kept here that are alike to one item; whether they are still new is not asked. */
  similarTo(anchor: number): readonly NewItem[] {
    if (this.content.version !== this.cachedVersion) this.clearCache();
    const found = this.cache.get(anchor);
    if (found !== undefined) return found;
    if (!this.newItemsBy.has(anchor) && !this.anchorsOf.has(anchor)) return none;
    const newItems = this.newItemsOf(anchor);
    this.cache.set(anchor, newItems);
    return newItems;
  }

  private clearCache(): void {
    this.cache.clear();
    this.cachedVersion = this.content.version;
  }

  private newItemsOf(anchor: number): readonly NewItem[] {
    // Either may have got its words after the other was looked up.
    const numbers = new Set([
      ...(this.newItemsBy.get(anchor) ?? []),
      ...(this.anchorsOf.get(anchor) ?? []),
    ]);
    return [...numbers]
      .filter((number) => this.anchorsOf.has(number))
      .map((number) => ({ number, nearness: this.content.nearness(anchor, number) }))
      .filter(({ nearness }) => nearness >= nearnessMin);
  }
}
