// Evidence: what all rows of a file together say of how its dates and numbers are written, and
// what stands in the columns that nobody reads.
import { counted } from '../../base/plural.ts';
import { type DecimalMark, decimalMarkOf, isNegativeAmount } from './amounts.ts';
import { isOwnField } from './columns.ts';
import { type DateOrder, type DateOrders, type DateStyle, orderEvidence } from './dates.ts';
import type { PreparedFile, TableEars } from './reader.ts';
import { cell } from './source-row.ts';
import { isBlank } from './table-row.ts';
import { UnitNotes } from './unit-notes.ts';
import { type ColumnRole, rolesOf } from './vocabulary.ts';

/** How one file writes dates and amounts. */
export interface FileStyle {
  readonly dateOrders: DateOrders;
  readonly mark: DecimalMark;
}

/** A column that no field reads. */
export interface UnusedColumn {
  readonly file: string;
  readonly name: string;
  /** Rows that have a value there. */
  readonly filled: number;
  /** Of those, the ones with an amount below zero that would be counted as sold. */
  readonly negativeSold: number;
}

export interface Stated {
  readonly dateOrder?: DateOrder | undefined;
  /** What files of this kind use where nothing else decides. */
  readonly usualDateOrder?: DateOrder | undefined;
  readonly decimal?: DecimalMark;
}

type Orders = Record<DateOrder | 'either', number>;

interface FileNotes {
  readonly file: PreparedFile;
  readonly headerLine: number;
  readonly orders: Map<DateStyle, Orders>;
  readonly marks: { '.': number; ',': number };
  readonly units: UnitNotes;
  readonly unused: {
    readonly index: number;
    readonly name: string;
    filled: number;
    negativeSold: number;
  }[];
}

const amountFields = ['quantity', 'unitPrice', 'discount', 'lineTotal', 'paid'] as const;

/** Hears all rows of a first pass. */
export class Evidence implements TableEars {
  private readonly stated: Stated;
  readonly #notes = new Map<number, FileNotes>();

  constructor(stated: Stated) {
    this.stated = stated;
  }

  onTable: TableEars['onTable'] = ({ file, header, headerLine, used }) => {
    const isUsed = (name: string, index: number) =>
      used.has(index) || (file.format !== 'csv' && used.has(header.indexOf(ownNameIn(name))));
    const unused = header.flatMap((name, index) =>
      isUsed(name, index) || name === '' ? [] : [{ index, name, filled: 0, negativeSold: 0 }],
    );
    const marks = { '.': 0, ',': 0 };
    const orders = new Map<DateStyle, Orders>();
    const units = new UnitNotes();
    this.#notes.set(file.number, { file, headerLine, orders, marks, units, unused });
  };

  onFields: TableEars['onFields'] = (fields, row) => {
    const notes = this.#notes.get(row.file)!;
    this.hearTime(notes, cell(row, 'occurredAt'));
    notes.units.hear(cell(row, 'quantity'), cell(row, 'itemId'));
    for (const field of amountFields) {
      const text = cell(row, field);
      // Amounts without a separator, nearly all of them, say nothing.
      if (text.includes(',') || text.includes('.')) hearAmount(notes, text);
    }
    for (const column of notes.unused) {
      const text = fields[column.index];
      if (text === undefined || text === '') continue;
      column.filled += 1;
      // A row without an item, such as a payment, is refused and not sold.
      if (!isNegativeAmount(text) || isBlank(cell(row, 'itemId'))) continue;
      if (!row.isReturn && !isNegativeAmount(cell(row, 'quantity'))) column.negativeSold += 1;
    }
  };

  /** How a file is written, as told or as its rows say. */
  styleOf(file: number): FileStyle {
    const notes = this.#notes.get(file);
    if (notes === undefined) return { dateOrders: this.stated.dateOrder ?? {}, mark: undefined };
    return { dateOrders: this.stated.dateOrder ?? this.ordersOf(notes), mark: this.markOf(notes) };
  }

  unused(): UnusedColumn[] {
    return [...this.#notes.values()].flatMap(({ file, unused }) =>
      unused.map(({ index: _, ...column }) => ({ file: file.label, ...column })),
    );
  }

