// Purchases: receipts as they are sent, validated, logged and counted.
import { z } from 'zod';
import { dayOf } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import {
  channelSchema,
  idSchema,
  moneySchema,
  quantitySchema,
  thousandthsOf,
  timeSchema,
} from '../base/shapes.ts';
import { registerAhead } from './catalogue.ts';
import type { WriteContext } from './context.ts';
import { countPurchase, settleCopies } from './copies.ts';
import { forgetReceipt, forgetReturns } from './forget.ts';
import { findId } from './ids.ts';
import type { EntryKind, EventKind, IncomingEntry } from './kind.ts';
import {
  decodePurchase,
  encodePurchase,
  type LoggedPurchase,
  type LoggedPurchaseLine,
  purchaseCode,
  purchaseHash,
} from './logged-purchase.ts';
import { quantityByItem } from './logged-return.ts';
import { readReturns } from './receipts.ts';
import { record } from './record.ts';
import { type IngestResult, rejected } from './result.ts';
import { expiredBeforeMs, hasTombstone, putTombstone, removeTombstones } from './tombstones.ts';
import {
  answerKnown,
  countedMoment,
  type Moment,
  momentOf,
  refuseErased,
  refuseForgotten,
  validateLeap,
  validateMoment,
} from './validation.ts';
import { warningsOf } from './warnings.ts';

export const purchaseLineSchema = z.strictObject({
  itemId: idSchema,
  quantity: quantitySchema,
  unitPriceFen: z.int().min(0).max(limits.unitPriceFenMax).optional(),
  discountFen: moneySchema
    .optional()
    .meta({ description: 'Taken off this line, all pieces together.' }),
  lineTotalFen: moneySchema
    .optional()
    .meta({ description: 'What all of it cost, after discount. Default: by the unit price.' }),
  isGift: z.boolean().optional().meta({ description: 'Bought for somebody else.' }),
});

export const purchaseSchema = z.strictObject({
  purchaseId: idSchema.meta({ description: 'Idempotency key of the receipt.' }),
  memberId: idSchema.optional().meta({ description: 'Absent: an anonymous ticket.' }),
  storeId: idSchema.optional(),
  channel: channelSchema.default('other'),
  terminalId: idSchema.optional(),
  cashierId: idSchema.optional(),
  occurredAt: timeSchema,
  paidFen: moneySchema.optional().meta({ description: 'What was paid for the whole receipt.' }),
  couponIds: z.array(idSchema).min(1).max(limits.couponsMax).optional(),
  lines: z.array(purchaseLineSchema).min(1).max(limits.purchaseLinesMax),
});

export type PurchaseInput = z.input<typeof purchaseSchema>;
export type Purchase = z.output<typeof purchaseSchema>;
type PurchaseLine = Purchase['lines'][number];

/** `counted`: where it differs from the moment that was stated. */
function toLogged(purchase: Purchase, stated: Moment, counted = stated): LoggedPurchase {
  // Field by field: this runs for every receipt and line, and a spread costs as much as the rest.
  return {
    occurredAtMs: counted.occurredAtMs,
    offsetMinutes: counted.offsetMinutes,
    purchaseId: purchase.purchaseId,
    memberId: purchase.memberId,
    storeId: purchase.storeId,
    channel: purchase.channel,
    terminalId: purchase.terminalId,
    cashierId: purchase.cashierId,
    statedAtMs: counted === stated ? undefined : stated.occurredAtMs,
    paidFen: purchase.paidFen,
    couponIds: purchase.couponIds ?? noCoupons,
    lines: purchase.lines.map(toLoggedLine),
  };
}

const noCoupons: readonly string[] = [];

function toLoggedLine(line: PurchaseLine): LoggedPurchaseLine {
  return {
    itemId: line.itemId,
    thousandths: thousandthsOf(line.quantity),
    unitPriceFen: line.unitPriceFen,
    discountFen: line.discountFen,
    totalFen: line.lineTotalFen,
    isGift: line.isGift ?? false,
  };
}

function validateQuantities(
  purchaseId: string,
  lines: LoggedPurchase['lines'],
): IngestResult | undefined {
  const most = thousandthsOf(limits.quantityMax);
  // Of most receipts all lines together are not too much.
  if (lines.reduce((sum, { thousandths }) => sum + thousandths, 0) <= most) return undefined;
  for (const [itemId, thousandths] of quantityByItem(lines)) {
    if (thousandths <= most) continue;
    const message =
      `the lines of item ${JSON.stringify(itemId)} add up to ${thousandths / 1_000} pieces; ` +
      `at most ${limits.quantityMax} are allowed`;
    const because = { reason: 'QUANTITY_TOO_LARGE', field: 'lines', message };
    return rejected(purchaseId, { ...because, limit: limits.quantityMax });
  }
  return undefined;
}

