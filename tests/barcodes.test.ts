// Barcodes: whoever names an item by one of them at a door means the item, in receipts, returns,
// tickets, lists and files.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  type Engine,
  type Event,
  itemSchema,
  openEngine,
  purchaseSchema,
} from '../engine/index.ts';
import { converse } from './support/conversation.ts';
import { exchange, expectSame, withChain } from './support/engines.ts';
import { makeTemporaryFolder } from './support/folders.ts';
import { type Loopback, openLoopback } from './support/loopback.ts';
import { caini } from './support/program.ts';
import { ask, openTill } from './support/till.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const door of opened.splice(0)) await door.close();
});

async function open(): Promise<Loopback> {
  const door = await openLoopback();
  opened.push(door);
  return door;
}

const [milk, bread] = ['6901234567892', '6909876543210'];
const occurredAt = '2026-05-01T09:10:00+08:00';
const lines = (...itemIds: string[]) => itemIds.map((itemId) => ({ itemId, quantity: 1 }));
const receipt = (purchaseId: string, ...itemIds: string[]) => {
  return { purchaseId, memberId: 'ann', occurredAt, lines: lines(...itemIds) };
};

async function teach(door: Loopback): Promise<void> {
  const items = [
    { itemId: 'milk', name: '牛奶', barcodes: [milk, '036000291452'] },
    { itemId: 'bread', name: '面包', barcodes: [bread] },
  ];
  const { json } = await door.send('POST', '/v1/items', { items });
  expect(json.results.map(({ status }: { status: string }) => status)).toEqual([
    'created',
    'created',
  ]);
}

const boughtWith = async (door: Loopback, code: string) =>
  (await door.get(`/v1/items/${code}/bought-together`)).json;
const kept = (engine: Engine) =>
  [...engine.records.receipts()].map(({ purchaseId, itemId, quantity }) => {
    return `${purchaseId} ${itemId} ${quantity}`;
  });

test('a receipt that names its items by barcodes is the one that names their ids', async () => {
  const door = await open();
  await teach(door);
  const byCode = await door.send('POST', '/v1/purchases', receipt('r1', milk, 'bread'));
  expect(byCode.status).toBe(201);
  expect(byCode.json.resolvedLines).toEqual([{ line: 0, itemId: 'milk' }]);
  const again = await door.send('POST', '/v1/purchases', receipt('r1', 'milk', bread));
  expect(again.json).toMatchObject({
    status: 'duplicate',
    resolvedLines: [{ line: 1, itemId: 'bread' }],
  });
  expect(kept(door.engine)).toEqual(['r1 milk 1', 'r1 bread 1']);
  expect(door.engine.inspect.counters('milk')?.support).toBe(1n);
  expect(door.engine.status().items).toBe(2);
});

test('lists, tickets and exclusions take barcodes, and name items by their ids', async () => {
  const door = await open();
  await teach(door);
  for (const at of [1, 2, 3]) {
    await door.send('POST', '/v1/purchases', receipt(`r${at}`, 'milk', 'bread', 'eggs'));
  }
  const byId = await boughtWith(door, 'milk');
  expect(byId.items.map(({ itemId }: { itemId: string }) => itemId).sort()).toEqual([
    'bread',
    'eggs',
  ]);
  const { items, relaxations } = await boughtWith(door, milk);
  expect([items, relaxations]).toEqual([byId.items, byId.relaxations]);
  const ticket = (...itemIds: string[]) =>
    door.send('POST', '/v1/baskets/recommendations', { basket: lines(...itemIds) });
  const named = (await ticket('milk')).json.items;
  expect(named.length).toBe(2);
  expect((await ticket(milk)).json.items).toEqual(named);
  // Scanned by two of its codes, it is one item of the ticket.
  expect((await ticket(milk, '0036000291452', 'milk')).json.items).toEqual(named);
  const rest = await door.send('POST', '/v1/recommendations', {
    scenario: 'bought-together',
    itemId: milk,
    exclude: [bread],
  });
  expect(rest.json.items.map(({ itemId }: { itemId: string }) => itemId)).toEqual(['eggs']);
  expect((await door.get(`/v1/items/${milk}`)).json).toMatchObject({
    itemId: 'milk',
    barcodes: [milk, '036000291452'],
  });
});

