// The engine of one chain: ties log, views and serving together behind the interface of engine.ts.
import { setImmediate } from 'node:timers/promises';
import { systemClock } from './base/clock.ts';
import { EngineError } from './base/errors.ts';
import { limits } from './base/limits.ts';
import { formatMoment } from './base/time.ts';
import type {
  CompactReport,
  Engine,
  EngineOptions,
  EngineStatus,
  EraseReceipt,
  IngestOptions,
  ReceiptRow,
} from './engine.ts';
import { countNextCopies } from './follow/receipts.ts';
import { inspectionOf } from './inspect.ts';
import { Maintenance } from './jobs/maintenance.ts';
import { settleNames } from './jobs/names.ts';
import { receiptRows } from './jobs/receipt-rows.ts';
import { Replication } from './jobs/replication.ts';
import { Settler } from './jobs/settler.ts';
import { Standing } from './jobs/standing.ts';
import type { Event, IngestResult, Item, Store as StoreEvent } from './log/events.ts';
import { Log } from './log/log.ts';
import type { ServeState } from './serve/context.ts';
import { nameReply, type RankedReply } from './serve/ranked.ts';
import { rank } from './serve/recommend.ts';
import type { Audience, RecommendReply, RecommendRequest } from './serve/request.ts';
import { diskFull, isFull } from './store/ballast.ts';
import type { FolderClaim } from './store/claim.ts';
import type { Ledger } from './store/ledger.ts';
import type { Store } from './store/store.ts';
import type { Batch } from './views/batch.ts';
import { type HashId, Registry } from './views/catalogue.ts';
import type { StoredCounts } from './views/checkpoint.ts';
import type { Registries } from './views/counts.ts';
import { eraseMember } from './views/erase.ts';
import { Ingest } from './views/ingest.ts';
import { Keeper } from './views/keeper.ts';
import { Likeness } from './views/likeness.ts';
import { loadCatalogue } from './views/load-catalogue.ts';
import { findMember, isPersonalised } from './views/members.ts';
import type { Audit } from './views/verify.ts';
import { Waiters } from './views/waiters.ts';

const defaultHalfLifeDays = 60;
const defaultPopularityHalfLifeDays = 30;
const defaultTimeZone = 'Asia/Shanghai';

export interface ChainParts {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly claim: FolderClaim;
  readonly options: EngineOptions;
  readonly hashId: HashId;
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
  private readonly clock: () => number;
  private refusedOfErased = 0;
  private failure: string | undefined;
  private isCatalogueRead = false;
  private isReconciled = false;

