// Long work beside serving: checkpoints when due, verify, expiry and compaction, each one run at a
// time for all who ask, and what is due by itself.
import { type Clock, steadyMilliseconds } from '../base/clock.ts';
import { workingNames } from '../base/folder.ts';
import { limits } from '../base/limits.ts';
import type { Measures } from '../base/measures.ts';
import type { Registries } from '../catalogue/registries.ts';
import type { Counts } from '../counting/counts.ts';
import type { CountsManager } from '../counting/counts-manager.ts';
import type { Part } from '../counting/recounter.ts';
import { type Audit, type Compared, compareCounts, DifferenceList } from '../counting/verify.ts';
import { compareHistories } from '../counting/verify-histories.ts';
import type { Expiry } from '../events/expiry.ts';
import { retentionStartMs } from '../events/validation.ts';
import { countMembers } from '../history/members.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Log } from '../log/log.ts';
import { compactDueName, rebuiltName } from '../store/format.ts';
import type { Ledger } from '../store/ledger.ts';
import { sweepLeftovers } from '../store/leftovers.ts';
import type { Store } from '../store/store.ts';
import { expireBefore } from './expiry.ts';
import { findSuspicions, type SuspicionReport } from './find-suspicions.ts';
import { forgetAll } from './forgetting.ts';
import { type Progress, type Run, SharedWork, type Waiting } from './shared-work.ts';
import { ShortRoom, type Use } from './short-room.ts';

export interface MaintenanceOptions {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly writer: Ingest;
  readonly counting: CountsManager;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly dataDir: string;
  /** Days that receipts are kept; undefined: for ever. */
  readonly retentionDays: number | undefined;
  /** Aborted when the engine closes. */
  readonly signal: AbortSignal;
  readonly measures: Measures;
  readonly notify: (message: string) => void;
}

export interface CompactReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly seconds: number;
}

export class Maintenance {
  private readonly options: MaintenanceOptions;
  private checkpointTimer: NodeJS.Timeout | undefined;
  private compactTimer: NodeJS.Timeout | undefined;
  private readonly shortCounts = new ShortRoom((share, { usedBytes, maxBytes }) =>
    this.options.notify(
      `the counts use ${share} of CAINI_MEMORY_MAX (${usedBytes} of ${maxBytes} bytes): receipts ` +
        'that need more than is left will be refused',
    ),
  );
  private readonly shortCatalogue = new ShortRoom((share, { usedBytes, maxBytes }) =>
    this.options.notify(
      `items and stores use ${share} of what they may (${usedBytes} of ${maxBytes} bytes, half ` +
        "of Node's heap): those that need more than is left will be refused (CATALOGUE_FULL)",
    ),
  );
  private hasFailed = false;
  private copying: Promise<unknown> = Promise.resolve();
  private expiring: Promise<unknown> = Promise.resolve();
  private forgetting: Promise<unknown> = Promise.resolve();
  private readonly verifying = new SharedWork<Audit>((run) => this.verifyNow(run));
  private readonly checkpointing = new SharedWork<void>((run) => this.checkpointNow(run));
  private readonly compacting = new SharedWork<CompactReport>((run) => this.compactNow(run));
  private readonly retaining = new SharedWork<number>((run) => this.expireNow(run));
  private readonly suspecting = new SharedWork<SuspicionReport>((run) =>
    findSuspicions(this.options, run),
  );

  constructor(options: MaintenanceOptions) {
    this.options = options;
  }

  private get isClosed(): boolean {
    return this.options.signal.aborted;
  }

  /**
   * Called after every batch: writes a checkpoint when enough has happened or enough time has
   * passed.
   */
  onEvents(): void {
    const { counting } = this.options;
    const isDue = counting.eventsSinceCheckpoint >= limits.checkpointEventsMax;
    // After one that failed, the next waits its time: on a full disk each would write until there
    // is no room again.
    if (isDue && !this.hasFailed) this.checkpointSoon(0);
    else this.checkpointSoon(limits.checkpointIntervalMs);
  }

  /** Called after every batch too: warns when memory gets short. */
  onMemory(counts: Use): void {
    this.shortCounts.record(counts);
    this.shortCatalogue.record(this.options.registries.items.room.use);
  }

