// Proposed amounts: whether a column of money is the price of a piece or of a line, what
// quantities are counted in, and which of them count thousandths, by what stands in the rows.
import { counted } from '../../base/plural.ts';
import { parseFen, parseThousandths } from './amounts.ts';
import type { ImportField } from './columns.ts';
import type { Condition } from './conditions.ts';
import type { ColumnProfile } from './profile.ts';
import type { TableRow } from './table-row.ts';
import { unitOf } from './units.ts';
import { rolesOf } from './vocabulary.ts';

export interface AmountSample {
  readonly profiles: readonly ColumnProfile[];
  readonly rows: readonly TableRow[];
  /** What is proposed so far, which is put right here. */
  readonly map: Partial<Record<ImportField, string>>;
  /** What somebody told stays as it is. */
  readonly stated: ReadonlySet<string>;
}

type Cells = readonly string[];

/** Puts the map right; what it says is why. */
export function proposeMoney(sample: AmountSample): string[] {
  const { map, stated } = sample;
  const [from, to] =
    map.lineTotal === undefined
      ? (['unitPrice', 'lineTotal'] as const)
      : (['lineTotal', 'unitPrice'] as const);
  const column = map[from];
  if (column === undefined || map[to] !== undefined) return [];
  if (stated.has(from) || stated.has(to)) return [];
  const { grows, stays } = growthOf(sample, column);
  const [other, own] = from === 'unitPrice' ? [grows, stays] : [stays, grows];
  if (other === 0 || own * 4 > other) return [];
  delete map[from];
  map[to] = column;
  return from === 'unitPrice'
    ? [`"${column}" grows with the pieces, so that it is taken for the money of the line`]
    : [`"${column}" stays the same for more pieces, so that it is taken for the price of one`];
}

/** Of how many items, and receipts with their total, the money grows with the pieces or stays. */
function growthOf(sample: AmountSample, column: string): { grows: number; stays: number } {
  const { rows, map } = sample;
  const cellOf = readerFor(sample);
  const byItem = new Map<string, { pieces: number; fen: number }>();
  const votes = { grows: 0, stays: 0 };
  const voted = new Set<string>();
  for (const { fields } of rows) {
    const pieces = numberIn(parseThousandths(cellOf(fields, map.quantity))) / 1_000;
    const fen = numberIn(parseFen(cellOf(fields, column)));
    const item = cellOf(fields, map.itemId?.split('|')[0]);
    if (!(pieces > 0) || !(fen > 0) || item === '' || voted.has(item)) continue;
    const before = byItem.get(item);
    if (before === undefined) byItem.set(item, { pieces, fen });
    else if (before.pieces !== pieces) {
      const grown = (before.fen * pieces) / before.pieces;
      if (before.fen === fen) votes.stays += 1;
      else if (Math.abs(grown - fen) <= 1) votes.grows += 1;
      else continue;
      voted.add(item);
    }
  }
  return votes;
}

/** Quantities that have their unit in a column beside them, where that is no piece or kilogram. */
export function proposeUnits({ profiles, map, stated }: AmountSample): string[] {
  const pieces = map.quantity;
  if (pieces === undefined || stated.has('quantity')) return [];
  const column = profiles.find(
    ({ name, filled }) => filled > 0 && rolesOf(name).some(({ role }) => role === 'unit'),
  );
  if (column === undefined || column.isOpen) return [];
  const words = [...column.values.keys()];
  const scaled = words.filter((word) => (unitOf(word)?.thousandths ?? 1_000) !== 1_000);
  if (scaled.length === 0) return [];
  const unknown = words.filter((word) => unitOf(word) === undefined);
  if (unknown.length > 0) {
    const some = unknown.slice(0, 3).join(', ');
    return [
      `"${column.name}" has ${scaled.join(', ')}, but units that are not known, too (${some}): ` +
        'quantities are taken as they stand; ' +
        `--map quantity=${pieces}+${column.name} counts in these units`,
    ];
  }
  map.quantity = `${pieces}+${column.name}`;
  return [
    `"${column.name}" says what quantities are counted in (${scaled.slice(0, 3).join(', ')})`,
  ];
}

