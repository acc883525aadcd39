// One LMDB environment in one folder: the only truth. Everything in memory can be made again from
// it.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { EngineError } from '../base/errors.ts';
import { Ballast, diskFull, explainCommit, isFull } from './ballast.ts';
import { checkFolder } from './check.ts';
import { dataFileName, formatFileName, formatVersion, tableNames } from './format.ts';
import { Table } from './table.ts';

export interface Tables {
  /** (origin, epoch, sequence) -> event. */
  readonly log: Table;
  /** kind byte + outside id -> sequence and content hash. */
  readonly ids: Table;
  /** item number -> the item as JSON. */
  readonly items: Table;
  /** store number -> the store as JSON. */
  readonly stores: Table;
  /** member id -> all their baskets (views/history.ts). */
  readonly histories: Table;
  /** member id -> merges and consents, of the few members that have any. */
  readonly members: Table;
  /** purchase id -> the returns against it, also of purchases not here yet. */
  readonly returns: Table;
  /** sequence -> what an erase or expiry took away after the last checkpoint, without ids. */
  readonly residues: Table;
  /** kind byte + keyed hash -> an erased member or purchase. */
  readonly tombstones: Table;
  /** whose entries stand where in the log (log/origins.ts); empty where there is one origin. */
  readonly origins: Table;
  /** name -> a small value: format version, landmark, bookmarks. */
  readonly meta: Table;
}

function openDatabase(root: RootDatabase, name: keyof Tables): Database<Buffer, Buffer> {
  const options = { name, keyEncoding: 'binary', encoding: 'binary', cache: false } as const;
  return root.openDB<Buffer, Buffer>(options);
}

function openTables(root: RootDatabase): Tables {
  const entries = tableNames.map((name) => [name, new Table(openDatabase(root, name), name)]);
  return Object.fromEntries(entries) as unknown as Tables;
}

function openRoot(path: string, readOnly = false): RootDatabase {
  // A commit answers only after its own fsync. Ingest gathers a turn's events itself; lmdb's own
  // gathering makes a second
  // promise for each commit that nobody can reach, and its rejection on a full disk would end the
  // process.
  const settings = { overlappingSync: false, eventTurnBatching: false } as const;
  return open({ path, maxDbs: 32, noSubdir: false, readOnly, ...settings });
}

/**
 * The first commit on a compacting copy must be a small one: lmdb aborts the process when the list
 * of free pages is empty and the first entry of it needs more than a page (over 250 freed pages).
 */
async function startFreeList(root: RootDatabase): Promise<void> {
  const { free } = root.getStats() as { free: { entryCount: number } };
  if (free.entryCount > 0) return;
  const meta = new Table(openDatabase(root, 'meta'), 'meta');
  const key = Buffer.from('formatVersion');
  await root.childTransaction(() => meta.put(key, meta.get(key) ?? Buffer.alloc(0)));
}

function bytesOf(folder: string): number {
  return statSync(join(folder, dataFileName)).size;
}

