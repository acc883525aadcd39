// What sells: weights by store, city, chain and daypart, and the order in which a short list is
// filled.
import { dayparts, type RecommendRequest } from '../../../engine/index.ts';
import type { Row, State } from './counts.ts';
import { compareByHash } from './hash.ts';
import type { Part } from './terms.ts';

/** Where an entry of a list comes from. `ranked` is the scenario's own view, the rest fills. */
export type Stage = 'ranked' | 'new' | 'store' | 'city' | 'chain' | 'catalogue';

export interface Ranked {
  readonly itemId: string;
  readonly score: number;
  /** Of what the scenario itself ranks: they sum to the score. */
  readonly parts?: () => readonly Part[];
}

export interface Entry extends Ranked {
  readonly stage: Stage;
}

export interface Step {
  readonly stage: Stage;
  readonly entries: readonly Ranked[];
}

type Asked = Pick<RecommendRequest, 'storeId' | 'daypart' | 'scenario'>;

/**
 * Store (when known), its city (when it has one), chain, catalogue: each best first, none of them
 * filtered.
 */
export function fillSteps(state: State, asked: Asked): readonly Step[] {
  const { storeId } = asked;
  const known = [...state.ledger.items.keys()].filter((itemId) => knowsItem(state, itemId));
  const catalogue = known.sort(compareByHash);
  const steps: Step[] = [];
  if (storeId !== undefined && knowsStore(state, storeId)) {
    steps.push({ stage: 'store', entries: mostSold(state, [storeId], asked) });
    const city = storesOfCity(state, storeId);
    if (city.length > 0) steps.push({ stage: 'city', entries: mostSold(state, city, asked) });
  }
  steps.push({ stage: 'chain', entries: mostSold(state, [undefined], asked) });
  const unsold = catalogue.map((itemId) => ({ itemId, score: 0 }));
  return [...steps, { stage: 'catalogue', entries: unsold }];
}

/** Something was said of it, or receipts that count hold it. */
export function knowsItem({ ledger, counts }: State, itemId: string): boolean {
  return ledger.describedItems.has(itemId) || (counts.items.support.get(itemId) ?? 0n) > 0n;
}

/** The same of a store. */
export function knowsStore({ ledger, counts }: State, storeId: string): boolean {
  const rows = counts.scopes.get(storeId) ?? [];
  return ledger.describedStores.has(storeId) || rows.some((row) => row.size > 0);
}

/** The stores of that store's city, itself among them; none when it has no city. */
export function storesOfCity({ ledger }: State, storeId: string): readonly string[] {
  const city = ledger.stores.get(storeId)?.city;
  if (city === undefined) return [];
  const neighbours = [...ledger.stores.values()].filter((store) => store.city === city);
  return neighbours.map((store) => store.storeId);
}

/**
 * The scope rows that a request looks at: one daypart for `popular` when asked, else the whole day.
 */
export function rowsOf(
  state: State,
  scopes: readonly (string | undefined)[],
  asked: Asked,
): readonly Row[] {
  const wanted = asked.scenario === 'popular' ? asked.daypart : undefined;
  return scopes
    .flatMap((scope) => [...(state.counts.scopes.get(scope) ?? []).entries()])
    .filter(([daypart]) => wanted === undefined || dayparts[daypart] === wanted)
    .map(([, row]) => row);
}

function mostSold(
  state: State,
  scopes: readonly (string | undefined)[],
  asked: Asked,
): Step['entries'] {
  const weights = new Map<string, bigint>();
  for (const row of rowsOf(state, scopes, asked)) {
    for (const [itemId, { weight }] of row) {
      weights.set(itemId, (weights.get(itemId) ?? 0n) + weight);
    }
  }
  // What has faded to a weight of zero no longer sells.
  const sold = [...weights].filter(([, weight]) => weight > 0n);
  return sorted(sold.map(([itemId, weight]) => ({ itemId, score: Number(weight) })));
}

/** Best first; equal scores by ascending id hash. */
export function sorted(entries: Step['entries']): Step['entries'] {
  return [...entries].sort(
    (left, right) => right.score - left.score || compareByHash(left.itemId, right.itemId),
  );
}
