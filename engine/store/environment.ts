// Opens the LMDB environment of a folder and its tables, the same way for every process.
import { type Database, open, type RootDatabase } from 'lmdb';
import { type TableName, tableNames } from './format.ts';
import { Table } from './table.ts';

export type TableDatabase = Database<Buffer, Buffer>;

export interface EnvironmentOptions {
  /** Another process may be writing: take no lock and change nothing. */
  readonly readOnly?: boolean;
  /** Commits do not reach the disk by themselves: whoever writes syncs the file afterwards. */
  readonly noSync?: boolean;
  /** How large the file is expected to become, so that it is mapped once. */
  readonly mapSize?: number;
}

export function openRoot(path: string, options: EnvironmentOptions = {}): RootDatabase {
  // A commit answers only after its own fsync. Ingest gathers a turn's events itself; lmdb's own
  // gathering makes a second promise for each commit that nobody can reach, and its rejection on a
  // full disk would end the process.
  // Free room in pages is zeroed before they are written (lmdb's default, stated because erases
  // rely on it): else bytes of this process's memory would stand there, erased ids among them.
  const settings = { overlappingSync: false, eventTurnBatching: false, noMemInit: false } as const;
  return open({ path, maxDbs: 32, noSubdir: false, ...options, ...settings });
}

export function openDatabase(root: RootDatabase, name: TableName): TableDatabase {
  const options = { name, keyEncoding: 'binary', encoding: 'binary', cache: false } as const;
  return root.openDB<Buffer, Buffer>(options);
}

export function openTables(root: RootDatabase): Readonly<Record<TableName, Table>> {
  const entries = tableNames.map((name) => [name, new Table(openDatabase(root, name), name)]);
  return Object.fromEntries(entries);
}

/**
 * The first commit on a compacting copy must be a small one: lmdb aborts the process when the list
 * of free pages is empty and the first entry of it needs more than a page (over 250 freed pages).
 */
export async function startFreeList(root: RootDatabase): Promise<void> {
  const { free } = root.getStats() as { free: { entryCount: number } };
  if (free.entryCount > 0) return;
  const meta = new Table(openDatabase(root, 'meta'), 'meta');
  const key = Buffer.from('formatVersion');
  await root.childTransaction(() => meta.put(key, meta.get(key) ?? Buffer.alloc(0)));
}
