// The engine of one chain: ties log, views and serving together behind the interface of engine.ts.
import { setImmediate } from 'node:timers/promises';
import { type Clock, steadyMilliseconds, systemClock } from './base/clock.ts';
import { EngineError } from './base/errors.ts';
import { Likeness } from './catalogue/likeness.ts';
import type { Registries } from './catalogue/registries.ts';
import { createRegistries, readRegistries } from './catalogue/registries.ts';
import type { Item, StoreProfile as StoreEvent } from './catalogue/shapes.ts';
import type { StoredCounts } from './counting/checkpoint.ts';
import { Catalogue } from './counting/counted-catalogue.ts';
import { Keeper } from './counting/keeper.ts';
import type { Audit } from './counting/verify.ts';
import type {
  ClockReport,
  CompactReport,
  Engine,
  EngineOptions,
  EngineStatus,
  EraseReceipt,
  IngestOptions,
  ReceiptRow,
} from './engine.ts';
import type { Batch } from './events/batch.ts';
import { ClockGuard } from './events/clock-guard.ts';
import type { DiscardedReceipt } from './events/discard.ts';
import type { Event } from './events/index.ts';
import { openLog } from './events/index.ts';
import type { IngestResult } from './events/result.ts';
import { readHistory } from './history/contributions.ts';
import { countMembers, findMember, idsOf } from './history/members.ts';
import { Ingest } from './ingest/ingest.ts';
import { Waiters } from './ingest/waiters.ts';
import { inspectionOf } from './inspect.ts';
import { confirmClock, discardAfter } from './jobs/clock.ts';
import { eraseExactly } from './jobs/erase.ts';
import { noteErased, reconcileErased } from './jobs/forgotten.ts';
import { Maintenance } from './jobs/maintenance.ts';
import { receiptRows } from './jobs/receipt-rows.ts';
import { Settler } from './jobs/settler.ts';
import type { Waiting } from './jobs/shared-work.ts';
import { Lists, notReady } from './lists.ts';
import type { Log } from './log/log.ts';
import { halfLivesOf, kernelOptionsOf, timeZoneOf } from './options.ts';
import { settleNames } from './replication/names.ts';
import { Replication } from './replication/replication.ts';
import { Standing } from './replication/standing.ts';
import type { RankedReply } from './serve/ranked.ts';
import type { RecommendReply } from './serve/request.ts';
import type { FolderClaim } from './store/claim.ts';
import type { Ledger } from './store/ledger.ts';
import type { Store } from './store/store.ts';

export interface ChainParts {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly claim: FolderClaim;
  readonly options: EngineOptions;
  /** XXH64, seed 0. */
  readonly hashBytes: (bytes: Uint8Array) => bigint;
}

export class ChainEngine implements Engine {
  ready: Promise<void> = Promise.resolve();
  private readonly parts: ChainParts;
  private readonly log: Log;
  private readonly registries: Registries;
  private readonly likeness: Likeness;
  private readonly writer: Ingest;
  private readonly keeper: Keeper;
  private readonly waiters = new Waiters();
  readonly replication: Replication;
  private readonly standing: Standing;
  private readonly maintenance: Maintenance;
  private readonly settler: Settler;
  private readonly lists: Lists;
  private readonly clock: Clock;
  private readonly clockGuard: ClockGuard;
  private refusedOfErased = 0;
  private failure: string | undefined;
  private isCatalogueRead = false;
  /** What is done before anything is served, once all is counted; undefined when it is done. */
  private reconciling: string | undefined = 'erasing again whom the ledger names';
  private readonly stopping = new AbortController();

  constructor(parts: ChainParts) {
    const { store, ledger, options, hashBytes } = parts;
    this.parts = parts;
    const { clock = systemClock, steadyClock: steady = steadyMilliseconds } = options;
    this.clock = clock;
    this.log = openLog(store);
    this.clockGuard = new ClockGuard({ store, log: this.log, clock, steady });
    const timeZone = timeZoneOf(options);
    const hashId = (id: string) => hashBytes(Buffer.from(id));
    this.registries = createRegistries(hashId, options.catalogueMaxBytes);
    this.likeness = new Likeness(this.registries.items, (number) => {
      const { kernel } = this.keeper.counts;
      return number < kernel.run.itemCount.value ? kernel.support(number) : 0;
    });
    const { log, registries, clockGuard } = this;
    const notify = (message: string) => this.notify(message);
    options.signal?.addEventListener('abort', () => this.stop(), { signal: this.stopping.signal });
    this.writer = new Ingest({
      store,
      log,
      ledger,
      registries,
      clock,
      timeZone,
      retentionDays: options.retentionDays,
      hashBytes,
      notify,
      clockGuard,
      checkpoints: () => this.keeper.checkpointer.standing,
      fold: (batch, newestDay) => this.fold(batch, newestDay),
      moveAhead: (batch, newestDay) => this.keeper.moveAhead(batch, newestDay),
      moveBack: (batch) => {
        this.likeness.noteUndone(batch.changedItems);
        return this.keeper.moveBack(batch);
      },
      assertRoomFor: (batch, takesBack) => this.keeper.assertRoomFor(batch, takesBack),
      onFailure: (error) => this.notify(`a write failed: ${String(error)}`),
    });
    this.keeper = new Keeper({
      store,
      log,
      registries,
      halfLives: halfLivesOf(options),
      kernel: kernelOptionsOf(options),
      availableMemory: options.availableMemory,
      quietly: (work) => this.writer.quietly(work),
      whileStopped: (work) => this.writer.whileStopped(work),
      newestDay: this.writer.newestDay,
      notify,
      signal: this.stopping.signal,
    });
    this.standing = new Standing(log);
    const { writer, keeper, standing } = this;
    const { signal } = this.stopping;
    const { dataDir, retentionDays } = options;
    const shared = { store, ledger, log, writer, keeper, clock, dataDir, signal, notify };
    this.maintenance = new Maintenance({ ...shared, registries, retentionDays });
    this.replication = new Replication({ ...shared, maintenance: this.maintenance, standing });
    this.settler = new Settler({
      counts: () => this.keeper.counts,
      findAlike: () => this.likeness.work(),
      isWriting: () => this.writer.isWriting,
      onFailure: (error) => this.keeper.noteFailure(error),
    });
    const { settler, likeness } = this;
    const formula = options.formula ?? 'shipped';
    const known = { store, registries, likeness };
    this.lists = new Lists({ ...known, keeper, standing, settler, formula });
  }

