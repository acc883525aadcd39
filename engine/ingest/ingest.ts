// The conductor of writing: work queues, one transaction takes all that arrived, counts move after
// fsync, then the ack.
import { steadyMilliseconds } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Measures } from '../base/measures.ts';
import { nextTurn, useTurn } from '../base/turns.ts';
import { Batch } from '../events/batch.ts';
import type { WriteContext } from '../events/context.ts';
import { type Event, eventKindOf } from '../events/index.ts';
import type { IngestResult } from '../events/result.ts';
import { Contributions } from '../history/contributions.ts';
import { withRest } from './partly-recorded.ts';

export interface Bookmark {
  readonly key: string;
  readonly value: string;
}

export interface SubmitOptions {
  /** Written with the first of the events, in one transaction. */
  readonly bookmark?: Bookmark | undefined;
  /** Receipts of any day are taken that the clock has seen: a file of years is in no order. */
  readonly trustsDays?: boolean | undefined;
}

/** What only entries of other nodes need (replication/). */
const noReplication = {
  idsOfHash: (): readonly string[] => [],
  purchaseIdsOfHash: (): readonly string[] => [],
  onAlsoErased: (): void => {},
};

export interface IngestDependencies
  extends Omit<WriteContext, 'batch' | 'onPurchaseDay' | 'newestDay' | keyof typeof noReplication> {
  /** Moves the counts by a committed batch; ingest answers when it resolves. */
  readonly fold: (batch: Batch, newestDay: number) => Promise<void>;
  /** Called while a batch is on its way to the disk, and when it did not get there. */
  readonly applySpeculatively?: (batch: Batch, newestDay: number) => void;
  /** Resolves to whether what failed is mended, so that it may be tried once more. */
  readonly rollBack?: (batch: Batch, cause: unknown) => Promise<boolean>;
  /** Awaited, with nothing written, before `assertRoomFor` of a batch that brings cards. */
  readonly lookAhead?: (batch: Batch) => Promise<void>;
  /** Throws when the counts have no room for what a batch adds; `takesBack`: that is little. */
  readonly assertRoomFor?: (batch: Batch, takesBack: boolean) => void;
  readonly measures: Measures;
  /** Called with everything that failed, before those who wait for it are. */
  readonly onFailure: (error: unknown) => void;
}

/** A part of a job, which may stand in a transaction with parts of others. */
interface Step {
  /** Undefined: a part of it is done, and it is run again in the next transaction. */
  readonly run: (context: WriteContext) => unknown;
  /** Whether it takes something back, for which there is always room. */
  readonly takesBack: boolean;
}

interface Job {
  /** Run inside transactions, in their order; `results` has those that are done. */
  readonly steps: readonly Step[];
  readonly results: unknown[];
  /** When it came, by the steady clock. */
  readonly since: number;
  /** Whether it must have a transaction of its own. */
  readonly isAlone: boolean;
  readonly resolve: (results: never) => void;
  readonly reject: (error: unknown) => void;
}

/** One step that is next, and whose it is. */
interface DueStep {
  readonly job: Job;
  readonly step: Step;
}

/** Reasons that are one event's, so that others of its transaction need not fail for it. */
const reasonsOfOne: readonly (string | undefined)[] = [
  'MEMORY_FULL',
  'CATALOGUE_FULL',
  'ITEMS_MAX',
  'STORES_MAX',
];

export class Ingest {
  private readonly dependencies: IngestDependencies;
  private queue: Job[] = [];
  private queuedEvents = 0;
  /** Steps of one transaction; fewer after one was to blame for a failure. */
  private stepsMax: number = limits.ingestBatchEventsMax;
  private running: Promise<void> | undefined;
  private isCommitting = false;
  private workBetweenCommits: (() => void)[] = [];
  private pauses: (() => Promise<void>)[] = [];
  private closed = false;
  private newest: number;

  constructor(dependencies: IngestDependencies) {
    this.dependencies = dependencies;
    this.newest = Number(dependencies.store.readMeta('newestDay') ?? 0);
  }

  /** The newest day of any purchase ever accepted. */
  get newestDay(): number {
    return this.newest;
  }

  /** The receipts that made the newest day are gone: the landmark goes back with it. */
  resetNewestDay(day: number): Promise<void> {
    return this.transact(({ store }) => {
      store.writeMeta('newestDay', day);
      this.newest = day;
    });
  }

  /** Whether anything waits for the disk. */
  get isWriting(): boolean {
    return this.running !== undefined;
  }

  /** How many events wait for the disk. */
  get waitingEvents(): number {
    return this.queuedEvents;
  }

  /** Whether more waits than the next commit takes, and has waited for too long. */
  get isBehind(): boolean {
    const [oldest] = this.queue;
    if (oldest === undefined || this.queuedEvents <= limits.ingestBatchEventsMax) return false;
    return steadyMilliseconds() - oldest.since > limits.ingestQueueAgeMsMax;
  }

