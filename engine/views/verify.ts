// Compares counts cell by cell with a recount, and histories with the log they came from.
import { isCounted } from '../log/dedupe.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import type { Counts } from './counts.ts';
import { decodeHistory, encodeHistoryEntry, type HistoryEntry } from './history.ts';
import { findMember } from './members.ts';
import type { Part } from './recounter.ts';
import type { StoredReceipts } from './stored-receipts.ts';

export interface Audit {
  readonly ok: boolean;
  readonly digest: string;
  readonly cells: number;
  readonly events: number;
  readonly members: number;
  readonly differenceCount: number;
  readonly differences: readonly string[];
}

export class DifferenceList {
  readonly list: string[] = [];
  count = 0;
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  add(text: string): void {
    this.count += 1;
    if (this.list.length < this.most) this.list.push(text);
  }
}

type RowTable = 'next' | 'same' | 'mem' | 'scope';

function compareRow(
  live: Counts,
  fresh: Counts,
  row: { readonly table: RowTable; readonly number: number; readonly name: string },
  differences: DifferenceList,
): void {
  const { items } = live.registries;
  // A row of 100,000 cells would hold the event loop while objects are made of them.
  const digest = live.kernel.rowDigest(row.table, row.number);
  if (digest === fresh.kernel.rowDigest(row.table, row.number)) return;
  const expected = new Map(
    fresh.kernel.row(row.table, row.number).map((cell) => [cell.key, cell] as const),
  );
  for (const { key, weight, count } of live.kernel.row(row.table, row.number)) {
    const other = expected.get(key);
    expected.delete(key);
    const where = `${row.table} ${row.name} -> ${items.idOf(key)}`;
    if (weight === 0n && count === 0) differences.add(`${where}: an empty cell is kept`);
    if (other?.weight === weight && other.count === count) continue;
    const wanted = other ? `${other.weight}/${other.count}` : 'nothing';
    differences.add(`${where}: holds ${weight}/${count}, the recount ${wanted}`);
  }
  for (const { key, weight, count } of expected.values()) {
    const where = `${row.table} ${row.name} -> ${items.idOf(key)}`;
    differences.add(`${where}: holds nothing, the recount ${weight}/${count}`);
  }
}

const counterNames = [
  'N',
  'IN',
  'OUT',
  'OPP',
  'REP',
  'POP',
  'SUPPORT',
  'ON',
  'ON0',
  'GAP_DAYS',
  'GAPS',
  'LAST',
  'EXPECTED',
  'REBOUGHT',
  'EXPECTED_ONCE',
  'REBOUGHT_ONCE',
];

function compareItem(live: Counts, fresh: Counts, number: number, differences: DifferenceList) {
  const name = live.registries.items.idOf(number);
  const held = live.kernel.counters(number);
  for (const [index, wanted] of fresh.kernel.counters(number).entries()) {
    if (held[index] === wanted) continue;
    differences.add(`${counterNames[index]} ${name}: holds ${held[index]}, the recount ${wanted}`);
  }
  for (const table of ['next', 'same', 'mem'] as const) {
    compareRow(live, fresh, { table, number, name }, differences);
  }
}

/** What is compared: all rows, or one part of them (views/recounter.ts). */
export interface Compared {
  readonly live: Counts;
  readonly fresh: Counts;
  readonly part: Part;
}

/** Every cell of two sets of counts that are kept in step; yields after each item. */
export function* compareCounts(
  { live, fresh, part: { part, parts } }: Compared,
  differences: DifferenceList,
): Generator<void, void> {
  const { items } = live.registries;
  for (let number = part; number < items.size; number += parts) {
    compareItem(live, fresh, number, differences);
    yield;
  }
  if (part === 0) yield* compareSums(live, fresh, differences);
  if (parts > 1) return;
  // Of what was not counted in parts the whole can be compared too.
  if (live.kernel.run.cellCount() !== fresh.kernel.run.cellCount()) {
    differences.add('the counts keep cells that the recount does not have');
  }
  const [digest, wanted] = [live.kernel.digest(), fresh.kernel.digest()];
  if (digest !== wanted) differences.add(`digest ${digest}, the recount ${wanted}`);
}

