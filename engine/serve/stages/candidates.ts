// Stage "candidates": what the scenario ranks, and after it what sells where that is too short.
import type { ServeContext } from '../context.ts';
import type { Draft, Ranking, Stage } from '../draft.ts';
import { fill } from '../fill.ts';
import type { Scenario } from '../request.ts';
import { buyAgain, discover, guessYouLike } from '../scenarios/personal.ts';
import { similar } from '../scenarios/similar.ts';
import { basketAddOn, boughtTogether } from '../scenarios/together.ts';

const rankings: Record<Scenario, (context: ServeContext, wanted: number) => Ranking> = {
  'guess-you-like': guessYouLike,
  discover,
  'buy-again': buyAgain,
  similar,
  'bought-together': boughtTogether,
  'basket-add-on': basketAddOn,
  popular: () => [],
};

function find(draft: Draft): void {
  const { context, wanted } = draft;
  const ranked = rankings[context.scenario](context, wanted);
  draft.candidates = ranked.length >= context.limit ? ranked : fill(context, ranked, wanted);
}

export const candidates: Stage = { name: 'candidates', run: find };
