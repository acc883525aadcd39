// Upgrade: the chain of an earlier data format replayed into one of today beside it, compared with
// it row by row, and put in its place. The old one is kept.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import xxhash from 'xxhash-wasm';
import { EngineError } from '../base/errors.ts';
import { layoutOf, workingNames } from '../base/folder.ts';
import type { Audit } from '../counting/verify.ts';
import { type Compared, compareChains } from '../format-1/compare.ts';
import { FormatOne, readFormatVersion } from '../format-1/source.ts';
import { cutName } from '../replication/names.ts';
import { checkFolder } from '../store/check.ts';
import { claimFolder } from '../store/claim.ts';
import { syncPath } from '../store/durable.ts';
import { compactDueName, formatVersion, rebuiltName } from '../store/format.ts';
import { Ledger } from '../store/ledger.ts';
import { holdCopy, holdsChain, noChainError, settleChain } from '../store/leftovers.ts';
import { Store } from '../store/store.ts';
import { replayLog } from './replay.ts';
import type { Waiting } from './shared-work.ts';

/** What an upgrade needs of the engine that opens what it made. */
export interface UpgradedEngine {
  readonly upkeep: { verify(waiting?: Waiting): Promise<Audit> };
  status(): { readonly watermark: string };
  close(): Promise<void>;
}

export interface UpgradeOptions {
  readonly dataDir: string;
  /** Opens the data folder, and counts everything. */
  readonly openFolder: (signal?: AbortSignal) => Promise<UpgradedEngine>;
  readonly progress?: (step: 'replaying' | 'comparing', done: number, total: number) => void;
  /** Gives the upgrade up; the folder is as it was. */
  readonly signal?: AbortSignal | undefined;
}

export interface UpgradeReport extends Audit {
  readonly compared: Compared;
  readonly watermark: string;
  /** Where the chain of the earlier format lies. */
  readonly kept: string;
  /** It holds bytes of members who were erased before: the next compaction takes it. */
  readonly holdsErased: boolean;
}

/**
 * The chain of a data folder is of today's format when it resolves; undefined when it was before.
 * When it rejects, the folder is as it was. Throws FAILED_PRECONDITION when the folder is in use or
 * holds no chain, DATA_LOSS when the chain is damaged or did not come over whole.
 */
export async function upgrade(options: UpgradeOptions): Promise<UpgradeReport | undefined> {
  const { dataDir, signal } = options;
  if (!holdsChain(dataDir)) throw noChainError(dataDir);
  const { chain, erased } = layoutOf(dataDir);
  const claim = await claimFolder(dataDir);
  let built: Rebuilt;
  try {
    settleChain(dataDir);
    await checkFolder(chain, signal);
    if ((await readFormatVersion(chain)) === formatVersion) {
      await claim.release();
      return undefined;
    }
    assertNoneKept(dataDir);
    built = await build(options, erased);
    swap(dataDir);
  } catch (error) {
    rmSync(dirname(buildingName(dataDir)), { recursive: true, force: true });
    await claim.release();
    throw error;
  }
  // The engine claims the folder next, and nobody else in between.
  claim.passOn();
  const kept = keptName(dataDir);
  const release = holdCopy(kept);
  try {
    return { ...(await prove(options)), ...built, kept };
  } catch (error) {
    await undo(dataDir);
    throw error;
  } finally {
    release();
  }
}

/** Two folders deep, so that what a store puts beside its folder goes with it. */
function buildingName(dataDir: string): string {
  return join(dataDir, workingNames.upgrading, 'chain');
}

function keptName(dataDir: string): string {
  return join(dataDir, workingNames.format1);
}

function assertNoneKept(dataDir: string): void {
  const kept = keptName(dataDir);
  if (!existsSync(kept)) return;
  const message =
    `${layoutOf(dataDir).chain} is of data format 1, and so is ${kept}, which an upgrade kept; ` +
    'move away the one that is not wanted';
  throw new EngineError('FAILED_PRECONDITION', message, { reason: 'TWO_CHAINS' });
}

