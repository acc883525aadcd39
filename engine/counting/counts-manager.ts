// Keeps the counts: loads or recounts them at start, moves them by batches, makes them anew when
// they cannot be gone on with.
import { steadyMilliseconds } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { Serial } from '../base/serial.ts';
import { nextTurn } from '../base/turns.ts';
import type { Batch } from '../events/batch.ts';
import type { Change } from '../history/contributions.ts';
import { erasingMembers } from '../history/erasing.ts';
import { findMember } from '../history/members.ts';
import { isTrap } from '../kernel/instance.ts';
import { Kernel } from '../kernel/kernel.ts';
import { catchUp } from './catch-up.ts';
import {
  type CheckpointLoad,
  discardCheckpoint,
  finishCheckpoint,
  type StoredCounts,
} from './checkpoint.ts';
import { Checkpointer } from './checkpointer.ts';
import { type CountsTarget, inverseOf, refreshItems, updateCounts } from './count-updater.ts';
import { Counts, type RoleSource } from './counts.ts';
import type { CountsManagerOptions } from './counts-manager-options.ts';
import { LookAhead } from './look-ahead.ts';
import { notCountedYet, OutOfMemory, Recount, recountSliceMs } from './recount.ts';
import { Recounter, type RunBetweenCommits, type UseRecount } from './recounter.ts';
import { Renewal } from './renewal.ts';

/** Everything committed is in the log; nobody writes while it is counted anew. */
const trapped = 'the counts failed';

/** For who is in the midst of folding, or before anything is. */
const atOnce: RunBetweenCommits = async (work) => work();

export class CountsManager {
  /** Everything up to this log sequence is in the counts. */
  applied = 0;
  /** Why nothing can be served yet. */
  waitingFor: string | undefined = 'counting';
  /** Whether the counts would take more memory than they may, so that there are none to serve. */
  isOversize = false;
  /** Whether something was taken back since it was last tried to count. */
  private mayFit = false;
  readonly checkpointer: Checkpointer;
  /** Checks the memory that a batch may take. */
  readonly ahead: LookAhead;
  private readonly options: CountsManagerOptions;
  private current: Counts;
  private readonly recounter: Recounter;
  /** Recounts and checkpoints, one after the other. */
  private readonly background = new Serial();
  /** Makes other counts in the background, which then take the place of these. */
  readonly renewal: Renewal;
  /** The digest before what is being moved, until all of it is. */
  private digestBehind: string | undefined;
  /** The newest day of what is folded: what is not committed may still be undone. */
  private newestDay: number;

  constructor(options: CountsManagerOptions) {
    this.options = options;
    this.newestDay = options.newestDay;
    this.current = this.emptyCounts(this.newestDay);
    this.ahead = new LookAhead(options.store, () => {
      return this.isOversize ? undefined : this.current;
    });
    this.recounter = new Recounter({
      ...options,
      source: options,
      live: () => {
        this.assertCounted();
        return this.current;
      },
      empty: () => this.emptyCounts(this.newestDay),
      emptyLike: (counts) => this.emptyLike(counts),
      switchTo: (counts) => this.switchTo(counts),
      countAnew: (why) => this.countAnew(why, atOnce),
    });
    this.renewal = new Renewal({
      background: this.background,
      live: () => (this.waitingFor === undefined ? this.current : undefined),
      newestDay: () => this.newestDay,
      isFilling: options.isFilling,
      renew: (why) => this.recounter.renew(why),
    });
    this.checkpointer = new Checkpointer({
      store: options.store,
      betweenCommits: options.betweenCommits,
      background: this.background,
      live: () => {
        if (this.waitingFor !== undefined) return undefined;
        return { counts: this.current, sequence: this.applied };
      },
    });
  }

  /** Why other counts are made in the background, and how far that is; undefined: none are. */
  get recounting(): string | undefined {
    const { under } = this.renewal;
    const progress = this.recounter.current?.progress();
    if (under === undefined || progress === undefined) return under;
    return `${under}: ${progress.done}/${progress.total}`;
  }

  get counts(): Counts {
    return this.current;
  }

  /** Whether enough has happened since the last checkpoint to write another. */
  get eventsSinceCheckpoint(): number {
    return this.applied - this.checkpointer.durable;
  }

  private emptyCounts(
    newestDay: number,
    kernel = new Kernel(this.options.kernel),
    roles: RoleSource = {},
  ): Counts {
    const { registries, halfLives } = this.options;
    return new Counts(registries, halfLives, newestDay, kernel, roles);
  }

  /** Both landmarks are those of the later one. */
  private emptyLike(like: Counts): Counts {
    const day = Math.max(like.landmarkDay, like.popularityLandmarkDay);
    return this.emptyCounts(day, undefined, { like });
  }

  /** From the checkpoint and the tail of the log, or else from everything stored. */
  async start(stored: StoredCounts): Promise<void> {
    const { store, log, notify } = this.options;
    const reason = await this.startFrom(stored);
    if (reason === undefined) return;
    if (log.head > 0) notify(`counting everything anew, the checkpoint is not used: ${reason}`);
    await discardCheckpoint(store.folder);
    await this.countAnew(`checkpoint: ${reason}`, atOnce);
  }