  /**
   * One result each in the same order. Events of one call may be recorded in several transactions:
   * when it rejects, those before may stand, and are answered as duplicates when they come again.
   */
  submit(
    events: readonly Event[],
    { bookmark, trustsDays = false }: SubmitOptions = {},
  ): Promise<readonly IngestResult[]> {
    if (this.queuedEvents > 0 && this.queuedEvents + events.length > limits.ingestQueueEventsMax) {
      const { ingestQueueEventsMax: limit } = limits;
      const message = `${this.queuedEvents} events wait for the disk; the limit is ${limit}`;
      const details = { reason: 'INGEST_QUEUE_FULL', retryAfterMs: 1_000 };
      return Promise.reject(new EngineError('RESOURCE_EXHAUSTED', message, details));
    }
    const steps = events.map((event, index): Step => {
      const run = (context: WriteContext) => {
        const result = admit(trustsDays ? { ...context, clockGuard: undefined } : context, event);
        // With the first of them, so that whoever goes on from it knows what may be its own.
        if (index === 0 && bookmark && result) writeBookmark(context, bookmark);
        return result;
      };
      return { run, takesBack: eventKindOf(event).kind.takesBack === true };
    });
    if (steps.length > 0 || bookmark === undefined) return this.enqueue(steps, false);
    const run = (context: WriteContext) => {
      writeBookmark(context, bookmark);
      return nothing;
    };
    return this.enqueue([{ run, takesBack: true }], false).then(() => []);
  }

  /** Runs `work`, which takes something back, in a transaction of its own, in its turn. */
  async transact<Result>(work: (context: WriteContext) => Result): Promise<Result> {
    const run = (context: WriteContext) => work(context) ?? nothing;
    const [result] = await this.enqueue([{ run, takesBack: true }], true);
    return (result === nothing ? undefined : result) as Result;
  }

  /**
   * Runs `work`, the entries of others, in transactions with what else has come: again for as long
   * as it answers undefined.
   */
  async replicate<Result>(work: (context: WriteContext) => Result | undefined): Promise<Result> {
    const [result] = await this.enqueue([{ run: work, takesBack: false }], false);
    return result as Result;
  }

