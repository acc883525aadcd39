// The conductor of writing: work queues, one transaction takes all that arrived, counts move after
// fsync, then the ack.
import { steadyMilliseconds } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { encodeItem, encodeStore } from '../log/codec.ts';
import type { Event, IngestResult, Item, Store as StoreEvent } from '../log/events.ts';
import { type AcceptContext, putItem, putStore, upsertTimeMs } from './accept.ts';
import { acceptConsent, acceptMerge } from './accept-member.ts';
import { acceptPurchase } from './accept-purchase.ts';
import { acceptReturn, acceptUnreferencedReturn } from './accept-return.ts';
import { Batch } from './batch.ts';

export interface Bookmark {
  readonly key: string;
  readonly value: string;
}

export interface IngestDependencies extends Omit<AcceptContext, 'batch' | 'noteDay'> {
  /** Moves the counts by a committed batch; ingest answers when it resolves. */
  readonly fold: (batch: Batch, newestDay: number) => Promise<void>;
  /** Called while a batch is on its way to the disk, and when it did not get there. */
  readonly moveAhead?: (batch: Batch, newestDay: number) => void;
  readonly moveBack?: (batch: Batch) => void;
  /** Told of everything that failed, before those who wait for it are. */
  readonly onFailure: (error: unknown) => void;
}

interface Job {
  /** Runs inside the transaction. */
  readonly work: (context: AcceptContext) => unknown;
  readonly events: number;
  /** When it came, by the steady clock. */
  readonly since: number;
  /** Whether it must have a transaction of its own. */
  readonly isAlone: boolean;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export class Ingest {
  private readonly dependencies: IngestDependencies;
  private queue: Job[] = [];
  private queuedEvents = 0;
  private running: Promise<void> | undefined;
  private isCommitting = false;
  private quietWork: (() => void)[] = [];
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

  /** Whether anything waits for the disk. */
  get isWriting(): boolean {
    return this.running !== undefined;
  }

  /** Whether more waits than the next commit takes, and has waited for too long. */
  get isBehind(): boolean {
    const [oldest] = this.queue;
    if (oldest === undefined || this.queuedEvents <= limits.ingestBatchEventsMax) return false;
    return steadyMilliseconds() - oldest.since > limits.ingestQueueAgeMsMax;
  }

  submit(events: readonly Event[], bookmark?: Bookmark): Promise<readonly IngestResult[]> {
    if (this.queuedEvents > 0 && this.queuedEvents + events.length > limits.ingestQueueEventsMax) {
      const { ingestQueueEventsMax: limit } = limits;
      const message = `${this.queuedEvents} events wait for the disk; the limit is ${limit}`;
      const details = { reason: 'INGEST_QUEUE_FULL', retryAfterMs: 1_000 };
      return Promise.reject(new EngineError('RESOURCE_EXHAUSTED', message, details));
    }
    return this.enqueue((context) => acceptAll(context, events, bookmark), events.length, false);
  }

  /** Runs `work` in a transaction of its own, in its turn. */
  transact<Result>(work: (context: AcceptContext) => Result): Promise<Result> {
    return this.enqueue(work, 1, true);
  }

  /** Runs `work`, the entries of others, in one transaction with what else has come. */
  follow<Result>(work: (context: AcceptContext) => Result, entries: number): Promise<Result> {
    return this.enqueue(work, entries, false);
  }

  /** Runs synchronous work at a moment when everything committed has been folded. */
  quietly<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      if (this.isCommitting) this.quietWork.push(run);
      else run();
    });
  }

  /** Runs long work between two transactions; what is submitted meanwhile waits. */
  whileStopped<Result>(work: () => Promise<Result>): Promise<Result> {
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

  private enqueue<Result>(
    work: (context: AcceptContext) => Result,
    events: number,
    isAlone: boolean,
  ): Promise<Result> {
    if (this.closed) return Promise.reject(new EngineError('UNAVAILABLE', 'the engine is closing'));
    return new Promise<Result>((resolve, reject) => {
      const since = steadyMilliseconds();
      this.queue.push({ work, events, since, isAlone, resolve, reject });
      this.queuedEvents += events;
      this.running ??= this.run();
    });
  }

  private async run(): Promise<void> {
    // One turn of the event loop gathers all that arrives in it; while one commit runs, the next
    // batch gathers.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0 || this.pauses.length > 0) {
      this.isCommitting = true;
      const pause = this.pauses.shift();
      if (pause) await pause();
      else await this.answer(this.takeJobs());
      this.isCommitting = false;
      for (const work of this.quietWork.splice(0)) work();
    }
    this.running = undefined;
  }

  private async answer(jobs: readonly Job[]): Promise<void> {
    try {
      await this.commit(jobs);
    } catch (error) {
      this.dependencies.onFailure(error);
      for (const { reject } of jobs) reject(error);
    }
  }

  private takeJobs(): Job[] {
    let events = 0;
    let count = 0;
    for (const job of this.queue) {
      const isFull = events + job.events > limits.ingestBatchEventsMax;
      if (count > 0 && (isFull || job.isAlone)) break;
      events += job.events;
      count += 1;
      if (job.isAlone) break;
    }
    this.queuedEvents -= events;
    return this.queue.splice(0, count);
  }

  private async commit(jobs: readonly Job[]): Promise<void> {
    const { store, log, ledger, fold } = this.dependencies;
    // What was kept for a full disk is for erases and expiry, each alone in its transaction, and
    // not for receipts.
    const mayUseBallast = jobs.some(({ isAlone }) => isAlone);
    if (!mayUseBallast) store.ballast?.assertHeld();
    const head = log.head;
    const newestBefore = this.newest;
    const batch = new Batch();
    const noteDay = (day: number) => {
      if (day > this.newest) this.newest = day;
    };
    const context: AcceptContext = { ...this.dependencies, batch, noteDay };
    let results: unknown[];
    let noted: Promise<() => void> | undefined;
    let ahead: NodeJS.Immediate | undefined;
    try {
      results = await store.transaction(() => {
        const answers = jobs.map((job) => job.work(context));
        if (this.newest > newestBefore) store.writeMeta('newestDay', this.newest);
        // Beside the commit, not after it: two syncs in the time of one. After a crash between them
        // a start erases whom the ledger names, so that it may well come first.
        if (batch.erasedHashes.length > 0) noted = ledger.addAhead(batch.erasedHashes);
        ahead = setImmediate(() => this.dependencies.moveAhead?.(batch, this.newest));
        return answers;
      });
      await noted;
      clearImmediate(ahead);
    } catch (error) {
      clearImmediate(ahead);
      this.dependencies.moveBack?.(batch);
      batch.undo();
      log.rewind(head);
      this.newest = newestBefore;
      (await noted)?.();
      if (mayUseBallast && store.ballast?.spend(error)) return this.commit(jobs);
      throw error;
    }
    await fold(batch, this.newest);
    for (const [index, job] of jobs.entries()) job.resolve(results[index] as never);
  }
}