async function build(options: UpgradeOptions, erased: string): Promise<Rebuilt> {
  const { dataDir, progress, signal } = options;
  const to = buildingName(dataDir);
  rmSync(dirname(to), { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const rebuilt = await rebuildFormatOne({
    ...{ from: layoutOf(dataDir).chain, to, erased },
    progress(step, done, total) {
      signal?.throwIfAborted();
      progress?.(step, done, total);
    },
  });
  syncPath(to);
  syncPath(dirname(to));
  return rebuilt;
}

export interface Rebuilt {
  readonly compared: Compared;
  readonly holdsErased: boolean;
}

/**
 * Makes a chain of today's format, in an empty folder, of one of data format 1; it may be that of a
 * backup. Throws DATA_LOSS when it did not come over whole.
 */
export async function rebuildFormatOne(options: {
  readonly from: string;
  readonly to: string;
  /** The folder of the ledger. */
  readonly erased: string;
  /** What it throws ends the work. */
  readonly progress: NonNullable<UpgradeOptions['progress']>;
}): Promise<Rebuilt> {
  const { from, to, erased, progress } = options;
  const { h64Raw } = await xxhash();
  const old = await FormatOne.open(from);
  const ledger = new Ledger(erased);
  const opened: { close(): unknown }[] = [ledger, old];
  try {
    if (ledger.isNew && !old.tables.tombstones.isEmpty()) throw keyLost(erased);
    const store = await Store.open(to);
    opened.push(store);
    const replaying = {
      ...{ source: old, target: store, ledger },
      hashBytes: (bytes: Uint8Array) => h64Raw(bytes),
      progress: (done: number, total: number) => progress('replaying', done, total),
    };
    // A chain in which nothing was ever accepted has nothing to replay.
    if (old.head > 0) await replayLog(replaying);
    const holdsErased = await carryOver(old, store);
    const { compared, differences, differenceCount } = await compareChains({
      ...{ old, store },
      progress: (done, total) => progress('comparing', done, total),
    });
    if (differenceCount > 0) throw notWhole(differences, differenceCount);
    return { compared, holdsErased };
  } finally {
    for (const part of opened.reverse()) await part.close();
  }
}

/** What is kept beside the log and no entry tells; a replay to a moment leaves it behind. */
const carried: readonly string[] = ['clockConfirmed', 'expiredBefore', cutName];

/** Answers whether bytes of members who were erased may be in the old chain. */
async function carryOver(old: FormatOne, store: Store): Promise<boolean> {
  const meta = new Map(old.meta());
  const isRebuilt = meta.has(rebuiltName) || old.tables.tombstones.isEmpty();
  const holdsErased = meta.has(compactDueName) || !isRebuilt;
  await store.transaction(() => {
    // Nothing is given up: an end that a replay to a moment sets is not wanted here.
    store.removeMeta(cutName);
    for (const name of carried) {
      const value = meta.get(name);
      if (value) store.tables.meta.put(Buffer.from(name), value);
    }
    // As it was: also whose log this is, and what is not wanted any more of epochs of origins.
    const { origins } = store.tables;
    for (const { key } of [...origins.rows()]) origins.remove(key);
    for (const { key, value } of old.tables.origins.rows()) origins.put(key, value);
    // Nobody who is erased was ever in these trees.
    store.writeMeta(rebuiltName, 1);
    // The promise of an erase reaches what the upgrade keeps.
    if (holdsErased) store.writeMeta(compactDueName, true);
  });
  return holdsErased;
}

/** Under another key, the tombstones name nobody, and the erased would come back. */
function keyLost(folder: string): EngineError {
  const message = `${folder} is gone, but members were erased; put it back from the newest backup`;
  return new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
}

function notWhole(differences: readonly string[], count: number): EngineError {
  const shownDifferences = differences.slice(0, 3).join('; ');
  const message = `the chain did not come over whole, and the old one stays: ${shownDifferences}`;
  const more = count > 3 ? ` (and ${count - 3} more)` : '';
  return new EngineError('DATA_LOSS', `${message}${more}`, { reason: 'UPGRADE_DIFFERS' });
}

/** The whole new chain first becomes the one that the next start would finish a swap with. */
function swap(dataDir: string): void {
  const { chain } = layoutOf(dataDir);
  const fresh = join(dataDir, workingNames.fresh);
  const building = buildingName(dataDir);
  rmSync(fresh, { recursive: true, force: true });
  renameSync(building, fresh);
  rmSync(dirname(building), { recursive: true, force: true });
  syncPath(dataDir);
  renameSync(chain, keptName(dataDir));
  renameSync(fresh, chain);
  syncPath(dataDir);
}

async function prove({ openFolder, signal }: UpgradeOptions) {
  const engine = await openFolder(signal);
  try {
    const audit = await engine.upkeep.verify({ signal });
    if (!audit.ok) {
      const why = `the upgraded chain does not verify: ${audit.differences[0]}`;
      const message = `${why}; the old one stays`;
      throw new EngineError('DATA_LOSS', message, { reason: 'UPGRADE_DIFFERS' });
    }
    return { ...audit, watermark: engine.status().watermark };
  } finally {
    await engine.close();
  }
}

/** Puts the old chain back, unless another process has begun with the new one. */
async function undo(dataDir: string): Promise<void> {
  const claim = await claimFolder(dataDir);
  try {
    const { chain } = layoutOf(dataDir);
    const building = buildingName(dataDir);
    mkdirSync(dirname(building), { recursive: true });
    renameSync(chain, building);
    renameSync(keptName(dataDir), chain);
    syncPath(dataDir);
    rmSync(dirname(building), { recursive: true, force: true });
  } finally {
    await claim.release();
  }
}
