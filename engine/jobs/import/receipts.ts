// Receipts: rows of one purchaseId become one purchase at its earliest time, and returns beside it.
import { createHash } from 'node:crypto';
import { millisecondsPerMinute } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { quantityOf } from '../../base/shapes.ts';
import type { Event } from '../../events/index.ts';
import type { Purchase } from '../../events/purchase.ts';
import type { Orphan } from './orphans.ts';
import type { Channel, Refusal, RefusalKind, Row } from './row.ts';
import type { Origin } from './source-row.ts';
import type { Moment } from './times.ts';

/** A receipt whose rows are still coming in. */
export interface Draft {
  readonly purchaseId: string;
  readonly whole: number;
  readonly file: number;
  earliest: Moment;
  /** Of what was sold: goods may come back any time later. */
  firstSale: Moment | undefined;
  memberId: string | undefined;
  storeId: string | undefined;
  channel: Channel | undefined;
  terminalId: string | undefined;
  cashierId: string | undefined;
  paidFen: number | undefined;
  couponIds: readonly string[];
  sold: Row[];
  returned: Row[];
  /** Why none of its rows can be believed. */
  ruin: 'tooLong' | 'timesApart' | undefined;
}

export interface Receipt {
  readonly purchase: Purchase;
  readonly rows: readonly Row[];
}

/**
 * One row brought back. Each is an event of its own, so that every row has an answer of its own.
 */
export interface ReturnRow {
  readonly event: Extract<Event, { kind: 'return' | 'unreferencedReturn' }>;
  /** Returns of one member, or against one receipt, are settled together. */
  readonly key: string;
  readonly itemId: string;
  readonly quantity: number;
  readonly occurredAtMs: number;
  readonly origin: Origin;
  readonly notes: Row['notes'];
}

export interface ClosedDraft {
  /** Absent when the receipt only brings goods back, or was refused. */
  readonly receipt: Receipt | undefined;
  readonly returns: readonly ReturnRow[];
}

export type Refuse = (refusal: Refusal) => void;

/** Nobody stands at a till for half a day: a number that comes again then is another receipt's. */
const receiptMsMax = 12 * 60 * millisecondsPerMinute;

export function openDraft(row: Row): Draft {
  return {
    purchaseId: row.purchaseId,
    whole: row.whole,
    file: row.file,
    earliest: row.moment,
    firstSale: undefined,
    memberId: undefined,
    storeId: undefined,
    channel: undefined,
    terminalId: undefined,
    cashierId: undefined,
    paidFen: undefined,
    couponIds: [],
    sold: [],
    returned: [],
    ruin: undefined,
  };
}

/**
 * Whether a row goes on with this receipt. One that came as a whole object is complete in
 * itself.
 */
export function belongsTo(draft: Draft, row: Row): boolean {
  if (draft.purchaseId !== row.purchaseId || draft.whole !== row.whole) return false;
  return row.whole === 0 || draft.file === row.file;
}

/** Takes a row in, or refuses it when it contradicts the rows before it. */
export function addToDraft(draft: Draft, row: Row, refuse: Refuse): void {
  if (draft.ruin === undefined && isApart(draft, row)) ruin(draft, 'timesApart', refuse);
  const refusal = draft.ruin !== undefined ? ruinRefusal(draft, row) : contradiction(draft, row);
  if (refusal !== undefined) {
    refuse(refusal);
    return;
  }
  draft.memberId ??= row.memberId;
  draft.storeId ??= row.storeId;
  draft.channel ??= row.channel;
  draft.terminalId ??= row.terminalId;
  draft.cashierId ??= row.cashierId;
  draft.paidFen ??= row.paidFen;
  draft.couponIds = unite(draft.couponIds, row.couponIds);
  if (row.moment.epochMs < draft.earliest.epochMs) draft.earliest = row.moment;
  if (row.thousandths > 0) {
    draft.sold.push(row);
    if (row.moment.epochMs < (draft.firstSale?.epochMs ?? Number.POSITIVE_INFINITY)) {
      draft.firstSale = row.moment;
    }
  } else {
    draft.returned.push(row);
  }
  const rows = draft.sold.length + draft.returned.length;
  if (rows > limits.purchaseLinesMax) ruin(draft, 'tooLong', refuse);
}

