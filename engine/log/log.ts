// The append-only log: one entry an accepted event, own and others' in the order in which they
// came, in dense sequences.
import { EngineError } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import { decodeEntry, encodeStub, type LogEntry } from './codec.ts';
import { Origins } from './origins.ts';
import { formatPlace, formatVector, type Place } from './vector.ts';

/** One log a store; whose entries stand where in it is told by origins.ts. */
const logNumber = 0;
const logEpoch = 1;
const keyBytes = 14;
const scanChunk = 512;

function logKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(keyBytes);
  key.writeUInt16BE(logNumber, 0);
  key.writeUInt32BE(logEpoch, 2);
  key.writeBigUInt64BE(BigInt(sequence), 6);
  return key;
}

export interface SequencedEntry {
  readonly sequence: number;
  readonly entry: LogEntry;
}

/** An entry as it lies on the disk, for those who carry it on without reading it. */
export interface RawEntry {
  readonly sequence: number;
  readonly bytes: Buffer;
}

export class Log {
  /** Whose entries stand where. */
  readonly origins: Origins;
  private readonly store: Store;
  private headSequence: number;

  constructor(store: Store) {
    this.store = store;
    const last = store.tables.log.lastKey();
    this.headSequence = last ? Number(last.readBigUInt64BE(6)) : 0;
    this.origins = new Origins(store.tables.origins, this.headSequence);
  }

  /** The sequence of the newest entry; 0 for an empty log. */
  get head(): number {
    return this.headSequence;
  }

  /** Appends inside a transaction; returns the entry's sequence. */
  append(entry: Buffer): number {
    if (this.origins.isNamed) this.origins.extendOwn(this.headSequence + 1);
    return this.put(entry);
  }

  /** The same for the next entry of another origin. */
  appendForeign(place: Place, entry: Buffer): number {
    this.origins.extend(place, this.headSequence + 1);
    return this.put(entry);
  }

  private put(entry: Buffer): number {
    this.headSequence += 1;
    this.store.tables.log.put(logKey(this.headSequence), entry);
    return this.headSequence;
  }

  /** After a transaction that did not commit: its sequences were never given out. */
  rewind(head: number): void {
    const isBack = head < this.headSequence;
    this.headSequence = head;
    if (this.origins.isNamed || isBack) this.origins.load(head);
  }

  /** Whether the entry at a sequence was accepted here. */
  isOwn(sequence: number): boolean {
    if (!this.origins.isNamed) return true;
    return this.origins.at(sequence).origin === this.origins.own;
  }

  /** What a caller may give as `minWatermark` to read what stands at a sequence. */
  watermarkOf(sequence: number): string {
    const isNamed = this.origins.isNamed && sequence > 0;
    return isNamed ? formatPlace(this.origins.at(sequence)) : String(sequence);
  }

  /** Stands for everything in the log: its head where there is one origin, else a vector. */
  get watermark(): string {
    if (!this.origins.isNamed) return String(this.headSequence);
    return formatVector(this.origins.vector());
  }

  /** Up to `limit` committed entries from a sequence on, unread; fewer where they are long. */
  raw(from: number, limit: number, bytesMax?: number): RawEntry[] {
    return this.store.tables.log.chunk(logKey(from), limit, bytesMax).map(({ key, value }) => ({
      sequence: Number(key.readBigUInt64BE(6)),
      bytes: value,
    }));
  }

  /**
   * Overwrites an entry by a stub inside a transaction: the sequence stays, what it said is gone.
   */
  blank(sequence: number): void {
    this.store.tables.log.put(logKey(sequence), encodeStub());
  }

  read(sequence: number): LogEntry {
    const bytes = this.store.tables.log.get(logKey(sequence));
    if (!bytes) throw new EngineError('DATA_LOSS', `log entry ${sequence} is missing`);
    return decodeEntry(bytes, sequence);
  }

  /**
   * Entries from a sequence on, in order, read in chunks so that no read transaction lives long.
   */
  *scan(from = 1): IterableIterator<SequencedEntry> {
    let next = from;
    while (next <= this.headSequence) {
      const chunk = this.store.tables.log.chunk(logKey(next), scanChunk);
      if (chunk.length === 0) return;
      for (const { key, value } of chunk) {
        const sequence = Number(key.readBigUInt64BE(6));
        if (sequence !== next) throw new EngineError('DATA_LOSS', `log entry ${next} is missing`);
        yield { sequence, entry: decodeEntry(value, sequence) };
        next = sequence + 1;
      }
    }
  }
}
