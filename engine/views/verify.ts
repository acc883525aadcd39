// Compares counts cell by cell with a recount, and histories with the log they came from.
import { limits } from '../base/limits.ts';
import { isCounted } from '../log/dedupe.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { keyAfter } from '../store/table.ts';
import type { Counts } from './counts.ts';
import { encodeHistoryEntry, type HistoryEntry, walkHistory } from './history.ts';
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

interface Row {
  readonly table: 'next' | 'same' | 'mem' | 'scope';
  readonly number: number;
  readonly name: string;
}

/** Compares a row of cells, part by part: whatever is compared is read within one step. */
function* compareRow(
  live: Counts,
  fresh: Counts,
  row: Row,
  differences: DifferenceList,
): Generator<void, void> {
  const digestOf = ({ kernel }: Counts) => kernel.rowDigest(row.table, row.number);
  if (digestOf(live) === digestOf(fresh)) {
    yield;
    return;
  }
  const sizes = [live, fresh].map(({ kernel }) => kernel.rowSize(row.table, row.number));
  const parts = Math.ceil(Math.max(1, ...sizes) / limits.verifyCellsMax);
  for (let part = 0; part < parts; part++) {
    comparePart(live, fresh, { ...row, part, parts }, differences);
    yield;
  }
}

function comparePart(
  live: Counts,
  fresh: Counts,
  { table, number, name, part, parts }: Row & { readonly part: number; readonly parts: number },
  differences: DifferenceList,
): void {
  const { items } = live.registries;
  const cellsOf = ({ kernel }: Counts) => kernel.row(table, number, part, parts);
  const expected = new Map(cellsOf(fresh).map((cell) => [cell.key, cell] as const));
  for (const { key, weight, count } of cellsOf(live)) {
    const other = expected.get(key);
    expected.delete(key);
    const where = `${table} ${name} -> ${items.idOf(key)}`;
    if (weight === 0n && count === 0) differences.add(`${where}: an empty cell is kept`);
    if (other?.weight === weight && other.count === count) continue;
    const wanted = other ? `${other.weight}/${other.count}` : 'nothing';
    differences.add(`${where}: holds ${weight}/${count}, the recount ${wanted}`);
  }
  for (const { key, weight, count } of expected.values()) {
    const where = `${table} ${name} -> ${items.idOf(key)}`;
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

function* compareItem(
  live: Counts,
  fresh: Counts,
  number: number,
  differences: DifferenceList,
): Generator<void, void> {
  const name = live.registries.items.idOf(number);
  const held = live.kernel.counters(number);
  for (const [index, wanted] of fresh.kernel.counters(number).entries()) {
    if (held[index] === wanted) continue;
    differences.add(`${counterNames[index]} ${name}: holds ${held[index]}, the recount ${wanted}`);
  }
  for (const table of ['next', 'same', 'mem'] as const) {
    yield* compareRow(live, fresh, { table, number, name }, differences);
  }
}

/** What is compared: all rows, or one part of them (views/recounter.ts). */
export interface Compared {
  readonly live: Counts;
  readonly fresh: Counts;
  readonly part: Part;
}

/** Every cell of two sets of counts that are kept in step; yields after each row at least. */
export function* compareCounts(
  { live, fresh, part: { part, parts } }: Compared,
  differences: DifferenceList,
): Generator<void, void> {
  const { items } = live.registries;
  for (let number = part; number < items.size; number += parts) {
    yield* compareItem(live, fresh, number, differences);
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
      yield* compareRow(live, fresh, row, differences);
    }
  }
  const habits = fresh.kernel.habits();
  for (const [cell, { expected, rebought }] of live.kernel.habits().entries()) {
    const wanted = habits[cell]!;
    if (wanted.expected === expected && wanted.rebought === rebought) continue;
    const held = `holds ${expected}/${rebought}`;
    differences.add(`habit ${cell}: ${held}, the recount ${wanted.expected}/${wanted.rebought}`);
  }
}

export interface HistorySource {
  readonly store: Store;
  readonly log: Log;
  readonly receipts: StoredReceipts;
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

/** The live entry of a receipt in a history, as that is now. */
function heldNow({ store }: HistorySource, root: Buffer, sequence: number) {
  for (const { entry } of walkHistory(store.tables.histories.get(root))) {
    if (entry.removedAt === 0 && entry.purchaseSequence === sequence) return entry;
  }
  return undefined;
}

/**
 * Compares one history, some entries a step. It is read once: what differs is read again within
 * the same step, because it may have been written since.
 */
function* compareHistory(
  source: HistorySource,
  root: Buffer,
  holders: Map<number, Buffer>,
  differences: DifferenceList,
): Generator<void, void> {
  let compared = 0;
  for (const { entry } of walkHistory(source.store.tables.histories.get(root))) {
    if (compared > 0 && compared % limits.verifyEntriesMax === 0) yield;
    compared += 1;
    if (entry.removedAt !== 0) continue;
    const sequence = entry.purchaseSequence;
    const other = holders.get(sequence);
    // A merge may have moved it here since the other was read.
    const isHeldThere = other && !other.equals(root) && heldNow(source, other, sequence);
    if (isHeldThere && heldNow(source, root, sequence)) {
      differences.add(`receipt ${entry.purchaseId} is held twice`);
    }
    holders.set(sequence, root);
    if (compareEntry(source, entry) === undefined) continue;
    const now = heldNow(source, root, sequence);
    const difference = now && compareEntry(source, now);
    if (difference) differences.add(`history: receipt ${entry.purchaseId} ${difference}`);
  }
}

/**
 * Every receipt of a member stands in one history, as it was logged less its returns. Yields
 * between members and within long histories: whatever is found to differ is read within one step,
 * so that what is written between two steps is no difference.
 */
export function* compareHistories(
  source: HistorySource,
  differences: DifferenceList,
): Generator<void, void> {
  const { store, log } = source;
  const holders = new Map<number, Buffer>();
  // What is accepted from here on is for the next verify.
  const { head } = log;
  let start: Buffer = Buffer.alloc(1);
  while (true) {
    const [key] = store.tables.histories.keys(start, 1);
    if (key === undefined) break;
    yield* compareHistory(source, key, holders, differences);
    start = keyAfter(key);
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
      if (!holders.has(sequence) && !heldNow(source, root, sequence)) {
        differences.add(`receipt ${entry.purchase.purchaseId} is in no history`);
      }
    }
    yield;
  }
}