test('twelve digits are thirteen with a leading zero, and all other zeros count', async () => {
  const door = await open();
  await teach(door);
  const read = async (code: string) => (await door.get(`/v1/items/${code}`)).status;
  expect(await read('036000291452')).toBe(200);
  expect(await read('0036000291452')).toBe(200);
  expect(await read('36000291452')).toBe(404);
  expect(await read('00036000291452')).toBe(404);
  const taken = await door.send('PUT', '/v1/items/soap', { barcodes: ['0036000291452'] });
  expect(taken.json).toMatchObject({ reason: 'BARCODE_TAKEN', result: { id: 'soap' } });
});

test('a barcode of another item is refused by its name, until that one gives it up', async () => {
  const door = await open();
  await teach(door);
  const refused = await door.send('PUT', '/v1/items/yogurt', { barcodes: ['1', milk] });
  expect(refused.status).toBe(422);
  expect(refused.json.reason).toBe('BARCODE_TAKEN');
  expect(refused.json.detail).toContain('"milk"');
  expect(refused.json.errors).toMatchObject([
    { field: 'barcodes[1]', value: JSON.stringify(milk) },
  ]);
  expect((await door.get('/v1/items/yogurt')).status).toBe(404);
  await door.send('PUT', '/v1/items/milk', { name: '牛奶' });
  expect((await door.send('PUT', '/v1/items/yogurt', { barcodes: ['1', milk] })).status).toBe(200);
  expect((await door.get(`/v1/items/${milk}`)).json.itemId).toBe('yogurt');
});

test('an id is never taken for a barcode, and whoever writes both is told', async () => {
  const door = await open();
  await teach(door);
  await door.send('POST', '/v1/purchases', receipt('r1', '4711', 'milk'));
  const { json } = await door.send('PUT', '/v1/items/bread', { barcodes: ['4711', bread] });
  expect(json.warnings).toMatchObject([{ reason: 'ID_IS_BARCODE', field: 'barcodes[0]' }]);
  await door.send('POST', '/v1/purchases', receipt('r2', '4711'));
  expect(kept(door.engine)).toEqual(['r1 4711 1', 'r1 milk 1', 'r2 4711 1']);
  const shadowed = await door.send('PUT', `/v1/items/${milk}`, { name: 'another' });
  expect(shadowed.json.warnings).toMatchObject([{ reason: 'ID_IS_BARCODE', field: 'itemId' }]);
  expect((await door.get(`/v1/items/${milk}`)).json.name).toBe('another');
});

test('returns name goods by barcodes too, with a receipt and without', async () => {
  const door = await open();
  await teach(door);
  await door.send('POST', '/v1/purchases', receipt('r1', 'milk', 'bread'));
  await door.send('POST', '/v1/purchases', receipt('r2', 'milk', 'bread'));
  const back = { returnId: 'b1', occurredAt, lines: lines(milk) };
  const first = await door.send('POST', '/v1/purchases/r1/returns', back);
  expect(first.json).toMatchObject({ status: 'created', resolvedLines: [{ itemId: 'milk' }] });
  const tooMuch = await door.send('POST', '/v1/purchases/r1/returns', { ...back, returnId: 'b2' });
  expect(tooMuch.json).toMatchObject({ reason: 'RETURN_EXCEEDS_PURCHASE' });
  expect(tooMuch.json.detail).toContain('item "milk"');
  const without = { returnId: 'b3', occurredAt: '2026-05-02T09:00:00+08:00', lines: lines(bread) };
  expect((await door.send('POST', '/v1/members/ann/returns', without)).status).toBe(201);
  expect(kept(door.engine)).toEqual(['r1 bread 1', 'r2 milk 1']);
});

