// The counts in memory: one kernel, brought in step with the registries and moved by changes of
// histories.

import { EngineError } from '../base/errors.ts';
import { counted } from '../base/plural.ts';
import type { Registries } from '../catalogue/registries.ts';
import { isGoods } from '../catalogue/shapes.ts';
import { Kernel, type KernelChange, scopeOf } from '../kernel/kernel.ts';

/** Half-lives in days; null: no decay. */
export interface HalfLives {
  readonly pairDays: number | null;
  readonly popularityDays: number | null;
}

/**
 * What counted before and what counts after one change: stored histories of one member, or of one
 * anonymous ticket.
 */
export type Change = KernelChange;

const halfLivesPerLandmark = 16;
/**
 * So many half-lives past the landmark the weights are still far from 63 bits; beyond, folding
 * waits for the recount.
 */
const halfLivesWithoutRecount = 20;

/**
 * t0 of docs/reference/counts.md: the last multiple of 16 half-lives at or before a day; 0 without
 * decay.
 */
function landmarkOf(newestDay: number, halfLifeDays: number | null): number {
  if (halfLifeDays === null) return 0;
  const grid = halfLivesPerLandmark * halfLifeDays;
  return Math.floor(newestDay / grid) * grid;
}

/** By which roles items are counted; default: by those that the catalogue says. */
export interface RoleSource {
  /** So many items were in a checkpoint, and are counted as it says. */
  readonly restoredItems?: number;
  /** All are counted as these counts do it, to be compared with them. */
  readonly like?: Counts;
}

export class Counts {
  readonly kernel: Kernel;
  readonly landmarkDay: number;
  readonly popularityLandmarkDay: number;
  readonly registries: Registries;
  /** Tells apart counts that weigh the same receipts differently. */
  readonly decayName: string;
  private readonly halfLives: HalfLives;
  /** Whether the kernel has known all items and stores once: new ones are registered at once. */
  isRegistered = false;
  private stores = 0;
  /** Items that are counted as what they are not any more, by their roles. */
  private readonly misread = new Set<number>();
  /** Items that are counted as another one than they are merged into. */
  private readonly mismerged = new Set<number>();
  private readonly roles: RoleSource;

  /**
   * `kernel`: a new one, or one that a checkpoint was read into. It knows no items and stores until
   * `register`.
   */
  constructor(
    registries: Registries,
    halfLives: HalfLives,
    newestDay: number,
    kernel = new Kernel(),
    roles: RoleSource = {},
  ) {
    this.roles = roles;
    this.registries = registries;
    this.halfLives = halfLives;
    this.landmarkDay = landmarkOf(newestDay, halfLives.pairDays);
    this.popularityLandmarkDay = landmarkOf(newestDay, halfLives.popularityDays);
    const { pairDays, popularityDays } = halfLives;
    const popularity = `${popularityDays}@${this.popularityLandmarkDay}`;
    this.decayName = `${pairDays}@${this.landmarkDay} ${popularity}`;
    this.kernel = kernel;
    kernel.setDecay({
      halfLifeDays: halfLives.pairDays ?? 0,
      landmarkDay: this.landmarkDay,
      popularityHalfLifeDays: halfLives.popularityDays ?? 0,
      popularityLandmarkDay: this.popularityLandmarkDay,
    });
  }

  /**
   * Whether an item is there for anybody who asks: something was said of it, or receipts that count
   * hold it. What only somebody bought who was erased since is not, on whatever node they bought.
   */
  knowsItem(number: number): boolean {
    // Also while there are no counts that anything could be asked of.
    if (this.registries.items.sequenceOf(number) > 0) return true;
    return Boolean(this.kernel.run.isKnown(number));
  }

  /** The same of a store. */
  knowsStore(number: number): boolean {
    if (this.registries.stores.sequenceOf(number) > 0) return true;
    if (number > this.stores) return false;
    return this.kernel.rowSize('scope', scopeOf(number, undefined)) > 0;
  }

  /**
   * Gives the kernel items and stores that it does not know yet, at most so many; whether it knows
   * all of them.
   */
  register(most = Number.POSITIVE_INFINITY): boolean {
    const { items, stores } = this.registries;
    const { run } = this.kernel;
    let left = most;
    for (let number = run.itemCount.value; number < items.size && left > 0; number++, left--) {
      run.addItem(items.hashOf(number));
      if (number >= (this.roles.restoredItems ?? 0)) {
        run.setUncounted(number, this.leavesOut(number));
        run.setSurvivor(number, this.survivorOf(number));
      }
      this.refreshItem(number);
    }
    for (; this.stores < stores.size && left > 0; this.stores++, left--) {
      run.pushStore(stores.hashOf(this.stores + 1));
    }
    const isWhole = run.itemCount.value === items.size && this.stores === stores.size;
    this.isRegistered ||= isWhole;
    return isWhole;
  }

