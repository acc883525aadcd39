// Fills a list that is too short: what sells in the store, its city, the chain, and at last the
// catalogue.

import { limits } from '../base/limits.ts';
import { daypartCount } from '../base/time.ts';
import { receiptsIn } from '../kernel/explain.ts';
import { scopeOf } from '../kernel/kernel.ts';
import type { ServeContext } from './context.ts';
import type { Candidate, Source } from './draft.ts';
import { reasonOf } from './ranked.ts';
import type { ReasonType, Relaxation } from './request.ts';
import { candidatesFrom } from './selection.ts';
import { explainedTerms } from './terms.ts';

interface Place {
  readonly reason: ReasonType;
  readonly relaxation: Relaxation;
  /** Popularity rows: one, or those of the stores of a city. */
  readonly scopes: readonly number[];
}

/** What a row costs beside its cells: each item of the list is looked up in it for its count. */
const cellsPerRow = 64;

/**
 * The rows of a city's stores that are not empty, and how many stores those are of; in the order
 * of the stores' id hashes, since sums of f32 hang on their order and numbers on who came first.
 * Of a large city as many as can be summed up in time.
 */
function scopesOfCity(
  { registries: { stores }, kernel }: ServeContext,
  city: string,
  daypart: number | undefined,
): { readonly stores: number; readonly scopes: readonly number[] } {
  const scopes: number[] = [];
  let [found, cells] = [0, 0];
  for (const run of stores.inGroup(city)) {
    for (const number of run) {
      for (let part = 0; part < daypartCount; part++) {
        const size = kernel.rowSize('scope', scopeOf(number, part));
        if (size > 0) cells += cellsPerRow + size;
      }
      if (cells > limits.cityCellsMax && found > 0) return { stores: found, scopes };
      const scope = scopeOf(number, daypart);
      if (kernel.rowSize('scope', scope) > 0) scopes.push(scope);
      found += 1;
      if (found === limits.cityStoresMax) return { stores: found, scopes };
    }
  }
  return { stores: found, scopes };
}

/** One place after the other: a city is only looked at where its store does not fill the list. */
function* placesOf(context: ServeContext): Generator<Place> {
  const { storeNumber } = context;
  const daypart = context.scenario === 'popular' ? context.daypart : undefined;
  if (storeNumber !== undefined) {
    const scopes = [scopeOf(storeNumber, daypart)];
    yield { reason: 'popular_in_store', relaxation: 'filled_from_store', scopes };
    const { city } = context.registries.stores.valueOf(storeNumber);
    const ofCity = city === undefined ? undefined : scopesOfCity(context, city, daypart);
    if (ofCity !== undefined && ofCity.stores > 1) {
      const { scopes } = ofCity;
      yield { reason: 'popular_in_city', relaxation: 'filled_from_city', scopes };
    }
  }
  const scopes = [scopeOf(0, daypart)];
  yield { reason: 'popular_in_chain', relaxation: 'filled_from_chain', scopes };
}

/** Explains by one reason, and the receipts of an item that are counted for it. */
function sourceOf(
  context: ServeContext,
  { type, relaxation }: { readonly type: ReasonType; readonly relaxation: Relaxation | undefined },
  countsOf: (survivors: readonly Candidate[]) => readonly (number | undefined)[],
): Source {
  return {
    fill: { relaxation },
    explain: (survivors) => {
      const counts = countsOf(survivors);
      return survivors.map(({ number, score }, at) => {
        const reasons = [reasonOf(type, counts[at])];
        if (!context.explains) return { number, score, reasons };
        return { number, score, reasons, ...explainedTerms(context, () => [{ type, score }]) };
      });
    },
  };
}

/** The best of a place, but for what is barred by now. */
function bestOf(
  context: ServeContext,
  { scopes, reason: type }: Place,
  { wanted, relaxation }: { readonly wanted: number; readonly relaxation: Relaxation | undefined },
): Candidate[] {
  const { kernel } = context;
  const { run, layout } = kernel;
  const { tables, priors, repeats } = layout;
  run.startAside(wanted);
  const [only] = scopes;
  if (scopes.length === 1) run.offerScope(only!);
  else {
    for (const scope of scopes) run.accumulateScope(scope);
    run.select(1, tables.none, 0, priors.sales, repeats.none, true, true);
  }
  const countsOf = (survivors: readonly Candidate[]) => receiptsIn(kernel, scopes, survivors);
  const source = sourceOf(context, { type, relaxation }, countsOf);
  return candidatesFrom(context, source);
}

/** Active items that are known in ascending id-hash order, however many sales they have. */
function fromCatalogue(context: ServeContext, wanted: number): Candidate[] {
  const kind = { type: 'catalogue', relaxation: 'filled_from_catalogue' } as const;
  const source = sourceOf(context, kind, () => []);
  const found: Candidate[] = [];
  for (const run of context.registries.items.inGroup('active')) {
    // All of a run at once: however few of the catalogue may be listed, passing it is cheap.
    for (const number of context.kernel.eligibleOf(run, wanted - found.length)) {
      found.push({ number, score: 0, source });
    }
    if (found.length === wanted) break;
  }
  return found;
}

/**
 * `ranked` and what sells after it, until there are enough for a page: of each place that has to be
 * asked up to `wanted` in all, and of the catalogue, which has no order to speak of, no more than a
 * page needs. Each item stands in it once.
 */
export function fill(
  context: ServeContext,
  ranked: readonly Candidate[],
  wanted: number,
): readonly Candidate[] {
  const { kernel, limit, scenario } = context;
  const { run } = kernel;
  const list: Candidate[] = [];
  // What is listed is barred while the request is aside, and only so long.
  const append = (found: readonly Candidate[]): void => {
    for (const candidate of found) {
      run.bar(candidate.number);
      list.push(candidate);
    }
  };
  run.startAside(0);
  append(ranked);
  // Popularity is what is asked for: its first place is no relaxation.
  let isAsked = scenario === 'popular';
  for (const place of placesOf(context)) {
    if (list.length >= limit) break;
    const relaxation = isAsked ? undefined : place.relaxation;
    append(bestOf(context, place, { wanted: wanted - list.length, relaxation }));
    isAsked = false;
  }
  if (list.length < limit) append(fromCatalogue(context, limit - list.length));
  run.endAside();
  return list;
}