  /** What was found and not told, a sentence each. */
  notes(): string[] {
    return [...this.#notes.values()].flatMap((notes) => this.notesOf(notes));
  }

  private hearTime(notes: FileNotes, text: string): void {
    const found = orderEvidence(text);
    if (found === undefined) return;
    let orders = notes.orders.get(found.style);
    if (orders === undefined) {
      orders = { dmy: 0, mdy: 0, ymd: 0, either: 0 };
      notes.orders.set(found.style, orders);
    }
    orders[found.order] += 1;
  }

  private ordersOf({ orders }: FileNotes): DateOrders {
    const usual = this.stated.usualDateOrder;
    // Also of dates that say nothing of their order, such as those with a year of two digits.
    const found: Partial<Record<DateStyle, DateOrder>> =
      usual === undefined ? {} : { '/': usual, '-': usual };
    for (const [style, counts] of orders) {
      const isMixed = counts.dmy > 0 && counts.mdy > 0;
      const order = decided(counts) ?? (isMixed ? undefined : usual);
      if (order === undefined) delete found[style];
      else found[style] = order;
    }
    return found;
  }

  private markOf({ file, marks }: FileNotes): DecimalMark {
    // Sheets and JSON have numbers of their own, whatever the texts of the same shop look like.
    if (file.format !== 'csv') return undefined;
    if (this.stated.decimal !== undefined) return this.stated.decimal;
    if (marks['.'] > 0 && marks[','] === 0) return '.';
    if (marks[','] > 0 && marks['.'] === 0) return ',';
    // A comma that parts fields is no decimal mark in the same file, unless its rows say so.
    return marks['.'] === 0 && file.dialect.delimiter === ',' ? '.' : undefined;
  }

  private notesOf(notes: FileNotes): string[] {
    const { file, headerLine, marks, orders } = notes;
    const said: string[] = [];
    if (file.encodingNote !== undefined) {
      said.push(`read as ${file.encoding}, because ${file.encodingNote}`);
    }
    if (headerLine > 1 && file.format === 'csv') said.push(`the header is line ${headerLine}`);
    if (this.stated.dateOrder === undefined) {
      const usual = this.stated.usualDateOrder;
      for (const [style, counts] of orders) said.push(...orderNote(style, counts, usual));
    }
    if (this.stated.decimal === undefined && marks[','] > 0) {
      const commas = `the decimal mark is a comma in ${counted(marks[','], 'amount')}`;
      said.push(
        marks['.'] === 0 ? `${commas}, and a dot in none` : `${commas} and a dot in ${marks['.']}`,
      );
    }
    said.push(...notes.units.sentences());
    return said.map((sentence) => `${file.label}: ${sentence}`);
  }
}

/** Values of lines have our own names, too: `items.quantity` is `quantity`. */
function ownNameIn(name: string): string {
  const last = name.split('.').at(-1)!;
  return last !== name && isOwnField(last) ? last : name;
}

function hearAmount(notes: FileNotes, text: string): void {
  const mark = decimalMarkOf(text);
  if (mark !== undefined) notes.marks[mark] += 1;
}

/** Dates that can only be one order speak for those that could be two, unless they disagree. */
function decided({ dmy, mdy }: Orders): DateOrder | undefined {
  if (dmy > 0 && mdy === 0) return 'dmy';
  return mdy > 0 && dmy === 0 ? 'mdy' : undefined;
}

const orderWords = { dmy: 'day-month-year', mdy: 'month-day-year', ymd: 'year-month-day' } as const;

function orderNote(style: DateStyle, counts: Orders, usual: DateOrder | undefined): string[] {
  if (style === '.' || counts.either + counts.dmy + counts.mdy === 0) return [];
  const form = `dates like 1${style}2${style}2026`;
  const order = decided(counts);
  if (order !== undefined) {
    if (counts.either === 0) return [];
    const sure = `${counted(counts[order], 'date')} can be nothing else`;
    return [
      `${form} are read as ${orderWords[order]}, because ${sure} (--date-order says otherwise)`,
    ];
  }
  if (usual !== undefined && counts.dmy === 0) {
    const as = `${form} are read as ${orderWords[usual]}`;
    return [`${as}, as in most files of this kind (--date-order says otherwise)`];
  }
  const some = `${counts.either} ${form}`;
  const why =
    counts.dmy > 0
      ? `${counts.dmy} others say dmy and ${counts.mdy} mdy`
      : 'no other date says which';
  return counts.either === 0
    ? []
    : [`${some} fit two orders, and ${why}: tell --date-order dmy or mdy`];
}

const pieceEnd = /(?:数量|件数|qty|quantity)$/i;
const moneyEnd = /(?:金额|amount)$/i;
const goodsBack = /退|return|refund/i;
/** What is taken off a price is below zero by nature. */
const takenOff = /优惠|折|让利|抹零|减免|满减|discount|rounding|coupon|promo/i;

/** The pieces or the money of a line, where the name of a column says one of them. */
export function amountRoleOf(name: string): ColumnRole | undefined {
  const amounts: readonly ColumnRole[] = ['quantity', 'lineTotal', 'unitPrice', 'paid'];
  const roles = rolesOf(name);
  if (roles.length > 0) return roles.find(({ role }) => amounts.includes(role))?.role;
  const bare = name.replace(/[(（[【].*?[)）\]】]/g, '').trim();
  if (pieceEnd.test(bare)) return 'quantity';
  if (goodsBack.test(bare)) return 'lineTotal';
  return moneyEnd.test(bare) && !takenOff.test(bare) ? 'lineTotal' : undefined;
}
