// TIFU-KNN: the member's item frequencies, faded by baskets and by groups of them, mixed with those
// of the nearest members (Hu, He, Gao and Zhang, "Modeling personalized item frequency information
// for next-basket recommendation", SIGIR 2020).
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

export interface TifuSettings {
  /** k of the paper. */
  readonly neighbours: number;
  /** m: into how many groups the baskets go, the later ones the larger. */
  readonly groups: number;
  /** r_b, from one basket of a group to the one before. */
  readonly basketDecay: number;
  /** r_g, from one group to the one before. */
  readonly groupDecay: number;
  /** alpha: the member's own share of the prediction. */
  readonly ownShare: number;
}

/** What the paper found best on Ta-Feng. */
export const publishedTifu: TifuSettings = {
  neighbours: 300,
  groups: 7,
  basketDecay: 0.9,
  groupDecay: 0.7,
  ownShare: 0.7,
};

type Frequencies = ReadonlyMap<number, number>;

export class TifuKnn implements ListBaseline {
  private readonly settings: TifuSettings;
  private readonly histories = new Histories();
  private readonly vectors = new Map<number, Sparse>();
  /** By item: what it is in the vector of each member who has bought it. */
  private readonly columns = new Map<number, Map<number, number>>();
  private readonly squaredLengths = new Map<number, number>();
  /** Members whose vectors are of before their last receipt. */
  private readonly stale = new Set<number>();
  private readonly sums = new Sums();
  private readonly inner = new Sums();

  constructor(settings: TifuSettings) {
    this.settings = settings;
  }

  learn(member: number | undefined, items: readonly number[]): void {
    if (member === undefined) return;
    this.histories.learn(member, items);
    // Renewed when somebody asks: a member may learn many receipts before that.
    this.stale.add(member);
  }

  score(member: number, items: number): Scores {
    for (const stale of this.stale) this.renew(stale);
    this.stale.clear();
    const { ownShare } = this.settings;
    const scores = this.sums.cleared(items);
    const own = this.vectors.get(member) ?? sparseOf(new Map());
    addScaled(scores, own, ownShare);
    const nearest = this.nearestTo(member, own);
    for (const neighbour of nearest) {
      addScaled(scores, this.vectors.get(neighbour)!, (1 - ownShare) / nearest.length);
    }
    return scores;
  }

  private renew(member: number): void {
    const vector = frequenciesOf(this.histories.basketsOf(member), this.settings);
    this.vectors.set(member, sparseOf(vector));
    let squaredLength = 0;
    for (const [item, value] of vector) {
      squaredLength += value * value;
      entryOf(this.columns, item, () => new Map<number, number>()).set(member, value);
    }
    this.squaredLengths.set(member, squaredLength);
  }

  /** By Euclidean distance: who shares no item may be near too, when both have bought little. */
  private nearestTo(member: number, own: Sparse): number[] {
    const inner = this.inner.cleared(this.histories.memberNumbers);
    for (const [place, item] of own.items.entries()) {
      const value = own.values[place]!;
      this.columns.get(item)!.forEach((theirs, buyer) => {
        inner[buyer]! += value * theirs;
      });
    }
    const others: number[] = [];
    const distances: number[] = [];
    for (const [other, squaredLength] of this.squaredLengths) {
      if (other === member) continue;
      others.push(other);
      distances.push(squaredLength - 2 * inner[other]!);
    }
    const farthest = Float64Array.from(distances).sort()[this.settings.neighbours - 1];
    const isNear = (place: number) => farthest === undefined || distances[place]! <= farthest;
    return others.filter((_, place) => isNear(place)).slice(0, this.settings.neighbours);
  }
}

/** The mean over groups of the mean over their baskets, each faded by how far back it lies. */
export function frequenciesOf(
  baskets: readonly (readonly number[])[],
  { groups, basketDecay, groupDecay }: TifuSettings,
): Frequencies {
  const frequencies = new Map<number, number>();
  const parts = groupsOf(baskets, groups);
  for (const [group, part] of parts.entries()) {
    const groupWeight = groupDecay ** (parts.length - 1 - group) / parts.length;
    for (const [place, basket] of part.entries()) {
      const weight = (groupWeight * basketDecay ** (part.length - 1 - place)) / part.length;
      for (const item of basket) addTo(frequencies, item, weight);
    }
  }
  return frequencies;
}

/** Equal parts in order of time; where they cannot be equal, the later ones have one more. */
function groupsOf<Basket>(baskets: readonly Basket[], groups: number): (readonly Basket[])[] {
  const count = Math.min(groups, baskets.length);
  const size = Math.floor(baskets.length / Math.max(1, count));
  const smaller = count - (baskets.length - size * count);
  let from = 0;
  return Array.from({ length: count }, (_, group) => {
    const part = baskets.slice(from, from + (group < smaller ? size : size + 1));
    from += part.length;
    return part;
  });
}