  private checkpointSoon(milliseconds: number): void {
    if (this.isClosed) return;
    if (this.checkpointTimer && milliseconds > 0) return;
    clearTimeout(this.checkpointTimer);
    this.checkpointTimer = setTimeout(() => {
      this.checkpoint().then(
        () => this.endCheckpoint(false),
        (error) => {
          if (this.isClosed) return;
          this.options.notify(`the checkpoint failed and is tried again: ${String(error)}`);
          this.endCheckpoint(true);
        },
      );
    }, milliseconds).unref();
  }

  private endCheckpoint(hasFailed: boolean): void {
    this.checkpointTimer = undefined;
    this.hasFailed = hasFailed;
    if (hasFailed) this.checkpointSoon(limits.checkpointIntervalMs);
  }

  /** Writes a checkpoint that holds all that was acknowledged before. */
  checkpoint(waiting?: Waiting): Promise<void> {
    return this.checkpointing.ask(waiting);
  }

  private checkpointNow({ signal, seal }: Run): Promise<void> {
    seal();
    const { counting, measures, clock } = this.options;
    return counting.checkpoint(signal).then(() => {
      measures.checkpointAtMs = clock();
    });
  }

  /** Called after an erase: its last bytes go with a compaction within a day. */
  recordErase(): void {
    this.compactIn(limits.compactWithinMs / 2);
  }

  /**
   * Takes away what is still kept of members who were erased: of those whose erase came from
   * another node, or was interrupted.
   */
  forgetErased(): Promise<void> {
    const { signal } = this.options;
    const work = () => forgetAll(this.options, signal);
    const next = this.forgetting.then(work, work);
    this.forgetting = next.catch(() => {});
    return next;
  }

  /**
   * To be called at the start: whether bytes of what was erased may be on the disk still. Copies by
   * earlier versions kept deleted keys.
   */
  onStarted(): void {
    const { store } = this.options;
    const isOlder = store.readMeta(rebuiltName) === undefined;
    const hasErased = store.tables.tombstones.count() > 0;
    if (store.readMeta(compactDueName) || (isOlder && hasErased)) this.recordErase();
  }

  private compactIn(milliseconds: number): void {
    if (this.isClosed || this.compactTimer) return;
    this.compactTimer = setTimeout(() => {
      this.compactTimer = undefined;
      this.compact().catch((error) => {
        if (this.isClosed) return;
        this.options.notify(`compaction failed and is tried again: ${String(error)}`);
        this.compactIn(limits.compactWithinMs / 48);
      });
    }, milliseconds).unref();
  }

  /** Compares everything that was acknowledged before with what it was counted from. */
  verify(waiting?: Waiting): Promise<Audit> {
    return this.verifying.ask(waiting);
  }

  private verifyNow({ signal, progress, seal }: Run): Promise<Audit> {
    const { counting, measures, clock } = this.options;
    const use = (fresh: Counts, live: Counts, part: Part) =>
      this.audit({ fresh, live, part }, seal);
    return counting.withRecount(use, progress, signal).then((audits) => {
      const audit = combine(audits);
      measures.verified = { atMs: clock(), ok: audit.ok };
      return audit;
    });
  }

  private *audit(compared: Compared, seal: () => void): Generator<void, Audit> {
    const { store, log } = this.options;
    const { live, part } = compared;
    // What was accepted until here is compared.
    if (part.part === 0) seal();
    const differences = new DifferenceList(limits.verifyDifferencesMax);
    if (part.part === 0) yield* compareHistories(this.options, differences);
    yield* compareCounts(compared, differences);
    return {
      ok: differences.count === 0,
      digest: live.kernel.digest(),
      cells: live.kernel.run.cellCount(),
      events: log.head,
      members: countMembers(store),
      differenceCount: differences.count,
      differences: differences.list,
    };
  }

  /** Takes out what has left the retention window by now; returns how many receipts. */
  expire(waiting?: Waiting): Promise<number> {
    return this.retaining.ask(waiting);
  }

  private async expireNow({ signal, progress }: Run): Promise<number> {
    const { retentionDays, clock } = this.options;
    if (retentionDays === undefined) return 0;
    const beforeMs = retentionStartMs(clock(), retentionDays);
    return this.expireBefore({ beforeMs, isOwn: true }, signal, progress);
  }