/** What is not of one item. */
function* compareSums(
  live: Counts,
  fresh: Counts,
  differences: DifferenceList,
): Generator<void, void> {
  const { stores } = live.registries;
  for (let place = 0; place <= stores.size; place++) {
    for (let daypart = 0; daypart < 6; daypart++) {
      const name = place === 0 ? 'chain' : stores.idOf(place);
      const row = { table: 'scope', number: place * 6 + daypart, name } as const;
      compareRow(live, fresh, row, differences);
    }
    yield;
  }
  const habits = fresh.kernel.habits();
  for (const [cell, { expected, rebought }] of live.kernel.habits().entries()) {
    const wanted = habits[cell]!;
    if (wanted.expected === expected && wanted.rebought === rebought) continue;
    const held = `holds ${expected}/${rebought}`;
    differences.add(`habit ${cell}: ${held}, the recount ${wanted.expected}/${wanted.rebought}`);
  }
}

function compareEntry({ log, receipts }: HistorySource, entry: HistoryEntry): string | undefined {
  const logged = log.read(entry.purchaseSequence);
  if (logged.kind !== 'purchase') return 'is not in the log';
  const { addedAt, removedAt } = entry;
  const stored = receipts.entryOf(logged.purchase, entry.purchaseSequence);
  const expected = { ...stored, addedAt, removedAt };
  const isSame = encodeHistoryEntry(expected).equals(encodeHistoryEntry(entry));
  return isSame ? undefined : 'is not what was logged';
}

interface HistorySource {
  readonly store: Store;
  readonly log: Log;
  readonly receipts: StoredReceipts;
}

function liveEntries(store: Store, root: Buffer): HistoryEntry[] {
  const entries = decodeHistory(store.tables.histories.get(root));
  return entries.filter(({ removedAt }) => removedAt === 0);
}

function holds(store: Store, root: Buffer, sequence: number): boolean {
  return liveEntries(store, root).some((entry) => entry.purchaseSequence === sequence);
}

/** Compares one history as it is at this moment, and notes whose receipts it holds. */
function compareHistory(
  source: HistorySource,
  root: Buffer,
  holders: Map<number, Buffer>,
  differences: DifferenceList,
): void {
  const { store } = source;
  for (const entry of liveEntries(store, root)) {
    const other = holders.get(entry.purchaseSequence);
    // A merge may have moved it here since the other was read.
    if (other && !other.equals(root) && holds(store, other, entry.purchaseSequence)) {
      differences.add(`receipt ${entry.purchaseId} is held twice`);
    }
    holders.set(entry.purchaseSequence, root);
    const difference = compareEntry(source, entry);
    if (difference) differences.add(`history: receipt ${entry.purchaseId} ${difference}`);
  }
}

/**
 * Every receipt of a member stands in one history, as it was logged less its returns. Yields
 * between members: whatever is compared is read within one step, so that what is written between
 * two steps is no difference.
 */
export function* compareHistories(
  source: HistorySource,
  differences: DifferenceList,
): Generator<void, void> {
  const { store, log } = source;
  const holders = new Map<number, Buffer>();
  // What is accepted from here on is for the next verify.
  const { head } = log;
  for (const { key } of store.tables.histories.rows()) {
    compareHistory(source, key, holders, differences);
    yield;
  }
  for (let sequence = 1; sequence <= head; sequence++) {
    const entry = log.read(sequence);
    const isCopy =
      log.origins.isNamed &&
      entry.kind === 'purchase' &&
      !isCounted(store, entry.purchase.purchaseId, sequence);
    if (entry.kind === 'purchase' && entry.purchase.memberId !== undefined && !isCopy) {
      const root = Buffer.from(findMember(store, entry.purchase.memberId).root);
      if (!holders.has(sequence) && !holds(store, root, sequence)) {
        differences.add(`receipt ${entry.purchase.purchaseId} is in no history`);
      }
    }
    yield;
  }
}
