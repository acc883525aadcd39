// Tests of import with an engine in memory: every row is accounted for, in any order, however often
// it is stopped.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import type { Item } from '../../catalogue/shapes.ts';
import type { Event } from '../../events/index.ts';
import type { Purchase } from '../../events/purchase.ts';
import { purchaseSchema } from '../../events/purchase.ts';
import type { IngestResult } from '../../events/result.ts';
import { type ColumnMap, parseColumnMap } from './columns.ts';
import { inspectFile } from './file.ts';
import { type ImportSummary, type ImportTarget, runImport } from './import.ts';
import { type PlanOptions, plainPlan } from './plan.ts';
import { rowsAccountedFor } from './summary.ts';

const folder = mkdtempSync(join(tmpdir(), 'caini-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/**
 * Answers as the engine does; `failAfter` commits that many batches and then dies before it
 * answers.
 */
class MemoryTarget implements ImportTarget {
  readonly purchases = new Map<string, { purchase: Purchase; watermark: string }>();
  readonly returns = new Map<string, IngestResult>();
  readonly items = new Map<string, Item>();
  readonly takenBack = new Set<string>();
  readonly bookmarks = new Map<string, string>();
  failAfter = Number.POSITIVE_INFINITY;
  private head = 0;

  async ingest(events: readonly Event[], options: Parameters<ImportTarget['ingest']>[1] = {}) {
    await new Promise((resolve) => setImmediate(resolve));
    const results = events.map((event) => this.accept(event));
    const { bookmark } = options;
    if (bookmark !== undefined) {
      this.bookmarks.set(bookmark.key, bookmark.value);
      this.failAfter -= 1;
      if (this.failAfter <= 0) throw new Error('power is out');
    }
    return results;
  }

  item = (itemId: string) => this.items.get(itemId);
  bookmark = (key: string) => this.bookmarks.get(key);
  status = () => ({ watermark: String(this.head), items: this.items.size, members: 0 });

  private accept(event: Event): IngestResult {
    if (event.kind === 'item') {
      this.items.set(event.item.itemId, event.item);
      return this.created(event.item.itemId);
    }
    if (event.kind === 'purchase') return this.acceptPurchase(event.purchase);
    if (event.kind === 'return') {
      const { returnId, purchaseId, lines = [] } = event.return;
      const known = this.returns.get(returnId);
      if (known !== undefined) return { ...known, status: 'duplicate' };
      this.takenBack.add(`${purchaseId} ${lines[0]!.itemId} ${lines[0]!.quantity}`);
      const result = this.created(returnId);
      this.returns.set(returnId, result);
      return result;
    }
    if (event.kind !== 'unreferencedReturn') throw new Error(`unexpected ${event.kind}`);
    const { returnId, memberId, occurredAt, lines } = event.unreferencedReturn;
    const known = this.returns.get(returnId);
    if (known !== undefined) return { ...known, status: 'duplicate' };
    const { itemId, quantity } = lines[0]!;
    const left = [...this.purchases.values()]
      .map(({ purchase }) => purchase)
      .filter((purchase) => purchase.memberId === memberId && purchase.occurredAt <= occurredAt)
      .flatMap((purchase) => purchase.lines)
      .filter((line) => line.itemId === itemId)
      .reduce((sum, line) => sum + line.quantity, 0);
    const unmatchedQuantity = Math.max(0, quantity - left);
    if (left === 0) return { id: returnId, status: 'rejected', unmatchedQuantity };
    const result = { ...this.created(returnId), unmatchedQuantity };
    this.returns.set(returnId, result);
    return result;
  }

  private acceptPurchase(purchase: Purchase): IngestResult {
    const id = purchase.purchaseId;
    const known = this.purchases.get(id);
    if (known !== undefined) {
      const same = JSON.stringify(known.purchase) === JSON.stringify(purchase);
      if (!same) return { id, status: 'conflict', reason: 'CONTENT_DIFFERS' };
      return { id, status: 'duplicate', watermark: known.watermark };
    }
    const result = this.created(id);
    this.purchases.set(id, { purchase, watermark: result.watermark! });
    return result;
  }

  private created(id: string): IngestResult {
    this.head += 1;
    return { id, status: 'created', watermark: String(this.head) };
  }
}

interface Setup {
  readonly target?: MemoryTarget;
  readonly map?: ColumnMap;
  readonly occurredAt?: string;
  readonly workFolder?: string;
  readonly reading?: Partial<PlanOptions>;
}

function write(content: string | Buffer): string {
  files += 1;
  const path = join(folder, `${files}.txt`);
  writeFileSync(path, content);
  return path;
}

async function importFile(path: string, setup: Setup = {}) {
  const target = setup.target ?? new MemoryTarget();
  const summary = await runImport(target, {
    files: [inspectFile(path, 1)],
    workFolder: setup.workFolder ?? join(folder, 'work'),
    rejectsFolder: setup.workFolder ?? join(folder, 'work'),
    ...plainPlan,
    ...setup.reading,
    columns: { map: setup.map, occurredAt: setup.occurredAt },
    timeZone: 'Asia/Shanghai',
    keepCharges: false,
    clock: () => 0,
  });
  expect(rowsAccountedFor(summary)).toBe(summary.rowsRead);
  return { target, summary, rejects: rejectsOf(summary) };
}

function rejectsOf({ rejects }: ImportSummary): string[] {
  if (rejects === null) return [];
  return readFileSync(rejects, 'utf8').trimEnd().split('\n').slice(1);
}

const header = 'purchaseId,memberId,occurredAt,itemId,quantity,unitPrice,storeId,itemName';

function csv(...rows: string[]): string {
  return write(`${[header, ...rows].join('\n')}\n`);
}

/** Receipts of a few rows each, with returns that find all, some and none of their pieces. */
function manyRows(receipts: number): string[] {
  const rows: string[] = [];
  for (let index = 0; index < receipts; index += 1) {
    const day = String((index % 28) + 1).padStart(2, '0');
    const start = `r${index},m${index % 40},2026-03-${day} 10:00`;
    rows.push(`${start},coffee,2,9.90,S1,咖啡豆`, `${start},cup${index % 7},1,5,S1,咖啡杯`);
    if (index % 9 === 0) rows.push(`x${index},m${index % 40},2026-04-01,coffee,-1,,,`);
    if (index % 50 === 0) rows.push(`y${index},m${index % 40},2026-04-02,coffee,-999,,,`);
    if (index % 70 === 0) rows.push(`z${index},m${index % 40},2026-04-03,never,-1,,,`);
    if (index % 90 === 0) rows.push(`b${index},m1,2026-04-03,coffee,0,,,`);
  }
  return rows;
}

test('rows of one purchaseId are one receipt at its earliest time', async () => {
  const path = csv(
    '1,ann,2026-05-01 09:12,milk,2,3.50,S1,牛奶',
    '1,ann,2026-05-01 09:10,bread,,,S1,',
    '2,,2026-05-01 09:20,milk,1,3.50,,',
  );
  const { target, summary } = await importFile(path);
  expect(target.purchases.get('1')?.purchase).toEqual({
    purchaseId: '1',
    memberId: 'ann',
    storeId: 'S1',
    channel: 'other',
    occurredAt: '2026-05-01T09:10:00+08:00',
    lines: [
      { itemId: 'milk', quantity: 2, unitPriceFen: 350 },
      { itemId: 'bread', quantity: 1 },
    ],
  });
  expect(target.items.get('milk')).toEqual({ itemId: 'milk', name: '牛奶', status: 'active' });
  expect(summary).toMatchObject({ created: 2, anonymous: 1, rowsRead: 3, rejects: null });
  for (const { purchase } of target.purchases.values()) {
    expect(purchaseSchema.parse(purchase)).toEqual(purchase);
  }
});

test('every refused row is listed with its line, its reason and itself', async () => {
  const path = csv(
    '1,ann,2026-05-01,milk,1,-2,,',
    '1,ann,2026-05-01,"mi\nlk",1,2,,',
    ',ann,2026-05-01,milk,1,,,',
    '2,ann,tomorrow,milk,1,,,',
    '2,ann,2026-05-01,milk,half,,,',
    '2,ann,2026-05-01,milk,1,,,,what',
    '1,bob,2026-05-01,milk,1,,,',
    '3,,2026-05-01,milk,-1,,,',
  );
  const { summary, rejects } = await importFile(path);
  expect(summary).toMatchObject({ rowsRead: 8, rowsCreated: 1, rejected: 6, returnsUnmatched: 1 });
  const listed = rejects.map((line) => line.split(',').slice(1, 3).join(' '));
  expect(listed).toEqual([
    '2 UNIT_PRICE_NEGATIVE',
    '5 PURCHASE_ID_INVALID',
    '6 OCCURRED_AT_INVALID',
    '7 QUANTITY_INVALID',
    '8 ROW_MALFORMED',
    // Receipt 1 is torn apart by others, so that its rows come together after all the rest.
    '9 MEMBER_DIFFERS',
    // Which sale it may be of is known when all of them are in.
    '10 RETURN_WITHOUT_MEMBER',
  ]);
  expect(rejects[0]).toContain('"1,ann,2026-05-01,milk,1,-2,,"');
});

test('goods that nobody brings back go to the one sale that they can be of', async () => {
  const path = csv(
    '1,,2026-05-01 10:00,milk,6,3.50,S1,',
    '1,,2026-05-01 10:00,tea,1,9,S1,',
    '2,,2026-05-01 11:00,tea,1,9,S1,',
    // Milk was sold once in this store; tea twice.
    '3,,2026-05-02 10:00,milk,-6,3.50,S1,',
    '4,,2026-05-02 10:00,tea,-1,9,S1,',
    '5,,2026-05-02 10:00,milk,-1,3.50,S1,',
    '6,,2026-05-02 10:00,milk,-1,3.50,S2,',
    // Written off, not brought back.
    '8,,2026-05-02 10:00,cup,-1,0,S1,',
    // On its own receipt: a line that was struck out.
    '7,,2026-05-03 10:00,cup,1,5,S1,',
    '7,,2026-05-03 10:00,cup,-1,5,S1,',
  );
  const { target, summary, rejects } = await importFile(path);
  expect(summary).toMatchObject({ created: 3, returns: 2, returnsUnmatched: 4 });
  expect([...target.takenBack].sort()).toEqual(['1 milk 6', '7 cup 1']);
  expect(rejects.join()).toContain('any of 2 receipts');
});

test('a receipt of more than 2,000 rows is refused whole', async () => {
  const long = Array.from({ length: 2_001 }, (_, index) => `1,ann,2026-05-01,i${index},1,,,`);
  const { target, summary } = await importFile(csv(...long, '2,ann,2026-05-01,milk,1,,,'));
  expect([...target.purchases.keys()]).toEqual(['2']);
  expect(summary).toMatchObject({ rowsRead: 2_002, created: 1, rejected: 2_001 });
});

test('a file in any order gives the same receipts and the same summary', async () => {
  const rows = manyRows(400);
  const shuffled = rows.toSorted((first, second) => (first.slice(-9) < second.slice(-9) ? -1 : 1));
  const inOrder = await importFile(csv(...rows));
  const mixed = await importFile(csv(...shuffled));
  const receipts = ({ purchases }: MemoryTarget) =>
    [...purchases.values()]
      .map(({ purchase }) => ({ ...purchase, lines: new Set(purchase.lines) }))
      .sort((first, second) => (first.purchaseId < second.purchaseId ? -1 : 1));
  expect(receipts(mixed.target)).toEqual(receipts(inOrder.target));
  expect({ ...mixed.summary, rejects: '' }).toEqual({ ...inOrder.summary, rejects: '' });
  expect([...mixed.target.returns.keys()].sort()).toEqual(
    [...inOrder.target.returns.keys()].sort(),
  );
});

test('an import that dies after any batch ends with the same summary and rejects', async () => {
  const path = csv(...manyRows(900));
  const whole = await importFile(path, { workFolder: join(folder, 'whole') });
  expect(whole.summary).toMatchObject({ created: 900, returns: 118, returnsPartly: 18 });
  for (let batches = 1; batches <= 5; batches += 1) {
    const target = new MemoryTarget();
    const workFolder = join(folder, `dies-${batches}`);
    target.failAfter = batches;
    await expect(importFile(path, { target, workFolder })).rejects.toThrow('power is out');
    target.failAfter = Number.POSITIVE_INFINITY;
    const again = await importFile(path, { target, workFolder });
    expect({ ...again.summary, rejects: '' }, `${batches}`).toEqual({
      ...whole.summary,
      rejects: '',
    });
    expect(again.rejects).toEqual(whole.rejects);
  }
});

test('a second run of a finished import is all duplicates', async () => {
  const path = csv(...manyRows(300));
  const { target, summary } = await importFile(path);
  const again = await importFile(path, { target });
  expect(again.summary).toMatchObject({
    created: 0,
    duplicate: summary.created,
    rowsDuplicate: summary.rowsCreated,
    returns: 0,
    returnsDuplicate: summary.returns,
    returnsUnmatched: summary.returnsUnmatched,
  });
});

test('a stopped import goes on where it was', async () => {
  const path = csv(...manyRows(900));
  const target = new MemoryTarget();
  const stop = new AbortController();
  const options = {
    files: [inspectFile(path, 1)],
    workFolder: join(folder, 'stopped'),
    rejectsFolder: join(folder, 'stopped'),
    ...plainPlan,
    timeZone: 'Asia/Shanghai',
    keepCharges: false,
    clock: () => 0,
  };
  const onProgress = ({ done }: { done: number }) => done > 600 && stop.abort();
  const half = await runImport(target, { ...options, signal: stop.signal, onProgress });
  expect(half).toMatchObject({ finished: false });
  expect(half.created).toBeLessThan(900);
  expect(await runImport(target, options)).toMatchObject({ finished: true, created: 900 });
});

test('a mapping leaves the member out, and one time stands for all', async () => {
  const path = write(gzipSync('id,Goods\n1,全脂牛奶\n1,黄油\n2,全脂牛奶\n'));
  const map = parseColumnMap(['purchaseId=id,itemId=Goods']);
  const { target, summary } = await importFile(path, { map, occurredAt: '2026-01-01' });
  expect(summary).toMatchObject({ created: 2, anonymous: 2, rowsRead: 3 });
  expect(target.purchases.get('2')?.purchase.occurredAt).toBe('2026-01-01T00:00:00+08:00');
});

test('a missing column is refused by name before anything is in', async () => {
  const target = new MemoryTarget();
  const missing = importFile(write('id,memberId,occurredAt,itemId\n'), { target });
  await expect(missing).rejects.toThrow('no column "purchaseId"');
  const map = parseColumnMap(['purchaseId=id,storeId=shop']);
  await expect(importFile(write('id,itemId,occurredAt\n'), { map })).rejects.toThrow('"shop"');
  await expect(importFile(write(''))).rejects.toThrow('no column');
});

test('NDJSON holds lines or whole receipts, and one sent twice is a duplicate', async () => {
  const line = { purchaseId: '1', memberId: 7, occurredAt: '2026-05-01T09:10:00+08:00' };
  const receipt = {
    ...line,
    purchaseId: '2',
    lines: [{ itemId: 'a', unitPriceFen: 990 }, { itemId: 'b' }],
  };
  const objects = [{ ...line, itemId: 'a', unitPrice: 2.55 }, receipt, receipt].map((object) =>
    JSON.stringify(object),
  );
  const { target, summary } = await importFile(write([...objects, '{"x":', '[]'].join('\n')));
  expect(summary).toMatchObject({ rowsRead: 7, created: 2, duplicate: 1, rejected: 2 });
  expect(target.purchases.get('1')?.purchase).toMatchObject({
    memberId: '7',
    lines: [{ itemId: 'a', quantity: 1, unitPriceFen: 255 }],
  });
  expect(target.purchases.get('2')?.purchase.lines[0]?.unitPriceFen).toBe(990);
});

test('names come from rows sold at a price, charges are not listed, known names stay', async () => {
  const target = new MemoryTarget();
  target.items.set('tea', { itemId: 'tea', name: '龙井', status: 'active' });
  const path = csv(
    '1,,2026-05-01,cup,1,0,,found',
    '1,,2026-05-01,gift,1,0,, 赠品 ',
    '2,,2026-05-01,cup,1,5,,咖啡杯',
    '2,,2026-05-01,tea,1,5,,茶',
    '2,,2026-05-01,POST,1,5,,Postage',
  );
  await importFile(path, { target });
  const names = [...target.items.values()].map(({ itemId, name, status }) => [
    itemId,
    name,
    status,
  ]);
  expect(names.sort()).toEqual([
    ['POST', 'Postage', 'inactive'],
    ['cup', '咖啡杯', 'active'],
    ['gift', '赠品', 'active'],
    ['tea', '龙井', 'active'],
  ]);
});

test('a file cut off in the middle brings nothing in', async () => {
  const target = new MemoryTarget();
  const packed = gzipSync(`${header}\n${manyRows(3_000).join('\n')}\n`);
  const path = write(packed.subarray(0, packed.length - 20));
  await expect(importFile(path, { target })).rejects.toThrow('cannot be read');
  expect(target.purchases.size).toBe(0);
});
