// Reading histories: what came under one member id, in the order of its receipts.
import { millisecondsPerDay, millisecondsPerMinute } from '../base/clock.ts';
import { assert } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { keyAfter, type Table } from '../store/table.ts';
import {
  belongsTo,
  type Chunk,
  decodeChunk,
  firstKeyOf,
  keyAt,
  keyBehind,
  noTotals,
  prefixOf,
  startsOf,
  type Totals,
} from './chunk.ts';
import { entryEnd, lineCountOf, occurredAtMsOf, offsetMinutesOf, removedAtOf } from './entry.ts';

const chunksAtOnce = 32;
const nobodyElse = Buffer.alloc(0);

/** The chunk that a key falls into; undefined when the history has none there. */
export function chunkAtOrBefore(table: Table, prefix: Buffer, key: Buffer): Chunk | undefined {
  const row = table.atOrBefore(key);
  return row && belongsTo(row.key, prefix) ? decodeChunk(row.key, row.value) : undefined;
}

export function lastChunk(table: Table, prefix: Buffer): Chunk | undefined {
  const key = firstKeyOf(prefix);
  const value = table.get(key);
  if (!value) return undefined;
  const first = decodeChunk(key, value);
  return first.next ? chunkAtOrBefore(table, prefix, keyBehind(prefix)) : first;
}

/** The chunks of one history from a key on, in short reads. */
export function* chunksFrom(table: Table, prefix: Buffer, from = prefix): Generator<Chunk> {
  const end = keyBehind(prefix);
  for (let start = from; ; ) {
    const rows = table.between(start, end, chunksAtOnce);
    for (const { key, value } of rows) yield decodeChunk(key, value);
    if (rows.length < chunksAtOnce) return;
    start = keyAfter(rows.at(-1)!.key);
  }
}

/** All entries of one history; undefined when there are none. */
export function readEntries(table: Table, id: string): Buffer | undefined {
  const { last, entries } = readWhole(table, id);
  return last && entries;
}

export interface WholeHistory {
  /** The chunk that holds its end and its totals; undefined when nothing came under the id. */
  readonly last: Chunk | undefined;
  readonly entries: Buffer;
}

const nothing: WholeHistory = { last: undefined, entries: Buffer.alloc(0) };

/** What chunks are put together in. */
let space = Buffer.allocUnsafeSlow(65_536);

export function readWhole(table: Table, id: string): WholeHistory {
  const { last, bytes } = readFirst(table, id);
  if (!last) return nothing;
  if (!last.next) return gathered(last, bytes);
  const parts: Buffer[] = [Buffer.from(space.subarray(0, bytes))];
  let end = last;
  // A cursor for what is left of a long one.
  for (const chunk of chunksFrom(table, prefixOf(id), last.next)) {
    parts.push(chunk.entries);
    end = chunk;
  }
  return { last: end, entries: Buffer.concat(parts) };
}

/** The same as most are; undefined when it is longer. */
export function readShort(table: Table, id: string): WholeHistory | undefined {
  const { last, bytes } = readFirst(table, id);
  if (!last) return nothing;
  return last.next ? undefined : gathered(last, bytes);
}

/** What lies in `space`, of which the last chunk is the end. */
function gathered(last: Chunk, bytes: number): WholeHistory {
  const entries = Buffer.from(space.subarray(0, bytes));
  const lastEntries = entries.subarray(bytes - last.entries.length);
  return { last: { ...last, entries: lastEntries }, entries };
}

/**
 * Puts the entries of the first chunks of a history, which are all that most have, into `space`;
 * answers the last of these chunks, whose own entries are of no use any more.
 */
function readFirst(table: Table, id: string): { readonly last?: Chunk; readonly bytes: number } {
  const key = firstKeyOf(prefixOf(id));
  const value = table.view(key);
  if (!value) return { bytes: 0 };
  let last = decodeChunk(key, value);
  let bytes = gather(last.entries, 0);
  for (let chunks = 1; last.next && chunks <= chunksAtOnce; chunks++) {
    const following = table.view(last.next);
    assert(following, 'a chunk leads to one that is there');
    last = decodeChunk(last.next, following);
    bytes = gather(last.entries, bytes);
  }
  return { last, bytes };
}

/** Puts bytes behind those that are there; answers where they end. */
function gather(bytes: Buffer, at: number): number {
  const end = at + bytes.length;
  if (end > space.length) {
    const larger = Buffer.allocUnsafeSlow(2 * end);
    space.copy(larger, 0, 0, at);
    space = larger;
  }
  bytes.copy(space, at);
  return end;
}

