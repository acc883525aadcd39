// Receipts in: purchases, and what is brought back of them.
import { limits, purchaseSchema, returnSchema } from '../../engine/index.ts';
import { defineIngest } from './ingest.ts';
import type { Operation } from './operation.ts';

const ingestPurchases = defineIngest({
  name: 'ingestPurchases',
  rpc: 'IngestService/RecordPurchase',
  method: 'POST',
  path: '/v1/purchases',
  tag: 'receipts',
  summary: `One receipt, or up to ${limits.batchPurchasesMax} in {"purchases": […]}`,
  description: [
    'Answered after it is on disk and counted: the next request sees it.',
    'Send it again as often as you like; it counts once.',
    'In a batch each receipt has its own result, in the order sent.',
  ].join(' '),
  input: purchaseSchema,
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

const ingestReturn = defineIngest({
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
    `${limits.returnLinesPerPurchaseMax} lines of them.`,
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

export const receiptOperations: readonly Operation[] = [ingestPurchases, ingestReturn];
