// Wiring: opens one data folder and ties store, log, views and serving together.
import xxhash from 'xxhash-wasm';
import { systemClock } from './base/clock.ts';
import { EngineError } from './base/errors.ts';
import { limits } from './base/limits.ts';
import { formatMoment } from './base/time.ts';
import type { Engine, EngineOptions, EngineStatus, IngestOptions, ReceiptRow } from './engine.ts';
import { inspectionOf } from './inspect.ts';
import type { Event, IngestResult, Item, Store as StoreEvent } from './log/events.ts';
import { Log } from './log/log.ts';
import { recommend } from './serve/recommend.ts';
import type { RecommendReply, RecommendRequest } from './serve/request.ts';
import { Store } from './store/store.ts';
import { readReturns } from './views/accept.ts';
import type { Batch } from './views/batch.ts';
import { type HashId, Registry } from './views/catalogue.ts';
import { Counts, type HalfLives, landmarkOf, type Registries } from './views/counts.ts';
import { encodeHistoryEntry } from './views/history.ts';
import { Ingest } from './views/ingest.ts';
import { deriveEntry, returnedPieces } from './views/receipts.ts';
import { recount } from './views/recount.ts';

const defaultHalfLives: HalfLives = { pairDays: 60, popularityDays: 30 };
const defaultTimeZone = 'Asia/Shanghai';

interface Waiter {
  readonly sequence: number;
  readonly wake: () => void;
}