  /**
   * Throws RESOURCE_EXHAUSTED, MEMORY_FULL, when these changes, and the items and stores that came
   * with them, may take more memory than there is. `takesBack`: they may use what is kept for what
   * cannot be refused. `goesOn`: with what the kernel has estimated since `beginEstimate`.
   */
  assertRoomFor(
    changes: Iterable<Change>,
    { takesBack, goesOn }: { readonly takesBack: boolean; readonly goesOn: boolean },
  ): void {
    const { kernel } = this;
    const { items, stores } = this.registries;
    const newItems = items.size - kernel.run.itemCount.value;
    const newStores = stores.size - this.stores;
    if (!goesOn) kernel.beginEstimate();
    const bytes = kernel.continueEstimate(changes, { newItems, newStores });
    if (kernel.hasRoomFor(bytes, takesBack)) return;
    const message =
      `counting it may take ${bytes} bytes; the counts use ${kernel.run.usedBytes()} of the ` +
      `${kernel.memoryMax} that they may (CAINI_MEMORY_MAX); nothing was written`;
    throw new EngineError('RESOURCE_EXHAUSTED', message, { reason: 'MEMORY_FULL' });
  }

  /** Whether these landmarks are no longer those of the newest day. */
  isPastLandmark(newestDay: number): boolean {
    const { pairDays, popularityDays } = this.halfLives;
    return (
      landmarkOf(newestDay, pairDays) !== this.landmarkDay ||
      landmarkOf(newestDay, popularityDays) !== this.popularityLandmarkDay
    );
  }

  /** Whether the weights of a day so far past the landmark would outgrow their cells. */
  isBeyondHeadroom(newestDay: number): boolean {
    const { pairDays, popularityDays } = this.halfLives;
    const isBeyond = (landmark: number, days: number | null) =>
      days !== null && newestDay - landmark >= days * halfLivesWithoutRecount;
    return (
      isBeyond(this.landmarkDay, pairDays) || isBeyond(this.popularityLandmarkDay, popularityDays)
    );
  }

  /**
   * Tells the kernel what the catalogue says of these items, as far as it knows them. To be called
   * when nothing is being counted.
   */
  refreshItems(numbers: Iterable<number>): void {
    for (const number of numbers) {
      if (number < this.kernel.run.itemCount.value) this.refreshItem(number);
    }
  }

  private refreshItem(number: number): void {
    const { items, merges } = this.registries;
    const { run } = this.kernel;
    const item = items.valueOf(number);
    const isListable = item.status === 'active' && isGoods(item) && !merges.isMerged(number);
    run.setCatalogued(number, isListable, items.sequenceOf(number) > 0);
    this.refreshRole(number);
    this.refreshSurvivor(number);
  }

  /**
   * How an item is counted may only change while nothing is counted of it: what was added for it
   * has to be taken back as it was added. Otherwise all is counted anew.
   */
  private refreshRole(number: number): void {
    const { kernel } = this;
    const leavesOut = this.leavesOut(number);
    const isLeftOut = Boolean(kernel.run.isUncounted(number));
    // Of what counts as another item the role of that one is asked.
    const isMerged = kernel.run.survivorOf(number) !== number;
    if (isMerged) kernel.run.setUncounted(number, leavesOut);
    else if (leavesOut && !isLeftOut && kernel.support(number) === 0) {
      kernel.run.setUncounted(number, true);
    } else if (leavesOut !== isLeftOut) {
      this.misread.add(number);
      return;
    }
    this.misread.delete(number);
  }

  /** The same of what an item counts as. */
  private refreshSurvivor(number: number): void {
    const { run } = this.kernel;
    const [wanted, held] = [this.survivorOf(number), run.survivorOf(number)];
    // Of what is left out nobody knows whether receipts hold it.
    const isFree = this.kernel.support(held) === 0 && !run.isUncounted(held);
    if (wanted !== held && !isFree) {
      this.mismerged.add(number);
      return;
    }
    run.setSurvivor(number, wanted);
    this.mismerged.delete(number);
  }

  private survivorOf(number: number): number {
    const { like } = this.roles;
    return like === undefined
      ? this.registries.merges.survivorOf(number)
      : like.kernel.run.survivorOf(number);
  }

  private leavesOut(number: number): boolean {
    const { like } = this.roles;
    if (like !== undefined) return like.isLeftOut(number);
    return !isGoods(this.registries.items.valueOf(number));
  }

  /** Whether these counts leave an item out, because it was no goods when they were begun. */
  isLeftOut(number: number): boolean {
    return Boolean(this.kernel.run.isUncounted(number));
  }

  /** How many items are counted as what they are not: all is to be counted anew. */
  get misreadItems(): number {
    return this.misread.size + this.mismerged.size;
  }

  isMisread(number: number): boolean {
    return this.misread.has(number) || this.mismerged.has(number);
  }

  /** Why all is to be counted anew; undefined when nothing is counted wrongly. */
  get misreadReason(): string | undefined {
    const [others, merged] = [this.misread.size, this.mismerged.size];
    if (others > 0)
      return `${counted(others, 'item has', 'items have')} other roles than they were counted by`;
    if (merged > 0)
      return `${counted(merged, 'item is', 'items are')} merged otherwise than they were counted`;
    return undefined;
  }

  /** To be called after changes: g(now) orders the rows. */
  settleNow(): void {
    this.kernel.run.setViewGrowth(this.kernel.run.pairGrowth(this.now()));
  }

  /**
   * The newest learnt day, from which everything is weighed; the landmark before anything was
   * learnt.
   */
  now(): number {
    const newest = this.kernel.run.newestDay();
    return newest < 0 ? this.landmarkDay : newest;
  }
}