  /** Runs synchronous work at a moment when everything committed has been folded. */
  betweenCommits<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      if (this.isCommitting) this.workBetweenCommits.push(run);
      else run();
    });
  }

  /** Runs long work between two transactions; what is submitted meanwhile waits. */
  whilePaused<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.pauses.push(() => work().then(resolve, reject));
      this.running ??= this.run();
    });
  }

  /** Resolves when everything submitted is answered; nothing is taken afterwards. */
  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private enqueue(steps: readonly Step[], isAlone: boolean): Promise<never[]> {
    if (this.closed) return Promise.reject(new EngineError('UNAVAILABLE', 'the engine is closing'));
    if (steps.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const since = steadyMilliseconds();
      this.queue.push({ steps, results: [], since, isAlone, resolve, reject });
      this.queuedEvents += steps.length;
      this.running ??= this.run();
    });
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0 || this.pauses.length > 0) {
      // While one commit runs, the next batch gathers, and one turn more takes in those who were
      // just answered: else writers once parted into two groups would stay so.
      await new Promise((resolve) => setImmediate(resolve));
      this.isCommitting = true;
      const pause = this.pauses.shift();
      if (pause) await pause();
      else await this.commitNext();
      this.isCommitting = false;
      for (const work of this.workBetweenCommits.splice(0)) work();
    }
    this.running = undefined;
  }

  /** Takes the next steps into one transaction, and answers the jobs that are done by it. */
  private async commitNext(): Promise<void> {
    const due = this.dueSteps();
    let done: readonly DueStep[];
    try {
      done = await this.commit(due);
    } catch (error) {
      this.fail(due, error);
      return;
    }
    this.stepsMax = Math.min(limits.ingestBatchEventsMax, 2 * this.stepsMax);
    for (const job of new Set(done.map((one) => one.job))) {
      if (job.results.length === job.steps.length) this.finish(job);
    }
  }

  private dueSteps(): DueStep[] {
    const due: DueStep[] = [];
    for (const job of this.queue) {
      if (job.isAlone && due.length > 0) break;
      for (const step of job.steps.slice(job.results.length, job.results.length + this.stepsMax)) {
        due.push({ job, step });
        if (due.length === this.stepsMax) return due;
      }
      if (job.isAlone) break;
    }
    return due;
  }

  private finish(job: Job): void {
    this.dependencies.measures.onVisible(steadyMilliseconds() - job.since);
    this.drop(job);
    job.resolve(job.results as never);
  }

  private drop(job: Job): void {
    // The first one: they are done in their order.
    this.queue.splice(this.queue.indexOf(job), 1);
    this.queuedEvents -= job.steps.length;
  }

  /** What one event is to blame for is tried again with fewer at a time, until it stands alone. */
  private fail(due: readonly DueStep[], error: unknown): void {
    const isOfOne = error instanceof EngineError && reasonsOfOne.includes(error.reason);
    if (isOfOne && due.length > 1) {
      this.stepsMax = Math.max(1, due.length >> 1);
      return;
    }
    if (!isOfOne) this.dependencies.onFailure(error);
    for (const job of new Set(due.map((one) => one.job))) {
      this.drop(job);
      job.reject(job.results.length > 0 ? withRest(error, job) : error);
    }
  }

  /** Resolves to those of the steps that were done: as many as make one turn's work. */
  private async commit(
    due: readonly DueStep[],
    { isAhead = false, isAgain = false } = {},
  ): Promise<readonly DueStep[]> {
    const { store, log, ledger, fold, assertRoomFor, lookAhead, measures } = this.dependencies;
    // What was kept for a full disk is for erases and expiry, each alone in its transaction, and
    // not for receipts.
    const mayUseReserve = due.some(({ job }) => job.isAlone);
    if (!mayUseReserve) store.diskReserve?.assertHeld();
    const head = log.head;
    const beganMs = steadyMilliseconds();
    const newestBefore = this.newest;
    const batch = new Batch(new Contributions(store));
    const onPurchaseDay = (day: number) => {
      if (day > this.newest) this.newest = day;
    };
    const newestDay = () => this.newest;
    const of = { batch, onPurchaseDay, newestDay };
    const context: WriteContext = { ...noReplication, ...this.dependencies, ...of };
    const results: unknown[] = [];
    let begun = 0;
    let ledgerWrite: Promise<() => void> | undefined;
    let isOver = false;
    try {
      await store.transaction(() => {
        batch.begin();
        begun = runSteps(due, context, results);
        batch.close();
        const taken = due.slice(0, begun);
        if (!isAhead && lookAhead && batch.bringsMany) throw new NotLookedAhead();
        assertRoomFor?.(
          batch,
          taken.every(({ step }) => step.takesBack),
        );
        if (this.newest > newestBefore) store.writeMeta('newestDay', this.newest);
        // Beside the commit, not after it: two syncs in the time of one. After a crash between them
        // a start erases whom the ledger names, so that it may well come first.
        if (batch.erasedHashes.length > 0) ledgerWrite = ledger.addAhead(batch.erasedHashes);
        // What is little leaves room for counting in the same turn.
        if (batch.work > limits.ingestBatchWorkSure) useTurn();
        // Beside the sync, which has begun by then.
        void nextTurn().then(() => {
          if (!isOver) this.dependencies.applySpeculatively?.(batch, this.newest);
        });
      });
      await ledgerWrite;
      isOver = true;
      measures.onCommitted(begun, steadyMilliseconds() - beganMs);
    } catch (error) {
      isOver = true;
      batch.undo();
      log.rewind(head);
      this.newest = newestBefore;
      // May count anew what is on the disk, and no more.
      const isMended = await this.dependencies.rollBack?.(batch, error);
      (await ledgerWrite)?.();
      if (lookAhead && error instanceof NotLookedAhead) {
        await lookAhead(batch);
        return this.commit(due.slice(0, begun), { isAhead: true, isAgain });
      }
      if (isMended && !isAgain) return this.commit(due, { isAgain: true });
      if (mayUseReserve && store.diskReserve?.spend(error)) return this.commit(due, { isAhead });
      throw error;
    }
    await fold(batch, this.newest);
    const done = due.slice(0, results.length);
    for (const [index, { job }] of done.entries()) job.results.push(results[index]);
    return done;
  }
}

/**
 * Runs as many of the steps as one transaction takes, and adds what each of them answers, but for
 * the last one where it is done in part; returns how many it ran.
 */
function runSteps(due: readonly DueStep[], context: WriteContext, results: unknown[]): number {
  const { batch } = context;
  let workBefore = 0;
  for (const [index, { job, step }] of due.entries()) {
    if (index > 0 && job !== due[index - 1]!.job) {
      if (batch.isFull) return index;
      workBefore = batch.work;
    }
    const result = step.run(context);
    if (result === undefined) return index + 1;
    results.push(result);
    if (batch.isFullOf(workBefore)) return index + 1;
  }
  return due.length;
}

/** Undoes a transaction that is run again when its memory was checked. */
class NotLookedAhead extends Error {}

/** Stands for undefined as the result of a step that is done. */
const nothing = Symbol('nothing');

function writeBookmark({ store }: WriteContext, { key, value }: Bookmark): void {
  store.writeMeta(`bookmark:${key}`, value);
}

/** Of `Batch.work`: what every event takes, and each of its lines. */
const [workOfEvent, workOfLine] = [20, 2];

function admit(context: WriteContext, event: Event): IngestResult | undefined {
  const { kind, input } = eventKindOf(event);
  context.batch.work += workOfEvent + workOfLine * (kind.lines?.(input) ?? 0);
  return kind.admit(context, input);
}
