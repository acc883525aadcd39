// Recounts beside the live counts: for a landmark that moves or roles that change, and for audits.

import { steadyMilliseconds } from '../base/clock.ts';
import { availableMemory } from '../base/machine.ts';
import { nextTurn } from '../base/turns.ts';
import type { ReceiptSource } from '../events/stored-receipts.ts';
import type { Counts } from './counts.ts';
import { Recount, recountSliceMs } from './recount.ts';

/** What a recount may take beside the live counts: a fifth more than they do, and its tables. */
const recountShare = 1.2;
const recountBytes = 16_777_216;
/** Each is a pass over all that is stored. */
const recountPartsMax = 64;

/** Runs synchronous work at a moment when everything committed has been folded. */
export type RunBetweenCommits = <Result>(work: () => Result) => Promise<Result>;

export interface RecounterOptions {
  readonly source: ReceiptSource;
  /** Throws UNAVAILABLE while there are none. */
  readonly live: () => Counts;
  /** Counts of nothing, with the landmarks of the newest day. */
  readonly empty: () => Counts;
  /** The same with landmarks and roles of other counts, to be compared with them. */
  readonly emptyLike: (counts: Counts) => Counts;
  /** Makes other counts the live ones. */
  readonly switchTo: (counts: Counts) => void;
  /** Counts everything anew in the place of the live counts; nobody writes meanwhile. */
  readonly countAnew: (why: string) => Promise<void>;
  readonly betweenCommits: RunBetweenCommits;
  readonly whilePaused: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Bytes that may still be taken of the machine; default: as the system says. */
  readonly availableMemory?: (() => number) | undefined;
  readonly notify: (message: string) => void;
  /** Aborted when nobody will need what is being counted. */
  readonly signal: AbortSignal;
}

/** One part of the rows, where memory does not hold all of them twice. */
export interface Part {
  readonly part: number;
  readonly parts: number;
}

/** What is done with counts that were made anew, step by step. */
export type UseRecount<Result> = (
  counts: Counts,
  live: Counts,
  part: Part,
) => Generator<unknown, Result>;

interface RecountRequest<Result> {
  readonly empty: () => Counts;
  readonly use: (counts: Counts, live: Counts) => Generator<unknown, Result>;
  readonly progress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export class Recounter {
  /** The recount under way, which follows what is folded meanwhile. */
  current: Recount | undefined;
  private readonly options: RecounterOptions;

  constructor(options: RecounterOptions) {
    this.options = options;
  }

  /** In how many parts a recount has to be made, so that memory holds it beside the live counts. */
  partsBeside(): number {
    const needed = this.options.live().kernel.run.usedBytes() * recountShare + recountBytes;
    const available = Math.max(1, (this.options.availableMemory ?? availableMemory)());
    return Math.min(recountPartsMax, Math.ceil(needed / available));
  }

  /**
   * Makes the counts of another landmark at once, in the midst of folding: weights would outgrow
   * their cells. Writers wait; readers go on where memory holds both.
   */
  async replace(): Promise<void> {
    const { live, notify, countAnew, empty, source, switchTo } = this.options;
    const why = 'the newest receipt lies far past the landmark';
    // Before the first receipt there is no landmark that anybody could miss.
    if (live().kernel.run.newestDay() >= 0) notify(`${why}: writers wait`);
    this.current = undefined;
    if (this.partsBeside() > 1) return countAnew(why);
    const recount = new Recount(empty(), source);
    while (!recount.step(recountSliceMs, steadyMilliseconds)) {
      await nextTurn();
      this.options.signal.throwIfAborted();
    }
    switchTo(recount.target);
  }

  /** Makes counts of the newest landmark and of the roles as they are, in the background. */
  async renew(why: string): Promise<void> {
    const { notify, whilePaused, countAnew, empty, live, switchTo } = this.options;
    if (this.partsBeside() > 1) {
      notify(`${why}: memory does not hold two sets of counts, so lists wait for the recount`);
      await whilePaused(() => countAnew(why));
      return;
    }
    notify(`${why}: recounting in the background`);
    await this.recount({
      empty: () => reserved(empty(), live()),
      *use(counts) {
        yield;
        switchTo(counts);
      },
      signal: this.options.signal,
    });
  }

  /**
   * Counts everything anew beside the live counts, then runs `use` step by step at quiet moments
   * while both stand at the same events. Where memory does not hold all rows twice it does so part
   * by part; answers what `use` made of each. The signal gives it up, and nothing is left of the
   * other counts.
   */
  async beside<Result>(
    use: UseRecount<Result>,
    progress: (done: number, total: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<Result[]> {
    const parts = this.partsBeside();
    if (parts > 1) this.options.notify(`memory is short: recounting in ${parts} parts`);
    const results: Result[] = [];
    for (let part = 0; part < parts; part++) {
      const result = await this.recount({
        empty: () => this.emptyPart({ part, parts }),
        use: (fresh, live) => use(fresh, live, { part, parts }),
        progress: (done, total) => progress(part * total + done, parts * total),
        signal,
      });
      results.push(result);
    }
    return results;
  }

  private emptyPart({ part, parts }: Part): Counts {
    const { emptyLike, live } = this.options;
    const counts = emptyLike(live());
    counts.kernel.run.countPart(part, parts);
    return reserved(counts, live(), parts);
  }

  /** Starts again when the live counts were replaced meanwhile. */
  private async recount<Result>({
    empty,
    use,
    progress,
    signal,
  }: RecountRequest<Result>): Promise<Result> {
    const { live, source, betweenCommits } = this.options;
    while (true) {
      signal?.throwIfAborted();
      const counts = live();
      const recount = new Recount(empty(), source);
      this.current = recount;
      const step = () => recount.step(recountSliceMs, steadyMilliseconds);
      try {
        while (this.current === recount && !(await betweenCommits(step))) {
          const { done, total } = recount.progress();
          progress?.(done, total);
          await nextTurn();
          signal?.throwIfAborted();
        }
        const steps = use(recount.target, counts);
        while (this.current === recount) {
          const finished = await betweenCommits(() => this.runSlice(recount, steps));
          if (finished) return finished.result;
          await nextTurn();
          signal?.throwIfAborted();
        }
      } finally {
        if (this.current === recount) this.current = undefined;
      }
    }
  }

  /** Some steps at a quiet moment; undefined while there are more. */
  private runSlice<Result>(
    recount: Recount,
    steps: Generator<unknown, Result>,
  ): { readonly result: Result } | undefined {
    if (this.current !== recount) return undefined;
    // What was committed since the last step is stored but may not be passed yet.
    recount.step(Number.POSITIVE_INFINITY, steadyMilliseconds);
    const end = steadyMilliseconds() + recountSliceMs;
    while (steadyMilliseconds() < end) {
      const { done, value } = steps.next();
      if (!done) continue;
      this.current = undefined;
      return { result: value };
    }
    return undefined;
  }
}

/**
 * Counts with memory for as much as the live ones hold: each time it grows, the collector begins to
 * look at everything.
 */
function reserved(counts: Counts, live: Counts, parts = 1): Counts {
  counts.kernel.run.reserveHeap(live.kernel.run.usedBytes() / parts);
  return counts;
}
