// Panel: the baselines beside the engine, on the same receipts, by the same evaluators.
import type { FileReceipt } from '../../engine/index.ts';
import { type AddOnBaseline, bestOf, entryOf, type ListBaseline } from './baselines/baseline.ts';
import { cosine, ItemItem, jaccard, PairCounts } from './baselines/item-item.ts';
import { publishedTifu, TifuKnn } from './baselines/tifu-knn.ts';
import { GlobalTop, PersonalThenGlobalTop, PersonalTop } from './baselines/top.ts';
import { tuneBaselines } from './baselines/tune.ts';
import { publishedUpCf, UpCf } from './baselines/up-cf.ts';
import {
  AddOnEvaluator,
  ListEvaluator,
  type ListFigures,
  type ListIntervals,
  type Shelf,
  type Truths,
} from './evaluators.ts';
import { Numbers } from './numbers.ts';
import type { Protocol } from './protocols.ts';
import type { Figures, Intervals } from './scoreboard.ts';

export interface BaselineFigures extends Partial<ListFigures> {
  /** Of the methods that have any; for `tuned`, what the search found. */
  readonly settings?: object;
  readonly addOn?: Figures;
  readonly intervals: ListIntervals & { readonly addOn?: Intervals };
}

export interface PanelOptions {
  readonly protocol: Protocol;
  /** The k of the metrics, ascending. */
  readonly lengths: readonly number[];
  readonly seed: number;
  /** Hears how far the tuning is, and may let others in. */
  readonly breathe: (done: number, total: number) => Promise<void>;
}

interface Entrant {
  readonly name: string;
  readonly settings?: object;
  readonly lists: ListBaseline;
  /** Only methods that complete tickets too. */
  readonly addOn?: AddOnBaseline;
}

/** Tunes the baselines on what was learnt first, and teaches it them. */
export async function openPanel(
  past: readonly FileReceipt[],
  options: PanelOptions,
): Promise<Panel> {
  const numbers = new Numbers();
  const counts = new PairCounts();
  const entrants = simpleEntrants(counts);
  if (options.protocol !== 'completion') {
    const receipts = past.map((receipt) => numbers.numbered(receipt));
    const tuned = await tuneBaselines(receipts, options);
    for (const [kind, tifu, upCf] of [
      ['published', publishedTifu, publishedUpCf],
      ['tuned', tuned.tifu, tuned.upCf],
    ] as const) {
      entrants.push({ name: `TIFU-KNN ${kind}`, settings: tifu, lists: new TifuKnn(tifu) });
      entrants.push({ name: `UP-CF@r ${kind}`, settings: upCf, lists: new UpCf(upCf) });
    }
  }
  const panel = new Panel({ numbers, counts, entrants, options });
  for (const receipt of past) panel.learn(receipt);
  return panel;
}

function simpleEntrants(counts: PairCounts): Entrant[] {
  const top = new GlobalTop();
  const byCosine = new ItemItem(counts, cosine);
  const byJaccard = new ItemItem(counts, jaccard);
  return [
    { name: 'G-TopFreq', lists: top, addOn: top },
    { name: 'P-TopFreq', lists: new PersonalTop() },
    { name: 'GP-TopFreq', lists: new PersonalThenGlobalTop('first bought') },
    { name: 'GP-TopFreq by popularity', lists: new PersonalThenGlobalTop('popularity') },
    { name: 'item-item cosine', lists: byCosine, addOn: byCosine },
    { name: 'item-item Jaccard', lists: byJaccard, addOn: byJaccard },
  ];
}

interface PanelParts {
  readonly numbers: Numbers;
  /** Shared by the methods that liken items. */
  readonly counts: PairCounts;
  readonly entrants: readonly Entrant[];
  readonly options: PanelOptions;
}

export class Panel {
  private readonly numbers: Numbers;
  private readonly counts: PairCounts;
  private readonly options: PanelOptions;
  private readonly listLength: number;
  private readonly seats: readonly {
    readonly entrant: Entrant;
    readonly lists: ListEvaluator;
    readonly addOn: AddOnEvaluator;
  }[];
  private readonly bought = new Map<number, Set<number>>();

  constructor({ numbers, counts, entrants, options }: PanelParts) {
    this.numbers = numbers;
    this.counts = counts;
    this.options = options;
    this.listLength = options.lengths.at(-1)!;
    this.seats = entrants.map((entrant) => ({
      entrant,
      lists: new ListEvaluator(options.lengths),
      addOn: new AddOnEvaluator(options.lengths),
    }));
  }

  learn(receipt: FileReceipt): void {
    const { member, items } = this.numbers.numbered(receipt);
    this.counts.learn(items);
    for (const { entrant } of this.seats) entrant.lists.learn(member, items);
    if (member === undefined) return;
    const bought = entryOf(this.bought, member, () => new Set<number>());
    for (const item of items) bought.add(item);
  }

  /** Evaluates every method's lists for a member that is known. */
  predict(memberId: string, truths: Truths): void {
    const member = this.numbers.members.of(memberId);
    const bought = this.bought.get(member) ?? new Set();
    for (const { entrant, lists } of this.seats) {
      const scores = entrant.lists.score(member, this.numbers.items.size);
      const best = (isAllowed: (item: number) => boolean) =>
        this.numbers.items.idsOf(bestOf(scores, this.listLength, isAllowed));
      const found = {
        all: best(() => true),
        explore: truths.explore.size === 0 ? [] : best((item) => !bought.has(item)),
        repeat: truths.repeat.size === 0 ? [] : best((item) => bought.has(item)),
      };
      lists.add(memberId, found, truths);
    }
  }

  /** Evaluates how every method that can completes a ticket. */
  complete(clusterKey: string, itemIds: readonly string[]): void {
    const { items } = this.numbers;
    for (const { entrant, addOn } of this.seats) {
      const method = entrant.addOn;
      if (method === undefined) continue;
      addOn.add(clusterKey, itemIds, (_, rest) => {
        const ticket = rest.flatMap((id) => items.known(id) ?? []);
        const onTicket = new Set(ticket);
        const scores = method.scoreTicket(ticket, items.size);
        return items.idsOf(bestOf(scores, this.listLength, (item) => !onTicket.has(item)));
      });
    }
  }

  figures(shelf: Shelf): Readonly<Record<string, BaselineFigures>> {
    const { seed, protocol } = this.options;
    const found: Record<string, BaselineFigures> = {};
    for (const { entrant, lists, addOn } of this.seats) {
      const addOnIntervals = addOn.intervals(seed);
      if (protocol === 'completion' && addOnIntervals === undefined) continue;
      found[entrant.name] = {
        ...(entrant.settings && { settings: entrant.settings }),
        ...(protocol === 'completion' ? {} : lists.figures(shelf)),
        ...(addOnIntervals && { addOn: addOn.figures() }),
        intervals: { ...lists.intervals(seed), ...(addOnIntervals && { addOn: addOnIntervals }) },
      };
    }
    return found;
  }
}
