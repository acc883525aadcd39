// Restore: puts a backup in the place of a chain, whole or up to some moment, and proves it before
// the old one goes.
import {
  cpSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import xxhash from 'xxhash-wasm';
import { EngineError } from '../base/errors.ts';
import { layoutOf, workingNames } from '../base/folder.ts';
import type { Audit } from '../counting/verify.ts';
import { FormatOne } from '../format-1/source.ts';
import { findCorruption } from '../store/check.ts';
import { claimFolder } from '../store/claim.ts';
import { syncPath } from '../store/durable.ts';
import { formatVersion } from '../store/format.ts';
import { Ledger } from '../store/ledger.ts';
import { holdCopy, settleChain } from '../store/leftovers.ts';
import { Store } from '../store/store.ts';
import { backupNames, checkCopy, type Manifest, readManifest } from './manifest.ts';
import { type ReplayCut, replayLog } from './replay.ts';
import { type ReplaySource, sourceOf } from './replay-source.ts';
import type { Waiting } from './shared-work.ts';
import { rebuildFormatOne } from './upgrade.ts';

const copyPieceBytes = 1_048_576;

/** What a restore needs of the engine that opens what it restored. */
export interface RestoredEngine {
  readonly upkeep: {
    verify(waiting?: Waiting): Promise<Audit>;
    compact(waiting?: Waiting): Promise<unknown>;
  };
  status(): { readonly watermark: string };
  close(): Promise<void>;
}

export interface RestoreOptions extends ReplayCut {
  /** The folder of the backup. */
  readonly backup: string;
  readonly dataDir: string;
  /** Opens the data folder, which reconciles it with the ledger of erased members. */
  readonly openFolder: (signal?: AbortSignal) => Promise<RestoredEngine>;
  readonly progress?: (done: number, total: number) => void;
  /** Gives the restore up; the folder is as it was. */
  readonly signal?: AbortSignal | undefined;
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
  // Nothing is made before it is known that there is a backup.
  const manifest = readManifest(backup);
  const made = mkdirSync(dataDir, { recursive: true });
  try {
    return await replaceChain(options, manifest);
  } catch (error) {
    if (made !== undefined) removeEmpty(resolve(dataDir), resolve(made));
    throw error;
  }
}

/** Folders that were made for nothing, from `folder` up to `top`. */
function removeEmpty(folder: string, top: string): void {
  if (readdirSync(folder).length > 0) return;
  rmdirSync(folder);
  if (folder !== top) removeEmpty(dirname(folder), top);
}

async function replaceChain(options: RestoreOptions, manifest: Manifest): Promise<RestoreReport> {
  const { backup, dataDir, signal } = options;
  const layout = layoutOf(dataDir);
  const claim = await claimFolder(dataDir);
  const aside = join(dataDir, workingNames.replaced);
  let built: Built;
  try {
    await checkCopy(backup, manifest, signal);
    await takeBack(dataDir, aside);
    const isNew = placeErased(join(backup, backupNames.erased), layout.erased);
    const undoErased = () => isNew && rmSync(layout.erased, { recursive: true, force: true });
    built = { manifest, undoErased, ...(await build(options, layout).catch(undoing(undoErased))) };
    swap(dataDir, aside);
  } catch (error) {
    await claim.release();
    throw error;
  }
  // The engine claims the folder next, and nobody else in between. It sweeps what it finds beside
  // the chain, but not what that may have to be put back from.
  claim.passOn();
  const release = holdCopy(aside);
  try {
    const report = await prove(options, built);
    rmSync(aside, { recursive: true, force: true });
    return report;
  } catch (error) {
    await undo(dataDir, aside, built);
    throw error;
  } finally {
    release();
  }
}

/** Puts the chain back that was replaced, unless another process has begun with the new one. */
async function undo(dataDir: string, aside: string, built: Built): Promise<void> {
  const claim = await claimFolder(dataDir);
  try {
    const { chain } = layoutOf(dataDir);
    rmSync(chain, { recursive: true, force: true });
    if (existsSync(aside)) renameSync(aside, chain);
    built.undoErased();
  } finally {
    await claim.release();
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

/** After a restore that died: the chain that it had put aside, where nothing has its place. */
async function takeBack(dataDir: string, aside: string): Promise<void> {
  settleChain(dataDir);
  if (!existsSync(aside)) return;
  const { chain } = layoutOf(dataDir);
  const defect = await findCorruption(chain);
  if (defect !== undefined) {
    const message =
      `${chain} is damaged (${defect}), and ${aside} holds what a restore that was cut short had ` +
      'replaced by it; move away the one that is not wanted';
    throw new EngineError('FAILED_PRECONDITION', message, { reason: 'TWO_CHAINS' });
  }
  rmSync(aside, { recursive: true, force: true });
}

/**
 * The ledger of a data folder is never touched. Only where there is none does that of the backup
 * come along, with the key that its tombstones were made with. Returns whether it did.
 */
function placeErased(from: string, erased: string): boolean {
  if (!existsSync(join(erased, 'key'))) {
    const fresh = join(dirname(erased), workingNames.erased);
    rmSync(fresh, { recursive: true, force: true });
    cpSync(from, fresh, { recursive: true });
    for (const name of ['key', 'ledger', '']) syncPath(join(fresh, name));
    // Fails when there is a ledger without its key, which means nobody any more.
    renameSync(fresh, erased);
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
    const manifest = readManifest(options.backup);
    let { sequence } = manifest;
    if (!isWhole) sequence = await replayInto(folder, options, layout.erased);
    else if (manifest.formatVersion === formatVersion) await copyWhole(options, folder);
    else await rebuild(folder, options, layout.erased);
    syncPath(folder);
    return { sequence };
  } catch (error) {
    rmSync(dirname(folder), { recursive: true, force: true });
    throw error;
  }
}

/** Two folders deep, so that what a store puts beside its folder goes with it. */
function buildingName(chain: string): string {
  return join(dirname(chain), workingNames.restoring, 'chain');
}

/** As it is: the compaction after the proof builds its trees anew. */
async function copyWhole({ backup, signal }: RestoreOptions, folder: string): Promise<void> {
  const path = join(folder, backupNames.data);
  const from = createReadStream(join(backup, backupNames.data), { highWaterMark: copyPieceBytes });
  await pipeline(from, createWriteStream(path), { signal });
  syncPath(path);
}

/** Of an earlier data format. */
async function rebuild(folder: string, options: RestoreOptions, erased: string): Promise<void> {
  const { backup, signal, progress } = options;
  try {
    await rebuildFormatOne({
      ...{ from: backup, to: folder, erased },
      progress(step, done, total) {
        signal?.throwIfAborted();
        if (step === 'replaying') progress?.(done, total);
      },
    });
  } finally {
    rmSync(join(backup, 'lock.mdb'), { force: true });
  }
}

/** The chain of a backup, of whatever data format. */
async function openSource(
  backup: string,
): Promise<{ readonly source: ReplaySource; readonly close: () => Promise<void> }> {
  if (readManifest(backup).formatVersion === formatVersion) {
    const store = await Store.open(backup, { readOnly: true });
    return { source: sourceOf(store), close: () => store.close() };
  }
  const old = await FormatOne.open(backup);
  return { source: old, close: () => old.close() };
}

async function replayInto(
  folder: string,
  options: RestoreOptions,
  erased: string,
): Promise<number> {
  const { h64Raw } = await xxhash();
  const ledger = new Ledger(erased);
  const { source, close } = await openSource(options.backup);
  try {
    const target = await Store.open(folder);
    try {
      const { toSequence, toTimeMs, signal } = options;
      const progress = (done: number, total: number) => {
        signal?.throwIfAborted();
        options.progress?.(done, total);
      };
      const hashBytes = (bytes: Uint8Array) => h64Raw(bytes);
      const cut = { toSequence, toTimeMs };
      return await replayLog({
        source,
        target,
        ledger,
        hashBytes,
        ...cut,
        progress,
      });
    } finally {
      await target.close();
    }
  } finally {
    await close();
    rmSync(join(options.backup, 'lock.mdb'), { force: true });
    ledger.close();
  }
}

/** The whole new chain first becomes the one that the next start would finish a swap with. */
function swap(dataDir: string, aside: string): void {
  const { chain } = layoutOf(dataDir);
  const fresh = join(dataDir, workingNames.fresh);
  rmSync(fresh, { recursive: true, force: true });
  renameSync(buildingName(chain), fresh);
  rmSync(dirname(buildingName(chain)), { recursive: true, force: true });
  if (existsSync(chain)) renameSync(chain, aside);
  renameSync(fresh, chain);
  syncPath(dataDir);
}

async function prove(options: RestoreOptions, built: Built): Promise<RestoreReport> {
  const { signal } = options;
  const engine = await options.openFolder(signal);
  try {
    const audit = await engine.upkeep.verify({ signal });
    if (!audit.ok) {
      const why = `the restored chain does not verify: ${audit.differences[0]}`;
      const message = `${why}; the old one stays`;
      throw new EngineError('DATA_LOSS', message, { reason: 'BACKUP_DAMAGED' });
    }
    // Who was erased after the backup was in the copy until a moment ago: their bytes go too.
    await engine.upkeep.compact({ signal });
    const { manifest, sequence } = built;
    return { ...audit, sequence, watermark: engine.status().watermark, manifest };
  } finally {
    await engine.close();
  }
}
