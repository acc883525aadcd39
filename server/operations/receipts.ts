// Receipts in: purchases, and what is brought back of them.
import {
  attachMemberSchema,
  limits,
  purchaseLineSchema,
  purchaseSchema,
  returnSchema,
  unreferencedReturnSchema,
} from '../../engine/index.ts';
import { defineIngest } from './ingest.ts';
import type { Operation } from './operation.ts';

const ofReceipts = { scope: 'write', alsoFor: ['till'], member: 'closed' } as const;

const ingestPurchases = defineIngest({
  ...ofReceipts,
  reach: 'store',
  receiptFields: ['returnOf', 'replaces'],
  name: 'ingestPurchases',
  rpc: 'IngestService/RecordPurchase',
  method: 'POST',
  path: '/v1/purchases',
  tag: 'receipts',
  summary: `One receipt, or up to ${limits.batchPurchasesMax} in {"purchases": […]}`,
  description: [
    'Answered after it is on disk and counted: the next request sees it.',
    'Send it again as often as you like; it counts once.',
    'In a batch each receipt has its own result, in the order sent; when nothing of it is taken',
    'the status is 422, with the same results.',
    'Lines below zero are taken off the others of the item. Where nothing is left, the answer is',
    '`voided`, and there is no receipt. What is below zero then is a return of the receipt that',
    '`returnOf` names; without it the receipt is refused, and names the line. With `partial: true`',
    'lines that cannot be used are left out instead: `leftOutLines` has all of them, `warnings`',
    'say why. With `replaces` a receipt corrects an earlier one: from then on that counts as if it',
    'had never been sent. It has to be known, to count and to have no returns; else the answer is',
    'a refusal that names the field.',
  ].join(' '),
  input: purchaseSchema,
  partial: { list: 'lines', entry: purchaseLineSchema },
  many: { key: 'purchases', max: limits.batchPurchasesMax },
  idField: 'purchaseId',
  example: {
    purchaseId: 'r-20260501-0001',
    memberId: 'm-1001',
    storeId: 's-01',
    channel: 'pos',
    occurredAt: '2026-05-01T09:10:00+08:00',
    lines: [{ itemId: 'coffee-beans', quantity: 1, unitPriceFen: 6800 }],
  },
  toEvent: (purchase) => ({ kind: 'purchase', purchase }),
});

const attachMember = defineIngest({
  ...ofReceipts,
  reach: 'receipt',
  receiptFields: ['purchaseId'],
  // It says who a stranger was.
  audited: true,
  name: 'attachMember',
  rpc: 'IngestService/AttachMember',
  method: 'POST',
  path: '/v1/purchases/{purchaseId}/member',
  tag: 'receipts',
  summary: 'Whose an anonymous receipt is',
  description: [
    'For a member who was found after the payment: the receipt counts from then on as if it had',
    'had the member from the start, with what was brought back of it. The same person again is a',
    '`duplicate`; a receipt that has another member is a conflict, and is corrected by a new one',
    'that `replaces` it.',
  ].join(' '),
  input: attachMemberSchema,
  idField: 'purchaseId',
  example: { memberId: 'm-1001' },
  toEvent: (input) => ({ kind: 'attachMember', attachMember: input }),
});

const ingestReturn = defineIngest({
  ...ofReceipts,
  reach: 'receipt',
  receiptFields: ['purchaseId'],
  name: 'ingestReturn',
  rpc: 'IngestService/RecordReturn',
  method: 'POST',
  path: '/v1/purchases/{purchaseId}/returns',
  tag: 'receipts',
  summary: 'Goods of a receipt brought back',
  description: [
    'A return may arrive before its purchase: it is `parked` and waits for it',
    `up to ${limits.parkedReturnDaysMax} days. More brought back than bought is rejected, and so`,
    `is what comes after ${limits.returnsPerPurchaseMax} returns, or`,
    `${limits.returnLinesPerPurchaseMax} lines of them. Without lines, all that is left of the`,
    'receipt comes back; it has to be here for that.',
  ].join(' '),
  input: returnSchema,
  idField: 'returnId',
  example: {
    returnId: 'b-20260502-0001',
    occurredAt: '2026-05-02T10:00:00+08:00',
    lines: [{ itemId: 'coffee-beans', quantity: 1 }],
  },
  toEvent: (input) => ({ kind: 'return', return: input }),
});

const ingestUnreferencedReturn = defineIngest({
  ...ofReceipts,
  // They are taken off what the member bought, in whatever store that was.
  reach: 'chain',
  name: 'ingestUnreferencedReturn',
  rpc: 'IngestService/RecordUnreferencedReturn',
  method: 'POST',
  path: '/v1/members/{memberId}/returns',
  tag: 'receipts',
  summary: 'Goods that a member brings back without a receipt',
  description: [
    'They are taken off the latest purchases of the member, at or before `occurredAt`, that still',
    'hold them. Pieces that none holds are told by `unmatchedQuantity`; when that is all of them,',
    'the return is refused.',
  ].join(' '),
  // Doors net a receipt by itself.
  input: unreferencedReturnSchema.omit({ ownPurchaseId: true }),
  idField: 'returnId',
  example: {
    returnId: 'b-20260502-0002',
    occurredAt: '2026-05-02T10:00:00+08:00',
    lines: [{ itemId: 'coffee-beans', quantity: 1 }],
  },
  toEvent: (input) => ({ kind: 'unreferencedReturn', unreferencedReturn: input }),
});

export const receiptOperations: readonly Operation[] = [
  ingestPurchases,
  attachMember,
  ingestReturn,
  ingestUnreferencedReturn,
];
