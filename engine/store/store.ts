// One LMDB environment in one folder: the only truth. Everything in memory can be made again from
// it.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { checkFolder } from './check.ts';
import { type Compacted, type CompactOptions, compactStore } from './compaction.ts';
import type { HeldFile } from './copy.ts';
import { DiskReserve, explainCommit, isFull } from './disk-reserve.ts';
import { openDatabase, openRoot, openTables, startFreeList } from './environment.ts';
import {
  dataFileName,
  formatFileName,
  formatVersion,
  otherFormat,
  type TableName,
  tableNames,
} from './format.ts';
import { KeyTracker, type TouchedKeys } from './key-tracker.ts';
import { syncPath } from './sync.ts';
import { Table } from './table.ts';

export interface Tables {
  /** sequence -> event (log/log.ts). */
  readonly log: Table;
  /** The same of the stream of behaviour. */
  readonly behaviour: Table;
  /** kind byte + outside id -> sequence and content hash. */
  readonly ids: Table;
  /** item number -> the item as JSON. */
  readonly items: Table;
  /** store number -> the store as JSON. */
  readonly stores: Table;
  /** member id + position -> some of their receipts (history/chunk.ts). */
  readonly histories: Table;
  /** member id -> merges and consents, of the few members that have any. */
  readonly members: Table;
  /** member id + sequence -> which entries are whose (events/subjects.ts). */
  readonly subjects: Table;
  /** purchase id -> the returns against it, also of purchases not here yet. */
  readonly returns: Table;
  /** sequence -> what an erase or expiry took away after the last checkpoint, without ids. */
  readonly residues: Table;
  /** kind byte + keyed hash -> an erased member or purchase. */
  readonly tombstones: Table;
  /** which receipt took the place of which, by keyed hashes (events/replacements.ts). */
  readonly replacements: Table;
  /** whose entries stand where in the log (log/origins.ts); empty where there is one origin. */
  readonly origins: Table;
  /** name -> a small value: format version, landmark, bookmarks. */
  readonly meta: Table;
}

function bytesOf(folder: string): number {
  return statSync(join(folder, dataFileName)).size;
}

/**
 * From here on, a data file that is gone or empty is damage. On a full disk the next start does it.
 */
function markMade(folder: string): void {
  const path = join(folder, formatFileName);
  if (existsSync(path) && statSync(path).size > 0) return;
  try {
    writeFileSync(path, `${formatVersion}\n`, { flush: true });
  } catch (error) {
    if (!isFull(error)) throw error;
    rmSync(path, { force: true });
  }
}

/**
 * A data file of two pages holds nothing: LMDB had begun to make it. Where that was cut short, it
 * is made again.
 */
function dropUnborn(folder: string): void {
  const path = join(folder, dataFileName);
  if (existsSync(join(folder, formatFileName)) || !existsSync(path)) return;
  if (bytesOf(folder) <= 2 * pageBytes || isUnborn(folder, path)) rmSync(path);
}

const pageBytes = 4_096;
const lockName = 'lock.mdb';
/** What the file has before its first sync is less. */
const unbornPagesMax = 64;

/**
 * The first page is written before all others, and synced with the first of what is written behind
 * it. Where the power was lost before that, it may be empty while others are there.
 */
function isUnborn(folder: string, path: string): boolean {
  if (bytesOf(folder) > unbornPagesMax * pageBytes) return false;
  // A chain that was ever used has a checkpoint beside it.
  const isAlone = readdirSync(folder).every((name) => [dataFileName, lockName].includes(name));
  return (
    isAlone &&
    readFileSync(path)
      .subarray(0, pageBytes)
      .every((byte) => byte === 0)
  );
}

/**
 * Throws FAILED_PRECONDITION when the file says that the folder is of another format, before any
 * other file is looked at. An empty one was being written when the power was lost: the data file
 * says it too.
 */