  /** The same up to a moment that is given, also by another origin. */
  expireBefore(
    expiry: Expiry,
    signal = this.options.signal,
    progress: Progress = () => {},
  ): Promise<number> {
    const work = async () => {
      const receipts = await expireBefore(this.options, expiry, { signal, progress });
      if (receipts > 0) await this.checkpoint({ signal });
      return receipts;
    };
    const next = this.expiring.then(work, work);
    this.expiring = next.catch(() => {});
    return next;
  }

  /** What is worth a look over all receipts. */
  findSuspicions(waiting?: Waiting): Promise<SuspicionReport> {
    return this.suspecting.ask(waiting);
  }

  /**
   * The store goes on from a copy without a byte of what was deleted before; what is deleted while
   * the copy is made goes with the next.
   */
  compact(waiting?: Waiting): Promise<CompactReport> {
    return this.compacting.ask(waiting);
  }

  /** Copies and compactions one after the other: either needs the file to stay where it is. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.copying.then(work, work);
    this.copying = next.catch(() => {});
    return next;
  }

  private compactNow({ signal, progress, seal }: Run): Promise<CompactReport> {
    const { store, counting, notify } = this.options;
    return this.inTurn(async () => {
      signal.throwIfAborted();
      seal();
      await this.forgetErased();
      // A fresh checkpoint first: the residues of erased members go with it.
      await this.checkpoint({ signal });
      // No other checkpoint meanwhile: the newest is copied, and none is written where it would
      // be left behind.
      return counting.betweenCheckpoints(async () => {
        signal.throwIfAborted();
        await this.sweep();
        const startedAt = steadyMilliseconds();
        const compacted = await store.compact({ signal, progress });
        const seconds = (steadyMilliseconds() - startedAt) / 1_000;
        const { bytesBefore, bytesAfter, pausedMs, caughtUp } = compacted;
        notify(
          `compacted from ${bytesBefore} to ${bytesAfter} bytes in ${seconds.toFixed(1)} s; ` +
            `${caughtUp} rows changed meanwhile, writers waited ${Math.ceil(pausedMs)} ms`,
        );
        return { bytesBefore, bytesAfter, seconds };
      });
    });
  }

  private async sweep(): Promise<void> {
    const { dataDir, notify } = this.options;
    // What an upgrade kept holds whoever was a member then.
    logSwept(await sweepLeftovers(dataDir, { keepsFormer: false }), notify);
  }

  /** Gives up what is under way; resolves when nothing is. */
  async stop(): Promise<void> {
    clearTimeout(this.checkpointTimer);
    clearTimeout(this.compactTimer);
    const { verifying, compacting, retaining, checkpointing, suspecting } = this;
    const works = [verifying, compacting, retaining, checkpointing, suspecting];
    await Promise.all(works.map((work) => work.close()));
    await Promise.all([this.copying, this.expiring, this.forgetting]);
  }

  /** After `stop`, when nothing is written any more: the next start need not read what is here. */
  async close(signal: AbortSignal | undefined): Promise<void> {
    const { counting, notify } = this.options;
    if (counting.waitingFor === undefined) {
      await counting.checkpoint(signal).catch((error) => {
        const isLate = signal?.aborted === true;
        notify(isLate ? 'no time for a checkpoint' : `the checkpoint failed: ${String(error)}`);
      });
    }
    await counting.idle();
  }
}

/** One audit of what was compared part by part. */
function combine(audits: readonly Audit[]): Audit {
  const differences = audits.flatMap((audit) => audit.differences);
  const count = audits.reduce((sum, audit) => sum + audit.differenceCount, 0);
  return {
    ...audits.at(-1)!,
    ok: count === 0,
    differenceCount: count,
    differences: differences.slice(0, limits.verifyDifferencesMax),
  };
}

/** For who runs the chain: what was removed held members that may be erased since. */
export function logSwept(names: readonly string[], notify: (message: string) => void): void {
  const { format1 } = workingNames;
  if (names.includes(format1)) notify(`removed the old chain that an upgrade had kept: ${format1}`);
  const left = names.filter((name) => name !== format1);
  if (left.length === 0) return;
  notify(`removed what work that was cut short had left: ${left.join(', ')}`);
}
