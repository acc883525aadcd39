// Stage "eligibility": which items may be in this list at all. Decided here and nowhere else.
import type { ServeContext } from '../context.ts';
import type { Draft, Stage } from '../draft.ts';

/**
 * Of the catalogue, what is active and known; of the request, all but its ticket and what it
 * excludes; and not the item that a list starts from, nor, where something new is asked for, what
 * was bought.
 */
function decide({ context }: Draft): void {
  const { kernel, bitmaps, excluded, scenario, anchorNumber } = context;
  const { run } = kernel;
  const [one = 0, other = 0, last = 0] = bitmaps;
  run.askBitmaps(one, other, last);
  for (const number of excluded) run.bar(number);
  const startsFromItem = scenario === 'similar' || scenario === 'bought-together';
  if (startsFromItem && anchorNumber !== undefined) run.bar(anchorNumber);
  if (scenario === 'discover' && context.history) run.barHistory();
}

/** Whether an item may be listed, after the stage. What the kernel selects has been asked. */
export function isEligible({ kernel }: ServeContext, number: number): boolean {
  return Boolean(kernel.run.isEligible(number));
}

export const eligibility: Stage = { name: 'eligibility', run: decide };
