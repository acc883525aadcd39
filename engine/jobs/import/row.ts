// Rows: one receipt line as a file has it, cleaned and checked against the limits of the log.
import { limits } from '../../base/limits.ts';
import { type IdRules, readMemberId, readOutsideId } from '../../base/outside-ids.ts';
import { channels } from '../../base/shapes.ts';
import { addsUp } from '../../events/line-money.ts';
import type { Purchase } from '../../events/purchase.ts';
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
import { cell, type Origin, type SourceRow } from './source-row.ts';
import { isBlank } from './table-row.ts';
import type { Moment, TimeReader } from './times.ts';

export type Channel = Purchase['channel'];

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
  readonly ids: IdRules;
  /** For rows without a time. */
  readonly occurredAt?: string | undefined;
}

/** What a decoder writes for bytes that are no text in the encoding that was named. */
const replacementCharacter = '\uFFFD';
const quotedMax = 80;
/** What JavaScript makes of an object where a text is wanted. */
const lostObject = '[object Object]';
const blankWords = /^(?:null|\\n|nan|none|n\/a|-|--|#n\/a)?$/i;
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

/** The purchaseId of a row, cleaned but unchecked; empty when there is none. */
export function rawPurchaseId(source: SourceRow): string {
  return rawId(source, 'purchaseId');
}

/** The same for its item. */
export function rawItemId(source: SourceRow): string {
  return rawId(source, 'itemId');
}

function rawId(source: SourceRow, field: ImportField): string {
  const read = readOutsideId(cell(source, field));
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
    ...{ purchaseId, memberId, moment, itemId, thousandths, ...money },
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

function readId(desk: ImportContext, field: ImportField, reason: string): string {
  const text = cell(desk.source, field);
  const { ids } = desk.rules;
  const read = field === 'memberId' ? readMemberId(text, ids) : readOutsideId(text, ids);
  if ('problem' in read) throw new RowError(reason, `${field} ${quote(text)} ${read.problem}`);
  const { id } = read;
  if (id === '') throw new RowError(reason, `${field} must not be empty`);
  if (read.cleaned) note(desk, 'idsCleaned');
  // A UTF-16 unit takes at most three bytes, so that short ids need no counting.
  if (id.length * 3 > limits.idBytesMax && Buffer.byteLength(id) > limits.idBytesMax) {
    const message = `${field} ${quote(id)} must be at most ${limits.idBytesMax} bytes of UTF-8`;
    throw new RowError(reason, message);
  }
  if (!id.isWellFormed() || id.includes(replacementCharacter)) {
    throw new RowError(reason, `${field} ${quote(id)} is not valid text in the file's encoding`);
  }
  return id;
}

/** Words for nothing are nothing where a field may be absent. */
function readOptionalId(
  desk: ImportContext,
  field: ImportField,
  reason: string,
): string | undefined {
  const text = cell(desk.source, field);
  return isBlank(text) || blankWords.test(text.trim()) ? undefined : readId(desk, field, reason);
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
  if (isBlank(text)) return undefined;
  // A person says "null" of nobody. This says that a program lost whoever it was.
  if (!desk.rules.ids.isNobody(text) || text.trim() === lostObject) {
    const id = readId(desk, 'memberId', 'MEMBER_ID_INVALID');
    if (!desk.rules.ids.isNobody(id)) return id;
  }
  note(desk, 'nobody');
  return undefined;
}

function readOccurredAt(desk: ImportContext): Moment {
  const text = cell(desk.source, 'occurredAt');
  const given = isBlank(text) ? (desk.rules.occurredAt ?? '') : text;
  if (isBlank(given)) throw new RowError('OCCURRED_AT_INVALID', 'occurredAt must not be empty');
  const moment = desk.file.readTime(given);
  if (typeof moment === 'object') {
    const isDay = !moment.hasTime || readFlag(cell(desk.source, 'timeUnknown'));
    if (!isDay) return moment;
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

function readQuantity({ source, file, notes }: ImportContext): number {
  const text = quantityInPriceUnit(source, file.mark);
  const thousandths = blankWords.test(text.trim()) ? 1_000 : parseThousandths(text, file.mark);
  if (typeof thousandths === 'number' && thousandths !== 0) {
    if (/[.,]\d{3}\d*[1-9]/.test(text)) notes.push('quantityRounded');
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
  const hint = 'a row that brings goods back is told by --returns COLUMN=VALUE';
  for (const [field, fen] of Object.entries({ unitPrice: given, lineTotal: lineTotalFen })) {
    if (fen === undefined || fen >= 0) continue;
    const reason = field === 'unitPrice' ? 'UNIT_PRICE_NEGATIVE' : 'LINE_TOTAL_NEGATIVE';
    const text = quote(cell(desk.source, field as ImportField));
    throw new RowError(reason, `${field} ${text} must not be negative; ${hint}`);
  }
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

function readFen(
  desk: ImportContext,
  field: ImportField,
  fenField: ImportField,
): number | undefined {
  const wholeFen = cell(desk.source, fenField);
  const isWhole = !isBlank(wholeFen);
  const text = (isWhole ? wholeFen : cell(desk.source, field)).trim();
  if (blankWords.test(text)) return undefined;
  const parse = isWhole ? parseWholeFen : parseFen;
  const fen: number | AmountProblem = parse(text, desk.file.mark);
  if (typeof fen === 'number') return fen;
  note(desk, 'moneyDropped');
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
  return /^(?:1|true|yes|y|是|赠品|gift)$/i.test(text.trim());
}

const channelWords: Readonly<Record<string, Channel>> = {
  miniprogram: 'mini_program',
  'mini-program': 'mini_program',
  小程序: 'mini_program',
  微信小程序: 'mini_program',
  线下: 'pos',
  门店: 'pos',
  收银: 'pos',
  store: 'pos',
  网店: 'web',
  网站: 'web',
  online: 'web',
};

function readChannel(desk: ImportContext): Channel | undefined {
  const word = cell(desk.source, 'channel').trim().toLowerCase();
  if (blankWords.test(word)) return undefined;
  const known = (channels as readonly string[]).includes(word) ? word : channelWords[word];
  if (known === undefined) note(desk, 'channelUnknown');
  return (known ?? 'other') as Channel;
}

/** Words that cannot be kept are dropped, because the receipt is right without them. */
function readWords(text: string): string | undefined {
  const name = text.replaceAll('\u00A0', ' ').trim();
  if (name === '' || !name.isWellFormed() || name.includes(replacementCharacter)) return undefined;
  if (name.length <= limits.nameCharactersMax) return name;
  // A cut through a surrogate pair leaves a half that is no text; it goes too.
  const cut = name.slice(0, limits.nameCharactersMax);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

function quote(text: string): string {
  const short = text.length > quotedMax ? `${text.slice(0, quotedMax)}…` : text;
  return JSON.stringify(short);
}
