// The parts of a score, and where the terms of a reply differ from them.
import type { ReasonType, RecommendedItem } from '../../../engine/index.ts';
import type { Scorer, Taste } from './scores.ts';

/** What one reason, or one other item by way of it, gave to a score. */
export interface Part {
  readonly type: ReasonType;
  readonly itemId?: string;
  readonly score: number;
}

const tolerance = 1e-4;
const anchorsNamed = 3;

export function sumOf({ weights }: Taste): number {
  return [...weights.values()].reduce((sum, own) => sum + own, 0);
}

/** What each item of a taste gives to one other by the rows of a view. */
export function partsBy(
  type: ReasonType,
  { weights }: Taste,
  of: { readonly rows: Scorer['next']; readonly itemId: string; readonly scale: number },
): Part[] {
  return [...weights].map(([anchor, weight]) => ({
    type,
    itemId: anchor,
    score: of.scale * weight * (of.rows(anchor).get(of.itemId) ?? 0),
  }));
}

/** Terms sum to the score, and each is what its part is; `parts` undefined: their sum only. */
export function termDifferences(
  { itemId, score, terms }: RecommendedItem,
  parts: readonly Part[] | undefined,
): string[] {
  if (terms === undefined) return [`terms of ${itemId}: none`];
  const differences: string[] = [];
  const expectClose = (what: string, actual: number, expected: number) => {
    if (Math.abs(actual - expected) <= tolerance * Math.max(score, 1e-30)) return;
    differences.push(`${what} of ${itemId}: engine ${actual}, oracle ${expected}`);
  };
  expectClose('sum of terms', total(terms), score);
  for (const type of new Set([...terms, ...(parts ?? [])].map((part) => part.type))) {
    if (parts === undefined) continue;
    const reported = terms.filter((term) => term.type === type);
    const wanted = parts.filter((part) => part.type === type);
    expectClose(`${type} in all`, total(reported), total(wanted));
    const named = reported.filter((term) => term.itemId !== undefined);
    for (const { itemId: anchor, score: gave } of named) {
      const part = wanted.find((each) => each.itemId === anchor);
      expectClose(`${type} by ${anchor}`, gave, part?.score ?? Number.NaN);
    }
    if (wanted.every((part) => part.itemId === undefined)) continue;
    // Those that gave most are named, most first: by value, since two may have given the same.
    const best = wanted.map((part) => part.score).sort((left, right) => right - left);
    for (const [place, term] of named.entries()) {
      expectClose(`${type} ${place}`, term.score, best[place] ?? Number.NaN);
    }
    for (const missed of best.slice(named.length, anchorsNamed)) {
      expectClose(`${type} not named`, 0, missed);
    }
  }
  return differences;
}

function total(parts: readonly { readonly score: number }[]): number {
  return parts.reduce((sum, { score }) => sum + score, 0);
}
