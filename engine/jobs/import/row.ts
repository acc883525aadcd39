// Rows: one receipt line as a file has it, cleaned and checked against the limits of the log.
import { limits } from '../../base/limits.ts';
import { readOutsideId } from '../../base/outside-ids.ts';
import { addsUp } from '../../events/line-money.ts';
import {
  type AmountProblem,
  type DecimalMark,
  parseFen,
  parseThousandths,
  parseWholeFen,
} from './amounts.ts';
import type { ImportField } from './columns.ts';
import { splitIds } from './id-list.ts';
import { isOfOtherUnit, priceOfOne, quantityInPriceUnit } from './measures.ts';
import { rememberingAmounts } from './memo.ts';
import { quote } from './quote.ts';
import {
  blankWords,
  type IdField,
  type IdReaders,
  type ReadId,
  replacementCharacter,
} from './row-ids.ts';
import { type Channel, channelOf, readWords } from './row-words.ts';
import { cell, type Origin, type SourceRow } from './source-row.ts';
import { isBlank } from './table-row.ts';
import type { Moment, TimeReader } from './times.ts';

/** What was done to a row so that it could enter; each is counted in the summary. */
export const rowNotes = [
  /** An id had padding, invisible characters or the shield of a spreadsheet. */
  'idsCleaned',
  /** The member is one of those that stand for nobody. */
  'nobody',
  /** Money that cannot be read, left out because the receipt is right without it. */
  'moneyDropped',
  /** Coupons that are no ids, left out because the receipt is right without them. */
  'couponsDropped',
  /** A quantity of more than three decimals. */
  'quantityRounded',
  /** Quantity, price and discount do not come to the line total. */
  'totalDiffers',
  /** A piece comes to less than a fen: the quantity may count thousandths of what is sold. */
  'priceBelowFen',
  /** A date without a time of day, which counts for no daypart. */
  'withoutTime',
  /** A local time of the hour that comes twice when the clocks are put back, taken as the first. */
  'hourTwice',
  /** A local time that there is not, since the clocks were put on, counted on from before. */
  'hourSkipped',
  /** A word for a channel that is none of ours, taken as `other`. */
  'channelUnknown',
] as const;

export type RowNote = (typeof rowNotes)[number];

export interface Row extends Origin {
  readonly whole: number;
  readonly purchaseId: string;
  readonly memberId: string | undefined;
  readonly moment: Moment;
  readonly itemId: string;
  /** Whole thousandths; negative: brought back. Never 0. */
  readonly thousandths: number;
  /** Of goods brought back what was given for a piece: it tells the sale, and is not kept. */
  readonly unitPriceFen: number | undefined;
  readonly discountFen: number | undefined;
  readonly lineTotalFen: number | undefined;
  readonly paidFen: number | undefined;
  readonly couponIds: readonly string[];
  readonly isGift: boolean;
  readonly storeId: string | undefined;
  readonly channel: Channel | undefined;
  readonly terminalId: string | undefined;
  readonly cashierId: string | undefined;
  /** The receipt that goods brought back were bought with. */
  readonly returnOf: string | undefined;
  /** The receipt that this one corrects. */
  readonly replaces: string | undefined;
  /** Trimmed, at most as long as an item's name may be. */
  readonly itemName: string | undefined;
  readonly category: string | undefined;
  readonly brand: string | undefined;
  readonly notes: readonly RowNote[];
}

/** How a refused row is counted; a `partlyReturned` one did enter, but not with all its pieces. */
export type RefusalKind = 'rejected' | 'conflict' | 'returnsUnmatched' | 'partlyReturned';

/** A row that does not enter as it stands, with a reason for machines and a message for people. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly origin: Origin;
  readonly reason: string;
  readonly message: string;
}

/** How one file writes what it writes. */
export interface FileRules {
  readonly readTime: TimeReader;
  readonly mark: DecimalMark;
}

export interface RowRules {
  readonly ofFile: (file: number) => FileRules;
  readonly ids: IdReaders;
  /** For rows without a time. */
  readonly occurredAt?: string | undefined;
}