  private notify(message: string): void {
    this.parts.options.notify?.(message);
  }

  /** Starts counting what is stored; `ready` tells when it is done. */
  begin(stored: StoredCounts): void {
    this.ready = this.start(stored);
    // Whoever awaits `ready` is told of a failure; nobody may be waiting yet.
    this.ready.catch((error: unknown) => {
      this.failure = String(error);
      if (!this.stopping.signal.aborted) this.notify(`cannot serve: ${this.failure}`);
    });
  }

  private async start(stored: StoredCounts): Promise<void> {
    const { origin, isFollower = false } = this.parts.options;
    await settleNames({ ...this.parts, log: this.log, clock: this.clock, origin, isFollower });
    const { store, options } = this.parts;
    const timeZone = timeZoneOf(options);
    await this.inSlices(readRegistries(this.registries, { store, timeZone, clock: this.clock }));
    this.isCatalogueRead = true;
    await this.keeper.start(stored);
    this.standing.note(() => this.keeper.digest);
    await this.inSlices(this.likeness.begin());
    if (this.likeness.work()) this.settler.noteItems();
    // A copy that only follows has no entries of its own, whoever opens it.
    const { isNamed, own } = this.log.origins;
    await this.reconcileErased(!isNamed || own !== undefined);
    await this.maintenance.forgetErased();
    this.maintenance.noteStarted();
    this.reconciling = 'taking out what has expired';
    await this.replication.expireAlso();
    this.reconciling = undefined;
    // A checkpoint holds no views of long rows: whoever asks first should find them made.
    this.settler.noteChange();
  }

  private async inSlices(steps: Iterable<void>): Promise<void> {
    for (const _ of steps) {
      await setImmediate();
      this.stopping.signal.throwIfAborted();
    }
  }

  private async reconcileErased(mayErase: boolean): Promise<void> {
    const { writer, parts, stopping, reconciling: what } = this;
    const progress = (done: number, total: number) => {
      this.reconciling = `${what} ${done}/${total}`;
    };
    const { signal } = stopping;
    const erased = await reconcileErased({ ...parts, writer, signal, progress }, mayErase);
    if (erased > 0) this.notify(`erased ${erased} members again: the ledger names them`);
  }

  private async fold(batch: Batch, newestDay: number): Promise<void> {
    try {
      // The ledger first: an erase is acknowledged only when a restore cannot undo it. What was
      // added beside the commit is there already.
      noteErased(this.parts, batch.erasedHashes);
    } finally {
      // What is committed is counted, whatever else fails: memory stays in step with the disk.
      await this.keeper.fold(batch, newestDay);
      if (this.likeness.note(batch.changedItems)) this.settler.noteItems();
      this.standing.note(() => this.keeper.digest);
      this.waiters.wake();
      this.maintenance.noteEvents();
      this.maintenance.noteMemory(this.memory);
      this.settler.noteChange();
      this.replication.noteFolded();
    }
  }

  /** Why nothing can be served yet; undefined when everything can. */
  private get waitingFor(): string | undefined {
    if (!this.isCatalogueRead) return this.failure ?? 'reading the catalogue';
    return this.failure ?? this.keeper.waitingFor ?? this.reconciling;
  }

  /** Items and stores can be told while receipts are still being counted, but not before. */
  private get catalogue(): Catalogue {
    if (!this.isCatalogueRead) this.assertReady();
    return new Catalogue(this.registries, this.keeper.counts);
  }

  private assertReady(): void {
    const { waitingFor } = this;
    if (waitingFor !== undefined) throw notReady(waitingFor);
  }

  /** For what makes a chain smaller: it needs no counts where memory does not hold them. */
  private assertReadyOrOversize(): void {
    if (!this.keeper.isOversize || this.reconciling !== undefined) this.assertReady();
  }

