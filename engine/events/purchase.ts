// Purchases: receipts as they are sent and as they are counted; what is refused of them and what is
// recorded says admit-purchase.ts.
import { z } from 'zod';
import { dayOf } from '../base/clock.ts';
import { EngineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import {
  channelSchema,
  idSchema,
  itemCodeSchema,
  moneySchema,
  signedQuantitySchema,
  timeSchema,
} from '../base/shapes.ts';
import { registerAhead } from './catalogue.ts';
import { requireRecount, type WriteContext } from './context.ts';
import { addCopy, countPurchase, readPurchase, settleCopies } from './copies.ts';
import { forgetReceipt, forgetReturns } from './forget.ts';
import { findId, type KnownId } from './ids.ts';
import type { EntryKind, IncomingEntry } from './kind.ts';
import {
  decodePurchase,
  encodePurchase,
  type LoggedPurchase,
  purchaseCode,
  purchaseHash,
} from './logged-purchase.ts';
import { readReturns } from './receipts.ts';
import { isHeld, isWithdrawn } from './replacements.ts';
import { expiredBeforeMs, hasTombstone, putTombstone, removeTombstones } from './tombstones.ts';
import { forgetReplaced, isGone } from './withdrawn.ts';

/** Of goods that are taken back some tills write money with a minus, and some without. */
const lineMoneySchema = z.int().min(-limits.amountFenMax).max(limits.amountFenMax);

export const purchaseLineSchema = z
  .strictObject({
    itemId: itemCodeSchema,
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
  replaces: idSchema.optional().meta({
    description:
      'The receipt that this one corrects: from then on this one counts, and that one as if it ' +
      'had never been sent.',
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
  const { value: purchase, acceptedAtMs, origin, append } = incoming;
  const { purchaseId, memberId } = purchase;
  // The newest day of all that was accepted settles the landmark, whatever becomes of it here.
  context.onPurchaseDay(dayOf(purchase.occurredAtMs));
  const isErased = memberId !== undefined && hasTombstone(context, 'member', memberId);
  const known = findId(store, purchaseCode, purchaseId);
  if (isErased || purchase.occurredAtMs < expiredBeforeMs(context)) {
    append(false);
    // As if it had never come; another copy of it may still.
    if (isErased && !isHeld(context, purchaseId)) forgetParked(context, purchaseId);
    forgetReplaced(context, purchaseId);
    return;
  }
  // Where there is one origin, what was replaced does not come again.
  const mayComeAgain = origin !== '';
  if (mayComeAgain && isGone(context, purchase)) {
    append(false);
    forgetReplaced(context, purchaseId);
    return;
  }
  const sequence = append(true);
  const stored = { purchase, sequence, acceptedAtMs };
  if (known) {
    addSecond(context, incoming, known, sequence);
  } else if (mayComeAgain && isWithdrawn(context, purchase)) {
    addCopy(context, stored);
  } else {
    removeTombstones(context, purchaseId);
    countPurchase(context, stored, sequence);
  }
}

/** Another copy of a receipt that counts: of another origin, or the same one with a member. */
function addSecond(
  context: WriteContext,
  { value: purchase, origin }: IncomingEntry<LoggedPurchase>,
  known: KnownId,
  sequence: number,
): void {
  const { log, notify, store } = context;
  const { purchaseId } = purchase;
  const before = readPurchase(context, known.sequence)!;
  const isOneOfBoth = isSameButMember(context, before.purchase, purchase);
  if (!log.origins.isNamed && !isOneOfBoth) {
    const message = `the log does not replay: receipt ${JSON.stringify(purchaseId)} stands twice`;
    throw new EngineError('DATA_LOSS', message, { reason: 'DAMAGED' });
  }
  addCopy(context, { purchase, sequence });
  settleCopies(context, purchaseId, sequence);
  if (isOneOfBoth) return;
  requireRecount(context, sequence);
  const holder = log.origins.at(known.sequence).origin;
  const counted = findId(store, purchaseCode, purchaseId)?.sequence === sequence ? origin : holder;
  notify(`receipt ${purchaseId} came to ${origin} and ${holder}: that of ${counted} counts`);
}

/** Whether one of two is anonymous, and the other one the same with a member. */
function isSameButMember(
  context: WriteContext,
  one: LoggedPurchase,
  other: LoggedPurchase,
): boolean {
  if ((one.memberId === undefined) === (other.memberId === undefined)) return false;
  const [hash, otherHash] = [one, other].map((purchase) =>
    purchaseHash(context, { ...purchase, memberId: undefined }),
  );
  return hash === otherHash;
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
    forgetReplaced(context, purchaseId);
    // One that did not count: of those that do the erase does it.
    if (!isHeld(context, purchaseId)) putTombstone(context, 'purchase', purchaseId);
  },
};
