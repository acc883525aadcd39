// TIFU-KNN: the member's item frequencies, faded by baskets and by groups of them, mixed with those of
// the nearest members (Hu, He, Gao and Zhang, "Modeling personalized item frequency information for
// next-basket recommendation", SIGIR 2020).
import { addTo, entryOf, type ListBaseline, type Scores, Sums } from './baseline.ts';
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

interface Vector {
  readonly frequencies: Frequencies;
  readonly squaredLength: number;
}

export class TifuKnn implements ListBaseline {
  readonly #settings: TifuSettings;
  readonly #histories = new Histories();
  readonly #vectors = new Map<number, Vector>();
  readonly #sums = new Sums();
  readonly #inner = new Sums();

  constructor(settings: TifuSettings) {
    this.#settings = settings;
  }

  learn(member: number | undefined, items: readonly number[]): void {
    if (member === undefined) return;
    this.#histories.learn(member, items);
    // Made anew when it is asked for: a member may learn many receipts before that.
    this.#vectors.delete(member);
  }

  score(member: number, items: number): Scores {
    const { ownShare } = this.#settings;
    const scores = this.#sums.cleared(items);
    const own = this.#vectorOf(member);
    for (const [item, value] of own.frequencies) scores[item] = ownShare * value;
    const nearest = this.#nearestTo(member, own);
    for (const neighbour of nearest) {
      const share = (1 - ownShare) / nearest.length;
      for (const [item, value] of this.#vectorOf(neighbour).frequencies) {
        scores[item]! += share * value;
      }
    }
    return scores;
  }

  #vectorOf(member: number): Vector {
    return entryOf(this.#vectors, member, () => {
      const frequencies = frequenciesOf(this.#histories.basketsOf(member), this.#settings);
      let squaredLength = 0;
      for (const value of frequencies.values()) squaredLength += value * value;
      return { frequencies, squaredLength };
    });
  }

  /** By Euclidean distance: who shares no item may be near too, when both have bought little. */
  #nearestTo(member: number, own: Vector): number[] {
    const inner = this.#inner.cleared(this.#histories.memberNumbers);
    for (const [item, value] of own.frequencies) {
      for (const buyer of this.#histories.buyersOf(item)) {
        inner[buyer]! += value * this.#vectorOf(buyer).frequencies.get(item)!;
      }
    }
    const others: number[] = [];
    const distances: number[] = [];
    for (const other of this.#histories.members()) {
      if (other === member) continue;
      others.push(other);
      distances.push(this.#vectorOf(other).squaredLength - 2 * inner[other]!);
    }
    const farthest = Float64Array.from(distances).sort()[this.#settings.neighbours - 1];
    const isNear = (place: number) => farthest === undefined || distances[place]! <= farthest;
    return others.filter((_, place) => isNear(place)).slice(0, this.#settings.neighbours);
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
