// One LMDB table whose every value carries a CRC-32 of its key and itself: damage is noticed where
// it is read.
import { crc32 } from 'node:zlib';
import type { Database } from 'lmdb';
import { EngineError } from '../base/errors.ts';
import { crcBytes } from './format.ts';

export interface TableRow {
  readonly key: Buffer;
  readonly value: Buffer;
}

export class Table {
  /** Undefined for readers of a store that was made before there was such a table. */
  private database: Database<Buffer, Buffer> | undefined;
  private readonly name: string;
  /** False says nothing; what is put here makes it false, and nobody else writes. */
  private isKnownEmpty = false;
  /** Where keys that are put or removed are tracked while a copy of the store is made. */
  private tracked: Set<string> | undefined;

  constructor(database: Database<Buffer, Buffer> | undefined, name: string) {
    this.database = database;
    this.name = name;
  }

  /** Goes on with the same rows in another environment. */
  rebind(database: Database<Buffer, Buffer>): void {
    this.database = database;
  }

  /** From here on keys that are put or removed are tracked there, in latin1; undefined: nowhere. */
  trackIn(keys: Set<string> | undefined): void {
    this.tracked = keys;
  }

  /** Throws DATA_LOSS when the value is not what was written under this key. */
  get(key: Buffer): Buffer | undefined {
    // A copy from Node's pool costs less than the copy that lmdb would make, which is a new
    // ArrayBuffer each time.
    const value = this.view(key);
    return value && Buffer.from(value);
  }

  /** The same in lmdb's own buffer: of use until anything else is read. */
  view(key: Buffer): Buffer | undefined {
    const shared = this.database?.getBinaryFast(key);
    return shared && unseal(this.name, key, shared.subarray(0, shared.length));
  }

  /** The value with its checksum, as it lies on the disk. */
  sealed(key: Buffer): Buffer | undefined {
    const shared = this.database?.getBinaryFast(key);
    return shared && Buffer.from(shared.subarray(0, shared.length));
  }

  has(key: Buffer): boolean {
    return this.database?.doesExist(key) ?? false;
  }

  /** Inside a transaction only. */
  put(key: Buffer, value: Buffer): void {
    const sealed = sealedSpace(value.length + crcBytes);
    sealed.set(value);
    sealed.writeUInt32LE(crc32(value, crc32(key)), value.length);
    this.database!.putSync(key, sealed);
    this.tracked?.add(key.toString('latin1'));
    this.isKnownEmpty = false;
  }

  /** Inside a transaction only. */
  remove(key: Buffer): void {
    this.database!.removeSync(key);
    this.tracked?.add(key.toString('latin1'));
  }

  /**
   * Up to `limit` rows from a key on, in key order: short reads, so that no read transaction lives
   * long. One at least, and no more once their values have `bytesMax` bytes.
   */
  chunk(start: Buffer, limit: number, bytesMax = Number.POSITIVE_INFINITY): TableRow[] {
    const rows: TableRow[] = [];
    let bytes = 0;
    for (const { key, value } of this.database?.getRange({ start, limit }) ?? []) {
      rows.push({ key, value: unseal(this.name, key, value) });
      bytes += value.length;
      if (bytes >= bytesMax) break;
    }
    return rows;
  }

  /** Up to `limit` rows from a key on that come before another one. */
  between(start: Buffer, end: Buffer, limit: number): TableRow[] {
    const rows: TableRow[] = [];
    for (const { key, value } of this.database?.getRange({ start, end, limit }) ?? []) {
      rows.push({ key, value: unseal(this.name, key, value) });
    }
    return rows;
  }

  /** The same as `chunk` without values, which are not even read. */
  keys(start: Buffer, limit: number): Buffer[] {
    return Array.from(this.database?.getKeys({ start, limit }) ?? []);
  }

  /** All rows from a key on, in key order, read in chunks. */
  *rows(from: Buffer = Buffer.alloc(1)): IterableIterator<TableRow> {
    let start = from;
    while (true) {
      const chunk = this.chunk(start, chunkRows);
      yield* chunk;
      if (chunk.length < chunkRows) return;
      start = keyAfter(chunk.at(-1)!.key);
    }
  }

  /** The row at a key, or else the last one before it. */
  atOrBefore(key: Buffer): TableRow | undefined {
    const range = this.database?.getRange({ start: key, reverse: true, limit: 1 });
    const [row] = Array.from(range ?? []);
    return row && { key: row.key, value: unseal(this.name, row.key, row.value) };
  }

  /** The same with a value that is of use until anything else is read. */
  viewAtOrBefore(key: Buffer): TableRow | undefined {
    const range = this.database?.getKeys({ start: key, reverse: true, limit: 1 });
    const [found] = Array.from(range ?? []);
    const value = found && this.view(found);
    return value && { key: found, value };
  }

  /** The last row before a key. */
  before(key: Buffer): TableRow | undefined {
    const range = this.database?.getRange({ start: key, reverse: true, limit: 2 });
    const row = Array.from(range ?? []).find((found) => !found.key.equals(key));
    return row && { key: row.key, value: unseal(this.name, row.key, row.value) };
  }

  lastKey(): Buffer | undefined {
    return Array.from(this.database?.getKeys({ reverse: true, limit: 1 }) ?? [])[0];
  }

  /** Whether there are no rows: nearly free while it stays so. */
  isEmpty(): boolean {
    this.isKnownEmpty ||= this.count() === 0;
    return this.isKnownEmpty;
  }

  /** How many rows, without reading them: some microseconds. */
  count(): number {
    const stats = this.database?.getStats() as { entryCount: number } | undefined;
    return stats?.entryCount ?? 0;
  }
}

const chunkRows = 512;

/** Throws DATA_LOSS when a value with its checksum is not what was written under its key. */
export function assertSealed(table: string, key: Buffer, sealed: Buffer): void {
  unseal(table, key, sealed);
}

function unseal(table: string, key: Buffer, sealed: Buffer): Buffer {
  const end = sealed.length - crcBytes;
  const value = sealed.subarray(0, Math.max(0, end));
  if (end >= 0 && crc32(value, crc32(key)) === sealed.readUInt32LE(end)) return value;
  const message = `table ${table} is damaged at key ${key.toString('hex')}`;
  throw new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
}

/** lmdb has copied a value when putSync returns, so that all of them are sealed in one place. */
let space = Buffer.allocUnsafeSlow(65_536);

function sealedSpace(bytes: number): Buffer {
  if (bytes > space.length) space = Buffer.allocUnsafeSlow(2 * bytes);
  return space.subarray(0, bytes);
}

/** The smallest key after one. */
export function keyAfter(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.alloc(1)]);
}
