// Keeps the counts: loads or recounts them at start, folds batches, re-landmarks in the background,
// writes checkpoints.
import { setImmediate } from 'node:timers/promises';
import { steadyMilliseconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { Kernel, type KernelBuild } from '../kernel/kernel.ts';
import type { LoggedPurchase } from '../log/codec.ts';
import { isCounted } from '../log/dedupe.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import type { Batch } from './batch.ts';
import { catchUp } from './catch-up.ts';
import {
  type CheckpointLoad,
  discardCheckpoint,
  finishCheckpoint,
  type StoredCounts,
  writeCheckpoint,
} from './checkpoint.ts';
import { type Change, Counts, type HalfLives, landmarkOf, type Registries } from './counts.ts';
import { type Checkpoints, encodeHistoryEntry } from './history.ts';
import { findMember, isPersonalised } from './members.ts';
import { deriveEntry } from './receipts.ts';
import { Recount } from './recount.ts';
import { readReturns } from './returns.ts';

const recountSliceMs = 2;
/**
 * So many half-lives past the landmark the weights are still far from 63 bits; beyond, folding
 * waits for the recount.
 */
const halfLivesWithoutRecount = 20;

export interface KeeperOptions {
  readonly store: Store;
  readonly log: Log;
  readonly registries: Registries;
  readonly halfLives: HalfLives;
  readonly kernelBuild: KernelBuild | undefined;
  /** Runs synchronous work when everything committed has been folded. */
  readonly quietly: <Result>(work: () => Result) => Promise<Result>;
  /** The newest day ever accepted, as stored. */
  readonly newestDay: number;
  /** Told what goes on: a rebuild, a landmark crossed. */
  readonly notify: (message: string) => void;
  /** Aborted when nobody will need what is being counted. */
  readonly signal: AbortSignal;
}

export class Keeper {
  /** Everything up to this log sequence is in the counts. */
  applied = 0;
  /** Why nothing can be served yet. */
  waitingFor: string | undefined = 'counting';
  private readonly options: KeeperOptions;
  private current: Counts;
  private recounting: Recount | undefined;
  /** Recounts and checkpoints, one after the other. */
  private background: Promise<unknown> = Promise.resolve();
  private durableCheckpoint = 0;
  private pendingCheckpoint: number | undefined;
  private isRelandmarking = false;
  /** The digest before the batch that is on its way to the disk, while the counts hold it. */
  private digestBehind: string | undefined;
  /** The newest day of what is folded: what is not committed may still be undone. */
  private newestDay: number;

  constructor(options: KeeperOptions) {
    this.options = options;
    this.newestDay = options.newestDay;
    this.current = this.emptyCounts(this.newestDay);
  }

  get counts(): Counts {
    return this.current;
  }

  /** What history entries must be kept for. */
  checkpoints(): Checkpoints {
    const newest = this.pendingCheckpoint ?? this.durableCheckpoint;
    return { oldest: this.durableCheckpoint || newest, newest };
  }

  /** Whether enough has happened since the last checkpoint to write another. */
  get eventsSinceCheckpoint(): number {
    return this.applied - this.durableCheckpoint;
  }

  private emptyCounts(newestDay: number): Counts {
    return this.countsAround(new Kernel(this.options.kernelBuild), newestDay);
  }

  private countsAround(kernel: Kernel, newestDay: number): Counts {
    const { registries, halfLives } = this.options;
    return new Counts(registries, halfLives, newestDay, kernel);
  }

  /** Counts with the landmarks of the live ones: both are the landmarks of the later of the two. */
  private likeCurrent(): Counts {
    const { landmarkDay, popularityLandmarkDay } = this.current;
    return this.emptyCounts(Math.max(landmarkDay, popularityLandmarkDay));
  }

  /** From the checkpoint and the tail of the log, or else from everything stored. */
  async start(stored: StoredCounts): Promise<void> {
    const { store, log, notify } = this.options;
    const load = this.load(stored);
    const recountAfter = Number(store.readMeta('recountAfter') ?? 0);
    if ('sequence' in load && recountAfter <= load.sequence) {
      this.waitingFor = `replaying the log from ${load.sequence} to ${log.head}`;
      catchUp(this.source(), this.current, load.sequence);
      this.durableCheckpoint = load.sequence;
    } else {
      const reason = 'unusable' in load ? load.unusable : 'members changed after it';
      if (log.head > 0) notify(`counting everything anew, the checkpoint is not used: ${reason}`);
      await discardCheckpoint(store.folder);
      this.current = this.emptyCounts(this.newestDay);
      const recount = new Recount(this.current, this.source());
      while (!recount.step(recountSliceMs, steadyMilliseconds)) {
        const { done, total } = recount.progress();
        this.waitingFor = `counting ${done}/${total} (checkpoint: ${reason})`;
        await setImmediate();
        this.options.signal.throwIfAborted();
      }
    }
    this.applied = log.head;
    this.waitingFor = undefined;
  }

  /** Takes the checkpoint's counts for the live ones, when they can be used. */
  private load(stored: StoredCounts): CheckpointLoad {
    if ('unusable' in stored) return stored;
    this.current = this.countsAround(stored.kernel, this.newestDay);
    return finishCheckpoint(stored.header, this.current, this.options.log.head);
  }

  private source() {
    const { store, log } = this.options;
    return {
      store,
      log,
      counts: (root: string) => isPersonalised(findMember(store, root).record),
      ticketAt: (sequence: number, returnsUpTo?: number) => this.ticketAt(sequence, returnsUpTo),
    };
  }

  /**
   * An anonymous ticket as it counts, less its returns up to a sequence; undefined when the log
   * entry is none.
   */
  ticketAt(sequence: number, returnsUpTo = Number.POSITIVE_INFINITY): Buffer | undefined {
    const { log } = this.options;
    const entry = log.read(sequence);
    if (entry.kind !== 'purchase' || entry.purchase.memberId !== undefined) return undefined;
    if (log.origins.isNamed && !isCounted(this.options.store, entry.purchase.purchaseId, sequence))
      return undefined;
    return encodeHistoryEntry(this.entryOf(entry.purchase, sequence, returnsUpTo));
  }

  /** A logged purchase as it counts. */
  entryOf(purchase: LoggedPurchase, sequence: number, returnsUpTo = Number.POSITIVE_INFINITY) {
    const { store, registries } = this.options;
    const returns = readReturns(store, purchase.purchaseId);
    return deriveEntry({
      purchase,
      purchaseSequence: sequence,
      addedAt: sequence,
      returns: returns.filter((kept) => kept.sequence <= returnsUpTo),
      registries,
    });
  }

  /**
   * Moves the counts while the batch is on its way to the disk, so that nobody waits for one after
   * the other, where that can be taken back (`moveBack`). Nothing is told of it before `fold`:
   * neither watermark nor digest ever stands for what is not on the disk. Nodes of one chain
   * compare parts of their cells at any moment, so they count afterwards.
   */
  moveAhead(batch: Batch, newestDay: number): void {
    if (this.options.log.origins.isNamed) return;
    if (!batch.isInvertible || this.isPastLandmark(newestDay)) return;
    this.digestBehind = this.current.kernel.digest();
    this.move(batch.changes);
    batch.isCounted = true;
  }

  /** Of all that was folded. */
  get digest(): string {
    return this.digestBehind ?? this.current.kernel.digest();
  }

  /** The commit has failed. */
  moveBack(batch: Batch): void {
    if (!batch.isCounted) return;
    const changes = [...batch.changes].reverse();
    const inverse = changes.map(([subject, { before, after, isMember }]) => {
      return [subject, { before: after, after: before, isMember }] as const;
    });
    this.move(inverse);
    batch.isCounted = false;
    this.digestBehind = undefined;
  }

  private move(changes: Iterable<readonly [string, Change]>): void {
    for (const [subject, change] of changes) {
      this.current.apply(change);
      if (this.recounting?.covers(subject)) this.recounting.target.apply(change);
    }
    this.current.settleNow();
  }

  /** After fsync: moves the counts by what the batch changed. */
  async fold(batch: Batch, newestDay: number): Promise<void> {
    this.newestDay = newestDay;
    this.digestBehind = undefined;
    if (this.isBeyondHeadroom(newestDay)) {
      await this.recountNow();
    } else if (!batch.isCounted) {
      this.current.register();
      this.recounting?.target.register();
      this.move(batch.changes);
    }
    for (const counts of [this.current, this.recounting?.target]) {
      counts?.refreshEligible(batch.changedItems);
    }
    this.applied = this.options.log.head;
    if (this.isPastLandmark(newestDay)) this.recount('the landmark moves');
  }

  private isPastLandmark(newestDay: number): boolean {
    const { pairDays, popularityDays } = this.options.halfLives;
    return (
      landmarkOf(newestDay, pairDays) !== this.current.landmarkDay ||
      landmarkOf(newestDay, popularityDays) !== this.current.popularityLandmarkDay
    );
  }

  private isBeyondHeadroom(newestDay: number): boolean {
    const { pairDays, popularityDays } = this.options.halfLives;
    const isBeyond = (landmark: number, days: number | null) =>
      days !== null && newestDay - landmark >= days * halfLivesWithoutRecount;
    return (
      isBeyond(this.current.landmarkDay, pairDays) ||
      isBeyond(this.current.popularityLandmarkDay, popularityDays)
    );
  }

  /** Weights would outgrow their cells: counts anew while writers wait. Readers go on. */
  private async recountNow(): Promise<void> {
    const { notify } = this.options;
    // Before the first receipt there is no landmark that anybody could miss.
    if (this.holdsReceipts()) {
      notify('the newest receipt lies far past the landmark: writers wait');
    }
    this.recounting = undefined;
    const recount = new Recount(this.emptyCounts(this.newestDay), this.source());
    while (!recount.step(recountSliceMs, steadyMilliseconds)) {
      await setImmediate();
      this.options.signal.throwIfAborted();
    }
    this.switchTo(recount.target);
  }

  private holdsReceipts(): boolean {
    return this.current.kernel.run.newestDay() >= 0;
  }

  private switchTo(counts: Counts): void {
    const isNews = this.holdsReceipts();
    this.current = counts;
    if (!isNews) return;
    const { landmarkDay, popularityLandmarkDay } = counts;
    this.options.notify(
      `switched to counts of landmark day ${landmarkDay} (popularity ${popularityLandmarkDay})`,
    );
  }

  /** Makes other counts in the background, which then take the place of these. */
  recount(why: string): void {
    if (this.isRelandmarking) return;
    this.isRelandmarking = true;
    this.options.notify(`${why}: recounting in the background`);
    const switchTo = (counts: Counts) => this.switchTo(counts);
    const work = this.withRecount(
      function* (counts) {
        yield;
        switchTo(counts);
      },
      undefined,
      () => this.emptyCounts(this.newestDay),
    );
    const finish = () => {
      this.isRelandmarking = false;
    };
    work.then(finish, finish);
  }

  /**
   * Counts everything anew beside the live counts, then runs `use` step by step at quiet moments
   * while both stand at the same events. Starts again when the live counts were replaced meanwhile.
   * The signal gives it up, and nothing is left of the other counts.
   */
  withRecount<Result>(
    use: (counts: Counts, live: Counts) => Generator<unknown, Result>,
    progress: (done: number, total: number) => void = () => {},
    empty: () => Counts = () => this.likeCurrent(),
    signal = this.options.signal,
  ): Promise<Result> {
    const forget = () => {
      this.recounting = undefined;
    };
    return this.inBackground(async () => {
      signal.addEventListener('abort', forget, { once: true });
      while (true) {
        signal.throwIfAborted();
        const recount = new Recount(empty(), this.source());
        this.recounting = recount;
        const step = () => recount.step(recountSliceMs, steadyMilliseconds);
        while (this.recounting === recount && !(await this.options.quietly(step))) {
          const { done, total } = recount.progress();
          progress(done, total);
          await setImmediate();
        }
        const steps = use(recount.target, this.current);
        while (this.recounting === recount) {
          const finished = await this.options.quietly(() => this.runSlice(recount, steps));
          if (finished) return finished.result;
          await setImmediate();
        }
      }
    }).finally(() => signal.removeEventListener('abort', forget));
  }

  /** Some steps at a quiet moment; undefined while there are more. */
  private runSlice<Result>(
    recount: Recount,
    steps: Generator<unknown, Result>,
  ): { readonly result: Result } | undefined {
    if (this.recounting !== recount) return undefined;
    // What was committed since the last step is stored but may not be passed yet.
    recount.step(Number.POSITIVE_INFINITY, steadyMilliseconds);
    const end = steadyMilliseconds() + recountSliceMs;
    while (steadyMilliseconds() < end) {
      const { done, value } = steps.next();
      if (!done) continue;
      this.recounting = undefined;
      return { result: value };
    }
    return undefined;
  }

  /** Writes a checkpoint of now; resolves when it is durable. The signal gives it up. */
  checkpoint(signal?: AbortSignal): Promise<void> {
    return this.inBackground(async () => {
      const { store, quietly } = this.options;
      let writing: Promise<void> | undefined;
      let sequence = 0;
      await quietly(() => {
        sequence = this.applied;
        if (sequence === this.durableCheckpoint) return;
        this.pendingCheckpoint = sequence;
        writing = writeCheckpoint(store.folder, this.current, sequence, signal);
      });
      if (!writing) return;
      try {
        await writing;
        this.durableCheckpoint = sequence;
      } finally {
        this.pendingCheckpoint = undefined;
      }
      await this.dropResidues(sequence);
    });
  }

  /** Runs work during which no checkpoint is written, so that the newest stays the one on disk. */
  betweenCheckpoints<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.inBackground(work);
  }

  private async dropResidues(upTo: number): Promise<void> {
    const { residues } = this.options.store.tables;
    if (residues.count() === 0) return;
    await this.options.store.transaction(() => {
      for (const { key } of residues.chunk(Buffer.alloc(1), limits.residuesDroppedAtOnce)) {
        if (Number(key.readBigUInt64BE(0)) <= upTo) residues.remove(key);
      }
    });
  }

  private inBackground<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.background.then(work, work);
    this.background = next.catch(() => {});
    return next;
  }

  /** Resolves when no recount or checkpoint is under way. */
  async idle(): Promise<void> {
    await this.background;
  }
}
