// The row of stages that every list goes through, and the only place that knows their order:
// request, context, eligibility, candidates, rules, diversity, slots, page, explain, reply.
import { limits } from '../base/limits.ts';
import { deriveContext, type ServeContext, type ServeState } from './context.ts';
import { type Draft, type Stage, startDraft } from './draft.ts';
import type { RankedReply } from './ranked.ts';
import type { Audience, RecommendRequest } from './request.ts';
import { assertAnswerable } from './stages/accept.ts';
import { candidates } from './stages/candidates.ts';
import { diversity } from './stages/diversity.ts';
import { eligibility } from './stages/eligibility.ts';
import { explain } from './stages/explain.ts';
import { page } from './stages/page.ts';
import { replyOf } from './stages/reply.ts';
import { rules } from './stages/rules.ts';
import { slots } from './stages/slots.ts';

export const stages: readonly Stage[] = [
  eligibility,
  candidates,
  rules,
  diversity,
  slots,
  page,
  explain,
];

/** How many candidates a request needs: a page, or some to spare where a stage asks for them. */
function wantedBy(context: ServeContext, row: readonly Stage[]): number {
  if (!row.some(({ needsSpare }) => needsSpare?.(context))) return context.limit;
  return Math.min(limits.candidatesMax, context.limit * limits.candidatesPerPlace);
}

/** What stands after a row of stages, for one request. */
export function draftOf(context: ServeContext, row: readonly Stage[]): Draft {
  const draft = startDraft(context, wantedBy(context, row));
  for (const stage of row) stage.run(draft);
  return draft;
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
  return replyOf(draftOf(deriveContext(request, state, audience), stages), state);
}
