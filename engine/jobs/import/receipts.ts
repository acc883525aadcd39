// Receipts: rows of one purchaseId become one purchase at its earliest time, and returns beside it.
import { createHash } from 'node:crypto';
import { millisecondsPerMinute } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { quantityOf } from '../../base/shapes.ts';
import type { Event } from '../../events/index.ts';
import type { Purchase } from '../../events/purchase.ts';
import type { Orphan } from './orphans.ts';
import type { Refusal, RefusalKind, Row } from './row.ts';
import type { Channel } from './row-words.ts';
import type { Origin } from './source-row.ts';
import type { Moment } from './times.ts';

/** A receipt whose rows are still coming in. */
export interface Draft {
  readonly purchaseId: string;
  readonly whole: number;
  readonly file: number;
  memberId: string | undefined;
  // The others are those of what was sold: goods may come back later, and elsewhere.
  firstSale: Moment | undefined;
  lastSale: Moment | undefined;
  storeId: string | undefined;
  terminalId: string | undefined;
  channel: Said<Channel>;
  cashierId: Said<string>;
  paidFen: Said<number>;
  couponIds: readonly string[];
  replaces: string | undefined;
  sold: Row[];
  returned: Row[];
  /** Why none of its rows can be believed. */
  ruin: RefusalWords | undefined;
}

/** Null where rows say it differently: which of them came first must not matter. */
type Said<T> = T | undefined | null;

