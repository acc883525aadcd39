// Restore: puts a backup in the place of a chain, whole or up to some moment, and proves it before
// the old one goes.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import xxhash from 'xxhash-wasm';
import { EngineError } from '../base/errors.ts';
import { layoutOf } from '../base/folder.ts';
import { claimFolder } from '../store/claim.ts';
import { Ledger } from '../store/ledger.ts';
import { Store } from '../store/store.ts';
import type { Audit } from '../views/verify.ts';
import { syncPath } from './durable.ts';
import { backupNames, checkCopy, type Manifest, readManifest } from './manifest.ts';
import { type ReplayCut, replayLog } from './replay.ts';

/** What a restore needs of the engine that opens what it restored. */
export interface RestoredEngine {
  verify(): Promise<Audit>;
  compact(): Promise<unknown>;
  status(): { readonly watermark: string };
  close(): Promise<void>;
}

export interface RestoreOptions extends ReplayCut {
  /** The folder of the backup. */
  readonly backup: string;
  readonly dataDir: string;
  /** Opens the data folder, which reconciles it with the ledger of erased members. */
  readonly openFolder: () => Promise<RestoredEngine>;
  readonly progress?: (done: number, total: number) => void;
}

export interface RestoreReport extends Audit {
  /** Up to where the backup went in. */
  readonly sequence: number;
  readonly watermark: string;
  readonly manifest: Manifest;
}

/**
 * The chain of a data folder is the backup when it resolves, less whoever was erased since. When it
 * rejects, the folder is as it was. Throws FAILED_PRECONDITION when the folder is in use, DATA_LOSS
 * for a damaged backup.
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { backup, dataDir } = options;
  const layout = layoutOf(dataDir);
  mkdirSync(dataDir, { recursive: true });
  const claim = await claimFolder(dataDir);
  const aside = `${layout.chain}.replaced`;
  let built: Built;
  try {
    const manifest = readManifest(backup);
    await checkCopy(backup, manifest);
    takeBack(layout.chain, aside);
    const isNew = placeErased(join(backup, backupNames.erased), layout.erased);
    const undoErased = () => isNew && rmSync(layout.erased, { recursive: true, force: true });
    built = { manifest, undoErased, ...(await build(options, layout).catch(undoing(undoErased))) };
    swap(layout.chain, aside);
  } finally {
    await claim.release();
  }
  try {
    const report = await prove(options, built);
    rmSync(aside, { recursive: true, force: true });
    return report;
  } catch (error) {
    rmSync(layout.chain, { recursive: true, force: true });
    takeBack(layout.chain, aside);
    built.undoErased();
    throw error;
  }
}

interface Built {
  readonly manifest: Manifest;
  readonly sequence: number;
  readonly undoErased: () => unknown;
}

function undoing(undo: () => unknown): (error: unknown) => never {
  return (error) => {
    undo();
    throw error;
  };
}

/** After a restore that died between its two renames: the chain that it had put aside. */
function takeBack(chain: string, aside: string): void {
  if (!existsSync(aside)) return;
  if (existsSync(chain)) rmSync(aside, { recursive: true, force: true });
  else renameSync(aside, chain);
}

/**
 * The ledger of a data folder is never touched. Only where there is none does that of the backup
 * come along, with the key that its tombstones were made with. Returns whether it did.
 */
function placeErased(from: string, erased: string): boolean {
  if (!existsSync(join(erased, 'key'))) {
    cpSync(from, `${erased}.new`, { recursive: true });
    for (const name of ['key', 'ledger', '']) syncPath(join(`${erased}.new`, name));
    // Fails when there is a ledger without its key, which means nobody any more.
    renameSync(`${erased}.new`, erased);
    return true;
  }
  const [mine, theirs] = [erased, from].map((folder) => readFileSync(join(folder, 'key')));
  if (mine!.equals(theirs!) || statSync(join(from, 'ledger')).size === 0) return false;
  const message =
    `the backup is of another chain: it knows erased members by another key than ${erased}; ` +
    'restore it into an empty data folder';
  throw new EngineError('FAILED_PRECONDITION', message, { reason: 'OTHER_CHAIN' });
}

/** The restored chain under a name that no start would take for one. */
async function build(
  options: RestoreOptions,
  layout: { readonly chain: string; readonly erased: string },
): Promise<{ readonly sequence: number }> {
  const folder = buildingName(layout.chain);
  rmSync(dirname(folder), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const isWhole = options.toSequence === undefined && options.toTimeMs === undefined;
    if (isWhole) copyWhole(options.backup, folder);
    const sequence = isWhole
      ? readManifest(options.backup).sequence
      : await replayInto(folder, options, layout.erased);
    syncPath(folder);
    return { sequence };
  } catch (error) {
    rmSync(dirname(folder), { recursive: true, force: true });
    throw error;
  }
}

/** Two folders deep, so that what a store puts beside its folder goes with it. */
function buildingName(chain: string): string {
  return join(`${chain}.restoring`, 'chain');
}

function copyWhole(backup: string, folder: string): void {
  const path = join(folder, backupNames.data);
  copyFileSync(join(backup, backupNames.data), path);
  syncPath(path);
}

async function replayInto(
  folder: string,
  options: RestoreOptions,
  erased: string,
): Promise<number> {
  const { h64 } = await xxhash();
  const ledger = new Ledger(erased);
  const source = await Store.open(options.backup, { readOnly: true });
  try {
    const target = await Store.open(folder);
    try {
      const { toSequence, toTimeMs, progress = () => {} } = options;
      const hashId = (id: string) => h64(id);
      return await replayLog({ source, target, ledger, hashId, toSequence, toTimeMs, progress });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
    rmSync(join(options.backup, 'lock.mdb'), { force: true });
    ledger.close();
  }
}

/**
 * The whole new chain first becomes the one that the store's own start would finish a swap with.
 */
function swap(chain: string, aside: string): void {
  rmSync(`${chain}.new`, { recursive: true, force: true });
  renameSync(buildingName(chain), `${chain}.new`);
  rmSync(dirname(buildingName(chain)), { recursive: true, force: true });
  if (existsSync(chain)) renameSync(chain, aside);
  renameSync(`${chain}.new`, chain);
  syncPath(dirname(chain));
}

async function prove(options: RestoreOptions, built: Built): Promise<RestoreReport> {
  const engine = await options.openFolder();
  try {
    const audit = await engine.verify();
    if (!audit.ok) {
      const why = `the restored chain does not verify: ${audit.differences[0]}`;
      const message = `${why}; the old one stays`;
      throw new EngineError('DATA_LOSS', message, { reason: 'BACKUP_DAMAGED' });
    }
    // Who was erased after the backup was in the copy until a moment ago: their bytes go too.
    await engine.compact();
    const { manifest, sequence } = built;
    return { ...audit, sequence, watermark: engine.status().watermark, manifest };
  } finally {
    await engine.close();
  }
}
