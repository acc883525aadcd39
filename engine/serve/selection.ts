// How a selection begins in the kernel, and what comes out of it.
import type { ServeContext } from './context.ts';
import type { Candidate, Source } from './draft.ts';

/** f_u of docs/reference/scores.md: a basket weighs this much less than the one after it. */
export const tasteAgeDecay = 0.9;

/** Begins a request in the kernel that selects at most `most` of the eligible items. */
export function beginSelection({ kernel, growthNow }: ServeContext, most: number): void {
  kernel.run.startRequest(most, growthNow);
}

/** What was selected, best first, all of one source. */
export function candidatesFrom({ kernel }: ServeContext, source: Source): Candidate[] {
  return kernel.mapResults((number, score) => ({ number, score, source }));
}
