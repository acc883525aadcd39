// Fills a list that is too short: what sells in the store, its city, the chain, and at last the
// catalogue.

import { limits } from '../base/limits.ts';
import { daypartCount } from '../base/time.ts';
import { priors, repeats, tables } from '../kernel/exports.ts';
import { beginSelection, type ServeContext } from './context.ts';
import { type RankedItem, reasonOf } from './ranked.ts';
import type { ReasonType, Relaxation } from './request.ts';
import { told } from './terms.ts';

interface Stage {
  readonly reason: ReasonType;
  readonly relaxation: Relaxation;
  /** Undefined: the whole chain, all day. */
  readonly scopes: readonly number[] | undefined;
}

/** The popularity rows of places, at one daypart or all. */
function scopesOf(places: readonly number[], daypart: number | undefined): number[] {
  return places.flatMap((place) =>
    Array.from({ length: daypartCount }, (_, part) => place * daypartCount + part).filter(
      (_, part) => daypart === undefined || daypart === part,
    ),
  );
}

/** What a row costs beside its cells: each item of the list is looked up in it for its count. */
const cellsPerRow = 64;

/**
 * The stores of a store's city in the order of their id hashes, since sums of f32 hang on their
 * order and numbers on who came first; of a large city as many as can be summed up in time.
 */
function storesOfCity({ registries: { stores }, kernel }: ServeContext, storeNumber: number) {
  const { city } = stores.valueOf(storeNumber);
  if (city === undefined) return [];
  const found: number[] = [];
  let cells = 0;
  for (const run of stores.inGroup(city)) {
    for (const number of run) {
      for (const scope of scopesOf([number], undefined)) {
        cells += cellsPerRow + kernel.rowSize('scope', scope);
      }
      if (cells > limits.cityCellsMax && found.length > 0) return found;
      found.push(number);
    }
  }
  return found;
}

function stagesOf(context: ServeContext): Stage[] {
  const { storeNumber } = context;
  const daypart = context.scenario === 'popular' ? context.daypart : undefined;
  const stages: Stage[] = [];
  if (storeNumber !== undefined) {
    const scopes = scopesOf([storeNumber], daypart);
    stages.push({ reason: 'popular_in_store', relaxation: 'filled_from_store', scopes });
    const city = storesOfCity(context, storeNumber);
    if (city.length > 1) {
      const cityScopes = scopesOf(city, daypart);
      stages.push({
        reason: 'popular_in_city',
        relaxation: 'filled_from_city',
        scopes: cityScopes,
      });
    }
  }
  const chain = daypart === undefined ? undefined : scopesOf([0], daypart);
  stages.push({ reason: 'popular_in_chain', relaxation: 'filled_from_chain', scopes: chain });
  return stages;
}

function selectStage(context: ServeContext, { scopes, reason }: Stage): RankedItem[] {
  const { kernel } = context;
  if (scopes === undefined) {
    kernel.run.select(0, tables.none, 1, priors.sales, repeats.none, true, true);
  } else {
    for (const scope of scopes) kernel.run.accumulateScope(scope);
    kernel.run.select(1, tables.none, 0, priors.sales, repeats.none, true, true);
  }
  return kernel.results().map(({ item: number, score }) => {
    const receipts = scopes?.reduce((sum, scope) => sum + kernel.run.scopeCount(scope, number), 0);
    const count = receipts ?? kernel.support(number);
    return { number, score, reasons: [reasonOf(reason, count)] };
  });
}

/** Active items that are known in ascending id-hash order, however many sales they have. */
function fromCatalogue(context: ServeContext, listed: Set<number>, wanted: number): RankedItem[] {
  const excluded = new Set(context.excluded);
  const found: RankedItem[] = [];
  for (const run of context.registries.items.inGroup('active')) {
    for (const number of run) {
      if (listed.has(number) || excluded.has(number) || !context.knowsItem(number)) continue;
      found.push({ number, score: 0, reasons: [reasonOf('catalogue')] });
      if (found.length === wanted) return found;
    }
  }
  return found;
}

export interface FillOptions {
  /** Never to be used for filling, besides what is listed and excluded. */
  readonly barred: readonly number[];
  /** True when popularity is what was asked for, so that its first place is no relaxation. */
  readonly isPopularity: boolean;
}

/**
 * `ranked` and as many popular items after it as the limit allows; tells each place it had to go
 * to.
 */
export function fill(
  context: ServeContext,
  ranked: readonly RankedItem[],
  options: FillOptions,
): RankedItem[] {
  const list = [...ranked];
  const listed = new Set([...ranked.map(({ number }) => number), ...options.barred]);
  const append = (items: readonly RankedItem[], relaxation: Relaxation | undefined): void => {
    if (items.length === 0) return;
    // Filled items stand below what was ranked: their own weight only orders them.
    const ceiling = list.at(-1)?.score ?? 1;
    const top = items[0]!.score;
    for (const item of items) {
      const score = top > 0 ? ceiling * (item.score / top) : 0;
      const { type } = item.reasons[0]!;
      list.push({ ...item, score, ...told(context, () => [{ type, score }]) });
      listed.add(item.number);
    }
    if (relaxation) context.relaxations.push(relaxation);
  };
  for (const [index, stage] of stagesOf(context).entries()) {
    if (list.length >= context.limit) return list;
    beginSelection(context, context.limit - list.length, listed);
    const asked = options.isPopularity && index === 0;
    append(selectStage(context, stage), asked ? undefined : stage.relaxation);
  }
  if (list.length < context.limit) {
    const rest = fromCatalogue(context, listed, context.limit - list.length);
    append(rest, 'filled_from_catalogue');
  }
  return list;
}
