// The append-only log: dense sequences per origin, one entry an accepted event.
import { EngineError } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import { decodeEntry, encodeStub, type LogEntry } from './codec.ts';

/** This node's own events. Several origins each number theirs densely. */
const ownOrigin = 0;
const ownEpoch = 1;
const keyBytes = 14;
const scanChunk = 512;

function logKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(keyBytes);
  key.writeUInt16BE(ownOrigin, 0);
  key.writeUInt32BE(ownEpoch, 2);
  key.writeBigUInt64BE(BigInt(sequence), 6);
  return key;
}

export interface SequencedEntry {
  readonly sequence: number;
  readonly entry: LogEntry;
}

export class Log {
  private readonly store: Store;
  private headSequence: number;

  constructor(store: Store) {
    this.store = store;
    const last = store.tables.log.lastKey();
    this.headSequence = last ? Number(last.readBigUInt64BE(6)) : 0;
  }

  /** The sequence of the newest entry; 0 for an empty log. */
  get head(): number {
    return this.headSequence;
  }

  /** Appends inside a transaction; returns the entry's sequence. */
  append(entry: Buffer): number {
    this.headSequence += 1;
    this.store.tables.log.put(logKey(this.headSequence), entry);
    return this.headSequence;
  }

  /** After a transaction that did not commit: its sequences were never given out. */
  rewind(head: number): void {
    this.headSequence = head;
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
