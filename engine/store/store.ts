// One LMDB environment in one folder: the only truth. Everything in memory can be made again from it.
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { EngineError } from '../base/errors.ts';
import { Table } from './table.ts';

/** Raised with every change of what lies on disk; a folder of another version is refused by name. */
const formatVersion = 1;

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
  /** name -> a small value: format version, landmark, bookmarks. */
  readonly meta: Table;
}

const tableNames: readonly (keyof Tables)[] = [
  'log',
  'ids',
  'items',
  'stores',
  'histories',
  'members',
  'returns',
  'residues',
  'tombstones',
  'meta',
];

function openDatabase(root: RootDatabase, name: keyof Tables): Database<Buffer, Buffer> {
  const options = { name, keyEncoding: 'binary', encoding: 'binary', cache: false } as const;
  return root.openDB<Buffer, Buffer>(options);
}

function openTables(root: RootDatabase): Tables {
  const entries = tableNames.map((name) => [name, new Table(openDatabase(root, name), name)]);
  return Object.fromEntries(entries) as unknown as Tables;
}

function openRoot(path: string, readOnly = false): RootDatabase {
  // A commit answers only after its own fsync.
  return open({ path, maxDbs: 32, overlappingSync: false, noSubdir: false, readOnly });
}

function bytesOf(folder: string): number {
  return statSync(join(folder, 'data.mdb')).size;
}

/** Finishes a swap of folders that a crash cut short: the new one is whole as soon as the old one has moved aside. */
function finishSwap(folder: string): void {
  if (!existsSync(folder) && existsSync(`${folder}.new`)) renameSync(`${folder}.new`, folder);
  rmSync(`${folder}.new`, { recursive: true, force: true });
  rmSync(`${folder}.old`, { recursive: true, force: true });
}

export interface StoreOptions {
  /** Another process may be writing: take no lock and change nothing. */
  readonly readOnly?: boolean;
}

export class Store {
  readonly folder: string;
  readonly tables: Tables;
  private root: RootDatabase;

  private constructor(folder: string, root: RootDatabase, tables: Tables) {
    this.folder = folder;
    this.root = root;
    this.tables = tables;
  }

  /** Opens or makes the folder. Throws FAILED_PRECONDITION when it is of another format. */
  static async open(folder: string, options: StoreOptions = {}): Promise<Store> {
    const readOnly = options.readOnly ?? false;
    if (!readOnly) {
      finishSwap(folder);
      mkdirSync(folder, { recursive: true });
    }
    const root = openRoot(folder, readOnly);
    try {
      const store = new Store(folder, root, openTables(root));
      await store.checkFormat(readOnly);
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

  /** Runs `work` in one write transaction; resolves after fsync. Everything is undone when it throws. */
  transaction<Result>(work: () => Result): Promise<Result> {
    // lmdb's plain transaction() commits what was put before a throw; a child transaction is really undone.
    return this.root.childTransaction(work) as Promise<Result>;
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

  /** A consistent copy without free pages, so without anything that was deleted; `folder` must exist. */
  async copyCompacted(folder: string): Promise<void> {
    await this.root.backup(folder, true);
  }

  /** Goes on from a compacting copy. Nothing may be written meanwhile; readers notice nothing. */
  async compact(): Promise<{ readonly bytesBefore: number; readonly bytesAfter: number }> {
    const { folder } = this;
    const bytesBefore = bytesOf(folder);
    const [fresh, old] = [`${folder}.new`, `${folder}.old`];
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh);
    await this.copyCompacted(fresh);
    for (const name of readdirSync(folder)) {
      if (!name.endsWith('.mdb')) cpSync(join(folder, name), join(fresh, name));
    }
    const before = this.root;
    const root = openRoot(fresh);
    for (const name of tableNames) this.tables[name].rebind(openDatabase(root, name));
    this.root = root;
    // Both environments stay open across the renames: their files are the same wherever the folders lie.
    renameSync(folder, old);
    renameSync(fresh, folder);
    await before.close();
    rmSync(old, { recursive: true, force: true });
    return { bytesBefore, bytesAfter: bytesOf(folder) };
  }

  async close(): Promise<void> {
    await this.root.close();
  }
}