const noNotes: readonly RowNote[] = [];

/** Thrown and caught within this file only: the first thing wrong with a row. */
class RowError extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What is found on the way through one row. */
interface ImportContext {
  readonly source: SourceRow;
  readonly rules: RowRules;
  readonly file: FileRules;
  readonly notes: RowNote[];
}

export function isRefusal(row: Row | Refusal): row is Refusal {
  return 'reason' in row;
}

/** An id, cleaned but unchecked; empty when it is none. */
export function rawId(text: string): string {
  const read = readOutsideId(text);
  return 'id' in read ? read.id : '';
}

/** A checked row, or the first reason why it is refused. */
export function readRow(source: SourceRow, rules: RowRules): Row | Refusal {
  try {
    return checkRow({ source, rules, file: rules.ofFile(source.file), notes: [] });
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { kind: 'rejected', origin: source, reason: error.reason, message: error.message };
  }
}

function checkRow(desk: ImportContext): Row {
  const { source, notes } = desk;
  if (source.problem !== undefined) throw new RowError('ROW_MALFORMED', source.problem);
  const purchaseId = readId(desk, 'purchaseId', 'PURCHASE_ID_INVALID');
  const memberId = readMember(desk);
  const moment = readOccurredAt(desk);
  const itemId = readId(desk, 'itemId', 'ITEM_ID_INVALID');
  const thousandths = readQuantity(desk);
  const money = readMoney(desk, thousandths);
  return {
    file: source.file,
    line: source.line,
    raw: source.raw,
    whole: source.whole,
    purchaseId,
    memberId,
    moment,
    itemId,
    thousandths,
    unitPriceFen: money.unitPriceFen,
    discountFen: money.discountFen,
    lineTotalFen: money.lineTotalFen,
    paidFen: optionalFen(desk, 'paid', 'paidFen'),
    couponIds: readCoupons(desk),
    isGift: readFlag(cell(source, 'isGift')),
    storeId: readOptionalId(desk, 'storeId', 'STORE_ID_INVALID'),
    channel: readChannel(desk),
    terminalId: readOptionalId(desk, 'terminalId', 'TERMINAL_ID_INVALID'),
    cashierId: readOptionalId(desk, 'cashierId', 'CASHIER_ID_INVALID'),
    returnOf: readOptionalId(desk, 'returnOf', 'RETURN_OF_INVALID'),
    replaces: readOptionalId(desk, 'replaces', 'REPLACES_INVALID'),
    itemName: readWords(cell(source, 'itemName')),
    category: readWords(cell(source, 'category')),
    brand: readWords(cell(source, 'brand')),
    notes: notes.length === 0 ? noNotes : notes,
  };
}

function readId(desk: ImportContext, field: IdField, reason: string): string {
  return checked(desk, desk.rules.ids[field](cell(desk.source, field)), { field, reason });
}

function checked(
  desk: ImportContext,
  { id, cleaned, problem }: ReadId,
  { field, reason }: { readonly field: IdField; readonly reason: string },
): string {
  if (problem !== undefined) throw new RowError(reason, `${field} ${problem}`);
  if (cleaned) note(desk, 'idsCleaned');
  return id;
}

/** Words for nothing are nothing where a field may be absent. */
function readOptionalId(desk: ImportContext, field: IdField, reason: string): string | undefined {
  const text = cell(desk.source, field);
  if (text === '') return undefined;
  const read = desk.rules.ids[field](text);
  return read.isNothing ? undefined : checked(desk, read, { field, reason });
}

const noCoupons: readonly string[] = [];

function readCoupons(desk: ImportContext): readonly string[] {
  const text = cell(desk.source, 'couponIds');
  if (isBlank(text) || blankWords.test(text.trim())) return noCoupons;
  const given = splitIds(text);
  const ids = given.filter(isCouponId).slice(0, limits.couponsMax);
  if (ids.length < given.length) note(desk, 'couponsDropped');
  return ids;
}

