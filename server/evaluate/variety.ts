// Variety metrics: how much of the shelf the lists show, and how far from the best sellers they go.

/** How often each item stood in a list. */
export type Listings = ReadonlyMap<string, number>;

/**
 * Catalogue coverage: the share of `items` known that were listed at least once (Ge,
 * Delgado-Battenfeld and Jannach, "Beyond accuracy", RecSys 2010).
 */
export function coverageOf(listings: Listings, items: number): number {
  return items === 0 ? 0 : listings.size / items;
}

export interface Popularity {
  /** How many receipts were learnt. */
  readonly receipts: number;
  /** How many of them held an item. */
  readonly supportOf: (itemId: string) => number;
}

/**
 * Novelty: the mean self-information of what was listed, -log2 of the share of receipts that hold
 * it (Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS
 * 107(10), 2010). Items that nobody has bought have no share and are left out.
 */
export function noveltyOf(listings: Listings, popularity: Popularity): number {
  let bits = 0;
  let count = 0;
  for (const [itemId, times] of listings) {
    const support = popularity.supportOf(itemId);
    if (support === 0) continue;
    bits -= times * Math.log2(support / popularity.receipts);
    count += times;
  }
  return count === 0 ? 0 : bits / count;
}