  /** Answers why the checkpoint cannot be gone on from; undefined when it could. */
  private async startFrom(stored: StoredCounts): Promise<string | undefined> {
    const { store, log } = this.options;
    const load = await this.load(stored);
    if ('unusable' in load) return load.unusable;
    if (Number(store.readMeta('recountAfter') ?? 0) > load.sequence) {
      return 'members changed after it';
    }
    const isCut = (id: string) => Number(findMember(store, id).record.erasedAt) > load.sequence;
    if (erasingMembers(store).some(isCut)) return 'an erase was cut short after it';
    this.waitingFor = `replaying the log from ${load.sequence} to ${log.head}`;
    try {
      await catchUp({ ...this.options, counts: this.current, from: load.sequence });
    } catch (error) {
      if (!isTrap(error)) throw error;
      return `counting on from it failed: ${String(error)}`;
    }
    this.checkpointer.durable = load.sequence;
    this.applied = log.head;
    this.waitingFor = undefined;
    this.renewal.beginIfDue();
    return undefined;
  }

  /** Takes the checkpoint's counts for the live ones, when they can be used. */
  private async load(stored: StoredCounts): Promise<CheckpointLoad> {
    if ('unusable' in stored) return stored;
    const restoredItems = stored.header.items;
    this.current = this.emptyCounts(this.newestDay, stored.kernel, { restoredItems });
    while (!this.current.register(limits.registeredAtOnce)) {
      await nextTurn();
      this.options.signal.throwIfAborted();
    }
    return finishCheckpoint(stored.header, this.current, this.options.log.head);
  }

  /**
   * Counts everything anew in the place of counts that are of no use: nothing is served meanwhile.
   * Where memory does not hold it there are no counts afterwards (`isOversize`).
   */
  private async countAnew(why: string, betweenCommits: RunBetweenCommits): Promise<void> {
    this.mayFit = false;
    this.waitingFor = `counting everything anew (${why})`;
    // The old counts are let go first: memory may not hold both.
    this.current = this.emptyCounts(this.newestDay);
    this.checkpointer.durable = 0;
    const recount = new Recount(this.current, this.options);
    this.recounter.current = recount;
    try {
      while (!(await betweenCommits(() => this.countStep(recount)))) {
        const { done, total } = recount.progress();
        this.waitingFor = `counting ${done}/${total} (${why})`;
        await nextTurn();
        this.options.signal.throwIfAborted();
      }
    } catch (error) {
      if (!(error instanceof OutOfMemory) && !isTrap(error)) throw error;
      this.stopOversize();
    }
  }

  private countStep(recount: Recount): boolean {
    if (!recount.step(recountSliceMs, steadyMilliseconds)) return false;
    this.recounter.current = undefined;
    this.applied = this.options.log.head;
    this.isOversize = false;
    this.waitingFor = undefined;
    this.options.onReplaced();
    return true;
  }

  /** There is more to count than memory may hold: what goes on is what makes it less. */
  private stopOversize(): void {
    const { log, notify } = this.options;
    const limit = this.current.kernel.memoryMax;
    this.recounter.current = undefined;
    this.current = this.emptyCounts(this.newestDay);
    this.isOversize = true;
    this.applied = log.head;
    this.waitingFor =
      `the counts need more memory than CAINI_MEMORY_MAX, ${limit} bytes: ` +
      'raise it, or erase members, or let receipts expire (docs/guides/operations.md)';
    notify(`lists cannot be served: ${this.waitingFor}`);
    if (this.mayFit) this.tryAgain();
  }

  /** After an erase or expiry of a chain that is too large: it may be small enough now. */
  private onShrunk(): void {
    this.mayFit = true;
    // Or the count that goes on follows what was taken back.
    if (this.recounter.current === undefined) this.tryAgain();
  }

  private tryAgain(): void {
    const { betweenCommits, notify } = this.options;
    this.background
      .run(() => this.countAnew('there is less to count now', betweenCommits))
      .catch((error) => notify(`counting failed: ${String(error)}`));
  }

  /**
   * Called with what failed while counts were read. Where it was the kernel, its memory cannot be
   * trusted: nothing is served from here on until everything is counted anew.
   */
  onFailure(error: unknown): void {
    if (!isTrap(error) || this.waitingFor !== undefined) return;
    const { whilePaused, notify } = this.options;
    this.markUnusable(error);
    whilePaused(() => this.countAnew(trapped, atOnce)).catch((cause) =>
      notify(`counting failed: ${cause}`),
    );
  }

  private markUnusable(error: unknown): void {
    this.waitingFor = `counting everything anew (the counts failed: ${String(error)})`;
    this.options.notify(`the counts failed and are made anew from the log: ${String(error)}`);
  }

