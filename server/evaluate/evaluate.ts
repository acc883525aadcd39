// Evaluate: reads a file of receipts, lets the engine learn the one part and predict the other, and
// evaluates its lists beside the baselines'. The conductor of this room.
import { setImmediate } from 'node:timers/promises';
import {
  type ColumnRules,
  type EngineOptions,
  type FileReceipt,
  type Formula,
  type GuessRole,
  type ReceiptReading,
  readReceipts,
} from '../../engine/index.ts';
import { type Chain, withScratchChain } from './chain.ts';
import {
  AddOnEvaluator,
  ListEvaluator,
  type ListFigures,
  type ListIntervals,
  type Truths,
} from './evaluators.ts';
import { type BaselineFigures, openPanel, type Panel } from './panel.ts';
import { isTicket, type Plan, type Protocol, planOf, type Window } from './protocols.ts';
import type { Figures, Intervals } from './scoreboard.ts';

export interface EvaluateProgress {
  /** `read` counts bytes, the others receipts. */
  readonly step: 'read' | 'learn' | 'tune' | 'ask';
  readonly done: number;
  readonly total: number;
}

export interface EvaluateOptions extends Window {
  readonly path: string;
  /** Which column is what, as for an import. */
  readonly columns?: ColumnRules | undefined;
  /** What an item is by its name: only goods are learnt and predicted. */
  readonly guessRole: GuessRole;
  /** All else that says how the file is read. */
  readonly reading?: ReceiptReading | undefined;
  readonly protocol: Protocol;
  /** Absent: as shipped; null: no decay, of popularity neither. */
  readonly halfLifeDays: number | null | undefined;
  readonly formula: Formula;
  /** The k of the metrics, ascending; the last is how long lists are. */
  readonly lengths: readonly number[];
  readonly baselines: boolean;
  /** Of the bootstrap, and of the draw on which baselines are tuned. */
  readonly seed: number;
  /** Where the chain under evaluation is kept meanwhile. */
  readonly scratchFolder: string;
  /** Stops at the next receipt; the promise is rejected with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: EvaluateProgress) => void) | undefined;
}

export interface Evaluation extends Partial<ListFigures> {
  readonly protocol: Protocol;
  /** Receipts predicted. */
  readonly n: number;
  readonly formula: Formula;
  /** Baskets completed without and, where members are known, with the member. */
  readonly addOn?: Figures;
  readonly addOnKnown?: Figures;
  readonly intervals: ListIntervals & {
    readonly addOn?: Intervals;
    readonly addOnKnown?: Intervals;
  };
  readonly baselines?: Readonly<Record<string, BaselineFigures>>;
  /** What of the file was left out. */
  readonly leftOut: {
    readonly refusedRows: number;
    readonly firstRefusal?: string;
    readonly returnedRows: number;
    /** Of what is no goods by its name. */
    readonly otherRows: number;
  };
}

/** Receipts asked for between two breaths in which signals are heard. */
const asksAtOnce = 32;

/**
 * Evaluates one file. Throws what reading does, FAILED_PRECONDITION when there is nothing to
 * predict, and the reason of `signal`.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { protocol, signal, formula } = options;
  const report = options.onProgress ?? (() => {});
  const file = await readReceipts({
    path: options.path,
    columns: options.columns,
    reading: options.reading,
    guessRole: options.guessRole,
    timesOptional: protocol === 'completion',
    signal,
    onBytes: (done, total) => report({ step: 'read', done, total }),
  });
  const plan = planOf(protocol, file.receipts, options);
  const chain = { ...options, engine: engineOptions(options, file.receipts) };
  const found = await withScratchChain(chain, (engine) => new Session(engine, plan, options).run());
  return {
    protocol,
    ...found,
    formula,
    leftOut: {
      refusedRows: file.refused,
      ...(file.firstRefusal === undefined ? {} : { firstRefusal: file.firstRefusal }),
      returnedRows: file.returned,
      otherRows: file.others,
    },
  };
}

/** Without decay nothing fades: neither pairs nor popularity. */
function engineOptions(
  { halfLifeDays, formula }: EvaluateOptions,
  receipts: readonly FileReceipt[],
): Omit<EngineOptions, 'dataDir'> {
  const newestMs = receipts.reduce((newest, { epochMs }) => Math.max(newest, epochMs), 0);
  return {
    formula,
    timeZone: 'UTC',
    // The engine lives in the time of the file, whatever time that is.
    clock: () => newestMs,
    ...(halfLifeDays === undefined ? {} : { halfLifeDays }),
    ...(halfLifeDays === null ? { popularityHalfLifeDays: null } : {}),
  };
}

/** One chain learning and being asked, and the evaluators of what it answers. */
class Session {
  private readonly chain: Chain;
  private readonly plan: Plan;
  private readonly options: EvaluateOptions;
  private readonly listLength: number;
  private readonly lists: ListEvaluator;
  private readonly addOn: AddOnEvaluator;
  private readonly addOnKnown: AddOnEvaluator;
  /** What each member has bought so far. */
  private readonly bought = new Map<string, Set<string>>();
  private panel: Panel | undefined;
  private asked = 0;

