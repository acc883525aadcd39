// Rows: one receipt line as a file has it, checked against the limits of the log.
import { limits } from '../../base/limits.ts';
import { channels } from '../../base/shapes.ts';
import type { Purchase } from '../../events/purchase.ts';
import { parseFen, parseQuantity, parseWholeFen } from './amounts.ts';
import { type ImportField, importFields } from './columns.ts';
import type { Moment, TimeReader } from './times.ts';

/**
 * Where a row stands, and its text as given: the fields of a CSV record or the line of an NDJSON
 * file.
 */
export interface Origin {
  readonly file: number;
  /** The first line of the record, from 1. */
  readonly line: number;
  readonly raw: string | readonly string[];
}

/** A row before any check. */
export interface SourceRow extends Origin {
  /** In the order of `importFields`; empty: the file has no such value. */
  readonly cells: readonly string[];
  /**
   * Above 0 for lines of a whole receipt in one NDJSON object: its number, which keeps it apart.
   */
  readonly whole: number;
  /** Why the record cannot be read at all. */
  readonly problem?: string | undefined;
}

export type Channel = Purchase['channel'];

export interface Row extends Origin {
  readonly whole: number;
  readonly purchaseId: string;
  readonly memberId: string | undefined;
  readonly moment: Moment;
  readonly itemId: string;
  /** Negative: brought back. Never 0. */
  readonly quantity: number;
  readonly unitPriceFen: number | undefined;
  readonly storeId: string | undefined;
  readonly channel: Channel | undefined;
  readonly terminalId: string | undefined;
  /** Trimmed, at most as long as an item's name may be. */
  readonly itemName: string | undefined;
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

export interface RowRules {
  readonly readTime: TimeReader;
  /** For rows without a time. */
  readonly occurredAt?: string | undefined;
}

const cellOf = Object.fromEntries(importFields.map((field, index) => [field, index])) as Record<
  ImportField,
  number
>;
/** What a decoder writes for bytes that are no text in the encoding that was named. */
const replacementCharacter = '\uFFFD';
const shownMax = 80;

/** Thrown and caught within this file only: the first thing wrong with a row. */
class RowError extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export function isRefusal(row: Row | Refusal): row is Refusal {
  return 'reason' in row;
}

/** The purchaseId as it stands in the row, unchecked; empty when there is none. */
export function rawPurchaseId(source: SourceRow): string {
  return cell(source, 'purchaseId');
}

/** A checked row, or the first reason why it is refused. */
export function readRow(source: SourceRow, rules: RowRules): Row | Refusal {
  try {
    return checkRow(source, rules);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { kind: 'rejected', origin: source, reason: error.reason, message: error.message };
  }
}

function cell(source: SourceRow, field: ImportField): string {
  return source.cells[cellOf[field]] ?? '';
}

function checkRow(source: SourceRow, rules: RowRules): Row {
  if (source.problem !== undefined) throw new RowError('ROW_MALFORMED', source.problem);
  const quantity = readQuantity(cell(source, 'quantity'));
  return {
    file: source.file,
    line: source.line,
    raw: source.raw,
    whole: source.whole,
    purchaseId: readId(cell(source, 'purchaseId'), 'purchaseId', 'PURCHASE_ID_INVALID'),
    memberId: readOptionalId(cell(source, 'memberId'), 'memberId', 'MEMBER_ID_INVALID'),
    moment: readOccurredAt(cell(source, 'occurredAt'), rules),
    itemId: readId(cell(source, 'itemId'), 'itemId', 'ITEM_ID_INVALID'),
    quantity,
    unitPriceFen: readPrice(source, quantity),
    storeId: readOptionalId(cell(source, 'storeId'), 'storeId', 'STORE_ID_INVALID'),
    channel: readChannel(cell(source, 'channel')),
    terminalId: readOptionalId(cell(source, 'terminalId'), 'terminalId', 'TERMINAL_ID_INVALID'),
    itemName: readName(cell(source, 'itemName')),
  };
}

function readId(id: string, field: ImportField, reason: string): string {
  if (isBlank(id)) throw new RowError(reason, `${field} must not be empty`);
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

function readOptionalId(id: string, field: ImportField, reason: string): string | undefined {
  return isBlank(id) ? undefined : readId(id, field, reason);
}

function readOccurredAt(text: string, rules: RowRules): Moment {
  const given = isBlank(text) ? (rules.occurredAt ?? '') : text;
  const moment = rules.readTime(given);
  if (moment !== undefined) return moment;
  const message = isBlank(given)
    ? 'occurredAt must not be empty'
    : `occurredAt ${quote(given)} is no time such as 2026-05-01 09:10 from 1970 on`;
  throw new RowError('OCCURRED_AT_INVALID', message);
}

function readQuantity(text: string): number {
  if (isBlank(text)) return 1;
  const quantity = parseQuantity(text);
  if (quantity !== undefined && quantity !== 0) return quantity;
  const message = `quantity ${quote(text)} is no whole number of 1 to ${limits.quantityMax} pieces`;
  throw new RowError('QUANTITY_INVALID', `${message} (or its negative, for a return)`);
}

function readPrice(source: SourceRow, quantity: number): number | undefined {
  const wholeFen = cell(source, 'unitPriceFen');
  const text = isBlank(wholeFen) ? cell(source, 'unitPrice') : wholeFen;
  if (isBlank(text)) return undefined;
  const fen = text === wholeFen ? parseWholeFen(text) : parseFen(text);
  if (fen === undefined) {
    const most = limits.unitPriceFenMax / 100;
    const message = `unitPrice ${quote(text)} is no plain decimal up to ${most}`;
    throw new RowError('UNIT_PRICE_INVALID', message);
  }
  // Some tills write both the pieces and the price of a return below zero; its price is not kept.
  if (fen < 0 && quantity > 0) {
    throw new RowError('UNIT_PRICE_NEGATIVE', `unitPrice ${quote(text)} must not be negative`);
  }
  return fen;
}

function readChannel(text: string): Channel | undefined {
  if (isBlank(text)) return undefined;
  if ((channels as readonly string[]).includes(text)) return text as Channel;
  const message = `channel ${quote(text)} must be one of ${channels.join(', ')}`;
  throw new RowError('CHANNEL_UNKNOWN', message);
}

/** A name that cannot be kept is dropped, because the receipt is right without it. */
function readName(text: string): string | undefined {
  const name = text.trim();
  if (name === '' || !name.isWellFormed() || name.includes(replacementCharacter)) return undefined;
  if (name.length <= limits.nameCharactersMax) return name;
  // A cut through a surrogate pair leaves a half that is no text; it goes too.
  const cut = name.slice(0, limits.nameCharactersMax);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

function isBlank(text: string): boolean {
  return text === '' || text.trim() === '';
}

function quote(text: string): string {
  const short = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
  return JSON.stringify(short);
}
