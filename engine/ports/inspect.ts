// Port: inspect. Every counter as counted, by outside ids: for audits and tests.

import { limits } from '../base/limits.ts';
import type { Registries } from '../catalogue/registries.ts';
import type { Counts } from '../counting/counts.ts';
import { type Kernel, type KernelCell, scopeOf } from '../kernel/kernel.ts';
import { type Daypart, dayparts } from '../serve/request.ts';
import { tasteAgeDecay } from '../serve/selection.ts';

export interface ItemCounters {
  readonly support: bigint;
  readonly n: bigint;
  readonly in: bigint;
  readonly out: bigint;
  readonly opp: bigint;
  readonly rep: bigint;
  readonly pop: bigint;
  readonly on: bigint;
  readonly on0: bigint;
  readonly gapDays: bigint;
  readonly gaps: bigint;
  readonly last: bigint;
  readonly expected: bigint;
  readonly rebought: bigint;
  readonly expectedOnce: bigint;
  readonly reboughtOnce: bigint;
}

export interface Cell {
  readonly itemId: string;
  readonly weight: bigint;
  readonly count: number;
}

/** What counts take of linear memory. */
export interface KernelMemory {
  /** Directed cells of NEXT, SAME and MEM. */
  readonly pairs: number;
  /** Of their rows: slots, directories and views. */
  readonly pairBytes: number;
  /** Those and the cells of places. */
  readonly cells: number;
  /** All blocks in use. */
  readonly usedBytes: number;
  /** What the module has asked the system for. */
  readonly totalBytes: number;
}

export interface InspectPort {
  /** 16 hexadecimal digits, as docs/reference/digest.md defines. */
  digest(): string;
  /** Undefined for an item never seen. */
  counters(itemId: string): ItemCounters | undefined;
  /** The cells of one row, in no order; empty when there is none. */
  row(table: 'next' | 'same' | 'mem', itemId: string): readonly Cell[];
  /** `storeId` undefined: the chain. */
  scope(storeId: string | undefined, daypart: Daypart): readonly Cell[];
  /** HABITS of docs/reference/counts.md, cell by cell. */
  habits(): readonly { readonly expected: bigint; readonly rebought: bigint }[];
  /**
   * The kernel's part of a member's list and nothing else, to be run again and again; answers how
   * many items it found. For measuring what is made around it.
   */
  kernelList(memberId: string, limit: number): () => number;
  totals(): {
    readonly popTotal: bigint;
    readonly shareSum: bigint;
    readonly shareCount: bigint;
    readonly newestDay: number | undefined;
    readonly landmarkDay: number;
    readonly popularityLandmarkDay: number;
  };
  memory(): KernelMemory;
  /** `memory().usedBytes` alone, which takes no walk through the rows. */
  usedBytes(): number;
}

export function inspectionOf(
  counting: { readonly counts: Counts; readonly digest: string },
  { items, stores }: Registries,
  historyOf: (memberId: string) => Buffer | undefined,
): InspectPort {
  const { counts } = counting;
  const { kernel } = counts;
  const { counters: offsets } = kernel.layout;
  const named = (cells: readonly KernelCell[]): Cell[] =>
    cells.map(({ key, weight, count }) => ({ itemId: items.idOf(key), weight, count }));
  return {
    digest: () => counting.digest,
    counters: (itemId) => {
      const number = items.numberOf(itemId);
      if (number === undefined) return undefined;
      const counters = kernel.counters(number);
      const { n: first } = offsets;
      return Object.fromEntries(
        Object.entries(offsets).map(([name, at]) => [name, counters[(at - first) / 8]]),
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
  const { run, layout } = kernel;
  const { sides, tables, priors, repeats } = layout;
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
