// Snapshots: copies of the chain as it stands, for nodes that begin from one.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { layoutOf, workingNames } from '../base/folder.ts';
import type { CountsManager } from '../counting/counts-manager.ts';
import { CopyProcess } from '../store/copy.ts';
import { holdCopy } from '../store/leftovers.ts';
import type { Store } from '../store/store.ts';
import type { Upkeep } from './upkeep.ts';

/** The files of a snapshot; all but the key may be read by whoever may read the chain. */
export const snapshotFiles = ['data.mdb', 'counts.checkpoint', 'key'] as const;

export interface SnapshotsOptions {
  readonly store: Store;
  readonly counting: CountsManager;
  readonly maintenance: Upkeep;
  readonly clock: Clock;
  readonly dataDir: string;
  /** Aborted when the engine closes. */
  readonly signal: AbortSignal;
}

export class Snapshots {
  private readonly options: SnapshotsOptions;
  private number = 0;
  /** Those that are being sent, and how to let go of each. */
  private readonly given = new Map<string, () => void>();

  constructor(options: SnapshotsOptions) {
    this.options = options;
  }

  /**
   * Writes a copy of the chain as it stands into a folder of its own; writing goes on meanwhile.
   * Returns the folder, which the caller removes.
   */
  async write(): Promise<string> {
    const { maintenance, clock, dataDir, signal } = this.options;
    this.number += 1;
    const folder = join(dataDir, `${workingNames.snapshotPrefix}${clock()}-${this.number}`);
    for (const [given, release] of this.given) {
      if (existsSync(given)) continue;
      release();
      this.given.delete(given);
    }
    await mkdir(folder);
    this.given.set(folder, holdCopy(folder));
    try {
      await maintenance.checkpoint({ signal });
      await maintenance.inTurn(() => this.copyInto(folder));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return folder;
  }

  private async copyInto(folder: string): Promise<void> {
    const { counting, signal } = this.options;
    signal.throwIfAborted();
    // The checkpoint must stand for a moment that the copy holds.
    const { copy, stop } = await counting.betweenCheckpoints(() => this.beginCopy(folder));
    try {
      await copy.copied();
      await copy.finish();
    } finally {
      await stop();
    }
    await rm(join(folder, 'lock.mdb'), { force: true });
  }

  /** Its moment is fixed when it resolves, and the other files are there. */
  private async beginCopy(to: string) {
    const { store, dataDir, signal } = this.options;
    const from = store.hold();
    const copy = new CopyProcess({ from, to, signal });
    const stop = () => copy.stop().finally(from.release);
    try {
      await copy.reading();
      const [, checkpoint, key] = snapshotFiles;
      await copyFile(join(store.folder, checkpoint), join(to, checkpoint)).catch(() => {});
      await copyFile(join(layoutOf(dataDir).erased, key), join(to, key));
      return { copy, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  }
}
