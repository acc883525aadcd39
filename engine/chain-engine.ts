// The engine of one chain: ties log, views and serving together behind the interface of engine.ts.
import { systemClock } from './base/clock.ts';
import { EngineError } from './base/errors.ts';
import { limits } from './base/limits.ts';
import { formatMoment } from './base/time.ts';
import { halfLivesOf, timeZoneOf } from './defaults.ts';
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
import { reconcileErased } from './jobs/forgotten.ts';
import { Maintenance } from './jobs/maintenance.ts';
import { settleNames } from './jobs/names.ts';
import { receiptRows } from './jobs/receipt-rows.ts';
import { Replication } from './jobs/replication.ts';
import { Settler } from './jobs/settler.ts';
import type { Waiting } from './jobs/shared-work.ts';
import { Standing } from './jobs/standing.ts';
import type { Event, IngestResult, Item, Store as StoreEvent } from './log/events.ts';
import { Log } from './log/log.ts';
import { loadRegistries } from './registries.ts';
import type { ServeState } from './serve/context.ts';
import { nameReply, type RankedReply } from './serve/ranked.ts';
import { rank } from './serve/recommend.ts';
import type { Audience, RecommendReply, RecommendRequest } from './serve/request.ts';
import { diskFull, isFull } from './store/ballast.ts';
import type { FolderClaim } from './store/claim.ts';
import type { Ledger } from './store/ledger.ts';
import type { Store } from './store/store.ts';
import type { Batch } from './views/batch.ts';
import type { HashId } from './views/catalogue.ts';
import type { StoredCounts } from './views/checkpoint.ts';
import { Content } from './views/content.ts';
import type { Registries } from './views/counts.ts';
import { eraseMember } from './views/erase.ts';
import { Ingest } from './views/ingest.ts';
import { Keeper } from './views/keeper.ts';
import { findMember, isPersonalised } from './views/members.ts';
import { Newcomers } from './views/newcomers.ts';
import type { Audit } from './views/verify.ts';
import { Waiters } from './views/waiters.ts';

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
  private readonly content: Content;
  private readonly newcomers: Newcomers;
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
  /** What is done before anything is served, once all is counted; undefined when it is done. */
  private reconciling: string | undefined = 'erasing again whom the ledger names';
  private readonly stopping = new AbortController();

  constructor(parts: ChainParts) {
    const { store, ledger, options, hashId } = parts;
    this.parts = parts;
    const clock = options.clock ?? systemClock;
    this.clock = clock;
    this.log = new Log(store);
    this.registries = loadRegistries({ store, hashId, timeZone: timeZoneOf(options), clock });
    this.content = new Content(this.registries.items);
    this.newcomers = new Newcomers(this.content);
    const { signal } = options;
    signal?.addEventListener('abort', () => this.stop(), { signal: this.stopping.signal });
    this.writer = new Ingest({
      store,
      log: this.log,
      ledger,
      registries: this.registries,
      clock: this.clock,
      timeZone: timeZoneOf(options),
      retentionDays: options.retentionDays,
      hashContent: hashId,
      checkpoints: () => this.keeper.checkpoints(),
      fold: (batch, newestDay) => this.fold(batch, newestDay),
      moveAhead: (batch, newestDay) => this.keeper.moveAhead(batch, newestDay),
      moveBack: (batch) => this.keeper.moveBack(batch),
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
      signal: this.stopping.signal,
    });
    this.maintenance = new Maintenance({
      store,
      ledger,
      log: this.log,
      writer: this.writer,
      keeper: this.keeper,
      clock: this.clock,
      dataDir: options.dataDir,
      retentionDays: options.retentionDays,
      signal: this.stopping.signal,
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
      signal: this.stopping.signal,
      notify: (message) => this.notify(message),
    });
    this.settler = new Settler({
      counts: () => this.keeper.counts,
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
      if (this.stopping.signal.aborted) return;
      this.notify(`cannot serve: ${this.failure}`);
    });
  }

  private async start(stored: StoredCounts): Promise<void> {
    const { origin, isFollower = false } = this.parts.options;
    await settleNames({ ...this.parts, log: this.log, clock: this.clock, origin, isFollower });
    await this.keeper.start(stored);
    this.standing.note(() => this.keeper.counts.kernel.digest());
    this.noteAllItems();
    // A copy that only follows has no entries of its own, whoever opens it.
    const { isNamed, own } = this.log.origins;
    await this.reconcileErased(!isNamed || own !== undefined);
    this.maintenance.noteStarted();
    this.reconciling = 'taking out what has expired';
    await this.replication.expireAlso();
    this.reconciling = undefined;
  }

  private async reconcileErased(mayErase: boolean): Promise<void> {
    const { writer, parts, stopping } = this;
    const { reconciling: what } = this;
    const progress = (done: number, total: number) => {
      this.reconciling = `${what} ${done}/${total}`;
    };
    const reconciled = { ...parts, writer, signal: stopping.signal, progress };
    const erased = await reconcileErased(reconciled, mayErase);
    if (erased > 0) this.notify(`erased ${erased} members again: the ledger names them`);
  }

  private async fold(batch: Batch, newestDay: number): Promise<void> {
    try {
      // The ledger first: an erase is acknowledged only when a restore cannot undo it. What was
      // added beside the commit is there already.
      this.noteErased(batch.erasedHashes);
    } finally {
      // What is committed is counted, whatever else fails: memory stays in step with the disk.
      await this.keeper.fold(batch, newestDay);
      this.content.note(batch.changedItems);
      this.noteItems(batch.changedItems);
      this.standing.note(() => this.keeper.counts.kernel.digest());
      this.waiters.wake();
      this.maintenance.noteEvents();
      this.settler.noteChange();
      this.replication.noteFolded();
    }
  }

  private noteItems(numbers: Iterable<number>): void {
    const { kernel } = this.keeper.counts;
    this.newcomers.note(numbers, (number) => kernel.support(number) < limits.newcomerReceipts);
  }

  /** The latest upserts last, as if they had just arrived. */
  private noteAllItems(): void {
    const { items } = this.registries;
    const numbers = Array.from({ length: items.size }, (_, number) => number);
    const named = numbers.filter((number) => this.content.says(number));
    named.sort((a, b) => items.sequenceOf(a) - items.sequenceOf(b));
    this.noteItems(named);
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
    return this.failure ?? this.keeper.waitingFor ?? this.reconciling;
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
      content: this.content,
      newcomers: this.newcomers,
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
    this.assertReady();
    return this.maintenance.expire(waiting);
  }

  async compact(waiting?: Waiting): Promise<CompactReport> {
    this.assertReady();
    return this.maintenance.compact(waiting);
  }

  item(itemId: string): Item | undefined {
    const { items } = this.registries;
    const number = items.numberOf(itemId);
    const isKnown = number !== undefined && this.keeper.counts.knowsItem(number);
    return isKnown ? items.valueOf(number) : undefined;
  }

  items(): IterableIterator<Item> {
    return this.registries.items.entries((number) => this.keeper.counts.knowsItem(number));
  }

  store(storeId: string): StoreEvent | undefined {
    const { stores } = this.registries;
    const number = stores.numberOf(storeId);
    const isKnown = number !== undefined && this.keeper.counts.knowsStore(number);
    return isKnown ? stores.valueOf(number) : undefined;
  }

  stores(): IterableIterator<StoreEvent> {
    return this.registries.stores.entries((number) => this.keeper.counts.knowsStore(number));
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
