// Changing histories, inside a transaction: one receipt goes in or out, and what is rewritten is
// the chunk that it belongs to.
import { assert } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Store } from '../store/store.ts';
import type { Table } from '../store/table.ts';
import {
  type Chunk,
  compareAt,
  encodeChunk,
  firstKeyOf,
  keyAt,
  noTotals,
  type Position,
  positionAt,
  prefixOf,
  startsOf,
  type Totals,
} from './chunk.ts';
import {
  addedAtOf,
  entryEnd,
  lineCountOf,
  markedRemoved,
  removedAtOf,
  sequenceOf,
} from './entry.ts';
import {
  chunkAtOrBefore,
  countCrowdedDays,
  lastChunk,
  localDayAt,
  readEntries,
  receiptsOnDay,
  type WholeHistory,
} from './histories.ts';
import { countId } from './members.ts';

/**
 * The log sequences at which checkpoints stand: the durable one and the one being written. 0: none.
 */
export interface Checkpoints {
  readonly oldest: number;
  readonly newest: number;
}

/** Whether some checkpoint still counts an entry that was removed at a sequence. */
export function isNeeded(
  addedAt: number,
  removedAt: number,
  { oldest, newest }: Checkpoints,
): boolean {
  return addedAt <= newest && removedAt > oldest;
}

export interface Removal extends Position {
  readonly purchaseSequence: number;
  /** From when on it does not count. */
  readonly sequence: number;
  readonly checkpoints: Checkpoints;
}

export class HistoryWriter {
  private readonly store: Store;
  private readonly table: Table;
  private readonly id: string;
  private readonly prefix: Buffer;

  constructor(store: Store, id: string) {
    this.store = store;
    this.table = store.tables.histories;
    this.id = id;
    this.prefix = prefixOf(id);
  }

  /**
   * Puts one entry in its place: after those of the same receipt that were removed. Answers the
   * last chunk when it came behind all others. `known`: the last chunk, where it was read already.
   */
  insert(entry: Buffer, known?: Pick<WholeHistory, 'last'>): Chunk | undefined {
    const position = positionAt(entry, 0);
    const last = known ? known.last : lastChunk(this.table, this.prefix);
    const totals = this.totalsAfter(last?.totals ?? noTotals, entry, 1);
    if (!last) {
      const key = firstKeyOf(this.prefix);
      countId(this.store, this.id, 1);
      const only = { key, totals, next: undefined, entries: entry };
      this.put(only);
      return only;
    }
    const chunk = this.chunkOf(position, last);
    const { entries } = chunk;
    let place = 0;
    while (place < entries.length && compareAt(entries, place, position) <= 0) {
      place = entryEnd(entries, place);
    }
    const parts = [entries.subarray(0, place), entry, entries.subarray(place)];
    const isAppended = place === entries.length && chunk === last;
    const end = this.rewrite({ chunk, last, totals, isAppended }, Buffer.concat(parts));
    return isAppended ? end : undefined;
  }

  /**
   * Marks the entry of a receipt that counts removed, and drops what was removed in its chunk and
   * no checkpoint counts. Returns the entry as it was; undefined when there is none.
   */
  remove(removal: Removal): Buffer | undefined {
    const last = lastChunk(this.table, this.prefix);
    if (!last) return undefined;
    const chunk = this.chunkOf(removal, last);
    let removed: Buffer | undefined;
    const parts: Buffer[] = [];
    for (const at of startsOf(chunk.entries)) {
      let entry = chunk.entries.subarray(at, entryEnd(chunk.entries, at));
      const isIt = sequenceOf(entry, 0) === removal.purchaseSequence;
      if (isIt && removedAtOf(entry, 0) === 0) {
        removed = Buffer.from(entry);
        entry = markedRemoved(entry, removal.sequence);
      }
      const removedAt = removedAtOf(entry, 0);
      const stays =
        removedAt === 0 || isNeeded(addedAtOf(entry, 0), removedAt, removal.checkpoints);
      if (stays) parts.push(entry);
    }
    if (!removed) return undefined;
    const totals = this.totalsAfter(last.totals, removed, -1);
    this.rewrite({ chunk, last, totals }, Buffer.concat(parts));
    if (totals.crowdedDays === undefined) this.countDays();
    return removed;
  }

