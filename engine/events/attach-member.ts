// A member who was found after the payment is put on an anonymous receipt: from then on it counts
// as if it had had the member from the start.
import { z } from 'zod';
import { idSchema } from '../base/shapes.ts';
import { findMember } from '../history/members.ts';
import { recordReplacement, refuseReplaced, refuseUnknown } from './admit-replacement.ts';
import type { WriteContext } from './context.ts';
import { findPurchase, type KnownPurchase } from './copies.ts';
import type { EventKind } from './kind.ts';
import { purchaseEntries } from './purchase.ts';
import { record } from './record.ts';
import type { IngestResult } from './result.ts';
import { refuseErased, refuseForgotten, refuseNobody, validateMoment } from './validation.ts';

export const attachMemberSchema = z.strictObject({
  purchaseId: idSchema.meta({ description: 'An anonymous receipt that was accepted.' }),
  memberId: idSchema.meta({ description: 'Whose it is.' }),
});

export type AttachMember = z.output<typeof attachMemberSchema>;

export const attachMemberKind = 'attachMember';

/** Of a receipt that has a member: `duplicate` for the same person, else `conflict`. */
function answerAttached(
  { store, log }: WriteContext,
  { purchaseId: id, memberId }: AttachMember,
  { purchase, sequence }: KnownPurchase,
): IngestResult | undefined {
  if (purchase.memberId === undefined) return undefined;
  const [has, given] = [purchase.memberId, memberId].map((each) => findMember(store, each).root);
  if (has === given) {
    return { id, status: 'duplicate', watermark: log.watermarkOf(sequence) };
  }
  const message =
    `receipt ${JSON.stringify(id)} has another member: ` +
    'send it again as a new one that replaces it';
  return { id, status: 'conflict', reason: 'MEMBER_DIFFERS', field: 'memberId', message };
}

/** The same receipt with the member, behind which stands that it counts instead. */
function attach(
  context: WriteContext,
  memberId: string,
  { purchase, acceptedAtMs }: KnownPurchase,
): IngestResult {
  const { purchaseId: id } = purchase;
  // Accepted when the receipt was: what was brought back of it has not waited since.
  record(context, purchaseEntries, { ...purchase, memberId }, acceptedAtMs);
  const sequence = recordReplacement(context, id, id);
  return { id, status: 'created', watermark: context.log.watermarkOf(sequence) };
}

export const attachMemberEvents: EventKind<typeof attachMemberKind, AttachMember> = {
  name: attachMemberKind,
  schema: attachMemberSchema,
  admit(context, input) {
    const { purchaseId, memberId } = input;
    const known = findPurchase(context, purchaseId);
    return (
      refuseErased(context, purchaseId, memberId) ??
      refuseNobody(context, purchaseId, memberId) ??
      refuseForgotten(context, purchaseId, purchaseId) ??
      refuseErased(context, purchaseId, known?.purchase.memberId, 'purchaseId') ??
      refuseReplaced(context, purchaseId, purchaseId) ??
      (known
        ? (answerAttached(context, input, known) ??
          validateMoment(context, purchaseId, known.purchase) ??
          attach(context, memberId, known))
        : refuseUnknown(purchaseId, purchaseId, 'purchaseId'))
    );
  },
};
