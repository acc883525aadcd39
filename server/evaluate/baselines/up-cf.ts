// UP-CF@r: the recent popularity of each item with the members that are like this one (Faggioli,
// Polato and Aiolli, "Recency aware collaborative filtering for next basket recommendation", UMAP
// 2020).
import {
  addScaled,
  addTo,
  entryOf,
  type ListBaseline,
  type Scores,
  type Sparse,
  Sums,
  sparseOf,
} from './baseline.ts';
import { Histories } from './histories.ts';

export interface UpCfSettings {
  /** r: how many of a member's last baskets count for popularity. */
  readonly recency: number;
  /** q: likeness counts to this power. */
  readonly locality: number;
  /** alpha: how much the likeness is the asking member's own share of what both have bought. */
  readonly asymmetry: number;
}

/** As the programs of the method come. */
export const publishedUpCf: UpCfSettings = { recency: 5, locality: 5, asymmetry: 0.25 };

export class UpCf implements ListBaseline {
  private readonly settings: UpCfSettings;
  private readonly histories = new Histories();
  private readonly popularities = new Map<number, Sparse>();
  private readonly sums = new Sums();
  private readonly common = new Sums();

  constructor(settings: UpCfSettings) {
    this.settings = settings;
  }

  learn(member: number | undefined, items: readonly number[]): void {
    if (member === undefined) return;
    this.histories.learn(member, items);
    this.popularities.delete(member);
  }

  /** The member is one of their own neighbours, and wholly like themselves. */
  score(member: number, items: number): Scores {
    const { locality, asymmetry } = this.settings;
    const scores = this.sums.cleared(items);
    const own = this.histories.itemsOf(member);
    const common = this.common.cleared(this.histories.memberNumbers);
    for (const item of own) {
      for (const buyer of this.histories.buyersOf(item)) common[buyer]! += 1;
    }
    for (let other = 0; other < this.histories.memberNumbers; other += 1) {
      if (common[other] === 0) continue;
      const { size } = this.histories.itemsOf(other);
      const likeness = common[other]! / (own.size ** asymmetry * size ** (1 - asymmetry));
      addScaled(scores, this.popularityOf(other), likeness ** locality);
    }
    return scores;
  }

  /** The share of the member's last r baskets that hold each item. */
  private popularityOf(member: number): Sparse {
    return entryOf(this.popularities, member, () => {
      const recent = this.histories.basketsOf(member).slice(-this.settings.recency);
      const shares = new Map<number, number>();
      for (const basket of recent) {
        for (const item of basket) addTo(shares, item, 1 / recent.length);
      }
      return sparseOf(shares);
    });
  }
}
