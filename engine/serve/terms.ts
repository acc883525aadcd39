// The parts that a score is the sum of, for who asks for them.
import { type AnchorPart, termsFrom } from '../kernel/explain.ts';
import type { ServeContext } from './context.ts';
import type { Candidate } from './draft.ts';
import type { RankedTerm } from './ranked.ts';
import type { ReasonType } from './request.ts';

/**
 * What each survivor, by its place, got from the anchors of the request that goes on: from a few of
 * them by name, the most first, and from all others together. Nothing when nobody asked.
 */
export function anchorTerms(
  { kernel, explains }: ServeContext,
  survivors: readonly Candidate[],
  { type, ...part }: AnchorPart & { readonly type: ReasonType },
): (place: number) => RankedTerm[] {
  const found = explains ? termsFrom(kernel, survivors, part) : [];
  return (place) => {
    const { named, rest } = found[place]!;
    const terms = named.map(({ anchorItem, score }): RankedTerm => {
      return { type, anchorNumber: anchorItem, score };
    });
    return rest > 0 ? [...terms, { type, score: rest }] : terms;
  };
}

/**
 * Terms without those that give nothing, as a field; no field when nobody asked. As f32, like
 * scores: the last bits of a double hang on the order of a row, which is not the same on all nodes.
 */
export function explainedTerms(
  { explains }: ServeContext,
  terms: () => readonly RankedTerm[],
): { readonly terms?: readonly RankedTerm[] } {
  if (!explains) return {};
  const rounded = terms().map((term) => ({ ...term, score: Math.fround(term.score) }));
  return { terms: rounded.filter(({ score }) => score > 0) };
}
