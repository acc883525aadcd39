// Every counter as counted, by outside ids: for audits and tests.

import { limits } from './base/limits.ts';
import type { Registries } from './catalogue/registries.ts';
import type { Counts } from './counting/counts.ts';
import type { Cell, Inspection, ItemCounters } from './engine.ts';
import { priors, repeats, sides, tables } from './kernel/exports.ts';
import { type Kernel, type KernelCell, scopeOf } from './kernel/kernel.ts';
import { dayparts } from './serve/request.ts';
import { tasteAgeDecay } from './serve/selection.ts';

/** In the order of the kernel's record. */
const counterNames = [
  'n',
  'in',
  'out',
  'opp',
  'rep',
  'pop',
  'support',
  'on',
  'on0',
  'gapDays',
  'gaps',
  'last',
  'expected',
  'rebought',
  'expectedOnce',
  'reboughtOnce',
] as const;

export function inspectionOf(
  keeper: { readonly counts: Counts; readonly digest: string },
  { items, stores }: Registries,
  historyOf: (memberId: string) => Buffer | undefined,
): Inspection {
  const { counts } = keeper;
  const { kernel } = counts;
  const named = (cells: readonly KernelCell[]): Cell[] =>
    cells.map(({ key, weight, count }) => ({ itemId: items.idOf(key), weight, count }));
  return {
    digest: () => keeper.digest,
    counters: (itemId) => {
      const number = items.numberOf(itemId);
      if (number === undefined) return undefined;
      const counters = kernel.counters(number);
      return Object.fromEntries(
        counterNames.map((name, index) => [name, counters[index]]),
      ) as unknown as ItemCounters;
    },
    row: (table, itemId) => {
      const number = items.numberOf(itemId);
      return number === undefined ? [] : named(kernel.row(table, number));
    },
    scope: (storeId, daypart) => {
      const place = storeId === undefined ? 0 : stores.numberOf(storeId);
      if (place === undefined) return [];
      return named(kernel.row('scope', scopeOf(place, dayparts.indexOf(daypart))));
    },
    habits: () => kernel.habits(),
    usedBytes: () => kernel.run.usedBytes(),
    memory: () => ({
      ...kernel.pairRows(),
      cells: kernel.run.cellCount(),
      usedBytes: kernel.run.usedBytes(),
      totalBytes: kernel.run.heapTotalBytes(),
    }),
    kernelList: (memberId, limit) => kernelListOf(kernel, historyOf(memberId), limit),
    totals: () => {
      const newestDay = kernel.run.newestDay();
      return {
        popTotal: kernel.run.popularityTotalFixed(),
        shareSum: kernel.run.shareSumFixed(),
        shareCount: kernel.run.shareCountTotal(),
        newestDay: newestDay < 0 ? undefined : newestDay,
        landmarkDay: counts.landmarkDay,
        popularityLandmarkDay: counts.popularityLandmarkDay,
      };
    },
  };
}

/** As scenarios/personal.ts asks for guess-you-like, with shares that do not matter. */
function kernelListOf(kernel: Kernel, history: Buffer | undefined, limit: number): () => number {
  const { run } = kernel;
  const growth = run.pairGrowth(run.newestDay());
  return () => {
    kernel.readHistory(sides.request, history);
    run.askBitmaps(0, 0, 0);
    run.startRequest(limit, growth);
    run.weighHistory(tasteAgeDecay);
    run.keepHeaviest(limits.leadsMax);
    run.accumulateNext();
    const byAccumulator = 1 / run.affinityTotal();
    const byPopularity = 0.1 / run.popularityTotal();
    run.select(byAccumulator, tables.next, byPopularity, priors.sales, repeats.habit, true, true);
    return run.resultCount();
  };
}
