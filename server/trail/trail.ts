// The audit trail of a process: what is appended is written in batches, one after the other, while
// no other process writes; what is read of it, and proved, is what is on disk.
import { createHash } from 'node:crypto';
import { type Clock, EngineError, type ErasedIds } from '../../engine/index.ts';
import { Claims, unavailable } from './claim.ts';
import type { NewEntry } from './entry.ts';
import { makeFolder, removeUnplaced } from './files.ts';
import {
  destroy,
  type FoundSlots,
  findErased,
  lookedAtNothing,
  readForgotten,
  writeForgotten,
} from './forget.ts';
import { trailLimits } from './limits.ts';
import { Notes } from './notes.ts';
import { Reserve } from './reserve.ts';
import { catchUp, isBehind, readState, type TrailState } from './state.ts';
import { writeEntries } from './write.ts';

export interface TrailOptions {
  /** Made when absent. */
  readonly folder: string;
  /** The data folder whose erased members are taken out; each has a ledger of its own. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Told in one line what failed and is tried again. */
  readonly notify?: (message: string) => void;
}

interface Waiting {
  readonly entry: NewEntry;
  /** It can wait: the room that is kept for a full disk is not for it. */
  readonly isNote: boolean;
  resolve(leafIndex: number): void;
  reject(error: unknown): void;
}

export class Trail {
  readonly folder: string;
  private readonly options: TrailOptions;
  private readonly owner: string;
  private readonly waiting: Waiting[] = [];
  private readonly notes: Notes;
  private readonly reserve: Reserve;
  private isWriting = false;
  private hasFailed = false;
  private state: TrailState | undefined;
  /** Who was erased; not known until the data folder is open. */
  private erased: ErasedIds | undefined;
  private forgetting: Promise<void> = Promise.resolve();
  private turn: Promise<unknown> = Promise.resolve();
  private readonly claims: Claims;

  private constructor(options: TrailOptions) {
    const { folder, dataDir, notify = () => {} } = options;
    this.folder = folder;
    this.options = options;
    this.claims = new Claims(folder);
    this.owner = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
    this.notes = new Notes((entry) => this.add(entry, true), notify);
    this.reserve = new Reserve(folder);
  }

  /**
   * Makes the folder when it is absent, and cuts off what a process that was killed has left half
   * written. Throws DATA_LOSS for a trail that was changed.
   */
  static async open(options: TrailOptions): Promise<Trail> {
    makeFolder(options.folder);
    removeUnplaced(options.folder);
    const trail = new Trail(options);
    await trail.exclusively(() => trail.reserve.make());
    return trail;
  }

  /**
   * On disk when it resolves, with its place in the tree. Rejects with UNAVAILABLE when it cannot
   * be written: then what it speaks of must not be done.
   */
  append(entry: NewEntry): Promise<number> {
    return this.add(entry, false);
  }

  /** The same soon, for what is not waited for; repeated ones are written as one. */
  note(entry: NewEntry): void {
    this.notes.add(entry);
  }

  /** Throws UNAVAILABLE while so many notes cannot be written that no more may come. */
  assertRoom(): void {
    if (this.notes.count >= trailLimits.notesMax) throw unavailable('too many entries wait for it');
  }

  /** Calls `look` with the tree as it is on disk, whoever wrote it. */
  async withState<T>(look: (state: TrailState) => T): Promise<T> {
    const { state } = this;
    if (state !== undefined && !this.isWriting && !isBehind(this.folder, state)) return look(state);
    return this.exclusively(async (current) => look(current));
  }

  /**
   * Destroys what is kept of members who are erased by now. When it resolves nothing of them is in
   * the folder; when it rejects, or the process ends, it is done again at the next start.
   */
  forget(erased: ErasedIds): Promise<void> {
    this.erased = erased;
    const before = this.forgetting.catch(() => {});
    this.forgetting = before.then(() => this.forgetNow(erased));
    return this.forgetting;
  }

  /** Writes what waits, and what was noted. */
  async close(): Promise<void> {
    await this.notes.close();
    await this.forgetting.catch(() => {});
    await this.turn;
  }

  private add(entry: NewEntry, isNote: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ entry, isNote, resolve, reject });
      void this.writeAll();
    });
  }

  private async forgetNow(erased: ErasedIds): Promise<void> {
    const { folder, owner } = this;
    const { size } = erased;
    if (readForgotten(folder, owner) === size) return;
    const found: FoundSlots = new Map();
    // Most of it while others write; the end of it when nobody does.
    const looked =
      size === 0 ? lookedAtNothing : await findErased(folder, erased, lookedAtNothing, found);
    await this.exclusively(async () => {
      if (size > 0) await findErased(folder, erased, looked, found);
      await destroy(folder, found);
      await writeForgotten(folder, owner, size);
    });
  }

  private async writeAll(): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    try {
      while (this.waiting.length > 0) {
        await this.writeBatch(this.waiting.splice(0, trailLimits.batchEntries));
      }
    } finally {
      this.isWriting = false;
    }
  }

  private async writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.reserve.make();
      if (!this.reserve.isHeld && batch.some(({ isNote }) => isNote)) {
        await this.writeUrgent(batch);
        return;
      }
      const entries = batch.map(({ entry }) => entry);
      const written = await this.exclusively((state) => this.write(state, entries));
      for (const [index, { resolve }] of batch.entries()) resolve(written[index]!);
      this.hasFailed = false;
    } catch (cause) {
      if (this.reserve.spend(cause)) {
        await this.writeUrgent(batch);
        return;
      }
      const error = this.failure(cause);
      for (const { reject } of batch) reject(error);
    }
  }

  /** Without what can wait, in the room that was given up. */
  private async writeUrgent(batch: readonly Waiting[]): Promise<void> {
    const error = unavailable('ENOSPC');
    for (const { isNote, reject } of batch) if (isNote) reject(error);
    const urgent = batch.filter(({ isNote }) => !isNote);
    if (urgent.length > 0) await this.writeBatch(urgent);
  }

  /** The log says why, once; who asks is not told of our disks. */
  private failure(cause: unknown): EngineError {
    if (!this.hasFailed) {
      this.options.notify?.(`the audit trail ${this.folder} cannot be written: ${String(cause)}`);
    }
    this.hasFailed = true;
    if (cause instanceof EngineError) return cause;
    const { code = 'a failure that the log tells of' } = cause as NodeJS.ErrnoException;
    return unavailable(code, cause);
  }

  private write(state: TrailState, entries: readonly NewEntry[]): Promise<number[]> {
    const { folder, options, erased } = this;
    const time = new Date(options.clock()).toISOString();
    return writeEntries({ folder, state, time, erased }, entries);
  }

  /** One at a time in this process, and no other process meanwhile. */
  private exclusively<T>(work: (state: TrailState) => Promise<T>): Promise<T> {
    const run = async () => {
      try {
        return await work(await this.currentState());
      } catch (error) {
        // How much of it is in the files is for them to say.
        this.state = undefined;
        throw error;
      }
    };
    const result = this.turn.then(() => this.claims.run(run));
    this.turn = result.catch(() => {});
    return result;
  }

  private async currentState(): Promise<TrailState> {
    const { folder } = this;
    const cuts: string[] = [];
    const onCut = (what: string) => cuts.push(what);
    if (this.state === undefined) this.state = readState(folder, onCut);
    else if (isBehind(folder, this.state)) catchUp(folder, this.state, onCut);
    if (cuts.length > 0) {
      const entries = cuts.map((detail) => ({ operation: 'recoverTrail', outcome: 'ok', detail }));
      await this.write(this.state, entries);
    }
    return this.state;
  }
}
