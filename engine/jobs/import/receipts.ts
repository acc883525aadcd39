// Receipts: rows of one purchaseId become one purchase at its earliest time, and returns beside it.
import { createHash } from 'node:crypto';
import { limits } from '../../base/limits.ts';
import type { Purchase } from '../../events/purchase.ts';
import type { UnreferencedReturn } from '../../events/unreferenced-return.ts';
import type { Channel, Origin, Refusal, RefusalKind, Row } from './row.ts';
import type { Moment } from './times.ts';

/** A receipt whose rows are still coming in. */
export interface Draft {
  readonly purchaseId: string;
  readonly whole: number;
  readonly file: number;
  earliest: Moment;
  memberId: string | undefined;
  storeId: string | undefined;
  channel: Channel | undefined;
  terminalId: string | undefined;
  sold: Row[];
  returned: Row[];
  tooLong: boolean;
}

export interface Receipt {
  readonly purchase: Purchase;
  readonly rows: readonly Row[];
}

/**
 * One row brought back. Each is an event of its own, so that every row has an answer of its own.
 */
export interface ReturnRow {
  readonly event: UnreferencedReturn;
  readonly occurredAtMs: number;
  readonly origin: Origin;
}

export interface ClosedDraft {
  /** Absent when the receipt only brings goods back, or was refused. */
  readonly receipt: Receipt | undefined;
  readonly returns: readonly ReturnRow[];
}

export type Refuse = (refusal: Refusal) => void;

export function openDraft(row: Row): Draft {
  return {
    purchaseId: row.purchaseId,
    whole: row.whole,
    file: row.file,
    earliest: row.moment,
    memberId: undefined,
    storeId: undefined,
    channel: undefined,
    terminalId: undefined,
    sold: [],
    returned: [],
    tooLong: false,
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
  const refusal = draft.tooLong ? tooLongRefusal(row) : contradiction(draft, row);
  if (refusal !== undefined) {
    refuse(refusal);
    return;
  }
  draft.memberId ??= row.memberId;
  draft.storeId ??= row.storeId;
  draft.channel ??= row.channel;
  draft.terminalId ??= row.terminalId;
  if (row.moment.epochMs < draft.earliest.epochMs) draft.earliest = row.moment;
  (row.quantity > 0 ? draft.sold : draft.returned).push(row);
  if (draft.sold.length + draft.returned.length > limits.purchaseLinesMax) refuseAll(draft, refuse);
}

/** What the rows come to. Returns of nobody cannot find a purchase, and are refused here. */
export function closeDraft(draft: Draft, refuse: Refuse): ClosedDraft {
  const { memberId } = draft;
  if (memberId === undefined) {
    for (const row of draft.returned) refuse(anonymousReturn(row));
  }
  return {
    receipt:
      draft.sold.length === 0 ? undefined : { purchase: toPurchase(draft), rows: draft.sold },
    returns: memberId === undefined ? [] : toReturns(draft, memberId),
  };
}

function toPurchase(draft: Draft): Purchase {
  const { memberId, storeId, terminalId } = draft;
  return {
    purchaseId: draft.purchaseId,
    ...(memberId === undefined ? {} : { memberId }),
    ...(storeId === undefined ? {} : { storeId }),
    channel: draft.channel ?? 'other',
    ...(terminalId === undefined ? {} : { terminalId }),
    occurredAt: draft.earliest.text,
    lines: draft.sold.map(({ itemId, quantity, unitPriceFen }) =>
      unitPriceFen === undefined ? { itemId, quantity } : { itemId, quantity, unitPriceFen },
    ),
  };
}

function toReturns(draft: Draft, memberId: string): ReturnRow[] {
  const seen = new Map<string, number>();
  return draft.returned.map((row) => {
    const nth = seen.get(row.itemId) ?? 0;
    seen.set(row.itemId, nth + 1);
    return {
      event: {
        returnId: returnIdOf(draft.purchaseId, row.itemId, nth),
        memberId,
        storeId: draft.storeId,
        occurredAt: draft.earliest.text,
        lines: [{ itemId: row.itemId, quantity: -row.quantity }],
      },
      occurredAtMs: draft.earliest.epochMs,
      origin: { file: row.file, line: row.line, raw: row.raw },
    };
  });
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

/** A receipt that cannot be kept whole is not kept at all: half a basket would be a lie. */
function refuseAll(draft: Draft, refuse: Refuse): void {
  draft.tooLong = true;
  for (const row of [...draft.sold, ...draft.returned]) refuse(tooLongRefusal(row));
  draft.sold = [];
  draft.returned = [];
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

function tooLongRefusal(row: Row): Refusal {
  const message = `receipt ${row.purchaseId} has more than ${limits.purchaseLinesMax} rows`;
  return refusalOf(row, 'rejected', { reason: 'TOO_MANY_LINES', message });
}

function anonymousReturn(row: Row): Refusal {
  const message = 'a return without a memberId has no purchases to be matched with';
  return refusalOf(row, 'returnsUnmatched', { reason: 'RETURN_WITHOUT_MEMBER', message });
}
