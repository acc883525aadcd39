// A chain of data format 1, opened to be read: its log as entries of today, and what is kept beside
// it. The only place that knows how versions before this one wrote.
//
// log:  0 u16, 1 u32, sequence u64, all big-endian -> one JSON array (entry.ts)
// ids:  'p' purchase id, 'r' return id, 'u' SHA-256 of the id of a return without a receipt
//         -> sequence f64, contentHash u64
//       'd' purchase id -> JSON: sequences of copies that do not count
import type { RootDatabase } from 'lmdb';
import { EngineError } from '../base/errors.ts';
import { rememberRequestHash } from '../events/ids.ts';
import { Origins } from '../log/origins.ts';
import type { LogPosition } from '../log/vector.ts';
import { openDatabase, openRoot } from '../store/environment.ts';
import { otherFormat } from '../store/format.ts';
import type { Store } from '../store/store.ts';
import { Table, type TableRow } from '../store/table.ts';
import { convertEntry } from './entry.ts';

const tableNames = [
  'log',
  'ids',
  'items',
  'stores',
  'histories',
  'members',
  'returns',
  'tombstones',
  'origins',
  'meta',
] as const;

type OldTables = Readonly<Record<(typeof tableNames)[number], Table>>;

/** First bytes of the keys of `ids`. */
const idBytes = {
  purchase: 112,
  return: 114,
  unreferencedReturn: 117,
  copies: 100,
} as const;

/** Which format a chain is of, whatever it is; undefined where it says none. */
export async function readFormatVersion(folder: string): Promise<unknown> {
  const root = openRoot(folder, { readOnly: true });
  try {
    return versionIn(new Table(openDatabase(root, 'meta'), 'meta'));
  } finally {
    await root.close();
  }
}

function versionIn(meta: Table): unknown {
  const found = meta.get(Buffer.from('formatVersion'));
  return found && JSON.parse(found.toString());
}

const logKeyBytes = 14;

function logKey(sequence: number): Buffer {
  const key = Buffer.alloc(logKeyBytes);
  key.writeUInt32BE(1, 2);
  key.writeBigUInt64BE(BigInt(sequence), 6);
  return key;
}

/** An entry as one of today, and whose it is, where the log has names. */
export interface ConvertedEntry {
  readonly sequence: number;
  readonly bytes: Buffer;
  readonly place: LogPosition | undefined;
}

export class FormatOne {
  readonly tables: OldTables;
  readonly origins: Origins;
  /** The sequence of the newest entry. */
  readonly head: number;
  private readonly root: RootDatabase;

  private constructor(root: RootDatabase, tables: OldTables) {
    this.root = root;
    this.tables = tables;
    const last = tables.log.lastKey();
    this.head = last?.length === logKeyBytes ? Number(last.readBigUInt64BE(6)) : 0;
    this.origins = new Origins(tables.origins, this.head);
  }

  /** Changes nothing but its lock file. Throws FAILED_PRECONDITION for another format. */
  static async open(folder: string): Promise<FormatOne> {
    const root = openRoot(folder, { readOnly: true });
    try {
      const entries = tableNames.map((name) => [name, new Table(openDatabase(root, name), name)]);
      const tables: OldTables = Object.fromEntries(entries);
      const version = versionIn(tables.meta);
      if (version !== 1) throw otherFormat(folder, version);
      return new FormatOne(root, tables);
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.root.close();
  }

  /** The name under which its own entries go; undefined where it has none. */
  get own(): string | undefined {
    return this.origins.own;
  }

  /** Up to `limit` entries from a sequence on. Throws DATA_LOSS where one cannot be read. */
  read(from: number, limit: number): readonly ConvertedEntry[] {
    const count = Math.min(limit, this.head - from + 1);
    const rows = this.tables.log.chunk(logKey(from), Math.max(0, count));
    const entries: ConvertedEntry[] = [];
    for (let sequence = from; sequence < from + count; sequence++) {
      const row = rows[sequence - from];
      if (!row?.key.equals(logKey(sequence))) {
        const message = `log entry ${sequence} is missing`;
        throw new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
      }
      const place = this.origins.isNamed ? this.origins.at(sequence) : undefined;
      entries.push({ sequence, bytes: convertEntry(row.value, sequence), place });
    }
    return entries;
  }

  /** Keys of its tombstones, which are those of today. */
  *tombstones(): IterableIterator<Buffer> {
    for (const { key } of this.tables.tombstones.rows()) yield key;
  }

  /** Ids of one kind, or copies: the key behind its first byte, and the value. */
  *ids(kind: keyof typeof idBytes): IterableIterator<TableRow> {
    const first = idBytes[kind];
    for (const { key, value } of this.tables.ids.rows(Buffer.of(first))) {
      if (key[0] !== first) return;
      yield { key: key.subarray(1), value };
    }
  }

  /** Ids of returns without a receipt, as far as what became of them stands up to a sequence. */
  copyRequests(target: Store, upTo: number): void {
    for (const { key, value } of this.ids('unreferencedReturn')) {
      const [sequence, contentHash] = [value.readDoubleLE(0), value.readBigUInt64LE(8)];
      if (sequence > upTo) continue;
      rememberRequestHash(target, 'unreferencedReturn', key, { sequence, contentHash });
    }
  }

  /** Names and values of what is kept beside everything else, which are those of today. */
  *meta(): IterableIterator<readonly [name: string, value: Buffer]> {
    for (const { key, value } of this.tables.meta.rows()) yield [key.toString(), value];
  }
}
