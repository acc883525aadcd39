// A chunk of a history on disk: keys in the order of receipts, and the bytes behind them. A history
// is what came under one member id, in chunks of about 4 KB, so that a receipt appends to the last
// one instead of rewriting all.
//
// key:   idLength u8 | id | from: occurredAtMs u64 BE, purchaseId
//        `from` is where the chunk begins in (occurredAtMs, purchaseId) order: 0 and nothing for
//        the first one, so that every receipt has a chunk it belongs to
// value: receipts u32 | lines u32 | crowdedDays u16 (0xffff: not counted) | bytes of `next` u16
//          | next: where the next chunk begins, as in its key; nothing in the last one
//          | entries (entry.ts) in the order of their positions
//        the totals are those of the whole history, and right in its last chunk only; `next` makes
//        reading a history a few gets, each a tenth of what a cursor costs to open
import { limits } from '../base/limits.ts';
import { entryEnd, occurredAtMsOf, purchaseIdOf, removedAtOf } from './entry.ts';

const headerBytes = 12;
const timeBytes = 8;
const crowdedUnknown = 0xffff;

/** Where a receipt stands in a history. */
export interface Position {
  readonly occurredAtMs: number;
  readonly purchaseId: Buffer;
}

/** Of the receipts of one history that count. */
export interface Totals {
  readonly receipts: number;
  readonly lines: number;
  /**
   * Local days with more than `receiptsPerDayMax` receipts; undefined where it need not be known,
   * beyond `receiptsPerMemberMax`.
   */
  readonly crowdedDays: number | undefined;
}

export const noTotals: Totals = { receipts: 0, lines: 0, crowdedDays: 0 };

export interface Chunk {
  readonly key: Buffer;
  readonly totals: Totals;
  /** The key of the chunk that comes after it; undefined for the last one. */
  readonly next: Buffer | undefined;
  readonly entries: Buffer;
}

/** What all keys of one history begin with. */
export function prefixOf(id: string): Buffer {
  const length = Buffer.byteLength(id);
  const prefix = Buffer.allocUnsafe(1 + length);
  prefix[0] = length;
  prefix.write(id, 1);
  return prefix;
}

/** The member id that a key belongs to. */
export function idOfKey(key: Buffer): string {
  return key.toString('utf8', 1, 1 + key[0]!);
}

export function belongsTo(key: Buffer, prefix: Buffer): boolean {
  if (key.length < prefix.length) return false;
  return key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

export function keyAt(prefix: Buffer, { occurredAtMs, purchaseId }: Position): Buffer {
  const start = prefix.length + timeBytes;
  const key = Buffer.allocUnsafe(start + purchaseId.length);
  prefix.copy(key);
  key.writeBigUInt64BE(BigInt(occurredAtMs), prefix.length);
  purchaseId.copy(key, start);
  return key;
}

export function firstKeyOf(prefix: Buffer): Buffer {
  const key = Buffer.allocUnsafe(prefix.length + timeBytes);
  prefix.copy(key);
  return key.fill(0, prefix.length);
}

/** Greater than every key of a history, and less than those of the next one. */
export function keyBehind(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(timeBytes + limits.idBytesMax + 1, 0xff)]);
}

export function decodeChunk(key: Buffer, value: Buffer): Chunk {
  const crowdedDays = value.readUInt16LE(8);
  const entriesAt = headerBytes + value.readUInt16LE(10);
  const hasNext = entriesAt > headerBytes;
  return {
    key,
    totals: {
      receipts: value.readUInt32LE(0),
      lines: value.readUInt32LE(4),
      crowdedDays: crowdedDays === crowdedUnknown ? undefined : crowdedDays,
    },
    next: hasNext ? sibling(key, value, headerBytes, entriesAt) : undefined,
    entries: value.subarray(entriesAt),
  };
}

/** The key of another chunk of the same history. */
function sibling(key: Buffer, value: Buffer, from: number, end: number): Buffer {
  const prefixBytes = 1 + key[0]!;
  const next = Buffer.allocUnsafe(prefixBytes + end - from);
  key.copy(next, 0, 0, prefixBytes);
  value.copy(next, prefixBytes, from, end);
  return next;
}

export function encodeChunk({ totals, next, entries }: Omit<Chunk, 'key'>): Buffer {
  const from = next?.subarray(1 + next[0]!);
  const entriesAt = headerBytes + (from?.length ?? 0);
  const value = Buffer.allocUnsafe(entriesAt + entries.length);
  value.writeUInt32LE(totals.receipts, 0);
  value.writeUInt32LE(totals.lines, 4);
  value.writeUInt16LE(totals.crowdedDays ?? crowdedUnknown, 8);
  value.writeUInt16LE(from?.length ?? 0, 10);
  from?.copy(value, headerBytes);
  entries.copy(value, entriesAt);
  return value;
}

export function positionAt(entries: Buffer, start: number): Position {
  const occurredAtMs = occurredAtMsOf(entries, start);
  return { occurredAtMs, purchaseId: purchaseIdOf(entries, start) };
}

/** Negative when the entry at `start` stands before a position. */
export function compareAt(entries: Buffer, start: number, position: Position): number {
  const difference = occurredAtMsOf(entries, start) - position.occurredAtMs;
  return difference || purchaseIdOf(entries, start).compare(position.purchaseId);
}

/** Where entries begin, one after the other. */
export function startsOf(entries: Buffer): readonly number[] {
  // A generator would make an object for each.
  const starts: number[] = [];
  for (let at = 0; at < entries.length; at = entryEnd(entries, at)) starts.push(at);
  return starts;
}

/** Whether any entry counts now. */
export function hasLiveEntries(entries: Buffer): boolean {
  for (let at = 0; at < entries.length; at = entryEnd(entries, at)) {
    if (removedAtOf(entries, at) === 0) return true;
  }
  return false;
}

/** The entries of two histories in one order; of equal positions that of `into` comes first. */
export function uniteEntries(from: Buffer, into: Buffer): Buffer {
  const united = Buffer.allocUnsafe(from.length + into.length);
  let [place, at, next] = [0, 0, 0];
  while (next < from.length) {
    const start = at;
    while (at < into.length && comparePositions(into, at, from, next) <= 0) {
      at = entryEnd(into, at);
    }
    place += into.copy(united, place, start, at);
    // Receipts of one id often come in a row.
    const begin = next;
    do next = entryEnd(from, next);
    while (next < from.length && at < into.length && comparePositions(into, at, from, next) > 0);
    place += from.copy(united, place, begin, at < into.length ? next : from.length);
    if (at >= into.length) return united;
  }
  into.copy(united, place, at);
  return united;
}

function comparePositions(one: Buffer, at: number, other: Buffer, start: number): number {
  const difference = occurredAtMsOf(one, at) - occurredAtMsOf(other, start);
  return difference || purchaseIdOf(one, at).compare(purchaseIdOf(other, start));
}
