// The engine of one chain: makes its parts, brings them up in order, keeps them in step, and closes
// them.

import { steadyMilliseconds, systemClock } from './base/clock.ts';
import { EngineError } from './base/errors.ts';
import { Measures } from './base/measures.ts';
import { createNobodyTest, type NobodyTest } from './base/outside-ids.ts';
import { counted } from './base/plural.ts';
import { nextTurn } from './base/turns.ts';
import { ItemCodes } from './catalogue/item-codes.ts';
import { Likeness } from './catalogue/likeness.ts';
import { createRegistries, type Registries, readRegistries } from './catalogue/registries.ts';
import type { GuessRole } from './catalogue/role-names.ts';
import type { StoredCounts } from './counting/checkpoint.ts';
import { CountsManager } from './counting/counts-manager.ts';
import type { Engine } from './engine.ts';
import type { Batch } from './events/batch.ts';
import { ClockGuard } from './events/clock-guard.ts';
import { isOfOurClock, openLog } from './events/index.ts';
import { readHistory } from './history/contributions.ts';
import { findMember, idsOf } from './history/members.ts';
import { Ingest } from './ingest/ingest.ts';
import { Waiters } from './ingest/waiters.ts';
import { reconcileErased, recordErased } from './jobs/forgotten.ts';
import { Maintenance } from './jobs/maintenance.ts';
import { Settler } from './jobs/settler.ts';
import type { Waiting } from './jobs/shared-work.ts';
import type { Log } from './log/log.ts';
import {
  barcodePatternsOf,
  type EngineOptions,
  halfLivesOf,
  kernelOptionsOf,
  timeZoneOf,
} from './options.ts';
import { type CataloguePort, catalogueOf } from './ports/catalogue.ts';
import { type InspectPort, inspectionOf } from './ports/inspect.ts';
import { type ListsParts, type ListsPort, listsOf } from './ports/lists.ts';
import { type MeasuresPort, measuresOf } from './ports/measures.ts';
import { type MembersPort, membersOf } from './ports/members.ts';
import { Readiness } from './ports/readiness.ts';
import { type RecordsPort, recordsOf } from './ports/records.ts';
import { type EngineStatus, memoryOf, type StatusParts, statusOf } from './ports/status.ts';
import { SuspicionCounter } from './ports/suspicions.ts';
import { type UpkeepPort, upkeepOf } from './ports/upkeep.ts';
import { warmUp } from './ports/warm-up.ts';
import { type WritesPort, writesOf } from './ports/writes.ts';
import { AppliedPosition } from './replication/applied-position.ts';
import { settleNames } from './replication/names.ts';
import { Replication } from './replication/replication.ts';
import type { FolderClaim } from './store/claim.ts';
import type { Ledger } from './store/ledger.ts';
import type { Store } from './store/store.ts';

const erasingAgain = 'erasing again whom the ledger names';

export interface ChainParts {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly claim: FolderClaim;
  readonly options: EngineOptions;
  readonly guessRole: GuessRole;
  /** XXH64, seed 0. */
  readonly hashBytes: (bytes: Uint8Array) => bigint;
}

export class ChainEngine implements Engine {
  ready: Promise<void> = Promise.resolve();
  readonly lists: ListsPort;
  readonly writes: WritesPort;
  readonly catalogue: CataloguePort;
  readonly members: MembersPort;
  readonly records: RecordsPort;
  readonly upkeep: UpkeepPort;
  readonly measures: MeasuresPort;
  readonly replication: Replication;
  private readonly parts: ChainParts;
  private readonly log: Log;
  private readonly registries: Registries;
  private readonly guessRole: GuessRole;
  private readonly codes: ItemCodes;
  private readonly likeness: Likeness;
  private readonly writer: Ingest;
  private readonly counting: CountsManager;
  private readonly waiters = new Waiters();
  private readonly applied: AppliedPosition;
  private readonly maintenance: Maintenance;
  private readonly settler: Settler;
  private readonly readiness: Readiness;
  private readonly statusParts: StatusParts;
  private readonly listsParts: ListsParts;
  private readonly isNobody: NobodyTest;
  private readonly observed = new Measures();
  /**
   * Up to it receipts are about to come, and the counts have its landmark from the first one on; 0:
   * nobody said so, and from the next batch on the landmark is that of what came.
   */
  private expectedDay = 0;
  private readonly stopping = new AbortController();