interface RefusalWords {
  readonly reason: string;
  readonly message: string;
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
    memberId: undefined,
    firstSale: undefined,
    lastSale: undefined,
    storeId: undefined,
    terminalId: undefined,
    channel: undefined,
    cashierId: undefined,
    paidFen: undefined,
    couponIds: [],
    replaces: undefined,
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

/** Takes a row in. One that contradicts the others ruins the receipt: nobody knows whose it is. */
export function addToDraft(draft: Draft, row: Row, refuse: Refuse): void {
  if (draft.ruin === undefined) {
    take(draft, row);
    const why = contradiction(draft, row) ?? tooLong(draft);
    if (why !== undefined) ruin(draft, why, refuse);
  } else {
    refuse(refusalOf(row, 'rejected', draft.ruin));
  }
}

function take(draft: Draft, row: Row): void {
  draft.memberId ??= row.memberId;
  if (row.thousandths < 0) {
    draft.returned.push(row);
    return;
  }
  draft.sold.push(row);
  const { firstSale, lastSale } = draft;
  if (firstSale === undefined || row.moment.epochMs < firstSale.epochMs) {
    draft.firstSale = row.moment;
  }
  if (lastSale === undefined || row.moment.epochMs > lastSale.epochMs) draft.lastSale = row.moment;
  draft.storeId ??= row.storeId;
  draft.terminalId ??= row.terminalId;
  draft.channel = agreed(draft.channel, row.channel);
  draft.cashierId = agreed(draft.cashierId, row.cashierId);
  draft.paidFen = agreed(draft.paidFen, row.paidFen);
  draft.couponIds = unite(draft.couponIds, row.couponIds);
  draft.replaces ??= row.replaces;
}

function agreed<T>(known: Said<T>, given: T | undefined): Said<T> {
  if (given === undefined || known === null) return known;
  return known === undefined || known === given ? given : null;
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

/** Coupons of several rows, each once, in an order of their own: that of rows says nothing. */
function unite(known: readonly string[], more: readonly string[]): readonly string[] {
  if (more.length === 0) return known;
  return [...new Set([...known, ...more])].sort();
}

function toPurchase(draft: Draft): Purchase {
  const { memberId, storeId, terminalId, couponIds, replaces } = draft;
  const [cashierId, paidFen] = [draft.cashierId ?? undefined, draft.paidFen ?? undefined];
  return {
    purchaseId: draft.purchaseId,
    ...(memberId === undefined ? {} : { memberId }),
    ...(storeId === undefined ? {} : { storeId }),
    channel: draft.channel ?? 'other',
    ...(terminalId === undefined ? {} : { terminalId }),
    ...(cashierId === undefined ? {} : { cashierId }),
    occurredAt: draft.firstSale!.text,
    ...(draft.firstSale!.hasTime ? {} : { timeUnknown: true }),
    ...(paidFen === undefined ? {} : { paidFen }),
    ...(couponIds.length === 0 ? {} : { couponIds: [...couponIds] }),
    ...(replaces === undefined ? {} : { replaces }),
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
  return draft.returned.toSorted(byContent).flatMap((row) => {
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

/** Equal items are numbered by what they are, so that the order of the rows says nothing. */
function byContent(one: Row, other: Row): number {
  return (
    one.moment.epochMs - other.moment.epochMs ||
    one.thousandths - other.thousandths ||
    (one.unitPriceFen ?? 0) - (other.unitPriceFen ?? 0) ||
    textOrder(one.returnOf ?? '', other.returnOf ?? '')
  );
}

function textOrder(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
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
  const named = { ...row, returnOf: purchaseId };
  return toReturnRow(row, returnEventOf(openDraft(row), { row: named, nth, isSold: false })!);
}

/** Against the receipt that is named, the member's purchases, or the receipt it stands on. */
function returnEventOf(
  draft: Draft,
  { row, nth, isSold }: { readonly row: Row; readonly nth: number; readonly isSold: boolean },
): ReturnRow['event'] | undefined {
  const { memberId, purchaseId } = draft;
  const storeId = row.storeId ?? draft.storeId;
  const common = {
    returnId: returnIdOf(purchaseId, row.itemId, nth),
    ...(storeId === undefined ? {} : { storeId }),
    occurredAt: row.moment.text,
    lines: [{ itemId: row.itemId, quantity: quantityOf(-row.thousandths) }],
  };
  const named = row.returnOf ?? (memberId === undefined && isSold ? purchaseId : undefined);
  if (named !== undefined) {
    const channel = row.channel ?? draft.channel ?? 'other';
    return { kind: 'return', return: { ...common, channel, purchaseId: named } };
  }
  if (memberId === undefined) return undefined;
  const own = isSold ? { ownPurchaseId: purchaseId } : {};
  return { kind: 'unreferencedReturn', unreferencedReturn: { ...common, ...own, memberId } };
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
function ruin(draft: Draft, why: RefusalWords, refuse: Refuse): void {
  draft.ruin = why;
  for (const row of [...draft.sold, ...draft.returned]) refuse(refusalOf(row, 'rejected', why));
  draft.sold = [];
  draft.returned = [];
}

export function refusalOf(origin: Origin, kind: RefusalKind, words: RefusalWords): Refusal {
  return { kind, origin, reason: words.reason, message: words.message };
}

/** Reasons that say that a number was given to more than one receipt. */
export const repeatReasons = {
  memberId: 'MEMBER_DIFFERS',
  storeId: 'STORE_DIFFERS',
  terminalId: 'TERMINAL_DIFFERS',
  occurredAt: 'RECEIPT_NUMBER_REPEATS',
} as const;

/** A receipt has one member, one store and one till, and takes no half a day. */
function contradiction(draft: Draft, row: Row): RefusalWords | undefined {
  const { purchaseId, firstSale, lastSale } = draft;
  const isReturn = row.thousandths < 0;
  const again = 'so that its number was given twice: put what tells them apart into it';
  const advice = `${again}, e.g. --map purchaseId=STORE+TILL+NUMBER+DAY`;
  for (const field of isReturn ? memberOnly : oneOfEach) {
    if (row[field] === undefined || row[field] === draft[field]) continue;
    const both = `${draft[field]} and ${row[field]}`;
    const message = `rows of receipt ${purchaseId} have the ${field} ${both}, ${advice}`;
    return { reason: repeatReasons[field], message };
  }
  if (isReturn) return undefined;
  if (row.replaces !== undefined && row.replaces !== draft.replaces) {
    const both = `${draft.replaces} and ${row.replaces}`;
    const message = `rows of receipt ${purchaseId} replace both ${both}; a receipt replaces one`;
    return { reason: 'REPLACES_DIFFERS', message };
  }
  if (row.whole > 0) return undefined;
  if (lastSale!.epochMs - firstSale!.epochMs <= receiptMsMax) return undefined;
  const message = `rows of receipt ${purchaseId} lie more than 12 hours apart, ${advice}`;
  return { reason: repeatReasons.occurredAt, message };
}

const memberOnly = ['memberId'] as const;
const oneOfEach = ['memberId', 'storeId', 'terminalId'] as const;

function tooLong({ purchaseId, sold, returned, couponIds }: Draft): RefusalWords | undefined {
  if (couponIds.length > limits.couponsMax) {
    const message = `receipt ${purchaseId} has more than ${limits.couponsMax} coupons`;
    return { reason: 'TOO_MANY_COUPONS', message };
  }
  if (sold.length + returned.length <= limits.purchaseLinesMax) return undefined;
  const message = `receipt ${purchaseId} has more than ${limits.purchaseLinesMax} rows`;
  return { reason: 'TOO_MANY_LINES', message };
}

/** `candidates` is how many sales of the file it can have come from. */
export function orphanRefusal(row: Row, candidates: number): Refusal {
  const message =
    candidates === 0
      ? 'a return without a memberId on a receipt without sales has no purchase to go to'
      : `a return without a memberId may be of any of ${candidates} receipts: map returnOf`;
  return refusalOf(row, 'returnsUnmatched', { reason: 'RETURN_WITHOUT_MEMBER', message });
}
