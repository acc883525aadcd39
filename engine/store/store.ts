// One LMDB environment in one folder: the only truth. Everything in memory can be made again from it.
import { mkdirSync } from 'node:fs';
import { type Database, open, type RootDatabase } from 'lmdb';
import { EngineError } from '../base/errors.ts';
import { claimFolder, type FolderClaim } from './claim.ts';

/** Raised with every change of what lies on disk; a folder of another version is refused by name. */
export const formatVersion = 1;

export type Table = Database<Buffer, Buffer>;

export interface Tables {
  /** (origin, epoch, sequence) -> CRC and event. */
  readonly log: Table;
  /** kind byte + outside id -> sequence and content hash. */
  readonly ids: Table;
  /** item number -> the item as JSON. */
  readonly items: Table;
  /** store number -> the store as JSON. */
  readonly stores: Table;
  /** member id -> all their baskets (views/history.ts). */
  readonly histories: Table;
  /** purchase id -> the returns against it, also of purchases not here yet. */
  readonly returns: Table;
  /** name -> a small value: format version, head, landmark, bookmarks. */
  readonly meta: Table;
}

const tableNames: readonly (keyof Tables)[] = [
  'log',
  'ids',
  'items',
  'stores',
  'histories',
  'returns',
  'meta',
];

function openTables(root: RootDatabase): Tables {
  const entries = tableNames.map((name) => [
    name,
    root.openDB<Buffer, Buffer>({ name, keyEncoding: 'binary', encoding: 'binary', cache: false }),
  ]);
  return Object.fromEntries(entries) as unknown as Tables;
}

export class Store {
  readonly tables: Tables;
  private readonly root: RootDatabase;
  private readonly claim: FolderClaim;

  private constructor(root: RootDatabase, tables: Tables, claim: FolderClaim) {
    this.root = root;
    this.tables = tables;
    this.claim = claim;
  }

  /** Opens or makes the folder. Throws FAILED_PRECONDITION when it is in use or of another format. */
  static async open(folder: string): Promise<Store> {
    mkdirSync(folder, { recursive: true });
    const claim = await claimFolder(folder);
    try {
      const root = open({
        path: folder,
        maxDbs: 32,
        // A commit answers only after its own fsync.
        overlappingSync: false,
      });
      const store = new Store(root, openTables(root), claim);
      await store.checkFormat(folder);
      return store;
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  private async checkFormat(folder: string): Promise<void> {
    const found = this.readMeta('formatVersion');
    if (found === undefined) {
      await this.transaction(() => this.writeMeta('formatVersion', formatVersion));
    } else if (found !== formatVersion) {
      await this.root.close();
      throw new EngineError(
        'FAILED_PRECONDITION',
        `${folder} has data format ${found}; this version reads format ${formatVersion}`,
        { reason: 'FORMAT_VERSION' },
      );
    }
  }

  /** Runs `work` in one write transaction; resolves after fsync. Everything is undone when it throws. */
  transaction<Result>(work: () => Result): Promise<Result> {
    // lmdb's plain transaction() commits what was put before a throw; a child transaction is really undone.
    return this.root.childTransaction(work) as Promise<Result>;
  }

  /** Entries of a table, without reading them. */
  count(table: keyof Tables): number {
    return (this.tables[table].getStats() as { entryCount: number }).entryCount;
  }

  readMeta(name: string): unknown {
    const value = this.tables.meta.get(Buffer.from(name));
    return value === undefined ? undefined : JSON.parse(value.toString());
  }

  /** Inside a transaction only. */
  writeMeta(name: string, value: unknown): void {
    this.tables.meta.putSync(Buffer.from(name), Buffer.from(JSON.stringify(value)));
  }

  async close(): Promise<void> {
    await this.root.close();
    await this.claim.release();
  }
}