  constructor(parts: ChainParts) {
    const { store, ledger, options, hashBytes } = parts;
    this.parts = parts;
    this.isNobody = createNobodyTest(options.anonymousMemberIds);
    const { clock = systemClock, steadyClock: steady = steadyMilliseconds, signal } = options;
    const notify = (message: string) => this.notify(message);
    signal?.addEventListener('abort', () => this.stop(), { signal: this.stopping.signal });
    this.log = openLog(store);
    this.registries = createRegistries(
      (id) => hashBytes(Buffer.from(id)),
      options.catalogueMaxBytes,
    );
    const { log, registries } = this;
    const clockGuard = new ClockGuard({ store, log, clock, steady, isOfOurClock });
    this.guessRole = parts.guessRole;
    this.codes = new ItemCodes(registries.items, barcodePatternsOf(options));
    this.likeness = this.makeLikeness();
    this.writer = this.makeWriter(clockGuard);
    this.counting = this.makeCountsManager();
    this.applied = new AppliedPosition(log);
    const { likeness, writer, counting, applied, waiters } = this;
    this.readiness = new Readiness(counting);
    const { readiness } = this;
    const shared = {
      store,
      ledger,
      log,
      writer,
      counting,
      clock,
      dataDir: options.dataDir,
      measures: this.observed,
      notify,
    };
    const work = { ...shared, signal: this.stopping.signal };
    this.maintenance = new Maintenance({
      ...work,
      registries,
      retentionDays: options.retentionDays,
    });
    const { maintenance } = this;
    this.replication = new Replication({ ...work, maintenance, applied });
    this.settler = new Settler({
      counts: () => counting.counts,
      isOff: options.isWriteOnly === true,
      findAlike: () => likeness.processSome(),
      isWriting: () => writer.isWriting,
      onFailure: (error) => counting.onFailure(error),
    });
    const { settler, replication } = this;
    const formula = options.formula ?? 'shipped';
    const { guessRole, codes, isNobody } = this;
    const suspicions = new SuspicionCounter(clock);
    const observed = { suspicions, guessRole, codes, clockGuard };
    const known = { ...shared, ...observed, registries, readiness, applied, maintenance, settler };
    this.statusParts = known;
    this.listsParts = { ...known, likeness, waiters, formula, isNobody };
    this.lists = listsOf(this.listsParts);
    const expectDay = (day: number) => {
      this.expectedDay = day;
    };
    this.writes = writesOf({ ...known, expectDay });
    this.catalogue = catalogueOf(known);
    const onErased = () => this.onErased();
    this.members = membersOf({ ...known, replication, onErased });
    this.records = recordsOf(known);
    this.upkeep = upkeepOf(known);
    this.measures = measuresOf(known);
  }

  private makeLikeness(): Likeness {
    const { items, merges } = this.registries;
    const supportOf = (number: number) => {
      const { kernel } = this.counting.counts;
      return number < kernel.run.itemCount.value ? kernel.support(number) : 0;
    };
    return new Likeness(items, supportOf, (number) => merges.isMerged(number));
  }

  private makeWriter(clockGuard: ClockGuard): Ingest {
    const { store, ledger, options, hashBytes } = this.parts;
    return new Ingest({
      store,
      log: this.log,
      ledger,
      registries: this.registries,
      clock: options.clock ?? systemClock,
      timeZone: timeZoneOf(options),
      isNobody: this.isNobody,
      guessRole: this.guessRole,
      codes: this.codes,
      retentionDays: options.retentionDays,
      hashBytes,
      notify: (message) => this.notify(message),
      clockGuard,
      measures: this.observed,
      checkpoints: () => this.counting.checkpointer.kept,
      fold: (batch, newestDay) => this.fold(batch, Math.max(newestDay, this.expectedDay)),
      applySpeculatively: (batch, newestDay) =>
        this.counting.applySpeculatively(batch, Math.max(newestDay, this.expectedDay)),
      rollBack: (batch, cause) => {
        this.likeness.onUndone(batch.changedItems);
        return this.counting.rollBack(batch, cause);
      },
      lookAhead: (batch) => this.counting.ahead.look(batch),
      assertRoomFor: (batch, takesBack) => this.counting.ahead.assertRoomFor(batch, takesBack),
      onFailure: (error) => {
        this.notify(`a write failed: ${String(error)}`);
        this.counting.onFailure(error);
      },
    });
  }

  private makeCountsManager(): CountsManager {
    const { store, options } = this.parts;
    return new CountsManager({
      store,
      log: this.log,
      registries: this.registries,
      halfLives: halfLivesOf(options),
      kernel: kernelOptionsOf(options),
      availableMemory: options.availableMemory,
      betweenCommits: (work) => this.writer.betweenCommits(work),
      whilePaused: (work) => this.writer.whilePaused(work),
      newestDay: this.writer.newestDay,
      onReplaced: () => this.advance(),
      isFilling: () => options.isWriteOnly === true && this.expectedDay > 0,
      notify: (message) => this.notify(message),
      signal: this.stopping.signal,
    });
  }

