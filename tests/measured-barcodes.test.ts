// Barcodes that scales print: a line that names one is a line of the item, with its weight or its
// price.
import { afterEach, expect, test } from 'vitest';
import { itemSchema, openEngine } from '../engine/index.ts';
import { converse } from './support/conversation.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { type Loopback, openLoopback } from './support/loopback.ts';
import { openTill } from './support/till.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const door of opened.splice(0)) await door.close();
});

const barcodePatterns = ['22IIIIIPPPPPC', '2IIIIIIWWWWWC'];
/** Item 100001 with 356 g and with 500 g, item 00007 for 9.90, and one that was read wrongly. */
const [light, heavy, priced, wrong] = [
  '2100001003562',
  '2100001005009',
  '2200007009909',
  '2100001003563',
];

async function open(): Promise<Loopback> {
  const door = await openLoopback({ barcodePatterns });
  opened.push(door);
  await door.send('PUT', '/v1/items/pear', { name: '雪梨', barcodes: ['100001'] });
  return door;
}

const occurredAt = '2026-05-01T09:10:00+08:00';
let count = 0;
const buy = (door: Loopback, lines: readonly object[], more: object = {}) => {
  count += 1;
  const receipt = { purchaseId: `r${count}`, memberId: 'ann', occurredAt, lines, ...more };
  return door.send('POST', '/v1/purchases', receipt);
};
const kept = (door: Loopback) =>
  [...door.engine.records.receipts()].map(({ itemId, quantity, lineTotalFen }) => {
    return { itemId, quantity, ...(lineTotalFen !== undefined && { lineTotalFen }) };
  });

test('the weight in a code is the quantity of its item, known by a barcode', async () => {
  const door = await open();
  const { json } = await buy(door, [{ itemId: light, unitPriceFen: 1_000 }, { itemId: priced }]);
  expect(json.resolvedLines).toEqual([
    { line: 0, itemId: 'pear', quantity: 0.356 },
    { line: 1, itemId: '00007', lineTotalFen: 990 },
  ]);
  expect(json.warnings).toBeUndefined();
  expect(kept(door)).toEqual([
    { itemId: 'pear', quantity: 0.356 },
    { itemId: '00007', quantity: 1, lineTotalFen: 990 },
  ]);
  const together = await door.get(`/v1/items/${heavy}/bought-together`);
  expect(together.json.items.map(({ itemId }: { itemId: string }) => itemId)).toEqual(['00007']);
  expect((await door.get(`/v1/items/${priced}`)).json.itemId).toBe('00007');
});

test('labels are voided, returned and sold several at a time', async () => {
  const door = await open();
  await buy(door, [{ itemId: heavy }, { itemId: light }, { itemId: light, quantity: -1 }]);
  await buy(door, [{ itemId: priced, quantity: 3 }]);
  expect(kept(door)).toEqual([
    { itemId: 'pear', quantity: 0.5 },
    { itemId: '00007', quantity: 3, lineTotalFen: 2_970 },
  ]);
  const back = { returnId: 'b1', occurredAt, lines: [{ itemId: light }] };
  const purchase = [...door.engine.records.receipts()][0]!.purchaseId;
  expect((await door.send('POST', `/v1/purchases/${purchase}/returns`, back)).status).toBe(201);
  expect(kept(door)[0]).toEqual({ itemId: 'pear', quantity: 0.144 });
});

test('what a line says itself holds, and it is told where the code says otherwise', async () => {
  const door = await open();
  const { json } = await buy(door, [
    { itemId: light, quantity: 0.35 },
    { itemId: light, quantity: 0.356 },
    { itemId: priced, lineTotalFen: 890 },
  ]);
  expect(json.warnings).toMatchObject([
    { reason: 'BARCODE_QUANTITY_DIFFERS', field: 'lines[0].quantity' },
    { reason: 'BARCODE_TOTAL_DIFFERS', field: 'lines[2].lineTotalFen' },
  ]);
  expect(kept(door)).toEqual([
    { itemId: 'pear', quantity: 0.35 },
    { itemId: 'pear', quantity: 0.356 },
    { itemId: '00007', quantity: 1, lineTotalFen: 890 },
  ]);
});

test('a code that was read wrongly is refused by its line, or left out', async () => {
  const door = await open();
  const lines = [{ itemId: wrong }, { itemId: 'milk' }, { itemId: light }, { itemId: 'eggs' }];
  const refused = await buy(door, lines);
  expect([refused.status, refused.json.reason]).toEqual([422, 'BARCODE_WRONG']);
  expect(refused.json.errors).toMatchObject([
    { field: 'lines[0].itemId', value: JSON.stringify(wrong) },
  ]);
  expect(refused.json.detail).toContain('check digit 3 where 2IIIIIIWWWWWC asks for 2');
  const partial = await buy(door, [...lines, { itemId: 'x', quantity: -1 }], { partial: true });
  expect(partial.json).toMatchObject({
    status: 'created',
    leftOutLines: [0, 4],
    resolvedLines: [{ line: 2, itemId: 'pear', quantity: 0.356 }],
  });
  expect(partial.json.warnings.map(({ field }: { field: string }) => field)).toEqual([
    'lines[0].itemId',
    'lines[4].quantity',
  ]);
  expect((await buy(door, [{ itemId: wrong }], { partial: true })).status).toBe(422);
  const back = { returnId: 'b1', occurredAt, lines: [{ itemId: wrong }] };
  const returned = await door.send('POST', '/v1/members/ann/returns', back);
  expect(returned.json.reason).toBe('BARCODE_WRONG');
});

test('a code that is an id or a barcode of an item is nothing else', async () => {
  const door = await open();
  await door.send('PUT', `/v1/items/${light}`, { name: 'a box of pears' });
  await door.send('PUT', '/v1/items/gift', { barcodes: [wrong] });
  await buy(door, [{ itemId: light }, { itemId: wrong }]);
  expect(kept(door)).toEqual([
    { itemId: light, quantity: 1 },
    { itemId: 'gift', quantity: 1 },
  ]);
});

test('a till is told of a wrong scan at once, and may scan again', async () => {
  const till = await openTill({}, { options: { barcodePatterns } });
  opened.push(till);
  const session = converse(till.client('CheckoutService'));
  session.send({ open: { storeId: 's1', deadlineMs: 10_000 } });
  session.send({ scan: { seq: 1, itemId: wrong } });
  const [kind, refusal] = await session.next();
  expect([kind, refusal.forSeq]).toEqual(['refused', 1]);
  expect(refusal.errors).toMatchObject([{ field: 'scan.itemId' }]);
  session.send({ scan: { seq: 1, itemId: light } });
  session.send({ tender: { purchaseId: 'till-1', occurredAt } });
  for (let message = await session.next(); ; message = await session.next()) {
    if (message[0] !== 'committed') continue;
    const { resolvedLines } = message[1].result;
    expect(resolvedLines).toMatchObject([{ itemId: '100001', quantityThousandths: 356 }]);
    break;
  }
  session.cut();
});

test('a library that is opened with a pattern that is none says so', () =>
  withTemporaryFolder(async (dataDir) => {
    const opening = openEngine({ dataDir, barcodePatterns: ['2WWWWWWWWWWWC'] });
    await expect(opening).rejects.toThrow('must have the item in it');
    const engine = await openEngine({ dataDir, barcodePatterns });
    const item = itemSchema.parse({ itemId: '100001' });
    await engine.writes.ingest([{ kind: 'item', item }]);
    expect(engine.catalogue.itemIdOf(light)).toBe('100001');
    await engine.close();
  }));
