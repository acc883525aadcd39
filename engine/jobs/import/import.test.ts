// Tests of import with an engine in memory: every row is accounted for, in any order, however often
// it is stopped.
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  csv,
  folder,
  header,
  importFile,
  MemoryTarget,
  write,
} from '../../../tests/support/imports.ts';
import { parseColumnMap } from './columns.ts';
import { inspectFile } from './file.ts';
import { type ImportSummary, runImport } from './import.ts';
import { plainPlan } from './plan.ts';

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
  expect(summary).toMatchObject({ rowsRead: 8, rowsCreated: 0, rejected: 7, returnsUnmatched: 1 });
  const listed = rejects
    // One of the rows holds a line break.
    .filter((line) => /^[^,]+,\d+,[A-Z_]+,/.test(line))
    .map((line) => line.split(',').slice(1, 3).join(' '));
  expect(listed).toEqual([
    '2 UNIT_PRICE_NEGATIVE',
    '5 PURCHASE_ID_INVALID',
    '6 OCCURRED_AT_INVALID',
    '7 QUANTITY_INVALID',
    '8 ROW_MALFORMED',
    // Receipt 1 is torn apart by others, so that its rows come together after all the rest. Whose
    // it is nobody knows.
    '3 MEMBER_DIFFERS',
    '9 MEMBER_DIFFERS',
    // Which sale it may be of is known when all of them are in.
    '10 RETURN_WITHOUT_MEMBER',
  ]);
  expect(rejects[0]).toContain('"1,ann,2026-05-01,milk,1,-2,,"');
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
  // Of two that are alike the second is the odd one, so that the examples differ.
  const figures = ({ suspicions, ...summary }: ImportSummary) => ({
    ...{ ...summary, rejects: '' },
    suspicions: suspicions.map(({ kind, count }) => [kind, count]),
  });
  expect(figures(mixed.summary)).toEqual(figures(inOrder.summary));
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

test('a member that a program lost is refused, and words for nobody are nobody', async () => {
  const words = ['NULL', 'undefined', '散客', ' [object Object] ', '[object Object]'];
  const rows = words.map((word, at) => `${at},${word},2026-05-01,tea,1,1,,`);
  const { summary, rejects } = await importFile(csv(...rows));
  expect(summary).toMatchObject({ created: 3, anonymous: 3, rejected: 2 });
  expect(rejects[0]).toContain('MEMBER_ID_INVALID');
});

test('a file cut off in the middle brings nothing in', async () => {
  const target = new MemoryTarget();
  const packed = gzipSync(`${header}\n${manyRows(3_000).join('\n')}\n`);
  const path = write(packed.subarray(0, packed.length - 20));
  await expect(importFile(path, { target })).rejects.toThrow('cannot be read');
  expect(target.purchases.size).toBe(0);
});

test('what no row has a price for is a sample before the first receipt is in', async () => {
  const target = new MemoryTarget();
  target.failAfter = 1;
  const sold = Array.from({ length: 2_000 }, (_, at) => `r${at},m1,2026-05-01,tea,1,9.90,,茶`);
  const given = ['cup', 'gift', 'shirt'].map((item) => `r0,m1,2026-05-01,${item},1,0.00,,found`);
  // The prices of two of them stand at the end, one of them under an id that has to be cleaned.
  const later = ['r9999,m1,2026-05-01,cup,1,5,,杯', 'r9999,m1,2026-05-01, shirt ,1,50,,衫'];
  await expect(importFile(csv(...given, ...sold, ...later), { target })).rejects.toThrow('power');
  expect([...target.items.values()].map(({ itemId, priceFen }) => [itemId, priceFen])).toEqual([
    ['gift', 0],
    ['tea', undefined],
  ]);
  target.failAfter = Number.POSITIVE_INFINITY;
  await importFile(csv(...given, ...sold, ...later), { target });
  expect([...target.items.values()].map(({ itemId, name }) => [itemId, name])).toEqual([
    ...[
      ['gift', 'found'],
      ['tea', '茶'],
    ],
    ...[
      ['cup', '杯'],
      ['shirt', '衫'],
    ],
  ]);
});
