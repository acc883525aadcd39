// Where an engine and the oracle differ, said in words: an empty list of differences is agreement.
import {
  dayparts,
  type Engine,
  type RecommendReply,
  type RecommendRequest,
} from '../../../engine/index.ts';
import { itemCounterNames, type Row, type State } from './counts.ts';
import { digestOf } from './digest.ts';
import { compareByHash } from './hash.ts';
import { type OracleList, oracleList } from './lists.ts';
import type { Entry } from './popularity.ts';
import { termDifferences } from './terms.ts';

/** One wrong place early in a list shifts all the others; a few tell enough. */
const differencesShown = 4;

type Inspection = Engine['inspect'];

/** The engine sums scores and reads popularity in f32, so near-ties may swap. */
const scoreTolerance = 1e-4;
const popularityTolerance = 1e-6;
const scoreFloor = 1e-30;

/** Compares every cell and the digest; both must be equal to the last bit. */
export function countDifferences(inspect: Inspection, state: State): string[] {
  const differences: string[] = [];
  const expectEqual = (what: string, actual: unknown, expected: unknown) => {
    if (actual === expected) return;
    differences.push(`${what}: engine ${String(actual)}, oracle ${String(expected)}`);
  };
  const { counts, ledger } = state;
  for (const itemId of ledger.items.keys()) {
    const counters = inspect.counters(itemId);
    for (const name of itemCounterNames) {
      expectEqual(`${name} of ${itemId}`, counters?.[name], counts.items[name].get(itemId) ?? 0n);
    }
    for (const table of ['next', 'same', 'mem'] as const) {
      const expected: Row = counts[table].get(itemId) ?? new Map();
      differences.push(
        ...rowDifferences(`${table} of ${itemId}`, inspect.row(table, itemId), expected),
      );
    }
  }
  differences.push(...scopeDifferences(inspect, state));
  const totals = inspect.totals();
  expectEqual('popTotal', totals.popTotal, counts.popTotal);
  expectEqual('shareSum', totals.shareSum, counts.shareSum);
  expectEqual('shareCount', totals.shareCount, counts.shareCount);
  expectEqual('landmarkDay', totals.landmarkDay, state.decay.landmarkDay);
  const popularityLandmarkDay = state.popularityDecay.landmarkDay;
  expectEqual('popularityLandmarkDay', totals.popularityLandmarkDay, popularityLandmarkDay);
  for (const [cell, { expected, rebought }] of inspect.habits().entries()) {
    const wanted = counts.habits.get(cell);
    expectEqual(`expected of habit ${cell}`, expected, wanted?.expected ?? 0n);
    expectEqual(`rebought of habit ${cell}`, rebought, wanted?.rebought ?? 0n);
  }
  expectEqual('digest', inspect.digest(), digestOf(counts));
  return differences;
}

function scopeDifferences(inspect: Inspection, { ledger, counts }: State): string[] {
  const differences: string[] = [];
  for (const scope of [undefined, ...ledger.stores.keys()]) {
    for (const [at, daypart] of dayparts.entries()) {
      const expected: Row = counts.scopes.get(scope)?.[at] ?? new Map();
      const what = `scope ${scope ?? '(chain)'} ${daypart}`;
      differences.push(...rowDifferences(what, inspect.scope(scope, daypart), expected));
    }
  }
  return differences;
}

function rowDifferences(
  what: string,
  cells: ReturnType<Inspection['row']>,
  expected: Row,
): string[] {
  const shown = (weight: bigint | undefined, count: number | undefined) => `${weight}×${count}`;
  const actual = new Map(cells.map((cell) => [cell.itemId, shown(cell.weight, cell.count)]));
  const itemIds = new Set([...actual.keys(), ...expected.keys()]);
  const differences = actual.size === cells.length ? [] : [`${what}: an item stands in it twice`];
  for (const itemId of itemIds) {
    const cell = expected.get(itemId);
    const wanted = cell === undefined ? undefined : shown(cell.weight, cell.count);
    if (actual.get(itemId) === wanted) continue;
    differences.push(`${what} → ${itemId}: engine ${actual.get(itemId)}, oracle ${wanted}`);
  }
  return differences;
}

/**
 * Compares one reply with the oracle's list: order, ranked scores, relaxations, personalisation.
 */