export interface ThousandthsProposal {
  readonly thousandths: readonly Condition[];
  readonly reasons: readonly string[];
}

/** So many rows are no mistake of one till. */
const rowsAtLeast = 3;
const conditionsMax = 10;
/** Fewer than these are sums that were paid, also among thousandths. */
const fewPieces = 10_000;

/** Rows of which one piece comes to less than a fen, told by one column or asked about. */
export function proposeThousandths(sample: AmountSample): ThousandthsProposal {
  const { rows, map } = sample;
  const cellOf = readerFor(sample);
  const odd: Cells[] = [];
  const usual: Cells[] = [];
  for (const { fields } of rows) {
    const pieces = numberIn(parseThousandths(cellOf(fields, map.quantity)));
    const total = numberIn(parseFen(cellOf(fields, map.lineTotal)));
    const price = numberIn(parseFen(cellOf(fields, map.unitPrice)));
    if (!(pieces >= fewPieces) || !(total > 0)) continue;
    const gross = (price * pieces) / 1_000;
    const isOdd =
      total * 1_000 < pieces || (Math.abs(gross / 1_000 - total) <= 1 && gross > total + 1);
    (isOdd ? odd : usual).push(fields);
  }
  if (odd.length === 0) return { thousandths: [], reasons: [] };
  const found = odd.length < rowsAtLeast ? undefined : conditionFor(sample, { odd, usual });
  const some = `${odd.length} of ${counted(rows.length, 'row')} cost less than 0.01 a piece`;
  if (found === undefined) {
    const ask = 'tell --thousandths COLUMN=VALUE if their quantity counts thousandths';
    return { thousandths: [], reasons: [`${some}: ${ask}`] };
  }
  return { thousandths: found, reasons: [`${some}, so that they count thousandths`] };
}

interface OddRows {
  readonly odd: readonly Cells[];
  readonly usual: readonly Cells[];
}

/** The column whose fewest values have nearly all of the odd rows, and hardly any other. */
function conditionFor(
  { profiles, map }: AmountSample,
  { odd, usual }: OddRows,
): readonly Condition[] | undefined {
  const amounts = [map.quantity, map.unitPrice, map.lineTotal, map.discount, map.paid];
  const receipt = [map.purchaseId, map.occurredAt, map.memberId].flatMap(
    (text) => text?.split(/[+|]/) ?? [],
  );
  const left = new Set([...amounts, ...receipt]);
  const found = profiles.flatMap(({ name, index }) => {
    if (left.has(name)) return [];
    const odds = countsOf(odd, index);
    const usuals = countsOf(usual, index);
    const values = [...odds].filter(
      ([value, rows]) => value !== '' && rows >= (usuals.get(value) ?? 0) * 4,
    );
    const covered = values.reduce((sum, [, rows]) => sum + rows, 0);
    if (covered * 10 < odd.length * 9 || values.length > conditionsMax) return [];
    // An item that comes later would not be meant.
    const isItem = [map.itemId, map.itemName].some((text) => text?.split('|').includes(name));
    const rank = values.length * 2 + (isItem ? 1 : 0);
    return [{ rank, conditions: values.map(([value]) => ({ column: name, value })) }];
  });
  return found.toSorted((one, other) => one.rank - other.rank)[0]?.conditions;
}

function countsOf(rows: readonly Cells[], index: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const fields of rows) {
    const value = (fields[index] ?? '').trim();
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

/** The cell of a column by its name; blank where there is none. */
function readerFor({ profiles }: AmountSample) {
  const at = new Map(profiles.map(({ name, index }) => [name, index]));
  return (fields: Cells, name: string | undefined): string =>
    name === undefined ? '' : (fields[at.get(name) ?? -1] ?? '').trim();
}

function numberIn(amount: number | string): number {
  return typeof amount === 'number' ? amount : Number.NaN;
}