function acceptAll(
  context: AcceptContext,
  events: readonly Event[],
  bookmark: Bookmark | undefined,
): readonly IngestResult[] {
  const results = events.map((event) => acceptEvent(context, event));
  if (bookmark) context.store.writeMeta(`bookmark:${bookmark.key}`, bookmark.value);
  return results;
}

function acceptEvent(context: AcceptContext, event: Event): IngestResult {
  switch (event.kind) {
    case 'purchase':
      return acceptPurchase(context, event.purchase);
    case 'return':
      return acceptReturn(context, event.return);
    case 'unreferencedReturn':
      return acceptUnreferencedReturn(context, event.return);
    case 'merge':
      return acceptMerge(context, event.merge);
    case 'consent':
      return acceptConsent(context, event.consent);
    case 'item':
      return acceptItem(context, event.item);
    case 'store':
      return acceptStore(context, event.store);
  }
}

/**
 * An upsert that changes nothing is a duplicate, so that catalogues can be sent again and again.
 */
function acceptItem(context: AcceptContext, item: Item): IngestResult {
  const { items } = context.registries;
  const number = items.numberOf(item.itemId);
  if (number !== undefined && items.sequenceOf(number) > 0 && isSame(items.valueOf(number), item)) {
    const watermark = context.log.watermarkOf(items.sequenceOf(number));
    return { id: item.itemId, status: 'duplicate', watermark };
  }
  const replaced = number === undefined ? 0 : items.sequenceOf(number);
  const sequence = context.log.append(encodeItem(upsertTimeMs(context, replaced), item));
  putItem(context, item, sequence);
  return { id: item.itemId, status: 'created', watermark: context.log.watermarkOf(sequence) };
}

function acceptStore(context: AcceptContext, value: StoreEvent): IngestResult {
  const { stores } = context.registries;
  const number = stores.numberOf(value.storeId);
  if (
    number !== undefined &&
    stores.sequenceOf(number) > 0 &&
    isSame(stores.valueOf(number), value)
  ) {
    const watermark = context.log.watermarkOf(stores.sequenceOf(number));
    return { id: value.storeId, status: 'duplicate', watermark };
  }
  const replaced = number === undefined ? 0 : stores.sequenceOf(number);
  const sequence = context.log.append(encodeStore(upsertTimeMs(context, replaced), value));
  putStore(context, value, sequence);
  return { id: value.storeId, status: 'created', watermark: context.log.watermarkOf(sequence) };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