function isCouponId(id: string): boolean {
  const isText = id.isWellFormed() && !id.includes(replacementCharacter);
  return isText && Buffer.byteLength(id) <= limits.idBytesMax;
}

function readMember(desk: ImportContext): string | undefined {
  const text = cell(desk.source, 'memberId');
  if (text === '') return undefined;
  const read = desk.rules.ids.memberId(text);
  if (read.isNothing) return undefined;
  const id = checked(desk, read, { field: 'memberId', reason: 'MEMBER_ID_INVALID' });
  if (!read.isNobody) return id;
  note(desk, 'nobody');
  return undefined;
}

const hourNotes = { twice: 'hourTwice', skipped: 'hourSkipped' } as const;

function readOccurredAt(desk: ImportContext): Moment {
  const text = cell(desk.source, 'occurredAt');
  const given = isBlank(text) ? (desk.rules.occurredAt ?? '') : text;
  if (isBlank(given)) throw new RowError('OCCURRED_AT_INVALID', 'occurredAt must not be empty');
  const moment = desk.file.readTime(given);
  if (typeof moment === 'object') {
    const isDay = !moment.hasTime || readFlag(cell(desk.source, 'timeUnknown'));
    if (!isDay) {
      if (moment.hour !== undefined) note(desk, hourNotes[moment.hour]);
      return moment;
    }
    note(desk, 'withoutTime');
    return moment.hasTime ? { ...moment, hasTime: false } : moment;
  }
  if (moment === 'ambiguous') {
    const message = `occurredAt ${quote(given)} may be day-month or month-day: tell --date-order`;
    throw new RowError('DATE_ORDER_UNKNOWN', message);
  }
  const message = `occurredAt ${quote(given)} is no time such as 2026-05-01 09:10 from 1970 on`;
  throw new RowError('OCCURRED_AT_INVALID', message);
}

const quantityOf = rememberingAmounts((text, mark) => ({
  thousandths: blankWords.test(text.trim()) ? 1_000 : parseThousandths(text, mark),
  isRounded: /[.,]\d{3}\d*[1-9]/.test(text),
}));

function readQuantity({ source, file, notes }: ImportContext): number {
  const text = quantityInPriceUnit(source, file.mark);
  const { thousandths, isRounded } = quantityOf(text, file.mark);
  if (typeof thousandths === 'number' && thousandths !== 0) {
    if (isRounded) notes.push('quantityRounded');
    return source.isReturn ? -Math.abs(thousandths) : thousandths;
  }
  if (thousandths === 'ambiguous') {
    const message = `quantity ${quote(text)} is one number or another: tell --decimal . or ,`;
    throw new RowError('QUANTITY_INVALID', message);
  }
  const range = `0.001 to ${limits.quantityMax} pieces, or of a unit such as kg, 斤, lb or 瓶`;
  const message = `quantity ${quote(text)} is no number of ${range}`;
  throw new RowError('QUANTITY_INVALID', `${message} (or its negative, for a return)`);
}

type Money = Pick<Row, 'unitPriceFen' | 'discountFen' | 'lineTotalFen'>;

/** What a line cost. Of goods brought back only what was given for one piece is of use. */
function readMoney(desk: ImportContext, thousandths: number): Money {
  if (thousandths < 0) {
    const price = readPrice(desk);
    const total = readFen(desk, 'lineTotal', 'lineTotalFen');
    const derived = derivedPrice(total === undefined ? total : Math.abs(total), -thousandths);
    const unitPriceFen = price === undefined ? derived : Math.abs(price);
    return { unitPriceFen, discountFen: undefined, lineTotalFen: undefined };
  }
  const given = readPrice(desk);
  const lineTotalFen = readFen(desk, 'lineTotal', 'lineTotalFen');
  assertNotNegative(desk, 'unitPrice', given);
  assertNotNegative(desk, 'lineTotal', lineTotalFen);
  // Some tills write what was taken off with a minus.
  const discount = readFen(desk, 'discount', 'discountFen');
  const discountFen = discount === undefined ? undefined : Math.abs(discount);
  // A price of 0 beside a total is a column that the till does not fill.
  const stated = given === 0 && (lineTotalFen ?? 0) > 0 ? undefined : withinPrice(desk, given);
  const unitPriceFen = stated ?? derivedPrice(lineTotalFen, thousandths);
  if ((lineTotalFen ?? 0) > 0 && lineTotalFen! * 1_000 < thousandths) note(desk, 'priceBelowFen');
  const isRight = addsUp({ thousandths, unitPriceFen, discountFen, totalFen: lineTotalFen });
  if (!isRight) note(desk, 'totalDiffers');
  return { unitPriceFen, discountFen, lineTotalFen };
}