/**
 * What the rows come to. Goods that nobody brings back to no receipt are for `onOrphan`; unless
 * there is one they cannot find a purchase, and are refused here.
 */
export function closeDraft(
  draft: Draft,
  refuse: Refuse,
  onOrphan: (orphan: Orphan) => void = ({ row }) => refuse(orphanRefusal(row, 0)),
): ClosedDraft {
  const isSold = draft.sold.length > 0;
  return {
    receipt: isSold ? { purchase: toPurchase(draft), rows: draft.sold } : undefined,
    returns: toReturns(draft, isSold, onOrphan),
  };
}

/** Coupons of several rows, each once, and no more than a receipt can have. */
function unite(known: readonly string[], more: readonly string[]): readonly string[] {
  if (more.length === 0 || more === known) return known;
  return [...new Set([...known, ...more])].slice(0, limits.couponsMax);
}

function toPurchase(draft: Draft): Purchase {
  const { memberId, storeId, terminalId, cashierId, paidFen, couponIds } = draft;
  return {
    purchaseId: draft.purchaseId,
    ...(memberId === undefined ? {} : { memberId }),
    ...(storeId === undefined ? {} : { storeId }),
    channel: draft.channel ?? 'other',
    ...(terminalId === undefined ? {} : { terminalId }),
    ...(cashierId === undefined ? {} : { cashierId }),
    occurredAt: (draft.firstSale ?? draft.earliest).text,
    ...(paidFen === undefined ? {} : { paidFen }),
    ...(couponIds.length === 0 ? {} : { couponIds: [...couponIds] }),
    lines: draft.sold.map(toLine),
  };
}

function toLine(row: Row): Purchase['lines'][number] {
  const { itemId, thousandths, unitPriceFen, discountFen, lineTotalFen } = row;
  return {
    itemId,
    quantity: quantityOf(thousandths),
    ...(unitPriceFen === undefined ? {} : { unitPriceFen }),
    ...(discountFen === undefined ? {} : { discountFen }),
    ...(lineTotalFen === undefined ? {} : { lineTotalFen }),
    ...(row.isGift ? { isGift: true } : {}),
  };
}

function toReturns(draft: Draft, isSold: boolean, onOrphan: (orphan: Orphan) => void): ReturnRow[] {
  const seen = new Map<string, number>();
  return draft.returned.flatMap((row) => {
    const nth = seen.get(row.itemId) ?? 0;
    seen.set(row.itemId, nth + 1);
    const event = returnEventOf(draft, { row, nth, isSold });
    if (event === undefined) {
      onOrphan({ row, nth });
      return [];
    }
    return toReturnRow(row, event);
  });
}

function toReturnRow(row: Row, event: ReturnRow['event']): ReturnRow {
  return {
    event,
    key: event.kind === 'return' ? event.return.purchaseId : event.unreferencedReturn.memberId,
    itemId: row.itemId,
    quantity: quantityOf(-row.thousandths),
    occurredAtMs: row.moment.epochMs,
    origin: { file: row.file, line: row.line, raw: row.raw },
    notes: row.notes,
  };
}

/** An orphan as a return against the receipt that it was found to come from. */
export function adoptOrphan({ row, nth }: Orphan, purchaseId: string): ReturnRow {
  const draft = { ...openDraft(row), storeId: row.storeId, channel: row.channel };
  const named = { ...row, returnOf: purchaseId };
  return toReturnRow(row, returnEventOf(draft, { row: named, nth, isSold: false })!);
}