test('a till scans barcodes: advice and receipt are those of the items', async () => {
  const till = await openTill();
  opened.push(till);
  const named = (itemId: string, code: string): Event => {
    return { kind: 'item', item: itemSchema.parse({ itemId, barcodes: [code] }) };
  };
  const sold = Array.from({ length: 4 }, (_, at): Event => {
    return { kind: 'purchase', purchase: purchaseSchema.parse(receipt(`p${at}`, 'milk', 'eggs')) };
  });
  await till.engine.writes.ingest([named('milk', milk), named('bread', bread), ...sold]);
  const session = converse(till.client('CheckoutService'));
  session.send({ open: { storeId: 's1', deadlineMs: 10_000 } });
  session.send({ scan: { seq: 1, itemId: milk } });
  const [, advice] = await session.next();
  expect(advice.items.map(({ itemId }: { itemId: string }) => itemId)).toEqual(['eggs']);
  expect(advice.items[0].reason).toMatchObject({ itemId: 'milk', count: 4 });
  session.send({ tender: { purchaseId: 'till-1', occurredAt } });
  const [kind, { result }] = await session.next();
  expect([kind, result.resolvedLines]).toEqual(['committed', [{ line: 0, itemId: 'milk' }]]);
  session.cut();
  const recorded = await ask(
    till.client('IngestService'),
    'RecordPurchase',
    receipt('grpc-1', bread),
  );
  expect(recorded.resolvedLines).toEqual([{ line: 0, itemId: 'bread' }]);
  expect(kept(till.engine).slice(-2)).toEqual(['till-1 milk 1', 'grpc-1 bread 1']);
});

test('an import of receipts with barcodes counts items and makes none', async () => {
  const folder = await makeTemporaryFolder('barcodes');
  opened.push({ close: () => folder.remove() });
  const file = join(folder.path, 'sales.csv');
  const dataDir = join(folder.path, 'data');
  const rows = [milk, 'milk'].map((code, at) => `${at + 1},ann,${code},牛奶,2026-05-01 09:00`);
  await writeFile(file, ['purchaseId,memberId,itemId,itemName,occurredAt', ...rows, ''].join('\n'));
  const before = await openEngine({ dataDir });
  await before.writes.ingest([
    { kind: 'item', item: itemSchema.parse({ itemId: 'milk', barcodes: [milk] }) },
  ]);
  await before.close();
  expect(await caini('import', file, '--data-dir', dataDir)).toMatchObject({ code: 0 });
  const after = await openEngine({ dataDir });
  expect(kept(after)).toEqual(['1 milk 1', '2 milk 1']);
  expect(after.status().items).toBe(1);
  expect(after.catalogue.item(milk)).toMatchObject({ itemId: 'milk', name: '牛奶' });
  await after.close();
});

test('of a barcode that two origins give to two items at once both nodes say the same', () =>
  withChain(async (chain) => {
    const [a, b] = [await chain.open('a'), await chain.open('b')];
    const write = (engine: Engine, itemId: string, barcodes: string[]) =>
      engine.writes.ingest([{ kind: 'item', item: itemSchema.parse({ itemId, barcodes }) }]);
    await write(a, 'tea', ['1', '2']);
    await write(b, 'cup', ['2', '3']);
    await exchange(a, b);
    const means = (engine: Engine) =>
      ['1', '2', '3'].map((code) => engine.catalogue.itemIdOf(code));
    expect([means(a), means(b)]).toEqual([
      ['tea', 'cup', 'cup'],
      ['tea', 'cup', 'cup'],
    ]);
    // Whichever of them gives it up leaves it to the other.
    await write(a, 'cup', ['3']);
    await exchange(a, b);
    expect([means(a), means(b)]).toEqual([
      ['tea', 'tea', 'cup'],
      ['tea', 'tea', 'cup'],
    ]);
    expectSame(a, b);
    await chain.close(a);
    const reopened = await chain.open('a');
    expect(means(reopened)).toEqual(['tea', 'tea', 'cup']);
  }));