/** The newest entries of one history, in their order: some more than `receiptsMax`, or all. */
export function readNewest(table: Table, id: string, receiptsMax: number): Buffer | undefined {
  const prefix = prefixOf(id);
  const chunks: Buffer[] = [];
  let receipts = 0;
  for (let chunk = lastChunk(table, prefix); chunk && receipts < receiptsMax; ) {
    chunks.unshift(chunk.entries);
    for (const _ of startsOf(chunk.entries)) receipts += 1;
    const row = table.before(chunk.key);
    chunk = row && belongsTo(row.key, prefix) ? decodeChunk(row.key, row.value) : undefined;
  }
  return chunks.length === 0 ? undefined : Buffer.concat(chunks);
}

/** Of the receipts that count; zeros for a history that is not there. */
export function readTotals(table: Table, id: string): Totals {
  const prefix = prefixOf(id);
  const key = firstKeyOf(prefix);
  const value = table.view(key);
  if (!value) return noTotals;
  const { next, totals } = decodeChunk(key, value);
  return next ? chunkAtOrBefore(table, prefix, keyBehind(prefix))!.totals : totals;
}

/** The local day of an entry: whole days since 1970 by its own offset. */
export function localDayAt(entries: Buffer, start: number): number {
  const minutes = offsetMinutesOf(entries, start);
  const local = occurredAtMsOf(entries, start) + minutes * millisecondsPerMinute;
  return Math.floor(local / millisecondsPerDay);
}

/** How many receipts of a local day count, as far as two more than `receiptsPerDayMax`. */
export function receiptsOnDay(table: Table, prefix: Buffer, day: number): number {
  // Offsets are less than a day, either way.
  const fromMs = Math.max(0, (day - 1) * millisecondsPerDay);
  const untilMs = (day + 2) * millisecondsPerDay;
  const start = keyAt(prefix, { occurredAtMs: fromMs, purchaseId: nobodyElse });
  const first = chunkAtOrBefore(table, prefix, start);
  let receipts = 0;
  for (const { entries } of chunksFrom(table, prefix, first?.key)) {
    for (const at of startsOf(entries)) {
      if (occurredAtMsOf(entries, at) >= untilMs) return receipts;
      if (removedAtOf(entries, at) === 0 && localDayAt(entries, at) === day) receipts += 1;
      if (receipts > limits.receiptsPerDayMax + 1) return receipts;
    }
  }
  return receipts;
}

/** Local days on which more than `receiptsPerDayMax` receipts count, of all these histories. */
export function countCrowdedDays(histories: readonly Buffer[]): number {
  const days = new CrowdedDays();
  for (const entries of histories) {
    for (let at = 0; at < entries.length; at = entryEnd(entries, at)) {
      if (removedAtOf(entries, at) === 0) days.add(localDayAt(entries, at));
    }
  }
  return days.count;
}

/** Of the entries that `counts` says yes to, by where they begin. */
export function totalsAsOf(entries: Buffer, counts: (start: number) => boolean): Totals {
  const days = new CrowdedDays();
  let [receipts, lines] = [0, 0];
  for (const at of startsOf(entries)) {
    if (!counts(at)) continue;
    receipts += 1;
    lines += lineCountOf(entries, at);
    days.add(localDayAt(entries, at));
  }
  return { receipts, lines, crowdedDays: days.count };
}

/** How many days come more than `receiptsPerDayMax` times; cheapest where they come in order. */
class CrowdedDays {
  count = 0;
  private readonly onDay = new Map<number, number>();
  private day = Number.NaN;
  private receipts = 0;

  add(day: number): void {
    if (day !== this.day) {
      this.onDay.set(this.day, this.receipts);
      this.day = day;
      this.receipts = this.onDay.get(day) ?? 0;
    }
    this.receipts += 1;
    if (this.receipts === limits.receiptsPerDayMax + 1) this.count += 1;
  }
}

/**
 * Whether so much cannot be one person: a card for all who have none. A function of the receipts
 * that count and of nothing else, so that every node says the same.
 */
export function isSharedCard({ receipts, lines, crowdedDays }: Totals): boolean {
  if (receipts > limits.receiptsPerMemberMax || lines > limits.linesPerMemberMax) return true;
  return (crowdedDays ?? 0) > 0;
}