/** Against the receipt that is named, the member's purchases, or the receipt it stands on. */
function returnEventOf(
  draft: Draft,
  { row, nth, isSold }: { readonly row: Row; readonly nth: number; readonly isSold: boolean },
): ReturnRow['event'] | undefined {
  const { memberId, purchaseId } = draft;
  const common = {
    returnId: returnIdOf(purchaseId, row.itemId, nth),
    ...(draft.storeId === undefined ? {} : { storeId: draft.storeId }),
    occurredAt: row.moment.text,
    lines: [{ itemId: row.itemId, quantity: quantityOf(-row.thousandths) }],
  };
  const named = row.returnOf ?? (memberId === undefined && isSold ? purchaseId : undefined);
  if (named !== undefined) {
    const channel = draft.channel ?? 'other';
    return { kind: 'return', return: { ...common, channel, purchaseId: named } };
  }
  if (memberId === undefined) return undefined;
  return { kind: 'unreferencedReturn', unreferencedReturn: { ...common, memberId } };
}

/**
 * The same for the same row in every run, so that a second run is answered `duplicate`. It starts
 * with the receipt's id where that fits, and keeps 64 bits for the item and its place among equals.
 */
function returnIdOf(purchaseId: string, itemId: string, nth: number): string {
  const row = createHash('sha256').update(`${itemId}\n${nth}`).digest('hex').slice(0, 16);
  const id = `${purchaseId}:return:${row}`;
  if (Buffer.byteLength(id) <= limits.idBytesMax) return id;
  return `${createHash('sha256').update(purchaseId).digest('hex')}:return:${row}`;
}

/** A receipt that cannot be believed whole is not kept at all: half a basket would be a lie. */
function ruin(draft: Draft, why: NonNullable<Draft['ruin']>, refuse: Refuse): void {
  draft.ruin = why;
  for (const row of [...draft.sold, ...draft.returned]) refuse(ruinRefusal(draft, row));
  draft.sold = [];
  draft.returned = [];
}

/** Whether a sale lies so far from the others that their number must have been given twice. */
function isApart({ firstSale, whole }: Draft, row: Row): boolean {
  if (firstSale === undefined || row.thousandths < 0 || whole > 0) return false;
  return Math.abs(row.moment.epochMs - firstSale.epochMs) > receiptMsMax;
}

function differs(known: string | undefined, given: string | undefined): boolean {
  return known !== undefined && given !== undefined && known !== given;
}

export function refusalOf(
  origin: Origin,
  kind: RefusalKind,
  words: { readonly reason: string; readonly message: string },
): Refusal {
  return { kind, origin, reason: words.reason, message: words.message };
}

/** A receipt has one member and one store; blanks follow the rows that name them. */
function contradiction(draft: Draft, row: Row): Refusal | undefined {
  const field = differs(draft.memberId, row.memberId)
    ? 'memberId'
    : differs(draft.storeId, row.storeId)
      ? 'storeId'
      : undefined;
  if (field === undefined) return undefined;
  const message = `earlier rows of receipt ${row.purchaseId} have the ${field} ${draft[field]}`;
  const reason = field === 'memberId' ? 'MEMBER_DIFFERS' : 'STORE_DIFFERS';
  return refusalOf(row, 'rejected', { reason, message });
}

function ruinRefusal({ ruin: why }: Draft, row: Row): Refusal {
  const { purchaseId } = row;
  if (why === 'tooLong') {
    const message = `receipt ${purchaseId} has more than ${limits.purchaseLinesMax} rows`;
    return refusalOf(row, 'rejected', { reason: 'TOO_MANY_LINES', message });
  }
  const message =
    `rows of receipt ${purchaseId} lie more than 12 hours apart, so that its number was given ` +
    'twice: put the day into it, --map purchaseId=NUMBER+DATE (and the store or till)';
  return refusalOf(row, 'rejected', { reason: 'RECEIPT_NUMBER_REPEATS', message });
}

/** `candidates` is how many sales of the file it can have come from. */
export function orphanRefusal(row: Row, candidates: number): Refusal {
  const message =
    candidates === 0
      ? 'a return without a memberId on a receipt without sales has no purchase to go to'
      : `a return without a memberId may be of any of ${candidates} receipts: map returnOf`;
  return refusalOf(row, 'returnsUnmatched', { reason: 'RETURN_WITHOUT_MEMBER', message });
}
