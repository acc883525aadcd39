// The conductor of reading: request -> context -> scenario -> fill -> ranked reply.
import { randomUUID } from 'node:crypto';
import { EngineError } from '../base/errors.ts';
import { sides } from '../kernel/exports.ts';
import { deriveContext, type ServeContext, type ServeState } from './context.ts';
import { fill } from './fill.ts';
import { emptyRanking, type RankedReply, type Ranking } from './ranked.ts';
import type { Audience, RecommendRequest, Relaxation, Scenario } from './request.ts';
import { buyAgain, discover, guessYouLike } from './scenarios/personal.ts';
import { similar } from './scenarios/similar.ts';
import { basketAddOn, boughtTogether } from './scenarios/together.ts';

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
  kernel.readHistory(sides.request, history);
  kernel.run.startRequest(0, 1);
  const count = kernel.run.weighHistory(1);
  for (let index = 0; index < count; index++) barred.push(kernel.anchor(index).item);
  return barred;
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
export function rank(
  request: RecommendRequest,
  state: ServeState,
  audience: Audience,
): RankedReply {
  assertAnswerable(request);
  const context = deriveContext(request, state, audience);
  const ranking = rankings[request.scenario](context);
  const list =
    ranking.items.length >= context.limit
      ? ranking.items
      : fill(context, ranking.items, {
          barred: barredNumbers(context),
          isPopularity: request.scenario === 'popular',
        });
  return {
    recommendationId: randomUUID(),
    scenario: request.scenario,
    items: list,
    personalized: ranking.personalized,
    relaxations: told(context),
    watermark: state.watermark,
    catalogue: state.registries.items,
  };
}