  constructor(chain: Chain, plan: Plan, options: EvaluateOptions) {
    this.chain = chain;
    this.plan = plan;
    this.options = options;
    this.listLength = options.lengths.at(-1)!;
    this.lists = new ListEvaluator(options.lengths);
    this.addOn = new AddOnEvaluator(options.lengths);
    this.addOnKnown = new AddOnEvaluator(options.lengths);
  }

  async run() {
    const { learnt, asked, learnsAsked } = this.plan;
    await this.learnFirst(learnt);
    const waiting: FileReceipt[] = [];
    for (const [index, receipt] of asked.entries()) {
      if (this.isAsked(receipt)) {
        // What came before is in the counts before the next list is asked for.
        await this.learn(waiting.splice(0));
        this.ask(receipt);
      }
      if (learnsAsked) {
        waiting.push(receipt);
        // A member who waits to be learnt has a past already.
        this.rememberBought(receipt);
      }
      if (index % asksAtOnce === 0) await this.breathe('ask', index, asked.length);
    }
    await this.learn(waiting);
    this.report('ask', asked.length, asked.length);
    return this.found();
  }

  private async learnFirst(receipts: readonly FileReceipt[]): Promise<void> {
    await this.chain.learn(receipts, (done) => {
      this.options.signal?.throwIfAborted();
      this.report('learn', done, receipts.length);
    });
    for (const receipt of receipts) this.rememberBought(receipt);
    if (!this.options.baselines) return;
    const { protocol, lengths, seed } = this.options;
    const breathe = (done: number, total: number) => this.breathe('tune', done, total);
    this.panel = await openPanel(receipts, { protocol, lengths, seed, breathe });
  }

  private async learn(receipts: readonly FileReceipt[]): Promise<void> {
    await this.chain.learn(receipts);
    for (const receipt of receipts) this.panel?.learn(receipt);
  }

  private rememberBought({ memberId, itemIds }: FileReceipt): void {
    if (memberId === undefined) return;
    let bought = this.bought.get(memberId);
    if (bought === undefined) {
      bought = new Set();
      this.bought.set(memberId, bought);
    }
    for (const id of itemIds) bought.add(id);
  }

  /** Lists are predicted for members with a past, tickets can always be completed. */
  private isAsked({ memberId }: FileReceipt): boolean {
    if (this.options.protocol === 'completion') return true;
    return memberId !== undefined && this.bought.has(memberId);
  }

  private ask(receipt: FileReceipt): void {
    this.asked += 1;
    const { protocol } = this.options;
    if (protocol !== 'completion') this.predict(receipt);
    if (protocol !== 'last' && isTicket(receipt)) this.complete(receipt);
  }

  private predict({ memberId, itemIds }: FileReceipt): void {
    const bought = this.bought.get(memberId!)!;
    const truths: Truths = {
      all: new Set(itemIds),
      explore: new Set(itemIds.filter((id) => !bought.has(id))),
      repeat: new Set(itemIds.filter((id) => bought.has(id))),
    };
    this.lists.add(memberId!, this.chain.lists(memberId!, truths, this.listLength), truths);
    this.panel?.predict(memberId!, truths);
  }

  private complete({ memberId, itemIds, purchase }: FileReceipt): void {
    const key = memberId ?? `ticket ${purchase.purchaseId}`;
    this.addOn.add(key, itemIds, (_, rest) => this.chain.addOn(rest, undefined, this.listLength));
    this.panel?.complete(key, itemIds);
    if (memberId === undefined) return;
    this.addOnKnown.add(key, itemIds, (_, rest) =>
      this.chain.addOn(rest, memberId, this.listLength),
    );
  }

  private found() {
    const { protocol, seed } = this.options;
    const shelf = this.chain.shelf();
    const isCompletion = protocol === 'completion';
    const addOn = protocol === 'last' ? undefined : this.addOn;
    const addOnKnown = this.addOnKnown.figures()['n'] === 0 ? undefined : this.addOnKnown;
    const baselines = this.panel?.figures(shelf);
    return {
      n: this.asked,
      ...(isCompletion ? {} : this.lists.figures(shelf)),
      ...(addOn && { addOn: addOn.figures() }),
      ...(addOnKnown && { addOnKnown: addOnKnown.figures() }),
      intervals: {
        ...this.lists.intervals(seed),
        ...intervalsOf('addOn', addOn, seed),
        ...intervalsOf('addOnKnown', addOnKnown, seed),
      },
      ...(baselines && { baselines }),
    };
  }

  private report(step: EvaluateProgress['step'], done: number, total: number): void {
    this.options.onProgress?.({ step, done, total });
  }

  /** Lets a signal in, and stops when one came. */
  private async breathe(
    step: EvaluateProgress['step'],
    done: number,
    total: number,
  ): Promise<void> {
    this.report(step, done, total);
    await setImmediate();
    this.options.signal?.throwIfAborted();
  }
}

function intervalsOf(name: string, evaluator: AddOnEvaluator | undefined, seed: number) {
  const intervals = evaluator?.intervals(seed);
  return intervals === undefined ? {} : { [name]: intervals };
}
