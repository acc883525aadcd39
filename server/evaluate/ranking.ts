// Ranking metrics: how well one list predicted one receipt. A list holds each item at most once,
// best first; the truth is the set of items of the receipt, never empty.

/**
 * The share of the receipt that the first `k` of the list hold (van Rijsbergen, "Information
 * Retrieval", 1979). It cannot reach 1 when the receipt has more than `k` items.
 */
export function recallAt<Id>(list: readonly Id[], truth: ReadonlySet<Id>, k: number): number {
  return hitsAt(list, truth, k) / truth.size;
}

/**
 * Normalised discounted cumulative gain with binary gains (Järvelin and Kekäläinen, "Cumulated
 * gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002). The ideal goes over the whole
 * receipt, also where that is longer than `k`, so that lists of all lengths share one scale.
 */
export function ndcgAt<Id>(list: readonly Id[], truth: ReadonlySet<Id>, k: number): number {
  let gain = 0;
  for (const [place, id] of list.slice(0, k).entries()) {
    if (truth.has(id)) gain += discount(place);
  }
  let ideal = 0;
  for (let place = 0; place < truth.size; place += 1) ideal += discount(place);
  return gain / ideal;
}

/**
 * 1 when the first `k` hold anything of the receipt, else 0. Its mean is the personalised hit ratio
 * PHR (Hu and He, "Sets2Sets", KDD 2019); with a single item as truth it is the hit rate (Deshpande
 * and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004).
 */
export function hitAt<Id>(list: readonly Id[], truth: ReadonlySet<Id>, k: number): number {
  return hitsAt(list, truth, k) > 0 ? 1 : 0;
}

/**
 * One over the place of the first hit among the first `k`, 0 without one. Its mean is MRR
 * (Voorhees, "The TREC-8 question answering track report", 1999).
 */
export function reciprocalRankAt<Id>(
  list: readonly Id[],
  truth: ReadonlySet<Id>,
  k: number,
): number {
  const place = list.slice(0, k).findIndex((id) => truth.has(id));
  return place < 0 ? 0 : 1 / (place + 1);
}

function hitsAt<Id>(list: readonly Id[], truth: ReadonlySet<Id>, k: number): number {
  let hits = 0;
  for (const id of list.slice(0, k)) if (truth.has(id)) hits += 1;
  return hits;
}

function discount(place: number): number {
  return 1 / Math.log2(place + 2);
}