  /** Counts the crowded days again where that is due. */
  private countDays(): void {
    const last = lastChunk(this.table, this.prefix);
    if (!last || last.totals.crowdedDays !== undefined) return;
    if (last.totals.receipts > limits.receiptsPerMemberMax) return;
    const crowdedDays = countCrowdedDays([readEntries(this.table, this.id) ?? Buffer.alloc(0)]);
    this.put({ ...last, totals: { ...last.totals, crowdedDays } });
  }

  private chunkOf(position: Position, last: Chunk): Chunk {
    const key = keyAt(this.prefix, position);
    if (last.key.compare(key) <= 0) return last;
    const chunk = chunkAtOrBefore(this.table, this.prefix, key);
    assert(chunk, 'every position of a history has a chunk');
    return chunk;
  }

  /** `sign` 1: the entry is about to come in; -1: it is about to go. */
  private totalsAfter(totals: Totals, entry: Buffer, sign: 1 | -1): Totals {
    const after = withMore(totals, entry, sign);
    if (after.receipts > limits.receiptsPerMemberMax) return { ...after, crowdedDays: undefined };
    if (totals.crowdedDays === undefined) return after;
    const most = limits.receiptsPerDayMax;
    if (Math.max(totals.receipts, after.receipts) <= most) return after;
    const onDay = receiptsOnDay(this.table, this.prefix, localDayAt(entry, 0));
    const crosses = onDay === (sign === 1 ? most : most + 1);
    return crosses ? { ...after, crowdedDays: totals.crowdedDays + sign } : after;
  }

  /** Writes what is left of a chunk, in two where it has grown too long; answers where it ends. */
  private rewrite(
    { chunk, last, totals, isAppended = false }: Rewrite,
    entries: Buffer,
  ): Chunk | undefined {
    const isLast = chunk.key.equals(last.key);
    if (entries.length === 0 && this.dropEmpty(chunk, isLast, totals)) {
      if (!isLast) this.put({ ...last, totals });
      return undefined;
    }
    const cut = cutOf(entries, isAppended);
    const rest = entries.subarray(cut);
    const split = rest.length > 0 ? keyAt(this.prefix, positionAt(rest, 0)) : undefined;
    const { key, next } = chunk;
    let end: Chunk = { key, totals, next: split ?? next, entries: entries.subarray(0, cut) };
    this.put(end);
    if (split) {
      end = { key: split, totals, next, entries: rest };
      this.put(end);
    }
    if (!isLast) this.put({ ...last, totals });
    return end;
  }

  /** Whether an empty chunk could go: the first one stays while others follow it. */
  private dropEmpty(chunk: Chunk, isLast: boolean, totals: Totals): boolean {
    const isFirst = chunk.key.equals(firstKeyOf(this.prefix));
    if (isFirst && !isLast) return false;
    this.table.remove(chunk.key);
    if (isFirst) countId(this.store, this.id, -1);
    if (isFirst) return true;
    const before = chunkAtOrBefore(this.table, this.prefix, chunk.key);
    assert(before, 'a chunk that is not the first has one before it');
    const now = { ...before, totals, next: chunk.next };
    const isEmptyEnd = isLast && before.entries.length === 0;
    if (!isEmptyEnd || !this.dropEmpty(now, true, totals)) this.put(now);
    return true;
  }

  private put(chunk: Chunk): void {
    this.table.put(chunk.key, encodeChunk(chunk));
  }
}

interface Rewrite {
  readonly chunk: Chunk;
  readonly last: Chunk;
  /** Of the whole history, afterwards. */
  readonly totals: Totals;
  /** Whether the last entry is new, and newer than all others. */
  readonly isAppended?: boolean;
}

function withMore(totals: Totals, entry: Buffer, sign: 1 | -1): Totals {
  return {
    ...totals,
    receipts: totals.receipts + sign,
    lines: totals.lines + sign * lineCountOf(entry, 0),
  };
}

/**
 * Where entries are cut in two: not at all while they are short; before the last one where that
 * came after all others, as most receipts do, so that chunks are full; else in the middle. Never
 * between two entries of one receipt.
 */
function cutOf(entries: Buffer, isAppended: boolean): number {
  if (entries.length <= limits.historyChunkBytes) return entries.length;
  const starts = [...startsOf(entries)];
  const cuts = starts.filter((at, index) => {
    return index > 0 && compareAt(entries, starts[index - 1]!, positionAt(entries, at)) !== 0;
  });
  const lastCut = cuts.at(-1) ?? entries.length;
  if (isAppended) return lastCut;
  return cuts.find((at) => at >= entries.length / 2) ?? lastCut;
}