function assertNotNegative(
  { source }: ImportContext,
  field: 'unitPrice' | 'lineTotal',
  fen: number | undefined,
): void {
  if (fen === undefined || fen >= 0) return;
  const reason = field === 'unitPrice' ? 'UNIT_PRICE_NEGATIVE' : 'LINE_TOTAL_NEGATIVE';
  const hint = 'a row that brings goods back is told by --returns COLUMN=VALUE';
  throw new RowError(
    reason,
    `${field} ${quote(cell(source, field))} must not be negative; ${hint}`,
  );
}

function readPrice(desk: ImportContext): number | undefined {
  const { source, file } = desk;
  if (!isOfOtherUnit(source)) return readFen(desk, 'unitPrice', 'unitPriceFen');
  const fen = priceOfOne(source, file.mark);
  if (fen === 'unreadable') note(desk, 'moneyDropped');
  return fen === 'unreadable' ? undefined : fen;
}

/** Of a line that has its total only, where that comes out even. */
function derivedPrice(total: number | undefined, thousandths: number): number | undefined {
  if (total === undefined || (total * 1_000) % thousandths !== 0) return undefined;
  const fen = (total * 1_000) / thousandths;
  return fen <= limits.unitPriceFenMax ? fen : undefined;
}

function withinPrice(desk: ImportContext, fen: number | undefined): number | undefined {
  if (fen === undefined || fen <= limits.unitPriceFenMax) return fen;
  note(desk, 'moneyDropped');
  return undefined;
}

const fenOf = rememberingAmounts((text, mark) => moneyOf(text, () => parseFen(text, mark)));
const wholeFenOf = rememberingAmounts((text, mark) =>
  moneyOf(text, () => parseWholeFen(text, mark)),
);

function moneyOf(text: string, parse: () => number | AmountProblem) {
  return blankWords.test(text) ? 'absent' : parse();
}

function readFen(
  desk: ImportContext,
  field: ImportField,
  fenField: ImportField,
): number | undefined {
  const wholeFen = cell(desk.source, fenField);
  const isWhole = !isBlank(wholeFen);
  const text = isWhole ? wholeFen : cell(desk.source, field);
  if (text === '') return undefined;
  const fen = (isWhole ? wholeFenOf : fenOf)(text.trim(), desk.file.mark);
  if (typeof fen === 'number') return fen;
  if (fen !== 'absent') note(desk, 'moneyDropped');
  return undefined;
}

function optionalFen(
  desk: ImportContext,
  field: ImportField,
  fenField: ImportField,
): number | undefined {
  const fen = readFen(desk, field, fenField);
  return fen !== undefined && fen >= 0 ? fen : undefined;
}

function note({ notes }: ImportContext, kind: RowNote): void {
  if (!notes.includes(kind)) notes.push(kind);
}

function readFlag(text: string): boolean {
  return text !== '' && /^(?:1|true|yes|y|是|赠品|gift)$/i.test(text.trim());
}

function readChannel(desk: ImportContext): Channel | undefined {
  const text = cell(desk.source, 'channel');
  if (text === '') return undefined;
  const channel = channelOf(text);
  if (channel === 'unknown') note(desk, 'channelUnknown');
  return channel === 'unknown' ? 'other' : channel;
}