/** Opens a data folder, made when absent. Throws FAILED_PRECONDITION when it is in use or of another format. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { h64 } = await xxhash();
  const store = await Store.open(options.dataDir);
  try {
    const engine = new ChainEngine(store, options, (id) => h64(id));
    engine.begin();
    if (!options.openAtOnce) await engine.ready;
    return engine;
  } catch (error) {
    await store.close();
    throw error;
  }
}

class ChainEngine implements Engine {
  ready: Promise<void> = Promise.resolve();
  private readonly disk: Store;
  private readonly log: Log;
  private readonly registries: Registries;
  private readonly halfLives: HalfLives;
  private readonly writer: Ingest;
  private readonly options: EngineOptions;
  private counts: Counts;
  /** Everything up to this log sequence is in the counts. */
  private applied = 0;
  private waitingFor: string | undefined = 'counting';
  private waiters: Waiter[] = [];

  constructor(store: Store, options: EngineOptions, hashId: HashId) {
    this.disk = store;
    this.options = options;
    this.log = new Log(store);
    this.halfLives = {
      pairDays:
        options.halfLifeDays === undefined ? defaultHalfLives.pairDays : options.halfLifeDays,
      popularityDays:
        options.popularityHalfLifeDays === undefined
          ? defaultHalfLives.popularityDays
          : options.popularityHalfLifeDays,
    };
    this.registries = { items: new Registry(hashId, 0), stores: new Registry(hashId, 1) };
    this.loadRegistries();
    this.writer = new Ingest({
      store,
      log: this.log,
      registries: this.registries,
      clock: options.clock ?? systemClock,
      timeZone: options.timeZone ?? defaultTimeZone,
      hashContent: hashId,
      checkpointSequence: () => this.log.head,
      fold: (batch, newestDay) => this.fold(batch, newestDay),
    });
    this.counts = this.emptyCounts(this.writer.newestDay);
  }

  private emptyCounts(newestDay: number): Counts {
    return new Counts(this.registries, this.halfLives, newestDay, this.options.kernelBuild);
  }

  private loadRegistries(): void {
    for (const { value } of this.disk.tables.items.getRange()) {
      const { value: item, sequence } = JSON.parse(value.toString());
      this.registries.items.push(item.itemId, item, sequence);
    }
    for (const { value } of this.disk.tables.stores.getRange()) {
      const { value: store, sequence } = JSON.parse(value.toString());
      this.registries.stores.push(store.storeId, store, sequence);
    }
  }

  /** Starts counting what is stored. */
  begin(): void {
    this.ready = this.recountInto(this.counts).then(() => {
      this.waitingFor = undefined;
      this.applied = this.log.head;
    });
    // Whoever awaits `ready` is told of a failure; nobody may be waiting yet.
    this.ready.catch(() => {});
  }

  private recountInto(counts: Counts): Promise<void> {
    const source = {
      store: this.disk,
      log: this.log,
      ticketAt: (sequence: number) => this.ticketAt(sequence),
    };
    return recount(counts, source, (done, total) => {
      if (this.waitingFor) this.waitingFor = `counting ${done}/${total}`;
    });
  }

  private ticketAt(sequence: number): Buffer | undefined {
    const entry = this.log.read(sequence);
    if (entry.kind !== 'purchase' || entry.purchase.memberId !== undefined) return undefined;
    const returns = readReturns(this.disk, entry.purchase.purchaseId);
    return encodeHistoryEntry(
      deriveEntry({
        purchase: entry.purchase,
        purchaseSequence: sequence,
        addedAt: sequence,
        returns,
        registries: this.registries,
      }),
    );
  }

  /** After fsync: moves the counts by what the batch changed, or counts anew when the landmark has moved. */
  private async fold(batch: Batch, newestDay: number): Promise<void> {
    const { pairDays, popularityDays } = this.halfLives;
    const moved =
      landmarkOf(newestDay, pairDays) !== this.counts.landmarkDay ||
      landmarkOf(newestDay, popularityDays) !== this.counts.popularityLandmarkDay;
    if (moved) {
      const fresh = this.emptyCounts(newestDay);
      await this.recountInto(fresh);
      this.counts = fresh;
    } else {
      this.counts.register();
      for (const change of batch.changes.values()) this.counts.apply(change);
      this.counts.settleNow();
    }
    const { items } = this.registries;
    for (const number of batch.changedItems) {
      this.counts.kernel.run.setEligible(number, items.valueOf(number).status === 'active');
    }
    this.applied = this.log.head;
    this.wakeWaiters();
  }

  private assertReady(): void {
    if (this.waitingFor === undefined) return;
    const details = { reason: 'NOT_READY', retryAfterMs: 1_000 };
    throw new EngineError('UNAVAILABLE', `not ready: ${this.waitingFor}`, details);
  }

  async ingest(
    events: readonly Event[],
    options: IngestOptions = {},
  ): Promise<readonly IngestResult[]> {
    this.assertReady();
    return this.writer.submit(events, options.bookmark);
  }

  recommend(request: RecommendRequest): RecommendReply {
    this.assertReady();
    return recommend(request, {
      counts: this.counts,
      registries: this.registries,
      historyOf: (memberId) => this.disk.tables.histories.get(Buffer.from(memberId)),
      watermark: String(this.applied),
    });
  }

  waitFor(watermark: string): Promise<void> {
    if (!/^\d{1,15}$/.test(watermark)) {
      const message = `minWatermark ${JSON.stringify(watermark)} is not a watermark of this chain`;
      return Promise.reject(
        new EngineError('INVALID_ARGUMENT', message, { field: 'minWatermark' }),
      );
    }
    const sequence = Number(watermark);
    if (sequence <= this.applied) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = { sequence, wake: () => finish(resolve) };
      const timer = setTimeout(
        () => finish(() => reject(lateError(watermark, this.applied))),
        limits.watermarkWaitMsMax,
      );
      const finish = (answer: () => void) => {
        clearTimeout(timer);
        this.waiters = this.waiters.filter((other) => other !== waiter);
        answer();
      };
      this.waiters.push(waiter);
    });
  }

  private wakeWaiters(): void {
    for (const { sequence, wake } of [...this.waiters]) if (sequence <= this.applied) wake();
  }

  item(itemId: string): Item | undefined {
    const number = this.registries.items.numberOf(itemId);
    return number === undefined ? undefined : this.registries.items.valueOf(number);
  }

  items(): IterableIterator<Item> {
    return this.registries.items.entries();
  }

  store(storeId: string): StoreEvent | undefined {
    const number = this.registries.stores.numberOf(storeId);
    return number === undefined ? undefined : this.registries.stores.valueOf(number);
  }

  stores(): IterableIterator<StoreEvent> {
    return this.registries.stores.entries();
  }

  *receipts(options: { readonly gross?: boolean } = {}): IterableIterator<ReceiptRow> {
    for (const { entry } of this.log.scan()) {
      if (entry.kind !== 'purchase') continue;
      const { purchase } = entry;
      const returns = options.gross ? [] : readReturns(this.disk, purchase.purchaseId);
      const returned = returnedPieces(returns);
      for (const line of purchase.lines) {
        const taken = Math.min(line.quantity, returned.get(line.itemId) ?? 0);
        returned.set(line.itemId, (returned.get(line.itemId) ?? 0) - taken);
        if (taken === line.quantity) continue;
        yield {
          purchaseId: purchase.purchaseId,
          memberId: purchase.memberId ?? '',
          occurredAt: formatMoment(purchase.occurredAtMs, purchase.offsetMinutes),
          itemId: line.itemId,
          quantity: line.quantity - taken,
          unitPriceFen: line.unitPriceFen,
          storeId: purchase.storeId ?? '',
          channel: purchase.channel,
        };
      }
    }
  }

  bookmark(key: string): string | undefined {
    return this.disk.readMeta(`bookmark:${key}`) as string | undefined;
  }

  status(): EngineStatus {
    return {
      ready: this.waitingFor === undefined,
      ...(this.waitingFor === undefined ? {} : { waitingFor: this.waitingFor }),
      watermark: String(this.applied),
      events: this.log.head,
      members: this.disk.count('histories'),
      items: this.registries.items.size,
      stores: this.registries.stores.size,
    };
  }

  get inspect() {
    return inspectionOf(this.counts, this.registries);
  }

  async close(): Promise<void> {
    await this.ready.catch(() => {});
    await this.writer.close();
    await this.disk.close();
  }
}

function lateError(watermark: string, applied: number): EngineError {
  return new EngineError(
    'UNAVAILABLE',
    `the state stands at ${applied} and has not reached ${watermark} within ${limits.watermarkWaitMsMax} ms`,
    { reason: 'WATERMARK_NOT_REACHED', retryAfterMs: limits.watermarkWaitMsMax },
  );
}
