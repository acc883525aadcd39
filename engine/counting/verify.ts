// Compares counts cell by cell with a recount.
import { limits } from '../base/limits.ts';
import { daypartCount } from '../base/time.ts';
import { isGoods } from '../catalogue/shapes.ts';
import { scopeOf } from '../kernel/kernel.ts';
import type { Counts } from './counts.ts';
import type { Part } from './recounter.ts';

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
  const isLeftOut = !isGoods(live.registries.items.valueOf(number));
  if (live.isLeftOut(number) !== isLeftOut && !live.isMisread(number)) {
    differences.add(`role of ${name}: counted as ${isLeftOut ? 'goods' : 'no goods'}`);
  }
  const survivor = live.registries.merges.survivorOf(number);
  if (live.kernel.run.survivorOf(number) !== survivor && !live.isMisread(number)) {
    differences.add(`merge of ${name}: not counted as ${live.registries.items.idOf(survivor)}`);
  }
  const held = live.kernel.counters(number);
  for (const [index, wanted] of fresh.kernel.counters(number).entries()) {
    if (held[index] === wanted) continue;
    differences.add(`${counterNames[index]} ${name}: holds ${held[index]}, the recount ${wanted}`);
  }
  for (const table of ['next', 'same', 'mem'] as const) {
    yield* compareRow(live, fresh, { table, number, name }, differences);
  }
}

/** What is compared: all rows, or one part of them (recounter.ts). */
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
    const name = place === 0 ? 'chain' : stores.idOf(place);
    for (const daypart of [...Array(daypartCount).keys(), undefined]) {
      const row = { table: 'scope', number: scopeOf(place, daypart), name } as const;
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