/**
 * The refusal of an erased member's receipt; returns that had waited for it were theirs too, and
 * go.
 */
function refuseOfErased(context: WriteContext, purchase: Purchase): IngestResult | undefined {
  const { purchaseId, memberId } = purchase;
  const refusal = refuseErased(context, purchaseId, memberId);
  if (!refusal) return refuseForgotten(context, purchaseId, purchaseId);
  if (!findId(context.store, purchaseCode, purchaseId)) forgetParked(context, purchaseId);
  return refusal;
}

/** Of a receipt that can never come: what was brought back of it goes, and more is refused. */
function forgetParked(context: WriteContext, purchaseId: string): void {
  const parked = readReturns(context, purchaseId);
  if (parked.length === 0) return;
  forgetReturns(context, purchaseId, parked, []);
  putTombstone(context, 'purchase', purchaseId);
}

function apply(context: WriteContext, incoming: IncomingEntry<LoggedPurchase>): void {
  const { store } = context;
  const { value: purchase, acceptedAtMs, append } = incoming;
  const { purchaseId, memberId } = purchase;
  // The newest day of all that was accepted settles the landmark, whatever becomes of it here.
  context.onPurchaseDay(dayOf(purchase.occurredAtMs));
  const isErased = memberId !== undefined && hasTombstone(context, 'member', memberId);
  const known = findId(store, purchaseCode, purchaseId);
  if (isErased || purchase.occurredAtMs < expiredBeforeMs(context)) {
    append(false);
    // As if it had never come; another copy of it may still.
    if (isErased && !known) forgetParked(context, purchaseId);
    return;
  }
  const sequence = append(true);
  if (known) {
    settleCopies(context, incoming, known, sequence);
    return;
  }
  removeTombstones(context, purchaseId);
  countPurchase(context, { purchase, sequence, acceptedAtMs }, sequence);
}

/** Of a receipt that several origins accepted the copy of the one whose name comes first counts. */
export const purchaseEntries: EntryKind<'purchase', LoggedPurchase> = {
  name: 'purchase',
  code: purchaseCode,
  stream: 'log',
  encode: encodePurchase,
  decode: decodePurchase,
  subjects: ({ memberId }) => (memberId === undefined ? [] : [memberId]),
  // Histories tell where receipts stand.
  isIndexed: false,
  prepare: registerAhead,
  apply,
  forget(context, { value: { purchaseId }, sequence }) {
    forgetReceipt(context, { purchaseId, sequence });
  },
};

export const purchaseEvents: EventKind<'purchase', Purchase> = {
  name: 'purchase',
  schema: purchaseSchema,
  lines: ({ lines }) => lines.length,
  admit(context, input) {
    const { memberId } = input;
    const isOfNobody = memberId !== undefined && context.isNobody(memberId);
    return isOfNobody ? admitOfNobody(context, input) : admitPurchase(context, input);
  },
};

const idField = { code: purchaseCode, field: 'purchaseId' } as const;

function admitPurchase(context: WriteContext, input: Purchase): IngestResult | undefined {
  const { purchaseId } = input;
  const stated = momentOf(context, input.occurredAt, input.storeId);
  const counted = countedMoment(context, stated);
  const purchase = toLogged(input, stated, counted);
  const answer =
    refuseOfErased(context, input) ??
    answerKnown(context, idField, purchaseId, () => purchaseHash(context, purchase)) ??
    validateMoment(context, purchaseId, counted) ??
    validateLeap(context, purchaseId, counted) ??
    validateQuantities(purchaseId, purchase.lines);
  if (answer?.status === 'duplicate') return { ...answer, ...warningsOf(purchase) };
  if (answer) return answer;
  if (!registerAhead(context, purchase)) return undefined;
  const sequence = record(context, purchaseEntries, purchase);
  const watermark = context.log.watermarkOf(sequence);
  const warnings = warningsOf(purchase);
  const result = { id: purchaseId, status: 'created', watermark, ...warnings } as const;
  return counted === stated ? result : { ...result, clockSkewed: true };
}

function admitOfNobody(context: WriteContext, input: Purchase): IngestResult | undefined {
  // What came in while the id was a member's is the same receipt still, when it is sent again.
  const moment = momentOf(context, input.occurredAt, input.storeId);
  const known = answerKnown(context, idField, input.purchaseId, () =>
    purchaseHash(context, toLogged(input, moment)),
  );
  if (known?.status === 'duplicate') return known;
  const result = admitPurchase(context, { ...input, memberId: undefined });
  const isTaken = result?.status === 'created' || result?.status === 'duplicate';
  return isTaken ? { ...result, anonymous: true } : result;
}
