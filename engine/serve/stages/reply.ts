// Stage "reply": the list with what has to be said about it.
import { randomUUID } from 'node:crypto';
import type { ServeContext, ServeState } from '../context.ts';
import type { Draft } from '../draft.ts';
import type { RankedReply } from '../ranked.ts';
import type { Relaxation } from '../request.ts';

/** Whether somebody opted out, or never bought, is not for a cashier to read. */
function visibleRelaxations({ audience, relaxations }: ServeContext): readonly Relaxation[] {
  if (audience !== 'till') return relaxations;
  return relaxations.filter((relaxation) => !relaxation.startsWith('member_'));
}

export function replyOf(
  { context, items, personalized }: Draft,
  { watermark, registries }: Pick<ServeState, 'watermark' | 'registries'>,
): RankedReply {
  return {
    recommendationId: randomUUID(),
    scenario: context.scenario,
    items,
    personalized,
    relaxations: visibleRelaxations(context),
    watermark,
    catalogue: registries.items,
  };
}