  constructor(parts: ChainParts) {
    const { store, ledger, options, hashId } = parts;
    this.parts = parts;
    this.clock = options.clock ?? systemClock;
    this.log = new Log(store);
    this.registries = {
      items: new Registry(hashId, 0, ({ status }) => status),
      stores: new Registry(hashId, 1, ({ city }) => city),
    };
    this.likeness = new Likeness(this.registries.items, (number) =>
      this.keeper.counts.kernel.support(number),
    );
    this.writer = new Ingest({
      store,
      log: this.log,
      ledger,
      registries: this.registries,
      clock: this.clock,
      timeZone: options.timeZone ?? defaultTimeZone,
      retentionDays: options.retentionDays,
      hashContent: hashId,
      checkpoints: () => this.keeper.checkpoints(),
      fold: (batch, newestDay) => this.fold(batch, newestDay),
      moveAhead: (batch, newestDay) => this.keeper.moveAhead(batch, newestDay),
      moveBack: (batch) => {
        this.keeper.moveBack(batch);
        this.likeness.noteUndone(batch.changedItems);
      },
      onFailure: (error) => this.notify(`a write failed: ${String(error)}`),
    });
    this.keeper = new Keeper({
      store,
      log: this.log,
      registries: this.registries,
      halfLives: halfLivesOf(options),
      kernelBuild: options.kernelBuild,
      quietly: (work) => this.writer.quietly(work),
      newestDay: this.writer.newestDay,
      notify: (message) => this.notify(message),
    });
    this.maintenance = new Maintenance({
      store,
      ledger,
      log: this.log,
      writer: this.writer,
      keeper: this.keeper,
      notify: (message) => this.notify(message),
    });
    this.standing = new Standing(this.log);
    this.replication = new Replication({
      store,
      ledger,
      log: this.log,
      writer: this.writer,
      keeper: this.keeper,
      maintenance: this.maintenance,
      standing: this.standing,
      clock: this.clock,
      dataDir: options.dataDir,
      notify: (message) => this.notify(message),
    });
    this.settler = new Settler({
      counts: () => this.keeper.counts,
      findAlike: () => this.likeness.work(),
      isWriting: () => this.writer.isWriting,
    });
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
      this.notify(`cannot serve: ${this.failure}`);
    });
  }

  private async start(stored: StoredCounts): Promise<void> {
    const { origin, isFollower = false } = this.parts.options;
    await settleNames({ ...this.parts, log: this.log, clock: this.clock, origin, isFollower });
    await this.replication.sweepSnapshots();
    await this.readCatalogue();
    await this.keeper.start(stored);
    this.standing.note(() => this.keeper.counts.kernel.digest());
    for (const _ of this.likeness.begin()) await setImmediate();
    if (this.likeness.work()) this.settler.noteItems();
    // A copy that only follows has no entries of its own, whoever opens it.
    const { isNamed, own } = this.log.origins;
    await this.maintenance.reconcileErased(!isNamed || own !== undefined);
    await this.replication.expireAlso();
    this.isReconciled = true;
    // A checkpoint holds no views of long rows: whoever asks first should find them made.
    this.settler.noteChange();
  }

  private async readCatalogue(): Promise<void> {
    const { store, options } = this.parts;
    const { timeZone = defaultTimeZone } = options;
    const steps = loadCatalogue(store, this.registries, { timeZone, clock: this.clock });
    for (const _ of steps) await setImmediate();
    this.isCatalogueRead = true;
  }

  private async fold(batch: Batch, newestDay: number): Promise<void> {
    try {
      // The ledger first: an erase is acknowledged only when a restore cannot undo it. What was
      // added beside the commit is there already.
      this.noteErased(batch.erasedHashes);
    } finally {
      // What is committed is counted, whatever else fails: memory stays in step with the disk.
      await this.keeper.fold(batch, newestDay);
      if (this.likeness.note(batch.changedItems)) this.settler.noteItems();
      this.standing.note(() => this.keeper.counts.kernel.digest());
      this.waiters.wake();
      this.maintenance.noteEvents();
      this.settler.noteChange();
      this.replication.noteFolded();
    }
  }

  private noteErased(hashes: readonly Buffer[]): void {
    const { ledger, store } = this.parts;
    try {
      ledger.add(hashes);
    } catch (error) {
      if (!store.ballast?.spend(error)) throw isFull(error) ? diskFull(error) : error;
      ledger.add(hashes);
    }
  }

  /** Why nothing can be served yet; undefined when everything can. */
  private get waitingFor(): string | undefined {
    const isErasing = !this.isReconciled && 'erasing again whom the ledger names';
    if (!this.isCatalogueRead) return this.failure ?? 'reading the catalogue';
    return this.failure ?? this.keeper.waitingFor ?? (isErasing || undefined);
  }

  /** Items and stores can be told while receipts are still being counted, but not before. */
  private assertCatalogue(): void {
    if (!this.isCatalogueRead) this.assertReady();
  }

  private assertReady(): void {
    const { waitingFor } = this;
    if (waitingFor === undefined) return;
    const details = { reason: 'NOT_READY', retryAfterMs: 1_000 };
    throw new EngineError('UNAVAILABLE', `not ready: ${waitingFor}`, details);
  }

  async ingest(
    events: readonly Event[],
    options: IngestOptions = {},
  ): Promise<readonly IngestResult[]> {
    this.assertReady();
    const results = await this.writer.submit(events, options.bookmark);
    for (const { reason } of results) if (reason === 'MEMBER_ERASED') this.refusedOfErased += 1;
    return results;
  }

  get isBehind(): boolean {
    return this.writer.isBehind;
  }

  recommend(request: RecommendRequest, audience: Audience = 'member'): RecommendReply {
    return nameReply(this.rank(request, audience));
  }

  rank(request: RecommendRequest, audience: Audience = 'member'): RankedReply {
    this.assertReady();
    this.settler.noteRead();
    const { store } = this.parts;
    const state: ServeState = {
      counts: this.keeper.counts,
      registries: this.registries,
      content: this.likeness.content,
      newcomers: this.likeness.newcomers,
      formula: this.parts.options.formula ?? 'shipped',
      historyOf: (memberId) => {
        const { root, record } = findMember(store, memberId);
        const history = store.tables.histories.get(Buffer.from(root));
        return { history, isOptedOut: !isPersonalised(record) };
      },
      watermark: this.standing.watermark,
    };
    return rank(request, state, audience);
  }

  waitFor(watermark: string): Promise<void> {
    return this.waiters.waitFor(watermark, (asked) => this.standing.holds(asked));
  }

  async erase(memberId: string): Promise<EraseReceipt> {
    this.assertReady();
    let digestBefore = '';
    const erased = await this.writer.transact((context) => {
      // Alone in its transaction, so that nothing else lies between the two digests.
      digestBefore = this.keeper.counts.kernel.digest();
      const done = eraseMember(context, memberId);
      countNextCopies(context, done.shared);
      return done;
    });
    this.replication.noteErased();
    return {
      found: erased.found,
      removed: { receipts: erased.receipts, returns: erased.returns, aliases: erased.aliases },
      digestBefore,
      digestAfter: this.keeper.counts.kernel.digest(),
      watermark: this.log.watermarkOf(erased.sequence),
      bytesGoneBy: formatMoment(this.clock() + limits.compactWithinMs, 0),
    };
  }

  verify(progress?: (done: number, total: number) => void): Promise<Audit> {
    this.assertReady();
    return this.maintenance.verify(progress);
  }

  settle(): Promise<void> {
    this.assertReady();
    return this.settler.settleAll();
  }

  checkpoint(): Promise<void> {
    return this.keeper.checkpoint();
  }

  expire(): Promise<number> {
    this.assertReady();
    return this.maintenance.expire(this.parts.options.retentionDays, this.clock);
  }

  compact(): Promise<CompactReport> {
    this.assertReady();
    return this.maintenance.compact();
  }

  item(itemId: string): Item | undefined {
    this.assertCatalogue();
    const { items } = this.registries;
    const number = items.numberOf(itemId);
    const isKnown = number !== undefined && this.keeper.counts.knowsItem(number);
    return isKnown ? items.valueOf(number) : undefined;
  }

  items(after?: string): IterableIterator<Item> {
    this.assertCatalogue();
    const { items } = this.registries;
    return items.entries((number) => this.keeper.counts.knowsItem(number), after);
  }

  store(storeId: string): StoreEvent | undefined {
    this.assertCatalogue();
    const { stores } = this.registries;
    const number = stores.numberOf(storeId);
    const isKnown = number !== undefined && this.keeper.counts.knowsStore(number);
    return isKnown ? stores.valueOf(number) : undefined;
  }

  stores(after?: string): IterableIterator<StoreEvent> {
    this.assertCatalogue();
    const { stores } = this.registries;
    return stores.entries((number) => this.keeper.counts.knowsStore(number), after);
  }

  receipts(options: { readonly gross?: boolean } = {}): IterableIterator<ReceiptRow> {
    return receiptRows(this.log, this.parts.store, options.gross ?? false);
  }

  bookmark(key: string): string | undefined {
    return this.parts.store.readMeta(`bookmark:${key}`) as string | undefined;
  }

  status(): EngineStatus {
    const { waitingFor } = this;
    return {
      ready: waitingFor === undefined,
      ...(waitingFor === undefined ? {} : { waitingFor }),
      watermark: this.standing.watermark,
      events: this.log.head,
      members: this.parts.store.tables.histories.count(),
      items: this.registries.items.size,
      stores: this.registries.stores.size,
      refusedOfErased: this.refusedOfErased,
    };
  }

  get inspect() {
    const { store } = this.parts;
    return inspectionOf(this.keeper, this.registries, (memberId) =>
      store.tables.histories.get(Buffer.from(findMember(store, memberId).root)),
    );
  }

  async close(): Promise<void> {
    this.settler.close();
    await this.ready.catch(() => {});
    await this.writer.close();
    await this.maintenance.close();
    await this.parts.store.close();
    this.parts.ledger.close();
    await this.parts.claim.release();
  }
}

function halfLivesOf({ halfLifeDays, popularityHalfLifeDays }: EngineOptions) {
  return {
    pairDays: halfLifeDays === undefined ? defaultHalfLifeDays : halfLifeDays,
    popularityDays:
      popularityHalfLifeDays === undefined ? defaultPopularityHalfLifeDays : popularityHalfLifeDays,
  };
}