function assertFormatFile(folder: string): void {
  const path = join(folder, formatFileName);
  if (!existsSync(path)) return;
  const text = statSync(path).isFile() ? readFileSync(path, 'latin1').trim() : 'no file';
  if (text === '' || text === String(formatVersion)) return;
  throw otherFormat(folder, /^\d+$/.test(text) ? Number(text) : JSON.stringify(text.slice(0, 32)));
}

/** Throws FAILED_PRECONDITION. A folder that says nothing is new, and no chain to a reader. */
function assertFormat(folder: string, meta: Table, readOnly: boolean): void {
  const value = meta.get(Buffer.from('formatVersion'));
  const found: unknown = value && JSON.parse(value.toString());
  if (found !== formatVersion && (found !== undefined || readOnly))
    throw otherFormat(folder, found);
}

export interface StoreOptions {
  /** Another process may be writing: take no lock and change nothing. */
  readonly readOnly?: boolean;
  /** Gives up the check of the data file. */
  readonly signal?: AbortSignal | undefined;
}

/** What transactions wait for. */
class Closed {
  open: () => void = () => {};
  readonly opening = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

export class Store {
  readonly folder: string;
  readonly tables: Tables;
  private root: RootDatabase;
  private readonly keyTracker: KeyTracker;
  /** Set while transactions wait to begin. */
  private closed: Closed | undefined;
  private isSwapping = false;
  /** Gives up the copy that is being made. */
  private copying: AbortController | undefined;

  /** Beside the folder, because a compaction replaces that; undefined for readers. */
  readonly diskReserve: DiskReserve | undefined;

  private constructor(folder: string, root: RootDatabase, tables: Tables, readOnly: boolean) {
    this.folder = folder;
    this.diskReserve = readOnly ? undefined : new DiskReserve(`${folder}.ballast`);
    this.root = root;
    this.tables = tables;
    this.keyTracker = new KeyTracker(tables);
  }

