// Compaction: the chain goes on from a copy that holds no byte of what was deleted. Writers wait
// only for the last changes, not for the copy.
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { steadyMilliseconds } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { workingNames } from '../base/folder.ts';
import { limits } from '../base/limits.ts';
import { CopyProcess, type HeldFile } from './copy.ts';
import { diskFull, isFull } from './disk-reserve.ts';
import type { TableName } from './format.ts';
import type { TouchedKeys } from './key-tracker.ts';
import type { SealedRow } from './rebuild.ts';
import { syncPath } from './sync.ts';

export interface CompactOptions {
  readonly signal?: AbortSignal | undefined;
  /** Rows that are copied, and how many there are. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface Compacted {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** How long writers waited. */
  readonly pausedMs: number;
  /** Rows that changed while the copy was made. */
  readonly caughtUp: number;
}

interface Moved {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Removes the former folder, which nobody reads any more. */
  readonly leave: () => Promise<void>;
}

/** What a compaction needs of a store. */
export interface CompactedStore {
  readonly folder: string;
  /** Holds the pages of now. */
  hold(): HeldFile;
  /** Tracks what changes from here on; resolves when all that came before is committed. */
  takeTouchedKeys(): Promise<TouchedKeys>;
  touchedKeyCount(): number;
  stopTracking(): void;
  /** A row as it is now. */
  sealedRow(table: TableName, key: Buffer): SealedRow;
  /** Runs work while no transaction is begun and none is under way. */
  whileClosed<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Goes on from another folder, which takes the place of this one. */
  moveTo(fresh: string): Promise<Moved>;
}

/**
 * Whatever fails or stops it before the copy takes its place, the store goes on as it was and
 * nothing is left of the copy. No other file of the folder may change meanwhile.
 */
export async function compactStore(
  store: CompactedStore,
  options: CompactOptions,
): Promise<Compacted> {
  const fresh = join(dirname(store.folder), workingNames.fresh);
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh);
  try {
    await store.takeTouchedKeys();
    return await copyOver(store, fresh, options);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw isFull(error) ? diskFull(error) : error;
  } finally {
    store.stopTracking();
  }
}

async function copyOver(
  store: CompactedStore,
  fresh: string,
  options: CompactOptions,
): Promise<Compacted> {
  const from = store.hold();
  let copy: CopyProcess | undefined;
  try {
    copy = new CopyProcess({ from, to: fresh, ...options });
    await copy.copied();
    from.release();
    await copyBeside(store.folder, fresh);
    const caughtUp = await catchUp(store, copy);
    const startedAt = steadyMilliseconds();
    const { last, moved } = await store.whileClosed(() => swap(store, copy!, fresh));
    const pausedMs = steadyMilliseconds() - startedAt;
    await moved.leave();
    const { bytesBefore, bytesAfter } = moved;
    return { bytesBefore, bytesAfter, pausedMs, caughtUp: caughtUp + last };
  } finally {
    await copy?.stop();
    from.release();
  }
}

/** The other files of the folder: the new ones are on the disk before the old ones go. */
async function copyBeside(folder: string, fresh: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.mdb') || name.endsWith('.new')) continue;
    await copyFile(join(folder, name), join(fresh, name));
    await syncPath(join(fresh, name));
  }
  await syncPath(fresh);
}

/** Beside the writers, until so little is left that they may wait for it. */
async function catchUp(store: CompactedStore, copy: CopyProcess): Promise<number> {
  let rows = 0;
  for (let round = 0; round < limits.copyRoundsMax; round++) {
    if (store.touchedKeyCount() <= limits.copyKeysPause) break;
    rows += await handOver(store, copy);
    await copy.settle();
  }
  return rows;
}

/** Every row that has changed, as it is now, some at a time; returns how many. */
async function handOver(store: CompactedStore, copy: CopyProcess): Promise<number> {
  let count = 0;
  for (const [table, keys] of await store.takeTouchedKeys()) {
    let rows: SealedRow[] = [];
    let bytes = 0;
    for (const key of keys) {
      const row = store.sealedRow(table, Buffer.from(key, 'latin1'));
      rows.push(row);
      bytes += row.sealed?.length ?? 0;
      count += 1;
      if (rows.length < limits.walkRowsMax && bytes < limits.walkBytesMax) continue;
      await copy.apply(table, rows);
      rows = [];
      bytes = 0;
    }
    if (rows.length > 0) await copy.apply(table, rows);
  }
  return count;
}

/** Writers wait meanwhile, but not for a disk that takes nothing. */
async function swap(store: CompactedStore, copy: CopyProcess, fresh: string) {
  const late = setTimeout(() => {
    const what = `the disk has not taken the last changes within ${limits.copyPauseMsMax} ms`;
    copy.fail(new EngineError('UNAVAILABLE', `the copy was given up: ${what}`));
  }, limits.copyPauseMsMax);
  try {
    const last = await handOver(store, copy);
    await copy.finish();
    return { last, moved: await store.moveTo(fresh) };
  } finally {
    clearTimeout(late);
  }
}
