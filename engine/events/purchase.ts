// Purchases: receipts as they are sent and as they are counted; what is refused of them and what is
// recorded says admit-purchase.ts.
import { z } from 'zod';
import { dayOf } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import {
  channelSchema,
  idSchema,
  moneySchema,
  signedQuantitySchema,
  timeSchema,
} from '../base/shapes.ts';
import { registerAhead } from './catalogue.ts';
import type { WriteContext } from './context.ts';
import { countPurchase, settleCopies } from './copies.ts';
import { forgetReceipt, forgetReturns } from './forget.ts';
import { findId } from './ids.ts';
import type { EntryKind, IncomingEntry } from './kind.ts';
import {
  decodePurchase,
  encodePurchase,
  type LoggedPurchase,
  purchaseCode,
} from './logged-purchase.ts';
import { readReturns } from './receipts.ts';
import { expiredBeforeMs, hasTombstone, putTombstone, removeTombstones } from './tombstones.ts';

/** Of goods that are taken back some tills write money with a minus, and some without. */
const lineMoneySchema = z.int().min(-limits.amountFenMax).max(limits.amountFenMax);

export const purchaseLineSchema = z
  .strictObject({
    itemId: idSchema,
    quantity: signedQuantitySchema,
    unitPriceFen: z.int().min(0).max(limits.unitPriceFenMax).optional(),
    discountFen: lineMoneySchema
      .optional()
      .meta({ description: 'Taken off this line, all pieces together.' }),
    lineTotalFen: lineMoneySchema
      .optional()
      .meta({ description: 'What all of it cost, after discount. Default: by the unit price.' }),
    isGift: z.boolean().optional().meta({ description: 'Bought for somebody else.' }),
  })
  .superRefine(refuseMoneyBelowZero);

/** Of what is sold. */
export function refuseMoneyBelowZero(
  line: Partial<Record<'quantity' | 'discountFen' | 'lineTotalFen', number | undefined>>,
  context: z.RefinementCtx,
): void {
  if ((line.quantity ?? 1) < 0) return;
  for (const name of ['discountFen', 'lineTotalFen'] as const) {
    if ((line[name] ?? 0) >= 0) continue;
    const message = 'must be at least 0 where goods are sold';
    context.addIssue({ code: 'custom', path: [name], message, params: { limit: 0 } });
  }
}

export const purchaseSchema = z.strictObject({
  purchaseId: idSchema.meta({ description: 'Idempotency key of the receipt.' }),
  memberId: idSchema.optional().meta({ description: 'Absent: an anonymous ticket.' }),
  storeId: idSchema.optional(),
  channel: channelSchema.default('other'),
  terminalId: idSchema.optional(),
  cashierId: idSchema.optional(),
  occurredAt: timeSchema,
  timeUnknown: z.boolean().optional().meta({
    description:
      'Only the day of occurredAt is known: the receipt counts for that day and for no daypart.',
  }),
  paidFen: moneySchema.optional().meta({ description: 'What was paid for the whole receipt.' }),
  couponIds: z.array(idSchema).min(1).max(limits.couponsMax).optional(),
  returnOf: idSchema.optional().meta({
    description:
      'The receipt that goods were bought with which the lines take back, not sold here.',
  }),
  partial: z.boolean().optional().meta({
    description: 'Lines that cannot be used are left out and named, and the others are taken.',
  }),
  lines: z.array(purchaseLineSchema).min(1).max(limits.purchaseLinesMax),
});

export type PurchaseInput = z.input<typeof purchaseSchema>;
export type Purchase = z.output<typeof purchaseSchema>;
/** Of a receipt that can never come: what was brought back of it goes, and more is refused. */
export function forgetParked(context: WriteContext, purchaseId: string): void {
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
