// Backup: a compact copy of a chain at one moment, taken from outside while its server goes on
// writing.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { layoutOf, workingNames } from '../base/folder.ts';
import { formatMoment } from '../base/time.ts';
import { openLog } from '../events/index.ts';
import { findCorruption } from '../store/check.ts';
import { type CopyOptions, copyChain } from '../store/copy.ts';
import { syncPath } from '../store/durable.ts';
import { holdsChain, noChainError } from '../store/leftovers.ts';
import { Store } from '../store/store.ts';
import { backupNames, encodeManifest, type Manifest, readManifest, sumOf } from './manifest.ts';

export interface BackupOptions {
  /** The data folder of the chain; another process may be writing in it. */
  readonly dataDir: string;
  /** Where the backup goes: absent or empty, and outside of the data folder. */
  readonly folder: string;
  readonly clock: Clock;
  /** Written into the manifest. */
  readonly settings: Manifest['settings'];
  /** Puts into the folder what is kept beside the chain, before it is whole. */
  readonly addTo?: (folder: string) => Promise<void>;
  /** Gives the backup up; nothing is left of it. */
  readonly signal?: AbortSignal | undefined;
}

export interface BackupReport extends Manifest {
  readonly folder: string;
}

/** A compaction of the server swaps the folder; it does so at most once in many minutes. */
const openAttempts = 5;
const openPauseMs = 200;

/**
 * Durable and whole when it resolves; until then the folder does not exist. Every value is read and
 * its checksum compared, and so is the copy, so that a damaged chain is found now and not on the
 * day it is needed. Throws FAILED_PRECONDITION for a folder in use as something else, DATA_LOSS for
 * a damaged chain.
 */
export async function backUp(options: BackupOptions): Promise<BackupReport> {
  const { dataDir, signal } = options;
  const layout = layoutOf(dataDir);
  const folder = resolve(options.folder);
  validateTarget(folder, resolve(dataDir));
  if (!holdsChain(dataDir)) throw noChainError(dataDir);
  const unfinished = `${folder}${workingNames.unfinishedSuffix}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    const takenAt = formatMoment(options.clock(), 0);
    await copyMoment(layout.chain, { to: unfinished, signal });
    const { formatVersion, sequence } = await readCopy(unfinished, signal);
    copyErased(layout.erased, unfinished);
    await options.addTo?.(unfinished);
    const sum = await sumOf(join(unfinished, backupNames.data), signal);
    const { settings } = options;
    const manifest = encodeManifest({ formatVersion, sequence, takenAt, ...sum, settings });
    writeFileSync(join(unfinished, backupNames.manifest), manifest);
    signal?.throwIfAborted();
    putInPlace(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  return { ...readManifest(folder), folder };
}

/**
 * The state after some whole commit. Meanwhile the writer cannot use freed pages again and its file
 * may grow; a reader that dies is noticed by its process id.
 */
async function copyMoment(chain: string, options: Omit<CopyOptions, 'from'>): Promise<void> {
  const { store, from } = await openUnmoved(chain);
  try {
    await copyChain({ from, ...options });
  } finally {
    from.release();
    await store.close();
  }
}

/**
 * Opened between the two renames of a compaction, the lock file would be the old one and the data
 * new: the writer would not see this reader. The folder's inode tells whether that has happened.
 */
async function openUnmoved(chain: string) {
  for (let attempt = 1; ; attempt++) {
    const before = inodeOf(chain);
    if (before !== undefined) {
      const store = await Store.open(chain, { readOnly: true });
      const from = store.hold();
      if (inodeOf(chain) === before) return { store, from };
      from.release();
      await store.close();
    }
    if (attempt === openAttempts) throw noChainError(dirname(chain));
    await setTimeout(openPauseMs);
  }
}

function inodeOf(chain: string): number | undefined {
  // A read-only open of a folder without data would make an empty lock file in it.
  if (!existsSync(join(chain, backupNames.data))) return undefined;
  return statSync(chain, { throwIfNoEntry: false })?.ino;
}

function validateTarget(folder: string, dataDir: string): void {
  if (folder === dataDir || folder.startsWith(dataDir + sep)) {
    // An erase promises that nothing of the member is left in the data folder.
    const message = `${folder} lies in the data folder ${dataDir}; choose a place outside of it`;
    throw new EngineError('INVALID_ARGUMENT', message, { field: 'folder' });
  }
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found || (found.isDirectory() && readdirSync(folder).length === 0)) return;
  const message = `${folder} exists and is not empty; a backup goes into a folder of its own`;
  throw new EngineError('FAILED_PRECONDITION', message, { reason: 'FOLDER_NOT_EMPTY' });
}

/** What the copy is, after a process of its own has read all of it from the disk. */
async function readCopy(
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Pick<Manifest, 'formatVersion' | 'sequence'>> {
  const defect = await findCorruption(folder, signal);
  if (defect !== undefined) {
    const message = `the copy in ${folder} is not what was written (${defect}); look at that disk`;
    throw new EngineError('DATA_LOSS', message, { reason: 'BACKUP_DAMAGED' });
  }
  const store = await Store.open(folder, { readOnly: true });
  try {
    return {
      formatVersion: Number(store.readMeta('formatVersion')),
      sequence: openLog(store).head,
    };
  } finally {
    await store.close();
    rmSync(join(folder, 'lock.mdb'), { force: true });
  }
}

/**
 * The key makes the tombstones of the copy mean somebody, should the whole data folder be lost.
 */
function copyErased(erased: string, into: string): void {
  mkdirSync(join(into, backupNames.erased), { mode: 0o700 });
  for (const name of readdirSync(erased)) {
    copyFileSync(join(erased, name), join(into, backupNames.erased, name));
  }
}

function putInPlace(unfinished: string, folder: string): void {
  for (const name of readdirSync(unfinished, { recursive: true })) {
    syncPath(join(unfinished, String(name)));
  }
  syncPath(unfinished);
  mkdirSync(dirname(folder), { recursive: true });
  // Renaming onto an empty folder replaces it; onto anything that came meanwhile it fails.
  renameSync(unfinished, folder);
  syncPath(dirname(folder));
}
