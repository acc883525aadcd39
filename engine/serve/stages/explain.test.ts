// Who is asked why an item is listed, and about which items.
import { expect, test } from 'vitest';
import type { ServeContext } from '../context.ts';
import { type Candidate, type Source, startDraft } from '../draft.ts';
import { reasonOf } from '../ranked.ts';
import type { ReasonType } from '../request.ts';
import { explain } from './explain.ts';

function sourceOf(type: ReasonType, isPersonal = false) {
  const asked: number[][] = [];
  const source: Source = {
    explain: (survivors) => {
      asked.push(survivors.map(({ number }) => number));
      return survivors.map(({ number, score }) => ({ number, score, reasons: [reasonOf(type)] }));
    },
    isPersonal: () => isPersonal,
  };
  return { source, asked };
}

function explained(candidates: readonly Candidate[]) {
  const draft = startDraft({} as ServeContext, 10);
  draft.candidates = candidates;
  explain.run(draft);
  return draft;
}

test('each source is asked once, about what is listed of it, and the order stays', () => {
  const ranked = sourceOf('bought_after');
  const added = sourceOf('new_item');
  const order = [5, 1, 7, 3].map((number, at) => ({
    number,
    score: 9 - at,
    source: at === 2 ? added.source : ranked.source,
  }));
  const { items } = explained(order);
  expect(items.map(({ number }) => number)).toEqual([5, 1, 7, 3]);
  expect(items.map(({ reasons }) => reasons[0]?.type)).toEqual([
    'bought_after',
    'bought_after',
    'new_item',
    'bought_after',
  ]);
  expect([ranked.asked, added.asked]).toEqual([[[5, 1, 3]], [[7]]]);
});

test('a list is personal when one of its sources says so', () => {
  const [one, other] = [sourceOf('bought_before', true), sourceOf('catalogue')];
  const of = ({ source }: { readonly source: Source }, number: number) => ({
    number,
    score: 1,
    source,
  });
  expect(explained([of(other, 1), of(one, 2)]).personalized).toBe(true);
  expect(explained([of(other, 1)]).personalized).toBe(false);
  expect(explained([])).toMatchObject({ items: [], personalized: false });
});
