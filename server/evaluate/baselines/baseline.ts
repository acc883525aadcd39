// Baselines: what a published method must do to stand beside the engine. They are plain and slow on
// purpose: each is read against its paper, none serves anybody. Members and items are dense
// numbers.

/**
 * Scores by item number, best highest; what is not above 0 is not listed. Valid until the next
 * call.
 */
export type Scores = Float64Array;

/** A method that lists items for a member. */
export interface ListBaseline {
  /** Takes in one receipt; `member` undefined: an anonymous ticket. Items are distinct. */
  learn(member: number | undefined, items: readonly number[]): void;
  /** `items`: how many item numbers there are; scores are that long at least. */
  score(member: number, items: number): Scores;
}

/** A method that completes a ticket. */
export interface AddOnBaseline {
  scoreTicket(ticket: readonly number[], items: number): Scores;
}

/** The best `limit` of the scored items that are allowed; equal scores by lower item number. */
export function bestOf(
  scores: Scores,
  limit: number,
  isAllowed: (item: number) => boolean,
): number[] {
  const best: number[] = [];
  for (let item = 0; item < scores.length; item += 1) {
    const score = scores[item]!;
    if (!(score > 0)) continue;
    // Later items have the higher numbers, so that an equal one stands below.
    if (best.length === limit && score <= scores[best[limit - 1]!]!) continue;
    if (!isAllowed(item)) continue;
    let place = best.length;
    while (place > 0 && scores[best[place - 1]!]! < score) place -= 1;
    best.splice(place, 0, item);
    if (best.length > limit) best.pop();
  }
  return best;
}

/** Room for `count` sums, all 0; one block is used again and again. */
export class Sums {
  private values = new Float64Array(0);

  cleared(count: number): Float64Array {
    if (this.values.length < count) this.values = new Float64Array(count * 2);
    return this.values.fill(0);
  }
}

/** A vector of few items: their numbers, ascending or not, and the value of each. */
export interface Sparse {
  readonly items: Uint32Array;
  readonly values: Float64Array;
}

export function sparseOf(map: ReadonlyMap<number, number>): Sparse {
  return { items: Uint32Array.from(map.keys()), values: Float64Array.from(map.values()) };
}

/** Adds `weight` times a sparse vector to a dense one. */
export function addScaled(sums: Float64Array, { items, values }: Sparse, weight: number): void {
  for (let place = 0; place < items.length; place += 1) {
    sums[items[place]!]! += weight * values[place]!;
  }
}

/** Adds to what a map holds for a key. */
export function addTo<Key>(map: Map<Key, number>, key: Key, value: number): void {
  map.set(key, (map.get(key) ?? 0) + value);
}

/** The entry of a key, made when there is none. */
export function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
