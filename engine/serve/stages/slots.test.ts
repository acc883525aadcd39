// Places for new items: which of a list they are, and who may have one.
import { expect, test } from 'vitest';
import type { ServeContext } from '../context.ts';
import { type Candidate, type Source, startDraft } from '../draft.ts';
import type { Scenario } from '../request.ts';
import { slots } from './slots.ts';

const source: Source = { explain: () => [] };
const fill: Source = { fill: { relaxation: 'filled_from_chain' }, explain: () => [] };
const row = (length: number, from: Source, first = 0): Candidate[] =>
  Array.from({ length }, (_, at) => ({ number: first + at, score: 100 - at, source: from }));

interface Asked {
  readonly limit: number;
  readonly scenario?: Scenario;
  readonly day?: number;
  readonly notEligible?: readonly number[];
  readonly receipts?: number;
}

/** Items 900, 901 and 902 are new and alike to what the member bought, the first most. */
function placed(candidates: readonly Candidate[], asked: Asked): readonly number[] {
  const { limit, scenario = 'guess-you-like', day = 0, notEligible = [], receipts = 1 } = asked;
  const newItems = [900, 901, 902].map((number, at) => ({ number, nearness: 0.9 - at / 10 }));
  const context = {
    scenario,
    limit,
    day,
    newcomers: { isEmpty: false, similarTo: () => newItems },
    registries: { items: { compareHashes: () => 0 } },
    kernel: {
      support: () => receipts,
      anchorItem: () => 1,
      anchor: () => ({ affinity: 1 }),
      run: {
        anchorTotal: () => 1,
        anchorOf: () => -1,
        isEligible: (number: number) => Number(!notEligible.includes(number)),
      },
    },
  } as unknown as ServeContext;
  const draft = startDraft(context, limit);
  draft.candidates = candidates;
  slots.run(draft);
  return draft.candidates.map(({ number }) => number);
}

test('every tenth place of a list goes to a new item, another one each day', () => {
  const list = row(20, source);
  const [today, tomorrow] = [0, 1].map((day) => placed(list, { limit: 20, day }));
  expect([today?.[9], today?.[19]]).toEqual([900, 901]);
  expect([tomorrow?.[9], tomorrow?.[19]]).toEqual([901, 902]);
  expect(placed(row(9, source), { limit: 20 })).not.toContain(900);
});

test('places are counted of the page, however many candidates there are to spare', () => {
  const list = placed(row(80, source), { limit: 20 });
  expect(list.filter((number) => number >= 900)).toEqual([900, 901]);
  expect(list).toHaveLength(82);
});

test('what fills gives no place away, and does not list a new item again', () => {
  const list = [...row(10, source), ...row(10, fill, 895)];
  const numbers = placed(list, { limit: 20 });
  expect(numbers.indexOf(900)).toBe(9);
  expect(numbers.filter((number) => number === 900)).toHaveLength(1);
  expect(placed(row(20, fill), { limit: 20 })).not.toContain(900);
});

test('what is not eligible, or no longer new, gets no place', () => {
  expect(placed(row(10, source), { limit: 10, notEligible: [900] })[9]).toBe(901);
  expect(placed(row(10, source), { limit: 10, receipts: 5 })).toHaveLength(10);
});

test('other lists have no places for new items', () => {
  expect(placed(row(20, source), { limit: 20, scenario: 'buy-again' })).toHaveLength(20);
});