  async ingest(
    events: readonly Event[],
    options: IngestOptions = {},
  ): Promise<readonly IngestResult[]> {
    this.assertReady();
    this.clockGuard.assertNotBehind();
    const results = await this.writer.submit(events, options);
    if (this.clockGuard.state === 'right') this.clockGuard.noteAccepted();
    for (const { reason } of results) if (reason === 'MEMBER_ERASED') this.refusedOfErased += 1;
    return results;
  }

  get isBehind(): boolean {
    return this.writer.isBehind;
  }

  recommend(...[input, audience]: Parameters<Engine['recommend']>): RecommendReply {
    this.assertReady();
    return this.lists.recommend(input, audience);
  }

  rank(...[request, audience]: Parameters<Engine['rank']>): RankedReply {
    this.assertReady();
    return this.lists.rank(request, audience);
  }

  waitFor(watermark: string): Promise<void> {
    return this.waiters.waitFor(watermark, (asked) => this.standing.holds(asked));
  }

  erase(memberId: string): Promise<EraseReceipt> {
    this.assertReadyOrOversize();
    const { writer, keeper, log, replication, clock } = this;
    const { store } = this.parts;
    return eraseExactly({ store, writer, keeper, log, replication, clock }, memberId);
  }

  async verify(waiting?: Waiting): Promise<Audit> {
    this.assertReady();
    return this.maintenance.verify(waiting);
  }

  settle(): Promise<void> {
    this.assertReady();
    return this.settler.settleAll();
  }

  checkpoint(waiting?: Waiting): Promise<void> {
    return this.maintenance.checkpoint(waiting);
  }

  async expire(waiting?: Waiting): Promise<number> {
    this.assertReadyOrOversize();
    // By a clock that is years ahead everything would be too old.
    const { trouble } = this.clockGuard;
    if (trouble !== undefined) throw new EngineError('UNAVAILABLE', trouble, { reason: 'CLOCK' });
    return this.maintenance.expire(waiting);
  }

  confirmClock(): Promise<ClockReport> {
    return confirmClock(this.clockParts);
  }

  discardAfter(momentMs: number): Promise<readonly DiscardedReceipt[]> {
    this.assertReadyOrOversize();
    return discardAfter(this.clockParts, momentMs);
  }

  private get clockParts() {
    const { log, writer, clockGuard, clock } = this;
    return { log, writer, clockGuard, clock };
  }

  async compact(waiting?: Waiting): Promise<CompactReport> {
    this.assertReadyOrOversize();
    return this.maintenance.compact(waiting);
  }

  item(itemId: string): Item | undefined {
    return this.catalogue.item(itemId);
  }

  items(after?: string): IterableIterator<Item> {
    return this.catalogue.items(after);
  }

  store(storeId: string): StoreEvent | undefined {
    return this.catalogue.store(storeId);
  }

  stores(after?: string): IterableIterator<StoreEvent> {
    return this.catalogue.stores(after);
  }

  receipts(options: { readonly gross?: boolean } = {}): IterableIterator<ReceiptRow> {
    return receiptRows(this.log, this.parts.store, options.gross ?? false);
  }

  bookmark(key: string): string | undefined {
    return this.parts.store.readMeta(`bookmark:${key}`) as string | undefined;
  }

  private get memory() {
    const { kernel } = this.keeper.counts;
    return { usedBytes: kernel.run.usedBytes(), maxBytes: kernel.memoryMax };
  }

  status(): EngineStatus {
    const { trouble: clockTrouble } = this.clockGuard;
    const isBehind = this.clockGuard.state === 'behind';
    const waitingFor = this.waitingFor ?? (isBehind ? clockTrouble : undefined);
    return {
      ready: waitingFor === undefined,
      ...(clockTrouble !== undefined && { clockTrouble }),
      ...(waitingFor === undefined ? {} : { waitingFor }),
      watermark: this.standing.watermark,
      events: this.log.head,
      members: countMembers(this.parts.store),
      items: this.registries.items.size,
      stores: this.registries.stores.size,
      refusedOfErased: this.refusedOfErased,
      memory: this.memory,
      catalogue: this.registries.items.room.use,
    };
  }

  get inspect() {
    const { store } = this.parts;
    return inspectionOf(this.keeper, this.registries, (memberId) =>
      readHistory(store, idsOf(findMember(store, memberId))),
    );
  }

  /** Gives up long work, also that of the start; `close` follows. */
  stop(): void {
    const details = { reason: 'CLOSING', retryAfterMs: 1_000 };
    this.stopping.abort(new EngineError('UNAVAILABLE', 'the engine is closing', details));
    void this.maintenance.stop();
  }

  async close({ signal }: Pick<Waiting, 'signal'> = {}): Promise<void> {
    this.stop();
    this.settler.close();
    await this.ready.catch(() => {});
    await this.maintenance.stop();
    await this.writer.close();
    await this.maintenance.close(signal);
    await this.parts.store.close();
    this.parts.ledger.close();
    await this.parts.claim.release();
  }
}