  private notify(message: string): void {
    this.parts.options.notify?.(message);
  }

  /** Starts counting what is stored; `ready` resolves when it is done. */
  begin(stored: StoredCounts): void {
    this.ready = this.start(stored);
    // Whoever awaits `ready` gets the failure; nobody may be waiting yet.
    this.ready.catch((error: unknown) => {
      const why = String(error);
      this.readiness.fail(why);
      if (!this.stopping.signal.aborted) this.notify(`cannot serve: ${why}`);
    });
  }

  private async start(stored: StoredCounts): Promise<void> {
    const { readiness } = this;
    await nextTurn();
    const { store, options } = this.parts;
    const { clock = systemClock, origin, isFollower = false } = options;
    await settleNames({ store, log: this.log, clock, origin, isFollower });
    const timeZone = timeZoneOf(options);
    await this.inSlices(readRegistries(this.registries, { store, timeZone, clock }));
    readiness.enter({ name: 'reconciling', what: erasingAgain });
    await this.counting.start(stored);
    this.advance();
    if (options.isWriteOnly !== true) {
      await this.inSlices(this.likeness.begin());
      if (this.likeness.processSome()) this.settler.onItemsChanged();
    }
    // A copy that only follows has no entries of its own, whoever opens it.
    const { isNamed, own } = this.log.origins;
    await this.reconcileErased(!isNamed || own !== undefined);
    await this.maintenance.forgetErased();
    await this.reportErased();
    this.maintenance.onStarted();
    readiness.enter({ name: 'reconciling', what: 'taking out what has expired' });
    await this.replication.expireAlso();
    if (options.isWriteOnly !== true) await this.inSlices(warmUp(this.listsParts));
    readiness.enter({ name: 'open' });
    // A checkpoint holds no views of long rows: whoever asks first should find them made.
    this.settler.onCountsChanged();
  }

  private async inSlices(steps: Iterable<void>): Promise<void> {
    for (const _ of steps) {
      await nextTurn();
      this.stopping.signal.throwIfAborted();
    }
  }

  private async reconcileErased(mayErase: boolean): Promise<void> {
    const { writer, parts, stopping, readiness } = this;
    const progress = (done: number, total: number) => {
      readiness.enter({ name: 'reconciling', what: `${erasingAgain} ${done}/${total}` });
    };
    const { signal } = stopping;
    const erased = await reconcileErased({ ...parts, writer, signal, progress }, mayErase);
    if (erased > 0) this.notify(`erased ${counted(erased, 'member')} again: so says the ledger`);
  }

  private advance(): void {
    const { counting } = this;
    this.applied.advance(() => (counting.counts.misreadItems > 0 ? undefined : counting.digest));
  }

  private async fold(batch: Batch, newestDay: number): Promise<void> {
    try {
      // The ledger first: an erase is acknowledged only when a restore cannot undo it. What was
      // added beside the commit is there already.
      recordErased(this.parts, batch.erasedHashes);
    } finally {
      // What is committed is counted, whatever else fails: memory stays in step with the disk.
      await this.counting.fold(batch, newestDay);
      const isServing = this.parts.options.isWriteOnly !== true;
      if (isServing && this.likeness.update(batch.changedItems)) this.settler.onItemsChanged();
      this.advance();
      this.waiters.wake();
      this.maintenance.onEvents();
      this.maintenance.onMemory(memoryOf(this.counting.counts));
      this.settler.onCountsChanged();
      this.replication.notifyFolded();
      if (batch.erasedHashes.length > 0) void this.reportErased();
    }
  }

  private async onErased(): Promise<void> {
    await this.parts.options.onErased?.(this.parts.ledger.asIds());
  }

  /** What fails is done again at the next start. */
  private async reportErased(): Promise<void> {
    try {
      await this.onErased();
    } catch (error) {
      this.notify(`an erase is not done yet beside the chain: ${String(error)}`);
    }
  }

  status(): EngineStatus {
    const memory = memoryOf(this.counting.counts);
    const refusedOfErased = this.observed.reasons.get('MEMBER_ERASED') ?? 0;
    return statusOf(this.statusParts, { memory, refusedOfErased });
  }

  get inspect(): InspectPort {
    const { store } = this.parts;
    return inspectionOf(this.counting, this.registries, (memberId) =>
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
