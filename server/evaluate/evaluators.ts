// Evaluators: what one system's lists were worth, receipt by receipt: the whole list, what is new
// to the member (explore), and what they had bought before (repeat).
import { hitAt, ndcgAt, recallAt, reciprocalRankAt } from './ranking.ts';
import { type Figures, type Intervals, Scoreboard } from './scoreboard.ts';
import { coverageOf, noveltyOf, type Popularity } from './variety.ts';

export const views = ['all', 'explore', 'repeat'] as const;
export type View = (typeof views)[number];

/** What a member bought, as far as a view counts it; views without any are not scored. */
export type Truths = Readonly<Record<View, ReadonlySet<string>>>;
/** Lists of item ids, best first; a view that is not scored may be left empty. */
export type Lists = Readonly<Record<View, readonly string[]>>;

/** How many items are known, and how often they were bought. */
export interface Shelf extends Popularity {
  readonly items: number;
}

export interface ListFigures {
  readonly all: Figures;
  readonly explore: Figures;
  readonly repeat: Figures;
  /** Of the whole list, at the shortest length asked for. */
  readonly coverage: number;
  readonly novelty: number;
}

export type ListIntervals = Partial<Record<View, Intervals>>;

export class ListEvaluator {
  private readonly lengths: readonly number[];
  private readonly boards: Record<View, Scoreboard>;
  private readonly listings: Record<View, Map<string, number>>;

  /** `lengths`: the k of each metric, ascending. */
  constructor(lengths: readonly number[]) {
    const names = lengths.flatMap((k) => [`recall${k}`, `ndcg${k}`, `phr${k}`]);
    const perView = <Value>(make: () => Value): Record<View, Value> => ({
      all: make(),
      explore: make(),
      repeat: make(),
    });
    this.lengths = lengths;
    this.boards = perView(() => new Scoreboard(names));
    this.listings = perView(() => new Map());
  }

  add(memberId: string, lists: Lists, truths: Truths): void {
    for (const view of views) {
      const truth = truths[view];
      if (truth.size === 0) continue;
      const list = lists[view];
      const values = this.lengths.flatMap((k) => [
        recallAt(list, truth, k),
        ndcgAt(list, truth, k),
        hitAt(list, truth, k),
      ]);
      this.boards[view].add(memberId, values);
      const listings = this.listings[view];
      for (const id of list.slice(0, this.lengths[0])) {
        listings.set(id, (listings.get(id) ?? 0) + 1);
      }
    }
  }

  figures(shelf: Shelf): ListFigures {
    const ofView = (view: View): Figures => ({
      n: this.boards[view].count,
      ...this.boards[view].means(),
    });
    return {
      all: ofView('all'),
      explore: ofView('explore'),
      repeat: ofView('repeat'),
      coverage: coverageOf(this.listings.all, shelf.items),
      novelty: noveltyOf(this.listings.all, shelf),
    };
  }

  intervals(seed: number): ListIntervals {
    const intervals: ListIntervals = {};
    for (const view of views) {
      const ofView = this.boards[view].intervals(seed);
      if (ofView !== undefined) intervals[view] = ofView;
    }
    return intervals;
  }
}

/** The list for a ticket without `target`; undefined when the system has no such list. */
export type Complete = (target: string, rest: readonly string[]) => readonly string[];

/** Basket completion: each item of a ticket held out in turn, averaged per ticket. */
export class AddOnEvaluator {
  private readonly lengths: readonly number[];
  private readonly board: Scoreboard;

  constructor(lengths: readonly number[]) {
    this.lengths = lengths;
    this.board = new Scoreboard(lengths.flatMap((k) => [`hitRate${k}`, `mrr${k}`]));
  }

  /** `clusterKey`: the member, or the ticket itself where there is none. */
  add(clusterKey: string, itemIds: readonly string[], complete: Complete): void {
    const sums = this.lengths.flatMap(() => [0, 0]);
    for (const target of itemIds) {
      const truth = new Set([target]);
      const list = complete(
        target,
        itemIds.filter((id) => id !== target),
      );
      for (const [index, k] of this.lengths.entries()) {
        sums[index * 2]! += hitAt(list, truth, k);
        sums[index * 2 + 1]! += reciprocalRankAt(list, truth, k);
      }
    }
    this.board.add(
      clusterKey,
      sums.map((sum) => sum / itemIds.length),
    );
  }

  figures(): Figures {
    return { n: this.board.count, ...this.board.means() };
  }

  intervals(seed: number): Intervals | undefined {
    return this.board.intervals(seed);
  }
}
