// Stage "explain": why each item of the list is there. Only what is listed is asked about.
import type { Candidate, Draft, Source, Stage } from '../draft.ts';
import type { RankedItem } from '../ranked.ts';

/** Each source explains its own, all of them at once. */
function explainAll(draft: Draft): void {
  const { candidates } = draft;
  const only = candidates[0]?.source;
  if (only !== undefined && isOnlySource(only, candidates)) {
    draft.items = only.explain(candidates);
    draft.personalized = only.isPersonal?.(draft.items) ?? false;
    return;
  }
  const bySource = new Map<Source, Candidate[]>();
  for (const candidate of draft.candidates) {
    const own = bySource.get(candidate.source);
    if (own === undefined) bySource.set(candidate.source, [candidate]);
    else own.push(candidate);
  }
  const explained = [...bySource].map(([source, own]) => {
    const items = source.explain(own);
    if (source.isPersonal?.(items)) draft.personalized = true;
    return [source, items] as const;
  });
  draft.items = merged(draft.candidates, explained);
}

/** Most lists are of one source, and need not be taken apart. */
function isOnlySource(source: Source, candidates: readonly Candidate[]): boolean {
  for (const candidate of candidates) if (candidate.source !== source) return false;
  return true;
}

/** The explained items of several sources in the order of the candidates. */
function merged(
  candidates: readonly Candidate[],
  explained: readonly (readonly [Source, readonly RankedItem[]])[],
): readonly RankedItem[] {
  const left = new Map(explained.map(([source, items]) => [source, items.values()]));
  return candidates.map(({ source }) => left.get(source)!.next().value!);
}

export const explain: Stage = { name: 'explain', run: explainAll };
