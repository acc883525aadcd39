// Tests of the baselines: small chains whose scores are worked out by hand from the papers.
import { expect, test } from 'vitest';
import { bestOf, type ListBaseline, type Scores } from './baseline.ts';
import { cosine, ItemItem, jaccard, PairCounts } from './item-item.ts';
import { frequenciesOf, TifuKnn } from './tifu-knn.ts';
import { GlobalTop, PersonalThenGlobalTop, PersonalTop } from './top.ts';
import { tuneBaselines } from './tune.ts';
import { UpCf } from './up-cf.ts';

const everything = () => true;
const itemCount = 5;

function learnAll(
  baseline: ListBaseline,
  receipts: readonly (readonly [number | undefined, readonly number[]])[],
): void {
  for (const [member, items] of receipts) baseline.learn(member, items);
}

/** The scores above 0, to nine places. */
function quoteValue(scores: Scores): Record<number, number> {
  const entries = [...scores].flatMap((score, item) => (score > 0 ? [[item, score]] : []));
  return Object.fromEntries(entries.map(([item, score]) => [item, Number(score!.toFixed(9))]));
}

test('the best of scores are highest first, equals by lower number, without the barred', () => {
  const scores = Float64Array.from([1, 3, 0, 3, 2]);
  expect(bestOf(scores, 3, everything)).toEqual([1, 3, 4]);
  expect(bestOf(scores, 9, everything)).toEqual([1, 3, 4, 0]);
  expect(bestOf(scores, 2, (item) => item !== 3)).toEqual([1, 4]);
});

test('counting baselines list by receipts: of all, of the member, and one after the other', () => {
  const receipts = [
    [0, [0, 1]],
    [0, [1]],
    [1, [2]],
    [undefined, [2, 3]],
    [undefined, [2]],
  ] as const;
  const [global, personal, both] = [
    new GlobalTop(),
    new PersonalTop(),
    new PersonalThenGlobalTop('first bought'),
  ];
  for (const baseline of [global, personal, both]) learnAll(baseline, receipts);
  expect(bestOf(global.score(0, itemCount), 9, everything)).toEqual([2, 1, 0, 3]);
  expect(bestOf(personal.score(0, itemCount), 9, everything)).toEqual([1, 0]);
  expect(bestOf(both.score(0, itemCount), 9, everything)).toEqual([1, 0, 2, 3]);
});

test('equals of a member stand as first bought, or by what sells', () => {
  const receipts = [
    [0, [3]],
    [0, [2]],
    [1, [2]],
  ] as const;
  const listOf = (ties: 'first bought' | 'popularity') => {
    const baseline = new PersonalThenGlobalTop(ties);
    learnAll(baseline, receipts);
    return bestOf(baseline.score(0, itemCount), 9, everything);
  };
  expect(listOf('first bought')).toEqual([3, 2]);
  expect(listOf('popularity')).toEqual([2, 3]);
});

test('item-item likens by receipts with both over the ones with either', () => {
  const counts = new PairCounts();
  for (const items of [[0, 1], [0, 1], [0, 2], [1]]) counts.learn(items);
  const byCosine = new ItemItem(counts, cosine);
  const byJaccard = new ItemItem(counts, jaccard);
  const root = (value: number) => Number(Math.sqrt(value).toFixed(9));
  // Item 0 stands on three receipts, 1 on three, 2 on one.
  expect(quoteValue(byCosine.scoreTicket([0], itemCount))).toEqual({
    1: Number((2 / 3).toFixed(9)),
    2: root(1 / 3),
  });
  expect(quoteValue(byJaccard.scoreTicket([0], itemCount))).toEqual({
    1: 0.5,
    2: Number((1 / 3).toFixed(9)),
  });
  byJaccard.learn(0, [0]);
  byJaccard.learn(0, [0]);
  expect(quoteValue(byJaccard.score(0, itemCount))).toEqual({
    0: 2,
    1: 1,
    2: Number((2 / 3).toFixed(9)),
  });
});

const tifu = { neighbours: 1, groups: 2, basketDecay: 0.5, groupDecay: 0.1, ownShare: 0.75 };

test('TIFU fades by basket within its group and by group, later groups being the larger', () => {
  // Five baskets in two groups: two and three.
  const frequencies = frequenciesOf([[0], [1], [2], [3], [4]], tifu);
  const shares = [0, 1, 2, 3, 4].map((item) => frequencies.get(item)!);
  const older = 0.1 / 2 / 2;
  const newer = 1 / 2 / 3;
  const expected = [older * 0.5, older, newer * 0.25, newer * 0.5, newer];
  for (const [item, share] of shares.entries()) expect(share).toBeCloseTo(expected[item]!, 12);
});

test('TIFU takes as many groups as there are baskets when they are few', () => {
  expect([...frequenciesOf([[0]], tifu)]).toEqual([[0, 1]]);
  expect([...frequenciesOf([], tifu)]).toEqual([]);
});

test('TIFU mixes the member with the nearest other by Euclidean distance', () => {
  const baseline = new TifuKnn(tifu);
  learnAll(baseline, [
    [0, [0]],
    [1, [0, 1]],
    [2, [2, 3, 4]],
  ]);
  expect(quoteValue(baseline.score(0, itemCount))).toEqual({ 0: 1, 1: 0.25 });
  // A second receipt moves the vector: member 1 is no longer the nearest to 0.
  learnAll(baseline, [
    [1, [1, 2, 3, 4]],
    [1, [1, 2, 3, 4]],
  ]);
  baseline.learn(2, [0]);
  expect(quoteValue(baseline.score(0, itemCount))[0]).toBeCloseTo(0.75 + 0.25 * 0.5, 9);
});

test('UP-CF weighs the recent popularity of each member by asymmetric likeness', () => {
  const baseline = new UpCf({ recency: 1, locality: 2, asymmetry: 0.25 });
  learnAll(baseline, [
    [0, [0]],
    [0, [1]],
    [1, [0, 1, 2]],
    [1, [1, 3]],
    [2, [4]],
  ]);
  // Own: likeness 1, the last basket holds 1. Member 1: two common of 2 and 4 items.
  const likeness = 2 / (2 ** 0.25 * 4 ** 0.75);
  const other = Number((likeness ** 2).toFixed(9));
  expect(quoteValue(baseline.score(0, itemCount))).toEqual({
    1: Number((1 + other).toFixed(9)),
    3: other,
  });
});

test('tuning holds out the last receipt of the past and finds what predicts it', async () => {
  // Everybody comes back for the item before the last: only a long memory knows it.
  const past = Array.from({ length: 40 }, (_, member) => [
    { member, items: [100 + member] },
    ...Array.from({ length: 9 }, (_, k) => ({
      member,
      items: [1_000 + member * 20 + k, 2_000 + k],
    })),
    { member, items: [100 + member] },
  ]).flat();
  let heard = 0;
  const breathe = async (done: number, total: number) => {
    heard = done / total;
  };
  const { upCf } = await tuneBaselines(past, { seed: 1, breathe });
  expect(upCf.recency).toBeGreaterThanOrEqual(10);
  expect(heard).toBe(1);
});