export function listDifferences(
  reply: RecommendReply,
  state: State,
  request: RecommendRequest,
): string[] {
  const list = oracleList(state, request);
  const expected = list.entries.slice(0, request.limit);
  const differences = orderDifferences(reply, list, expected);
  if (differences.length === 0) differences.push(...scoreDifferences(reply, expected));
  if (differences.length === 0) differences.push(...explained(reply, list, request));
  // Asked of the items in the reply, because a near-tie at its end may be settled either way.
  const personalized = reply.items.some(({ itemId }) => list.moved.has(itemId));
  if (reply.personalized !== personalized) {
    differences.push(`personalized: engine ${reply.personalized}, oracle ${personalized}`);
  }
  const relaxed = [reply.relaxations, list.relaxations].map((each) => [...each].sort().join());
  if (relaxed[0] !== relaxed[1]) {
    differences.push(`relaxations: engine ${relaxed[0]}, oracle ${relaxed[1]}`);
  }
  if (differences.length === 0) return [];
  const reported = expected.map(({ itemId, stage, score }) => `${itemId}:${stage}:${score}`);
  const got = reply.items.map(({ itemId, score }) => `${itemId}:${score}`);
  const around = (entries: readonly string[]) => entries.slice(...windowOf(differences)).join(' ');
  const lists = `engine … ${around(got)} …\n  oracle … ${around(reported)} …`;
  return [`${JSON.stringify(request)}\n  ${lists}`, ...differences.slice(0, differencesShown)];
}

/** The part of a long list that a reader wants to see: where the first difference lies. */
function windowOf(differences: readonly string[]): [number, number] {
  const first = Number(/(?:position|at) (\d+)/.exec(differences[0] ?? '')?.[1] ?? 0);
  return [Math.max(0, first - 3), first + 12];
}

function orderDifferences(
  reply: RecommendReply,
  { entries }: OracleList,
  expected: readonly Entry[],
): string[] {
  if (reply.items.length !== expected.length) {
    return [`length: engine ${reply.items.length}, oracle ${expected.length}`];
  }
  const byItem = new Map(entries.map((entry) => [entry.itemId, entry]));
  const differences: string[] = [];
  for (const [position, { itemId }] of reply.items.entries()) {
    const wanted = expected[position];
    const found = byItem.get(itemId);
    // Each item may be found once only, so that a repeated item is a difference too.
    byItem.delete(itemId);
    if (wanted === undefined || found?.itemId === wanted.itemId) continue;
    const tolerance = wanted.stage === 'ranked' ? scoreTolerance : popularityTolerance;
    if (found?.stage === wanted.stage && isClose(found.score, wanted.score, tolerance)) continue;
    differences.push(`position ${position}: engine ${itemId}, oracle ${wanted.itemId}`);
  }
  return differences;
}

function scoreDifferences(reply: RecommendReply, expected: readonly Entry[]): string[] {
  const differences: string[] = [];
  // Scores of `popular` are comparable within one list only, so what is compared is their ratio to
  // the first.
  const unit = reply.scenario === 'popular' ? ratioOfFirst(reply, expected) : 1;
  for (const [position, { stage, score }] of expected.entries()) {
    const isRanked = stage === 'ranked' && expected[position - 1]?.stage !== 'new';
    if (isRanked) differences.push(...tieDifferences(reply, position));
    const actual = (reply.items[position]?.score ?? Number.NaN) * unit;
    if (stage !== 'ranked' || isClose(actual, score)) continue;
    differences.push(`score at ${position}: engine ${actual}, oracle ${score}`);
  }
  return differences;
}

/** Terms are shown when asked for, and only then. */
function explained(
  { items }: RecommendReply,
  { entries }: OracleList,
  { explain = false }: RecommendRequest,
): string[] {
  const byItem = new Map(entries.map((entry) => [entry.itemId, entry]));
  return items.flatMap((item) => {
    if (explain) return termDifferences(item, byItem.get(item.itemId)?.parts?.());
    return item.terms === undefined ? [] : [`terms of ${item.itemId}, that nobody asked for`];
  });
}

/** What the engine itself scores equal must stand in the order of the id hashes. */
function tieDifferences({ items }: RecommendReply, position: number): string[] {
  const [before, item] = [items[position - 1], items[position]];
  if (before === undefined || item === undefined || before.score !== item.score) return [];
  if (compareByHash(before.itemId, item.itemId) < 0) return [];
  return [`equal scores at ${position}: ${before.itemId} stands before ${item.itemId}`];
}

function ratioOfFirst(reply: RecommendReply, expected: readonly Entry[]): number {
  return (expected[0]?.score ?? 1) / (reply.items[0]?.score ?? 1);
}

/** Below `scoreFloor` an f32 may have sunk to zero where a double has not. */
function isClose(left: number, right: number, tolerance = scoreTolerance): boolean {
  if (Math.max(Math.abs(left), Math.abs(right)) < scoreFloor) return true;
  return Math.abs(left - right) <= tolerance * Math.max(Math.abs(left), Math.abs(right));
}
