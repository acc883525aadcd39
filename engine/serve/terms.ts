// The parts that a score is the sum of, for who asks for them.
import type { ServeContext } from './context.ts';
import type { RankedTerm } from './ranked.ts';
import type { ReasonType } from './request.ts';

/** So many anchors are named; what the others gave is one part. */
const anchorsNamed = 3;

export interface AnchorPart {
  readonly type: ReasonType;
  readonly table: number;
  /** Whether the table was accumulated as squares. */
  readonly squared: boolean;
  /** What a neighbour's share is multiplied by at selection. */
  readonly scale: number;
}

/** What an item got from the anchors of the request that goes on, the most first. */
export function anchorTerms(
  { kernel }: ServeContext,
  number: number,
  { type, table, squared, scale }: AnchorPart,
): RankedTerm[] {
  const { run } = kernel;
  const found: RankedTerm[] = [];
  for (let index = 0; index < run.anchorTotal(); index++) {
    // Rounded before they are compared: equal ones stay in the order of the anchors.
    const score = Math.fround(scale * run.anchorTerm(index, table, squared, number));
    if (score > 0) found.push({ type, anchorNumber: kernel.anchor(index).item, score });
  }
  found.sort((a, b) => b.score - a.score);
  const others = found.splice(anchorsNamed);
  const rest = others.reduce((sum, { score }) => sum + score, 0);
  return others.length === 0 ? found : [...found, { type, score: rest }];
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
