// Stage "page": what is shown of the candidates, with scores that fall from the first to the last.
import type { Candidate, Draft, Stage } from '../draft.ts';

/**
 * The first of them. What fills stands below what was ranked: its own scores only order it, so that
 * of each source the best gets the score of what stands before it.
 */
function cut(draft: Draft): void {
  const { candidates, context } = draft;
  const { limit, relaxations } = context;
  const page = candidates.length > limit ? candidates.slice(0, limit) : candidates;
  const firstFill = page.findIndex(({ source }) => source.fill !== undefined);
  if (firstFill < 0) {
    draft.candidates = page;
    return;
  }
  const scaled = page.slice(0, firstFill);
  let [ceiling, top] = [1, 0];
  let source: Candidate['source'] | undefined;
  for (const candidate of page.slice(firstFill)) {
    if (candidate.source !== source) {
      ({ source } = candidate);
      ceiling = scaled.at(-1)?.score ?? 1;
      top = candidate.score;
      const { relaxation } = source.fill!;
      if (relaxation !== undefined) relaxations.push(relaxation);
    }
    scaled.push({ ...candidate, score: top > 0 ? ceiling * (candidate.score / top) : 0 });
  }
  draft.candidates = scaled;
}

export const page: Stage = { name: 'page', run: cut };