  /**
   * Opens or makes the folder. Throws FAILED_PRECONDITION when it is of another format, DATA_LOSS
   * when it is damaged.
   */
  static async open(folder: string, options: StoreOptions = {}): Promise<Store> {
    const readOnly = options.readOnly ?? false;
    assertFormatFile(folder);
    if (!readOnly) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      dropUnborn(folder);
      await checkFolder(folder, options.signal);
    }
    const root = openRoot(folder, { readOnly });
    try {
      // First: to open our tables would make them in a chain of another format.
      assertFormat(folder, new Table(openDatabase(root, 'meta'), 'meta'), readOnly);
      const store = new Store(folder, root, openTables(root), readOnly);
      if (!readOnly) {
        await store.markFormat();
        await startFreeList(root);
        markMade(folder);
      }
      return store;
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  /** A new folder is of our format. */
  private async markFormat(): Promise<void> {
    if (this.readMeta('formatVersion') !== undefined) return;
    await this.transaction(() => this.writeMeta('formatVersion', formatVersion));
  }

  /**
   * Runs `work` in one write transaction; resolves after fsync. Everything is undone when it
   * throws. Throws RESOURCE_EXHAUSTED, DISK_FULL when there is no room.
   */
  async transaction<Result>(work: () => Result): Promise<Result> {
    while (this.closed) await this.closed.opening;
    try {
      return await this.commit(work);
    } finally {
      // A copy that is being made can remember no more: writers wait until it has caught up.
      if (this.keyTracker.isFull) this.closed ??= new Closed();
    }
  }

  private async commit<Result>(work: () => Result): Promise<Result> {
    try {
      // lmdb's plain transaction() commits what was put before a throw; a child transaction is
      // really undone.
      return (await this.root.childTransaction(work)) as Result;
    } catch (error) {
      // lmdb-js tells why in a second promise, which would end the process if nobody looked at it.
      const { commitError } = Object(error) as { commitError?: Promise<never> };
      const reason = await commitError?.catch((cause: unknown) => cause);
      const explained = explainCommit(reason ?? error, join(this.folder, dataFileName));
      // A copy takes as much room as the chain, and keeps pages of it from being used again.
      if (isFull(explained)) this.copying?.abort(explained);
      throw explained;
    }
  }

  readMeta(name: string): unknown {
    const value = this.tables.meta.get(Buffer.from(name));
    return value === undefined ? undefined : JSON.parse(value.toString());
  }

  /** Inside a transaction only. */
  removeMeta(name: string): void {
    this.tables.meta.remove(Buffer.from(name));
  }

  /** Inside a transaction only. */
  writeMeta(name: string, value: unknown): void {
    this.tables.meta.put(Buffer.from(name), Buffer.from(JSON.stringify(value)));
  }

  /**
   * Goes on from a copy of everything without a byte of what was deleted; `signal` gives it up.
   * Readers notice nothing, writers wait for a moment.
   */
  async compact({ signal, progress }: CompactOptions = {}): Promise<Compacted> {
    const store = {
      folder: this.folder,
      hold: () => this.hold(),
      sealedRow: (table: TableName, key: Buffer) => ({
        key,
        sealed: this.tables[table].sealed(key),
      }),
      takeTouchedKeys: () => this.takeTouchedKeys(),
      touchedKeyCount: () => this.keyTracker.size,
      stopTracking: () => this.stopTracking(),
      whileClosed: <Result>(work: () => Promise<Result>) => this.whileClosed(work),
      moveTo: (fresh: string) => this.moveTo(fresh),
    };
    this.copying = new AbortController();
    const signals = [this.copying.signal, ...(signal ? [signal] : [])];
    return compactStore(store, { signal: AbortSignal.any(signals), progress });
  }

  /** A commit of nothing: when it is through, so is all that was put before it. */
  private async takeTouchedKeys(): Promise<TouchedKeys> {
    const touched = await this.commit(() => this.keyTracker.swap());
    if (this.closed && !this.isSwapping) this.open();
    return touched;
  }

  private stopTracking(): void {
    this.copying = undefined;
    this.keyTracker.stop();
    this.open();
  }

  /**
   * Holds the pages of now, until they are released: the writer takes none of them again, and the
   * file may grow. Whoever reads the file from now on finds the state of some commit whole.
   */
  hold(): HeldFile {
    const reading = this.root.useReadTransaction();
    const descriptor = openSync(join(this.folder, dataFileName), 'r');
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      reading.done();
      closeSync(descriptor);
    };
    return { descriptor, release };
  }

  private async whileClosed<Result>(work: () => Promise<Result>): Promise<Result> {
    this.closed ??= new Closed();
    this.isSwapping = true;
    try {
      return await work();
    } finally {
      this.isSwapping = false;
      this.open();
    }
  }

  private open(): void {
    const { closed } = this;
    this.closed = undefined;
    closed?.open();
  }

  private async moveTo(fresh: string) {
    const { folder, root: before } = this;
    const bytesBefore = bytesOf(folder);
    const root = openRoot(fresh);
    const databases = tableNames.map((name) => openDatabase(root, name));
    const old = `${folder}.old`;
    rmSync(old, { recursive: true, force: true });
    try {
      // Both environments stay open across the renames: their files are the same wherever the
      // folders lie.
      renameSync(folder, old);
      renameSync(fresh, folder);
      await syncPath(dirname(folder));
    } catch (error) {
      if (existsSync(old)) {
        if (existsSync(folder)) renameSync(folder, fresh);
        renameSync(old, folder);
      }
      await root.close();
      throw error;
    }
    for (const [index, name] of tableNames.entries()) this.tables[name].rebind(databases[index]!);
    this.root = root;
    const leave = async () => {
      await before.close();
      await rm(old, { recursive: true, force: true });
    };
    return { bytesBefore, bytesAfter: bytesOf(folder), leave };
  }

  async close(): Promise<void> {
    this.diskReserve?.close();
    await this.root.close();
  }
}
