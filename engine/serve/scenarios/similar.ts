// Substitutes and lookalikes of one item: bought by the same members, alike by name and shelf,
// seldom in one basket.
import { limits } from '../../base/limits.ts';
import { compareByHash } from '../../catalogue/registry.ts';
import type { ServeContext } from '../context.ts';
import type { Candidate, Ranking, Source } from '../draft.ts';
import { type RankedReason, reasonAbout } from '../ranked.ts';
import type { ReasonType } from '../request.ts';
import { beginSelection } from '../selection.ts';
import { isEligible } from '../stages/eligibility.ts';
import { explainedTerms } from '../terms.ts';

/** What is left of a score between items that nothing in the catalogue brings together. */
const unlikeShare = 0.05;
/** What is left of it between items that no member bought both of, such as one without a sale. */
const unmetShare = 0.02;
/** So much is taken from what always lies in one basket with it: that is no substitute. */
const togetherDamping = 0.5;

/** Items whose receipts speak for them, best first: MEM where members are known, else SAME. */
function behaviouralCandidates(context: ServeContext, anchorNumber: number, table: number) {
  const { run, layout } = context.kernel;
  const { tables, priors, repeats } = layout;
  beginSelection(context, limits.neighboursServed);
  run.addAnchor(anchorNumber);
  run.accumulateSquares(table, 1);
  run.select(1, tables.none, 0, priors.sales, repeats.none, false, true);
  return context.kernel.results().map(({ item }) => item);
}

const metType = ({ kernel }: ServeContext, table: number): ReasonType =>
  table === kernel.layout.tables.mem ? 'bought_by_same_members' : 'bought_together';

function reasonsFor(
  context: ServeContext,
  pair: { readonly anchorNumber: number; readonly number: number; readonly table: number },
  isAlike: boolean,
): RankedReason[] {
  const { anchorNumber, number, table } = pair;
  const count = context.kernel.run.pairCount(table, anchorNumber, number);
  return [
    ...(isAlike ? [reasonAbout('alike', anchorNumber)] : []),
    ...(count > 0 ? [reasonAbout(metType(context, table), anchorNumber, count)] : []),
  ];
}

/** How an item is like the anchor. */
interface Likeness {
  readonly nearness: number;
  readonly byContent: number;
  readonly met: number;
}

export function similar(context: ServeContext, wanted: number): Ranking {
  const { kernel, content, anchorNumber, limit } = context;
  if (anchorNumber === undefined) return [];
  const { run, layout } = kernel;
  const { tables } = layout;
  const { items: registry } = context.registries;
  // Where all tickets are anonymous, what lies in one basket is all that receipts tell.
  const table = run.wasFirstBought(anchorNumber) ? tables.mem : tables.same;
  // No more where some are to spare: which are looked at decides which are best.
  const { found: nearest } = content.neighbours(
    anchorNumber,
    Math.max(limits.neighboursServed, limit),
    (number) => isEligible(context, number),
  );
  const numbers = new Set(nearest.map(({ number }) => number));
  for (const number of behaviouralCandidates(context, anchorNumber, table)) numbers.add(number);
  const likenesses = new Map<number, Likeness>();
  const source = sourceOf(context, { anchorNumber, table }, likenesses);
  const found = [...numbers].map((number): Candidate => {
    const nearness = content.nearness(anchorNumber, number);
    const met = run.pairNearness(table, anchorNumber, number, context.growthNow);
    const together =
      table === tables.same ? 0 : run.pairNearness(tables.same, anchorNumber, number, 0);
    const kept = 1 - togetherDamping * Math.min(1, together);
    const byContent = (unlikeShare + nearness) * kept;
    likenesses.set(number, { nearness, byContent, met });
    // An f32 as all scores are: what is shown as equal stands in the order of the id hashes.
    return { number, score: Math.fround(byContent * (unmetShare + met)), source };
  });
  found.sort((a, b) => b.score - a.score || compareByHash(registry, a.number, b.number));
  return found.slice(0, wanted);
}

function sourceOf(
  context: ServeContext,
  { anchorNumber, table }: { readonly anchorNumber: number; readonly table: number },
  likenesses: ReadonlyMap<number, Likeness>,
): Source {
  return {
    explain: (survivors) =>
      survivors.map(({ number, score }) => {
        const { nearness, byContent, met } = likenesses.get(number)!;
        const reasons = reasonsFor(context, { anchorNumber, number, table }, nearness > 0);
        const terms = explainedTerms(context, () => [
          { type: 'alike', anchorNumber, score: byContent * unmetShare },
          { type: metType(context, table), anchorNumber, score: byContent * met },
        ]);
        return { number, score, reasons, ...terms };
      }),
  };
}
