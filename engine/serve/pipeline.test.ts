// The row of stages: its order, and that a stage is added by a file and a line.
import { expect, test } from 'vitest';
import { limits } from '../base/limits.ts';
import type { ServeContext } from './context.ts';
import type { Draft, Stage } from './draft.ts';
import { draftOf, stages } from './pipeline.ts';

test('the stages stand in the order in which a list is made', () => {
  expect(stages.map(({ name }) => name)).toEqual([
    'eligibility',
    'candidates',
    'rules',
    'diversity',
    'slots',
    'page',
    'explain',
  ]);
});

const context = (limit: number) => ({ limit, relaxations: [] }) as unknown as ServeContext;

/** Notes how many candidates were wanted, and gives so many. */
function finder(wanted: number[]): Stage {
  const source = {
    explain: (own: Draft['candidates']) => own.map((one) => ({ ...one, reasons: [] })),
  };
  return {
    name: 'candidates',
    run: (draft) => {
      wanted.push(draft.wanted);
      draft.candidates = Array.from({ length: draft.wanted }, (_, number) => ({
        number,
        score: draft.wanted - number,
        source,
      }));
    },
  };
}

/** A stage that was made up: only even numbers. */
const evenOnly: Stage = {
  name: 'even-only',
  needsSpare: () => true,
  run: (draft) => {
    draft.candidates = draft.candidates.filter(({ number }) => number % 2 === 0);
  },
};

const after = stages.slice(stages.findIndex(({ name }) => name === 'page'));

test('a stage that takes items out gets four times as many, and the page is still full', () => {
  const wanted: number[] = [];
  const { items } = draftOf(context(20), [finder(wanted), evenOnly, ...after]);
  expect(wanted).toEqual([80]);
  expect(items.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, at) => 2 * at));
});

test('without such a stage no more are looked for than a page holds', () => {
  const wanted: number[] = [];
  draftOf(context(20), [finder(wanted), ...after]);
  expect(wanted).toEqual([20]);
});

test('no request looks for more candidates than the kernel has room for', () => {
  const wanted: number[] = [];
  draftOf(context(limits.listItemsMax), [finder(wanted), evenOnly, ...after]);
  draftOf(context(300), [finder(wanted), evenOnly, ...after]);
  expect(wanted).toEqual([400, limits.candidatesMax]);
});
