// Substitutes and lookalikes of one item: bought by the same members, alike by name and shelf,
// seldom in one basket.
import { limits } from '../../base/limits.ts';
import { priors, repeats, tables } from '../../kernel/exports.ts';
import { compareByHash } from '../../views/catalogue.ts';
import { beginSelection, type ServeContext } from '../context.ts';
import {
  emptyRanking,
  type RankedItem,
  type RankedReason,
  type Ranking,
  reasonAbout,
} from '../ranked.ts';
import type { ReasonType } from '../request.ts';
import { told } from '../terms.ts';

/** What is left of a score between items that nothing in the catalogue brings together. */
const unlikeShare = 0.05;
/** What is left of it between items that no member bought both of, such as one without a sale. */
const unmetShare = 0.02;
/** So much is taken from what always lies in one basket with it: that is no substitute. */
const togetherDamping = 0.5;

/** Items whose receipts speak for them, best first: MEM where members are known, else SAME. */
function behaviouralCandidates(context: ServeContext, anchorNumber: number, table: number) {
  const { run } = context.kernel;
  beginSelection(context, limits.neighboursServed);
  run.addAnchor(anchorNumber);
  run.accumulateSquares(table, 1);
  run.select(1, tables.none, 0, priors.sales, repeats.none, false, true);
  return context.kernel.results().map(({ item }) => item);
}

const metType = (table: number): ReasonType =>
  table === tables.mem ? 'bought_by_same_members' : 'bought_together';

function reasonsFor(
  { kernel: { run } }: ServeContext,
  pair: { readonly anchorNumber: number; readonly number: number; readonly table: number },
  isAlike: boolean,
): RankedReason[] {
  const { anchorNumber, number, table } = pair;
  const count = run.pairCount(table, anchorNumber, number);
  return [
    ...(isAlike ? [reasonAbout('alike', anchorNumber)] : []),
    ...(count > 0 ? [reasonAbout(metType(table), anchorNumber, count)] : []),
  ];
}

export function similar(context: ServeContext): Ranking {
  const { kernel, content, anchorNumber, limit } = context;
  if (anchorNumber === undefined) return emptyRanking;
  const { run } = kernel;
  const { items: registry } = context.registries;
  const excluded = new Set(context.excluded);
  const mayList = (number: number) =>
    registry.valueOf(number).status === 'active' && !excluded.has(number);
  // Where all tickets are anonymous, what lies in one basket is all that receipts tell.
  const table = run.wasFirstBought(anchorNumber) ? tables.mem : tables.same;
  const { found: nearest } = content.neighbours(
    anchorNumber,
    Math.max(limits.neighboursServed, limit),
    mayList,
  );
  const candidates = new Set(nearest.map(({ number }) => number));
  for (const number of behaviouralCandidates(context, anchorNumber, table)) candidates.add(number);
  const found = [...candidates].map((number): RankedItem => {
    const nearness = content.nearness(anchorNumber, number);
    const met = run.pairNearness(table, anchorNumber, number, context.growthNow);
    const together =
      table === tables.same ? 0 : run.pairNearness(tables.same, anchorNumber, number, 0);
    const kept = 1 - togetherDamping * Math.min(1, together);
    const pair = { anchorNumber, number, table };
    const byContent = (unlikeShare + nearness) * kept;
    const terms = told(context, () => [
      { type: 'alike', anchorNumber, score: byContent * unmetShare },
      { type: metType(table), anchorNumber, score: byContent * met },
    ]);
    const reasons = reasonsFor(context, pair, nearness > 0);
    // An f32 as all scores are: what is told as equal stands in the order of the id hashes.
    const score = Math.fround(byContent * (unmetShare + met));
    return { number, score, reasons, ...terms };
  });
  found.sort((a, b) => b.score - a.score || compareByHash(registry, a.number, b.number));
  return { items: found.slice(0, limit), personalized: false };
}
