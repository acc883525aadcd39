// Weighed goods and money of receipts over gRPC, by clients that know of them and by those that do
// not.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Purchase } from '#proto/caini/v1/ingest.js';
import { converse } from '../../tests/support/conversation.ts';
import { ask, openTill, refused, type Till } from '../../tests/support/till.ts';
import { doorLimits } from '../limits.ts';
import { decodeMessage } from './input.ts';

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterAll(() => till?.close());

const occurredAt = '2026-05-01T09:10:00+08:00';
const record = (purchaseId: string, lines: readonly object[], more: object = {}) => {
  const receipt = { purchaseId, occurredAt, lines, ...more };
  return ask(till.client('IngestService'), 'RecordPurchase', receipt);
};
const rowsOf = (purchaseId: string) =>
  [...till.engine.records.receipts()].filter((row) => row.purchaseId === purchaseId);
const quantitiesOf = (purchaseId: string) => rowsOf(purchaseId).map(({ quantity }) => quantity);

test('a quantity in thousandths goes before one in pieces, and both may be absent', async () => {
  await record('q-1', [
    { itemId: 'a', quantity: 3 },
    { itemId: 'b', quantityThousandths: 356 },
    { itemId: 'c', quantity: 1, quantityThousandths: 1_500 },
    { itemId: 'd' },
  ]);
  expect(quantitiesOf('q-1')).toEqual([3, 0.356, 1.5, 1]);
});

test('half a thousandth cannot be said, and none is refused as over HTTP', async () => {
  const { violations } = await refused(record('q-2', [{ itemId: 'a', quantityThousandths: 0 }]));
  expect(violations).toMatchObject([{ field: 'lines[0].quantity' }]);
  expect(rowsOf('q-2')).toEqual([]);
});

test('weighed goods come back by weight', async () => {
  await record('q-3', [{ itemId: 'apples', quantityThousandths: 500 }]);
  const back = (returnId: string, lines: readonly object[]) =>
    ask(till.client('IngestService'), 'RecordReturn', {
      ...{ returnId, purchaseId: 'q-3', occurredAt, lines },
    });
  await back('r-3', [{ itemId: 'apples', quantityThousandths: 200 }]);
  expect(quantitiesOf('q-3')).toEqual([0.3]);
  const { violations } = await refused(back('r-4', [{ itemId: 'apples' }]));
  expect(violations).toMatchObject([{ field: 'lines[0].quantity' }]);
});

test('all that is said of a receipt is kept, and what does not add up is told', async () => {
  const line = { itemId: 'tea', quantity: 2, unitPriceFen: 500, discountFen: 100 };
  const more = { cashierId: 'c', paidFen: 700, couponIds: ['A', 'B'] };
  const result = await record('q-5', [{ ...line, lineTotalFen: 800, isGift: true }], more);
  expect(result.warnings).toEqual([
    {
      reason: 'TOTAL_DIFFERS',
      field: 'lines[0].lineTotalFen',
      message: '2 × 500 fen less 100 is not 800',
    },
  ]);
  expect(rowsOf('q-5')).toMatchObject([{ ...line, lineTotalFen: 800, isGift: true, ...more }]);
});

test('a till scans weighed goods and pays with all that a receipt can say', async () => {
  const session = converse(till.client('CheckoutService'));
  session.send({ open: { terminalId: 't', deadlineMs: 10_000 } });
  const money = { unitPriceFen: 1_000, discountFen: 50, lineTotalFen: 306 };
  const scan = { seq: 1, itemId: 'pears', quantityThousandths: 356, ...money, isGift: true };
  session.send({ scan });
  await session.next();
  // The same scan again is the same scan.
  session.send({ scan });
  session.send({ scan: { seq: 2, itemId: 'bags' } });
  await session.next();
  const more = { cashierId: 'c', paidFen: 306, couponIds: ['A'] };
  session.send({ tender: { purchaseId: 'q-6', occurredAt, ...more } });
  const [kind, committed] = await session.next();
  expect([kind, committed.result.status]).toEqual(['committed', 'INGEST_STATUS_CREATED']);
  expect(rowsOf('q-6')).toMatchObject([
    { itemId: 'pears', quantity: 0.356, ...money, isGift: true, ...more },
    { itemId: 'bags', quantity: 1, ...more },
  ]);
  // The guide's promise: the same receipt by itself is a duplicate.
  const lines = [
    { itemId: 'pears', quantityThousandths: 356, ...money, isGift: true },
    { itemId: 'bags' },
  ];
  const again = { terminalId: 't', channel: 'CHANNEL_POS', ...more };
  expect(await record('q-6', lines, again)).toMatchObject({ status: 'INGEST_STATUS_DUPLICATE' });
  session.cut();
});

