// Builds the trees of a chain anew in an empty folder: every row of a data file is read in key
// order, checked, and put into an empty environment. A copy of pages, as LMDB makes it, would carry
// deleted keys along, which stay in branch pages as separators.
import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { PutOptions, RootDatabase } from 'lmdb';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { assertSealedEntry, readFormat, readTables } from './audit.ts';
import { explainCommit } from './disk-reserve.ts';
import { openDatabase, openRoot, type TableDatabase } from './environment.ts';
import {
  compactDueName,
  dataFileName,
  formatVersion,
  otherFormat,
  rebuiltName,
  type TableName,
  tableNames,
} from './format.ts';
import { Corruption, PageFile, type TreeRecord } from './pages.ts';
import { assertSealed, Table } from './table.ts';
import { type TreeEntry, walkTree } from './tree.ts';

/** A row as it lies on the disk, its checksum behind its value; without one: there is none now. */
export interface SealedRow {
  readonly key: Buffer;
  readonly sealed: Buffer | undefined;
}

export class Rebuild {
  readonly total: number;
  private readonly file: PageFile;
  private readonly tables: ReadonlyMap<TableName, TreeRecord>;
  private readonly target: RootDatabase;
  private readonly path: string;
  private readonly written: Readonly<Record<TableName, TableDatabase>>;
  private readonly progress: (rows: number) => void;
  private rows = 0;
  private unsynced = 0;

  /**
   * The moment of the copy is fixed when it is made: the newest commit. `descriptor` is an open
   * data file, of which somebody holds the pages (Store.hold). Throws FAILED_PRECONDITION when it
   * is of another format, DATA_LOSS when it is damaged.
   */
  constructor(descriptor: number, to: string, progress: (rows: number) => void) {
    this.file = readingPages(() => new PageFile(descriptor));
    this.tables = readingPages(() => tablesOf(this.file));
    this.progress = progress;
    this.path = join(to, dataFileName);
    let total = 0;
    for (const { entries } of this.tables.values()) total += entries;
    this.total = total;
    const { lastPage, pageBytes } = this.file.meta;
    // The map grows by itself where this is not enough.
    const mapSize = (lastPage + 1) * pageBytes + limits.copyBatchBytes;
    this.target = openRoot(to, { noSync: true, mapSize });
    const written = tableNames.map((name) => [name, openDatabase(this.target, name)] as const);
    this.written = Object.fromEntries(written) as Record<TableName, TableDatabase>;
  }

  /** Durable when it returns. Throws DATA_LOSS at the first page or value that is not sound. */
  copyAll(): void {
    for (const [name, record] of this.tables) this.copyTable(name, record);
    this.write(() => new Table(this.written.meta, 'meta').put(Buffer.from(rebuiltName), one));
    this.sync();
  }

  private copyTable(name: TableName, record: TreeRecord): void {
    let batch: SealedRow[] = [];
    let bytes = 0;
    const flush = () => {
      this.append(name, batch, bytes);
      batch = [];
      bytes = 0;
    };
    const visit = (entry: TreeEntry) => {
      assertSealedEntry(name, entry);
      const row = rowOf(entry);
      if (isRequest(name, row.key)) return;
      batch.push(row);
      bytes += row.key.length + row.sealed.length;
      if (bytes >= limits.copyBatchBytes) flush();
    };
    readingPages(() => walkTree({ file: this.file, name, record, hasNumberKeys: false, visit }));
    flush();
  }

  /** Rows come in the order of their keys, so that pages fill one after the other. */
  private append(name: TableName, rows: readonly SealedRow[], bytes: number): void {
    const target = this.written[name];
    this.write(() => {
      for (const row of rows) put(target, name, row, { append: true });
    });
    this.rows += rows.length;
    this.unsynced += bytes;
    this.progress(this.rows);
    // Left to the end, it would all go to the disk at once and hold up the commits of then.
    if (this.unsynced >= limits.copySyncBytes) this.sync();
  }

  /** Makes rows of the copy what they are in the chain now: put, replaced or gone. */
  apply(name: TableName, rows: readonly SealedRow[]): void {
    const target = this.written[name];
    this.write(() => {
      for (const row of rows) {
        if (row.sealed === undefined) {
          target.removeSync(row.key);
          continue;
        }
        assertSealed(name, row.key, row.sealed);
        put(target, name, row, {});
      }
    });
  }

  /** Everything is on the disk when it returns. */
  sync(): void {
    this.unsynced = 0;
    const descriptor = openSync(this.path, 'r+');
    try {
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  close(): Promise<void> {
    return this.target.close();
  }

  /** One transaction. Throws RESOURCE_EXHAUSTED, DISK_FULL when there is no room. */
  private write(work: () => void): void {
    try {
      this.target.transactionSync(work);
    } catch (error) {
      throw explainCommit(error, this.path);
    }
  }
}

const one = Buffer.from('1');

/** The tables of a file of our format; one that is not known may hold what must not be lost. */
function tablesOf(file: PageFile): Map<TableName, TreeRecord> {
  const found = readTables(file);
  const meta = found.get('meta');
  const format = meta === undefined ? undefined : readFormat(file, meta);
  if (format !== formatVersion) throw otherFormat('the data file', format);
  // Passed once already, for the format.
  file.forget();
  for (const name of found.keys()) {
    if (tableNames.includes(name as TableName)) continue;
    throw new EngineError('FAILED_PRECONDITION', `table ${name} is of another version`, {
      reason: 'FORMAT_VERSION',
    });
  }
  return found as Map<TableName, TreeRecord>;
}

/** The buffers of an entry are used again for the next. */
function rowOf(entry: TreeEntry): { readonly key: Buffer; readonly sealed: Buffer } {
  const { bytes, keyStart, valueStart, valueEnd, overflow } = entry;
  return {
    key: Buffer.from(bytes.subarray(keyStart, valueStart)),
    sealed: Buffer.from(overflow ?? bytes.subarray(valueStart, valueEnd)),
  };
}

/** That a compaction is wanted: the copy is one. */
function isRequest(name: TableName, key: Buffer): boolean {
  return name === 'meta' && key.toString() === compactDueName;
}

function put(target: TableDatabase, name: TableName, row: SealedRow, options: PutOptions): void {
  // True inside a transaction, whatever its type says; false when a key does not come after all
  // others that were appended.
  const isPut: unknown = target.putSync(row.key, row.sealed!, options);
  if (isPut === true) return;
  throw corruptedError(`table ${name}: its keys are out of order`);
}

function corruptedError(what: string): EngineError {
  return new EngineError('DATA_LOSS', `the chain is damaged (${what})`, { reason: 'DAMAGED' });
}

/** What the reader of pages finds, as an error that others understand. */
function readingPages<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Corruption)) throw error;
    throw corruptedError(error.message);
  }
}
