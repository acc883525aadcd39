// The append-only log: one entry an accepted event, own and others' in the order in which they
// came, in dense sequences. Its entries lie in streams, which are kept for as long as each needs.
import { EngineError } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import { codeOf, stub, stubCode } from './frame.ts';
import { Origins } from './origins.ts';
import { formatPosition, formatVector, type LogPosition } from './vector.ts';

/**
 * `log`: what the chain is made of. `behaviour`: what people did before they bought, which leaves
 * after a shorter time. Both share one order and one numbering.
 */
export type Stream = 'log' | 'behaviour';

const keyBytes = 8;
const scanChunk = 512;

function logKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(keyBytes);
  // Two halves: a BigInt is one more object for each look.
  key.writeUInt32BE(Math.floor(sequence / 2 ** 32), 0);
  key.writeUInt32BE(sequence >>> 0, 4);
  return key;
}

function sequenceOf(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}

/** An entry as it lies on the disk. */
export interface RawEntry {
  readonly sequence: number;
  readonly bytes: Buffer;
}

export class Log {
  /** Whose entries stand where. */
  readonly origins: Origins;
  private readonly store: Store;
  private readonly streamOf: (code: number) => Stream;
  private headSequence: number;

  /** `streamOf`: where entries of a kind lie. */
  constructor(store: Store, streamOf: (code: number) => Stream) {
    this.store = store;
    this.streamOf = streamOf;
    const { log, behaviour } = store.tables;
    const last = [log, behaviour].map((table) => table.lastKey());
    this.headSequence = Math.max(...last.map((key) => (key ? sequenceOf(key) : 0)), this.left);
    this.origins = new Origins(store.tables.origins, this.headSequence);
  }

  /** Up to here entries of the stream of behaviour have left, so that there may be gaps. */
  private get left(): number {
    return Number(this.store.readMeta('behaviourLeft') ?? 0);
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
  appendForeign(place: LogPosition, entry: Buffer): number {
    this.origins.extend(place, this.headSequence + 1);
    return this.put(entry);
  }

  private put(entry: Buffer): number {
    this.headSequence += 1;
    this.tableOf(entry).put(logKey(this.headSequence), entry);
    return this.headSequence;
  }

  private tableOf(entry: Buffer): Table {
    const code = codeOf(entry);
    return this.store.tables[code === stubCode ? 'log' : this.streamOf(code)];
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
    return isNamed ? formatPosition(this.origins.at(sequence)) : String(sequence);
  }

  /** Stands for everything in the log: its head where there is one origin, else a vector. */
  get watermark(): string {
    if (!this.origins.isNamed) return String(this.headSequence);
    return formatVector(this.origins.vector());
  }

  /**
   * Up to `limit` entries from a sequence on, stubs for what has left; fewer where they are long.
   * Those on their way to the
   * disk come later. Throws DATA_LOSS where one is missing before one that is there.
   */
  raw(from: number, limit: number, bytesMax = Number.POSITIVE_INFINITY): RawEntry[] {
    const end = Math.min(this.headSequence + 1, from + limit);
    const { left } = this;
    const found = this.rowsOf(from, end - from, bytesMax);
    const last = Math.max(left, ...found.keys());
    const entries: RawEntry[] = [];
    let bytes = 0;
    // What is on its way to the disk comes after the last one that is found.
    for (let sequence = from; sequence < end && sequence <= last && bytes < bytesMax; sequence++) {
      const entry = found.get(sequence) ?? this.read(sequence);
      entries.push({ sequence, bytes: entry });
      bytes += entry.length;
    }
    return entries;
  }

  private rowsOf(from: number, limit: number, bytesMax: number): Map<number, Buffer> {
    const { log, behaviour } = this.store.tables;
    const found = new Map<number, Buffer>();
    if (limit <= 0) return found;
    for (const stream of behaviour.isEmpty() ? [log] : [log, behaviour]) {
      for (const { key, value } of stream.chunk(logKey(from), limit, bytesMax)) {
        found.set(sequenceOf(key), value);
      }
    }
    return found;
  }

  /** For an entry that lies nowhere. */
  private stubAt(sequence: number): Buffer {
    if (sequence > 0 && sequence <= this.left) return stub;
    throw new EngineError('DATA_LOSS', `log entry ${sequence} is missing`);
  }

  /**
   * Overwrites an entry by a stub inside a transaction: the sequence stays, what it said is gone.
   */
  blank(sequence: number): void {
    const { log, behaviour } = this.store.tables;
    if (!behaviour.isEmpty()) behaviour.remove(logKey(sequence));
    log.put(logKey(sequence), stub);
  }

  /** Says something else at a sequence, inside a transaction: never in the stream of behaviour. */
  overwrite(sequence: number, entry: Buffer): void {
    this.store.tables.log.put(logKey(sequence), entry);
  }

  /** Throws DATA_LOSS where it is missing. */
  read(sequence: number): Buffer {
    return Buffer.from(this.view(sequence));
  }

  /** The same in a buffer that is of use until anything else is read. */
  view(sequence: number): Buffer {
    const { log, behaviour } = this.store.tables;
    const key = logKey(sequence);
    const bytes = log.view(key) ?? (behaviour.isEmpty() ? undefined : behaviour.view(key));
    return bytes ?? this.stubAt(sequence);
  }

  /**
   * Entries from a sequence on, in order, read in chunks so that no read transaction lives long.
   */
  *scan(from = 1): IterableIterator<RawEntry> {
    for (let next = from; next <= this.headSequence; ) {
      const entries = this.raw(next, scanChunk);
      if (entries.length === 0) return;
      yield* entries;
      next += entries.length;
    }
  }
}