async function syncPath(path: string): Promise<void> {
  const handle = await openFile(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Finishes a swap of folders that a crash cut short: the new one is whole as soon as the old one
 * has moved aside.
 */
function finishSwap(folder: string): void {
  if (!existsSync(folder) && existsSync(`${folder}.new`)) renameSync(`${folder}.new`, folder);
  rmSync(`${folder}.new`, { recursive: true, force: true });
  rmSync(`${folder}.old`, { recursive: true, force: true });
}

/**
 * From here on, a data file that is gone or empty is damage. On a full disk the next start does it.
 */
function markMade(folder: string): void {
  const path = join(folder, formatFileName);
  if (existsSync(path)) return;
  try {
    writeFileSync(path, `${formatVersion}\n`, { flush: true });
  } catch (error) {
    if (!isFull(error)) throw error;
    rmSync(path, { force: true });
  }
}

export interface StoreOptions {
  /** Another process may be writing: take no lock and change nothing. */
  readonly readOnly?: boolean;
}

export class Store {
  readonly folder: string;
  readonly tables: Tables;
  private root: RootDatabase;

  /** Beside the folder, because a compaction replaces that; undefined for readers. */
  readonly ballast: Ballast | undefined;

  private constructor(folder: string, root: RootDatabase, tables: Tables, readOnly: boolean) {
    this.folder = folder;
    this.ballast = readOnly ? undefined : new Ballast(`${folder}.ballast`);
    this.root = root;
    this.tables = tables;
  }

  /**
   * Opens or makes the folder. Throws FAILED_PRECONDITION when it is of another format, DATA_LOSS
   * when it is damaged.
   */
  static async open(folder: string, options: StoreOptions = {}): Promise<Store> {
    const readOnly = options.readOnly ?? false;
    if (!readOnly) {
      finishSwap(folder);
      mkdirSync(folder, { recursive: true });
      await checkFolder(folder);
    }
    const root = openRoot(folder, readOnly);
    try {
      const store = new Store(folder, root, openTables(root), readOnly);
      await store.checkFormat(readOnly);
      if (!readOnly) {
        await startFreeList(root);
        markMade(folder);
      }
      return store;
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  private async checkFormat(readOnly: boolean): Promise<void> {
    const found = this.readMeta('formatVersion');
    if (found === formatVersion) return;
    if (found === undefined && !readOnly) {
      await this.transaction(() => this.writeMeta('formatVersion', formatVersion));
      return;
    }
    const message =
      found === undefined
        ? `${this.folder} holds no chain`
        : `${this.folder} has data format ${found}; this version reads format ${formatVersion}`;
    throw new EngineError('FAILED_PRECONDITION', message, { reason: 'FORMAT_VERSION' });
  }

  /**
   * Runs `work` in one write transaction; resolves after fsync. Everything is undone when it
   * throws. Throws
   * RESOURCE_EXHAUSTED, DISK_FULL when there is no room.
   */
  async transaction<Result>(work: () => Result): Promise<Result> {
    try {
      // lmdb's plain transaction() commits what was put before a throw; a child transaction is
      // really undone.
      return (await this.root.childTransaction(work)) as Result;
    } catch (error) {
      // lmdb-js tells why in a second promise, which would end the process if nobody looked at it.
      const { commitError } = Object(error) as { commitError?: Promise<never> };
      const reason = await commitError?.catch((cause: unknown) => cause);
      throw explainCommit(reason ?? error, join(this.folder, dataFileName));
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
   * A consistent copy without free pages, so without anything that was deleted; `folder` must
   * exist.
   */
  async copyCompacted(folder: string): Promise<void> {
    await this.root.backup(folder, true);
  }

  /** Goes on from a compacting copy. Nothing may be written meanwhile; readers notice nothing. */
  async compact(): Promise<{ readonly bytesBefore: number; readonly bytesAfter: number }> {
    const { folder } = this;
    const bytesBefore = bytesOf(folder);
    const [fresh, old] = [`${folder}.new`, `${folder}.old`];
    rmSync(fresh, { recursive: true, force: true });
    await this.copyInto(fresh);
    const before = this.root;
    const root = openRoot(fresh);
    for (const name of tableNames) this.tables[name].rebind(openDatabase(root, name));
    this.root = root;
    // Both environments stay open across the renames: their files are the same wherever the folders
    // lie.
    renameSync(folder, old);
    renameSync(fresh, folder);
    await syncPath(dirname(folder));
    await before.close();
    rmSync(old, { recursive: true, force: true });
    return { bytesBefore, bytesAfter: bytesOf(folder) };
  }

  /** Everything of the folder, compacted; nothing is left of it when it fails. */
  private async copyInto(fresh: string): Promise<void> {
    mkdirSync(fresh);
    try {
      await this.copyCompacted(fresh);
      const root = openRoot(fresh);
      await startFreeList(root).finally(() => root.close());
      for (const name of readdirSync(this.folder)) {
        if (!name.endsWith('.mdb')) cpSync(join(this.folder, name), join(fresh, name));
      }
      // The old file goes right after the swap, so that the new one must be on the disk before it.
      for (const name of [...readdirSync(fresh), '.']) await syncPath(join(fresh, name));
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      throw isFull(error) ? diskFull(error) : error;
    }
  }

  async close(): Promise<void> {
    this.ballast?.close();
    await this.root.close();
  }
}
