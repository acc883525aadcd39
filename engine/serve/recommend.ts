// The conductor of reading: request -> context -> scenario -> fill -> reply.
import { randomUUID } from 'node:crypto';
import { millisecondsPerDay } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import type { Item } from '../log/events.ts';
import { compareByHash, type Registry } from '../views/catalogue.ts';
import { deriveContext, type ServeContext, type ServeState } from './context.ts';
import { fill } from './fill.ts';
import { emptyRanking, type RankedItem, type RankedReason, type Ranking } from './ranked.ts';
import type {
  Audience,
  Reason,
  RecommendedItem,
  RecommendReply,
  RecommendRequest,
  Relaxation,
  Scenario,
} from './request.ts';
import { buyAgain, discover, guessYouLike } from './scenarios/personal.ts';
import { basketAddOn, boughtTogether, categoryFactor, similar } from './scenarios/together.ts';

const rankings: Record<Scenario, (context: ServeContext) => Ranking> = {
  'guess-you-like': guessYouLike,
  discover,
  'buy-again': buyAgain,
  similar,
  'bought-together': boughtTogether,
  'basket-add-on': basketAddOn,
  popular: () => emptyRanking,
};

function assertAnswerable(request: RecommendRequest): void {
  const { scenario, itemId, memberId } = request;
  if ((scenario === 'similar' || scenario === 'bought-together') && itemId === undefined) {
    throw new EngineError('INVALID_ARGUMENT', `itemId is required for scenario ${scenario}`, {
      field: 'itemId',
    });
  }
  if (scenario === 'buy-again' && memberId === undefined) {
    throw new EngineError('INVALID_ARGUMENT', 'memberId is required for scenario buy-again', {
      field: 'memberId',
    });
  }
}

/**
 * What must not be used to fill: the anchor itself, and for discover all that the member has
 * bought.
 */
function barredNumbers({ scenario, history, anchorNumber, kernel }: ServeContext): number[] {
  const startsFromItem = scenario === 'similar' || scenario === 'bought-together';
  if (startsFromItem && anchorNumber !== undefined) return [anchorNumber];
  const barred: number[] = [];
  if (scenario !== 'discover' || !history) return barred;
  kernel.readHistory(0, history);
  kernel.run.startRequest(0, 1);
  const count = kernel.run.weighHistory();
  for (let index = 0; index < count; index++) barred.push(kernel.anchor(index).item);
  return barred;
}

/**
 * How near an item's category is to the anchor's; 0 when they share no level or either has none.
 */
function nearness(anchor: Item, item: Item): number {
  if (!anchor.category?.length || item.category?.[0] !== anchor.category[0]) return 0;
  return categoryFactor(anchor, item);
}

/** Items of the nearest categories, best sellers first: the next best thing to a lookalike. */
function sameCategory(context: ServeContext, ranked: readonly RankedItem[]): RankedItem[] {
  const { scenario, anchorNumber, kernel, registries, limit } = context;
  if (scenario !== 'similar' || anchorNumber === undefined || ranked.length >= limit) return [];
  const { items } = registries;
  const anchor = items.valueOf(anchorNumber);
  const taken = new Set([anchorNumber, ...context.excluded, ...ranked.map(({ number }) => number)]);
  const candidates: { number: number; near: number; popularity: number }[] = [];
  for (let number = 0; number < items.size; number++) {
    const item = items.valueOf(number);
    const near = item.status === 'active' && !taken.has(number) ? nearness(anchor, item) : 0;
    if (near > 0) candidates.push({ number, near, popularity: kernel.popularity(number) });
  }
  candidates.sort(
    (a, b) =>
      b.near - a.near || b.popularity - a.popularity || compareByHash(items, a.number, b.number),
  );
  const ceiling = ranked.at(-1)?.score ?? 1;
  if (candidates.length > 0) context.relaxations.push('filled_from_category');
  return candidates.slice(0, limit - ranked.length).map(({ number }, index) => ({
    number,
    // Below what was ranked, in the order just settled.
    score: ceiling / (index + 2),
    reasons: [{ type: 'same_category', anchorNumber }],
  }));
}

function nameReason(reason: RankedReason, items: Registry<Item>): Reason {
  const { type, anchorNumber, count } = reason;
  if (anchorNumber === undefined) return count === undefined ? { type } : { type, count };
  const { itemId, name } = items.valueOf(anchorNumber);
  return {
    type,
    itemId,
    ...(name === undefined ? {} : { itemName: name }),
    ...(count === undefined ? {} : { count }),
  };
}

function nameItem(ranked: RankedItem, items: Registry<Item>): RecommendedItem {
  const { itemId, name, priceFen } = items.valueOf(ranked.number);
  return {
    itemId,
    ...(name === undefined ? {} : { name }),
    ...(priceFen === undefined ? {} : { priceFen }),
    score: ranked.score,
    reasons: ranked.reasons.map((reason) => nameReason(reason, items)),
    ...(ranked.usualGapDays === undefined ? {} : { usualGapDays: ranked.usualGapDays }),
    ...(ranked.nextDueDay === undefined
      ? {}
      : { nextDueOn: new Date(ranked.nextDueDay * millisecondsPerDay).toISOString().slice(0, 10) }),
  };
}

/** Whether somebody opted out, or never bought, is not for a cashier to read. */
function told({ audience, relaxations }: ServeContext): readonly Relaxation[] {
  if (audience !== 'till') return relaxations;
  return relaxations.filter((relaxation) => !relaxation.startsWith('member_'));
}

/**
 * Answers one request from the state as it is. Throws INVALID_ARGUMENT when the scenario lacks what
 * it starts from.
 */
export function recommend(
  request: RecommendRequest,
  state: ServeState,
  audience: Audience,
): RecommendReply {
  assertAnswerable(request);
  const context = deriveContext(request, state, audience);
  const ranking = rankings[request.scenario](context);
  const ranked = [...ranking.items, ...sameCategory(context, ranking.items)];
  const list =
    ranked.length >= context.limit
      ? ranked
      : fill(context, ranked, {
          barred: barredNumbers(context),
          isPopularity: request.scenario === 'popular',
        });
  return {
    recommendationId: randomUUID(),
    scenario: request.scenario,
    items: list.map((item) => nameItem(item, state.registries.items)),
    personalized: ranking.personalized,
    relaxations: told(context),
    watermark: state.watermark,
  };
}