test('a receipt of as many lines as there may be, each of which says everything, is read', () => {
  const line = { itemId: 'x', quantity: 1, quantityThousandths: 1, unitPriceFen: 1 };
  const lines = Array(2_000).fill({ ...line, discountFen: 0, lineTotalFen: 1, isGift: true });
  const receipt = { purchaseId: 'p', occurredAt, channel: 'CHANNEL_POS' as never, lines };
  const bytes = Purchase.encode({ ...receipt, couponIds: [] }).finish();
  expect(decodeMessage(Purchase, bytes).lines).toHaveLength(2_000);
  expect(doorLimits.messageNumbersMax).toBeLessThan(2_000 * 12 + 1_000);
});

test('a till takes goods back, off the ticket or off the receipt that is named', async () => {
  await record('q-8', [{ itemId: 'milk', quantity: 2 }]);
  const session = converse(till.client('CheckoutService'));
  session.send({ open: { terminalId: 't', deadlineMs: 10_000 } });
  const pay = async (purchaseId: string, more: object, ...scans: readonly object[]) => {
    for (const [index, scan] of scans.entries())
      session.send({ scan: { seq: index + 1, ...scan } });
    session.send({ tender: { purchaseId, occurredAt, ...more } });
    for (;;) {
      const [kind, message] = await session.next();
      if (kind === 'committed') return message.result;
    }
  };
  const [milk, back] = [{ itemId: 'milk' }, { itemId: 'milk', quantity: -1 }];
  const cup = { itemId: 'cup' };
  const netted = await pay('q-9', {}, milk, milk, back);
  expect(netted).toMatchObject({ status: 'INGEST_STATUS_CREATED' });
  expect(quantitiesOf('q-9')).toEqual([1]);
  const exchanged = await pay('q-10', { returnOf: 'q-8' }, cup, back);
  expect(exchanged).toMatchObject({ status: 'INGEST_STATUS_CREATED' });
  expect([quantitiesOf('q-8'), quantitiesOf('q-10')]).toEqual([[1], [1]]);
  const refusal = await pay('q-11', {}, cup, back);
  expect(refusal).toMatchObject({ status: 'INGEST_STATUS_REJECTED', field: 'lines[1].quantity' });
  const part = await pay('q-11', { partial: true }, cup, back);
  expect(part).toMatchObject({ status: 'INGEST_STATUS_CREATED', leftOutLines: [1] });
  expect(quantitiesOf('q-11')).toEqual([1]);
  const voided = await pay('q-12', {}, milk, back);
  expect(voided).toMatchObject({ status: 'INGEST_STATUS_VOIDED' });
  session.cut();
});

test('a ticket of voided scans is no receipt, and one without a scan is a fault', async () => {
  const session = converse(till.client('CheckoutService'));
  session.send({ open: { terminalId: 't', deadlineMs: 10_000 } });
  session.send({ scan: { seq: 1, itemId: 'milk', quantity: 3 } });
  session.send({ void: { seq: 1 } });
  session.send({ tender: { purchaseId: 'q-13', occurredAt } });
  session.send({ tender: { purchaseId: 'q-14', occurredAt } });
  const results: object[] = [];
  while (results.length < 2) {
    const [kind, message] = await session.next();
    if (kind === 'committed') results.push(message.result);
  }
  expect(results).toMatchObject([
    { status: 'INGEST_STATUS_VOIDED' },
    { status: 'INGEST_STATUS_REJECTED', field: 'lines' },
  ]);
  expect(rowsOf('q-13')).toEqual([]);
  session.cut();
});