  /** The counts that follow what changes: the live ones, and others as far as they have come. */
  private targets(): CountsTarget[] {
    const { current } = this;
    const recounting = this.recounter.current;
    if (recounting?.target === current) return [recounting.countsTarget];
    if (this.isOversize) return [];
    const live = { counts: current, covers: () => true, finishSlice: () => true };
    return recounting === undefined ? [live] : [live, recounting.countsTarget];
  }

  /**
   * Begins to move the counts while the batch is on its way to the disk, where that can be taken
   * back (`rollBack`). Nobody sees it before `fold`. Nodes of one chain compare parts of
   * their cells at any moment, so they count afterwards.
   */
  applySpeculatively(batch: Batch, newestDay: number): void {
    if (this.options.log.origins.isNamed || this.waitingFor !== undefined) return;
    if (!batch.isInvertible || this.current.isPastLandmark(newestDay)) return;
    batch.counting = this.move(batch.changes);
    // Awaited by fold or rollBack.
    batch.counting.catch(() => {});
  }

  /** Of all that was folded. */
  get digest(): string {
    return this.digestBehind ?? this.current.kernel.digest();
  }

  /** Whether the counts hold what was folded and nothing else: they are not being moved. */
  get isWhole(): boolean {
    return this.digestBehind === undefined;
  }

  private move(changes: Iterable<Change>): Promise<void> {
    this.digestBehind ??= this.current.kernel.digest();
    return updateCounts(changes, this.targets());
  }

  /**
   * The commit has failed. Resolves to whether it was the kernel that had failed, which checks the
   * memory of each batch: then it may be tried again, with counts that were made anew.
   */
  async rollBack(batch: Batch, cause: unknown): Promise<boolean> {
    let failure = isTrap(cause) ? cause : undefined;
    try {
      if (batch.counting !== undefined) {
        await batch.counting;
        await this.move(inverseOf(batch.changes));
      }
    } catch (error) {
      failure = error;
    }
    batch.counting = undefined;
    this.digestBehind = undefined;
    if (failure === undefined) return false;
    this.markUnusable(failure);
    await this.countAnew(trapped, atOnce);
    return isTrap(cause);
  }

  /**
   * After fsync: moves the counts by what the batch changed. Whatever fails, they hold what is on
   * the disk when it resolves; throws UNAVAILABLE when memory does not.
   */
  async fold(batch: Batch, newestDay: number): Promise<void> {
    this.newestDay = newestDay;
    const wasOversize = this.isOversize;
    try {
      await this.foldChanges(batch);
    } catch (error) {
      if (!isTrap(error)) throw error;
      this.markUnusable(error);
      await this.countAnew(trapped, atOnce);
    }
    this.digestBehind = undefined;
    await refreshItems(batch.changedItems, this.targets());
    this.applied = this.options.log.head;
    if (wasOversize) this.onShrunk();
    else if (this.isOversize) throw notCountedYet(this.waitingFor);
    else this.renewal.beginIfDue();
  }

  private async foldChanges(batch: Batch): Promise<void> {
    if (batch.counting !== undefined) return batch.counting;
    if (!this.isOversize && this.current.isBeyondHeadroom(this.newestDay))
      return this.recounter.replace();
    const targets = this.targets();
    for (const { counts } of targets) if (counts.isRegistered) counts.register();
    // A role before the receipts that came with it, which then are counted by it.
    await refreshItems(batch.changedItems, targets);
    if (targets.length > 0) await this.move(batch.allChanges(this.options.store));
  }

  private switchTo(counts: Counts): void {
    const isNews = this.current.kernel.run.newestDay() >= 0;
    this.current = counts;
    this.options.onReplaced();
    if (!isNews) return;
    const { landmarkDay, popularityLandmarkDay } = counts;
    this.options.notify(
      `switched to counts of landmark day ${landmarkDay} (popularity ${popularityLandmarkDay})`,
    );
  }

  /** As Recounter.beside, after what else goes on in the background. */
  withRecount<Result>(
    use: UseRecount<Result>,
    progress?: (done: number, total: number) => void,
    signal?: AbortSignal,
  ): Promise<Result[]> {
    const recount = () => this.recounter.beside(use, progress, signal);
    return this.watched(this.background.run(recount));
  }

  private async watched<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      this.onFailure(error);
      throw error;
    }
  }

  private assertCounted(): void {
    const { waitingFor } = this;
    if (waitingFor === undefined) return;
    throw new EngineError('UNAVAILABLE', `not ready: ${waitingFor}`, { reason: 'NOT_READY' });
  }

  /** Writes a checkpoint of now; resolves when it is durable. The signal gives it up. */
  checkpoint(signal?: AbortSignal): Promise<void> {
    return this.watched(this.checkpointer.write(signal));
  }

  /** Runs work during which no checkpoint is written, so that the newest stays the one on disk. */
  betweenCheckpoints<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.background.run(work);
  }

  /** Resolves when no recount or checkpoint is under way. */
  idle(): Promise<void> {
    return this.background.idle();
  }
}
