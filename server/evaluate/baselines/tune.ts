// Tuning: the settings of TIFU-KNN and UP-CF@r that predict the receipts before the last best. The
// engine is given no such step; the baselines are, so that they are met at their best.
import { createRandom } from '../../../engine/index.ts';
import { recallAt } from '../ranking.ts';
import { bestOf, type ListBaseline } from './baseline.ts';
import { publishedTifu, TifuKnn, type TifuSettings } from './tifu-knn.ts';
import { publishedUpCf, UpCf, type UpCfSettings } from './up-cf.ts';

/** One receipt of the past; members and items by dense numbers. */
export interface LearntReceipt {
  readonly member: number | undefined;
  readonly items: readonly number[];
}

export interface TuneOptions {
  readonly seed: number;
  /** Hears how far it is, and may let others in. */
  readonly breathe: (done: number, total: number) => Promise<void>;
}

export interface Tuned {
  readonly tifu: TifuSettings;
  readonly upCf: UpCfSettings;
}

type Grid<Settings> = readonly {
  readonly name: keyof Settings;
  readonly values: readonly number[];
}[];

/** Enough to tell settings apart that differ by a hundredth of recall on the same receipts. */
const askedMax = 2_000;
const listLength = 10;
/** How many receipts a member has at least, so that one can be held out. */
const basketsMin = 2;

/** The values that Li et al. (TOIS 2023) search through, thinned; the strongest knob first. */
const tifuGrid: Grid<TifuSettings> = [
  { name: 'ownShare', values: [0.1, 0.2, 0.4, 0.7, 0.9] },
  { name: 'groupDecay', values: [0.6, 0.7, 0.8, 0.9, 1] },
  { name: 'basketDecay', values: [0.7, 0.9, 1] },
  { name: 'groups', values: [3, 7, 11, 17, 23] },
  { name: 'neighbours', values: [100, 300, 900] },
];
const upCfGrid: Grid<UpCfSettings> = [
  { name: 'locality', values: [1, 2, 5, 10] },
  { name: 'asymmetry', values: [0, 0.25, 0.5, 0.75] },
  { name: 'recency', values: [1, 5, 10, 25, 100] },
];

/**
 * Holds out the last receipt of every member in the past, asks for those of at most 2,000 of them,
 * and settles one setting after the other, twice over, each at its best recall.
 */
export async function tuneBaselines(
  past: readonly LearntReceipt[],
  { seed, breathe }: TuneOptions,
): Promise<Tuned> {
  const trial = trialOf(past, seed);
  const rounds = 2;
  const steps = [...tifuGrid, ...upCfGrid].length * rounds;
  let step = 0;
  const tick = () => {
    step += 1;
    return breathe(step, steps);
  };
  const search = { trial, rounds, tick };
  const tifu = await bestSettings(
    publishedTifu,
    tifuGrid,
    (settings) => new TifuKnn(settings),
    search,
  );
  const upCf = await bestSettings(
    publishedUpCf,
    upCfGrid,
    (settings) => new UpCf(settings),
    search,
  );
  return { tifu, upCf };
}

interface Trial {
  readonly learnt: readonly LearntReceipt[];
  readonly asked: readonly { readonly member: number; readonly truth: ReadonlySet<number> }[];
  readonly items: number;
}

function trialOf(past: readonly LearntReceipt[], seed: number): Trial {
  const last = new Map<number, LearntReceipt>();
  const counts = new Map<number, number>();
  let items = 0;
  for (const receipt of past) {
    for (const item of receipt.items) items = Math.max(items, item + 1);
    if (receipt.member === undefined) continue;
    last.set(receipt.member, receipt);
    counts.set(receipt.member, (counts.get(receipt.member) ?? 0) + 1);
  }
  const candidates = [...last].filter(([member]) => counts.get(member)! >= basketsMin);
  const held = new Set(candidates.map(([, receipt]) => receipt));
  return {
    learnt: past.filter((receipt) => !held.has(receipt)),
    asked: draw(candidates, seed).map(([member, receipt]) => ({
      member,
      truth: new Set(receipt.items),
    })),
    items,
  };
}

/** The first of a shuffle (Fisher and Yates, 1938). */
function draw<Value>(values: Value[], seed: number): Value[] {
  const random = createRandom(seed);
  const count = Math.min(askedMax, values.length);
  for (let place = 0; place < count; place += 1) {
    const from = place + random.integer(values.length - place);
    [values[place], values[from]] = [values[from]!, values[place]!];
  }
  return values.slice(0, count);
}

interface Search {
  readonly trial: Trial;
  readonly rounds: number;
  readonly tick: () => Promise<void>;
}

async function bestSettings<Settings extends object>(
  start: Settings,
  grid: Grid<Settings>,
  make: (settings: Settings) => ListBaseline,
  { trial, rounds, tick }: Search,
): Promise<Settings> {
  let best = start;
  const known = new Map<string, number>();
  const recallWith = (settings: Settings): number => {
    const key = JSON.stringify(settings);
    const recall = known.get(key) ?? recallOf(make(settings), trial);
    known.set(key, recall);
    return recall;
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, values } of grid) {
      for (const value of values) {
        const settings = { ...best, [name]: value };
        if (recallWith(settings) > recallWith(best)) best = settings;
      }
      await tick();
    }
  }
  return best;
}

function recallOf(baseline: ListBaseline, { learnt, asked, items }: Trial): number {
  for (const { member, items: bought } of learnt) baseline.learn(member, bought);
  let recall = 0;
  for (const { member, truth } of asked) {
    const list = bestOf(baseline.score(member, items), listLength, () => true);
    recall += recallAt(list, truth, listLength);
  }
  return recall / Math.max(1, asked.length);
}
