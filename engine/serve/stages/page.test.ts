// What is shown of the candidates, and with which scores.
import { expect, test } from 'vitest';
import type { ServeContext } from '../context.ts';
import { type Candidate, type Source, startDraft } from '../draft.ts';
import type { Relaxation } from '../request.ts';
import { page } from './page.ts';

const explain: Source['explain'] = () => [];
const ranked: Source = { explain };
const fillOf = (relaxation: Relaxation | undefined): Source => ({ fill: { relaxation }, explain });
const of = (source: Source, ...scores: number[]): Candidate[] =>
  scores.map((score, number) => ({ number, score, source }));

function quoteValue(candidates: readonly Candidate[], limit: number) {
  const relaxations: Relaxation[] = [];
  const draft = startDraft({ limit, relaxations } as unknown as ServeContext, limit);
  draft.candidates = candidates;
  page.run(draft);
  return { scores: draft.candidates.map(({ score }) => score), relaxations };
}

test('a page is the first candidates, as they are', () => {
  const candidates = of(ranked, 9, 8, 7, 6);
  expect(quoteValue(candidates, 3)).toEqual({ scores: [9, 8, 7], relaxations: [] });
  expect(quoteValue(candidates, 9)).toEqual({ scores: [9, 8, 7, 6], relaxations: [] });
});

test('what fills begins at the score before it and falls by its own', () => {
  const candidates = [
    ...of(ranked, 9, 8),
    ...of(fillOf('filled_from_store'), 100, 50),
    ...of(fillOf('filled_from_chain'), 1_000, 250),
  ];
  expect(quoteValue(candidates, 10)).toEqual({
    scores: [9, 8, 8, 4, 4, 1],
    relaxations: ['filled_from_store', 'filled_from_chain'],
  });
});

test('only a source that is on the page is told of', () => {
  const candidates = [...of(ranked, 9), ...of(fillOf('filled_from_store'), 2, 1)];
  expect(quoteValue(candidates, 1)).toEqual({ scores: [9], relaxations: [] });
  expect(quoteValue(candidates, 2).relaxations).toEqual(['filled_from_store']);
  // Popularity was what was asked for.
  expect(quoteValue(of(fillOf(undefined), 4, 2), 2)).toEqual({ scores: [1, 0.5], relaxations: [] });
});

test('what has no score of its own gets none', () => {
  const candidates = [...of(ranked, 9), ...of(fillOf('filled_from_catalogue'), 0, 0)];
  expect(quoteValue(candidates, 3).scores).toEqual([9, 0, 0]);
});
