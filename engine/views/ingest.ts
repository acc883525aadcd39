// The conductor of writing: events queue, one transaction takes all that arrived, counts move after fsync, then the ack.
import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { encodeItem, encodeStore } from '../log/codec.ts';
import type { Event, IngestResult, Item, Store as StoreEvent } from '../log/events.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { type AcceptContext, putItem, putStore } from './accept.ts';
import { acceptPurchase } from './accept-purchase.ts';
import { acceptReturn, acceptUnreferencedReturn } from './accept-return.ts';
import { Batch } from './batch.ts';
import type { HashId } from './catalogue.ts';
import type { Registries } from './counts.ts';

export interface Bookmark {
  readonly key: string;
  readonly value: string;
}

export interface IngestDependencies {
  readonly store: Store;
  readonly log: Log;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly timeZone: string;
  readonly hashContent: HashId;
  readonly checkpointSequence: () => number;
  /** Moves the counts by a committed batch; ingest answers when it resolves. */
  readonly fold: (batch: Batch, newestDay: number) => Promise<void>;
}

interface Job {
  readonly events: readonly Event[];
  readonly bookmark: Bookmark | undefined;
  readonly resolve: (results: readonly IngestResult[]) => void;
  readonly reject: (error: unknown) => void;
}

export class Ingest {
  private readonly dependencies: IngestDependencies;
  private queue: Job[] = [];
  private queuedEvents = 0;
  private running: Promise<void> | undefined;
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

  submit(events: readonly Event[], bookmark?: Bookmark): Promise<readonly IngestResult[]> {
    if (this.closed) {
      return Promise.reject(new EngineError('UNAVAILABLE', 'the engine is closing'));
    }
    if (this.queuedEvents > 0 && this.queuedEvents + events.length > limits.ingestQueueEventsMax) {
      const message = `${this.queuedEvents} events wait for the disk; the limit is ${limits.ingestQueueEventsMax}`;
      const details = { reason: 'INGEST_QUEUE_FULL', retryAfterMs: 1_000 };
      return Promise.reject(new EngineError('RESOURCE_EXHAUSTED', message, details));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ events, bookmark, resolve, reject });
      this.queuedEvents += events.length;
      this.running ??= this.run();
    });
  }

  /** Resolves when everything submitted is answered; nothing is taken afterwards. */
  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async run(): Promise<void> {
    // One turn of the event loop gathers all that arrives in it; while one commit runs, the next batch gathers.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const jobs = this.takeJobs();
      try {
        await this.commit(jobs);
      } catch (error) {
        for (const { reject } of jobs) reject(error);
      }
    }
    this.running = undefined;
  }

  private takeJobs(): Job[] {
    let events = 0;
    let count = 0;
    for (const job of this.queue) {
      if (count > 0 && events + job.events.length > limits.ingestBatchEventsMax) break;
      events += job.events.length;
      count += 1;
    }
    this.queuedEvents -= events;
    return this.queue.splice(0, count);
  }

  private async commit(jobs: readonly Job[]): Promise<void> {
    const { store, log, fold } = this.dependencies;
    const head = log.head;
    const newestBefore = this.newest;
    const batch = new Batch();
    const context: AcceptContext = {
      ...this.dependencies,
      batch,
      noteDay: (day) => {
        if (day > this.newest) this.newest = day;
      },
    };
    let results: (readonly IngestResult[])[];
    try {
      results = await store.transaction(() => {
        const answers = jobs.map((job) => acceptJob(context, job));
        if (this.newest > newestBefore) store.writeMeta('newestDay', this.newest);
        return answers;
      });
    } catch (error) {
      batch.undo();
      log.rewind(head);
      this.newest = newestBefore;
      throw error;
    }
    await fold(batch, this.newest);
    for (const [index, job] of jobs.entries()) job.resolve(results[index]!);
  }
}

function acceptJob(context: AcceptContext, job: Job): readonly IngestResult[] {
  const results = job.events.map((event) => acceptEvent(context, event));
  if (job.bookmark) context.store.writeMeta(`bookmark:${job.bookmark.key}`, job.bookmark.value);
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
    case 'item':
      return acceptItem(context, event.item);
    case 'store':
      return acceptStore(context, event.store);
  }
}

/** An upsert that changes nothing is a duplicate, so that catalogues can be sent again and again. */
function acceptItem(context: AcceptContext, item: Item): IngestResult {
  const { items } = context.registries;
  const number = items.numberOf(item.itemId);
  if (
    number !== undefined &&
    items.sequenceOf(number) > 0 &&
    sameJson(items.valueOf(number), item)
  ) {
    const watermark = String(items.sequenceOf(number));
    return { id: item.itemId, status: 'duplicate', watermark };
  }
  const sequence = context.log.append(encodeItem(context.clock(), item));
  putItem(context, item, sequence);
  return { id: item.itemId, status: 'created', watermark: String(sequence) };
}

function acceptStore(context: AcceptContext, value: StoreEvent): IngestResult {
  const { stores } = context.registries;
  const number = stores.numberOf(value.storeId);
  if (
    number !== undefined &&
    stores.sequenceOf(number) > 0 &&
    sameJson(stores.valueOf(number), value)
  ) {
    const watermark = String(stores.sequenceOf(number));
    return { id: value.storeId, status: 'duplicate', watermark };
  }
  const sequence = context.log.append(encodeStore(context.clock(), value));
  putStore(context, value, sequence);
  return { id: value.storeId, status: 'created', watermark: String(sequence) };
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
