// What this stage does to candidates.
import { expect, test } from 'vitest';
import type { ServeContext } from '../context.ts';
import { type Candidate, startDraft } from '../draft.ts';
import { diversity } from './diversity.ts';

test('candidates pass as they are, and none to spare are asked for', () => {
  const context = {} as ServeContext;
  const draft = startDraft(context, 10);
  const source = { explain: () => [] };
  const row: readonly Candidate[] = [1, 2, 3].map((number) => ({ number, score: 1, source }));
  draft.candidates = row;
  diversity.run(draft);
  expect(draft.candidates).toBe(row);
  expect(diversity.needsSpare?.(context) ?? false).toBe(false);
});
