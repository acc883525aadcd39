// Tests of inspection: what is proposed for files that nobody has said a word of.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../../tests/support/folders.ts';
import { workbookOf } from '../../../tests/support/zip.ts';
import { inspectTables } from './inspect.ts';
import type { ReadingTexts } from './reading.ts';
import { findFiles, findTables } from './sources.ts';

const inspect = (text: string | Buffer, texts: ReadingTexts = {}) =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'in');
    writeFileSync(path, text);
    const files = await findTables(findFiles([path]));
    return inspectTables(files, { texts, timeZone: 'Asia/Shanghai', workFolder: folder });
  });

/** The map of the proposed command, field by field. */
function mapOf(flags: readonly string[]): Record<string, string> {
  const text = flags[flags.indexOf('--map') + 1] ?? '';
  return Object.fromEntries(text.split(',').map((pair) => pair.split('=') as [string, string]));
}

test('Chinese columns below titles are known, and rows shown as understood', async () => {
  const found = await inspect(`门店销售流水,,,,,,
小票号,门店,会员卡号,交易时间,商品编码,商品名称,数量,单价(元),金额(元)
="0001",一店,8001,2026/5/1 9:10,="0690",牛奶,2,¥3.50,7.00
="0001",一店,8001,2026/5/1 9:10,="0691",苹果,0.356,12.80,4.56
="0002",一店,散客,2026/5/1 9:20,="0690",牛奶,-1,3.50,-3.50
合计,,,,,,1.356,,8.06
`);
  expect(mapOf(found.flags)).toEqual({
    purchaseId: '小票号',
    storeId: '门店',
    memberId: '会员卡号',
    occurredAt: '交易时间',
    itemId: '商品编码',
    itemName: '商品名称',
    quantity: '数量',
    unitPrice: '单价(元)',
    lineTotal: '金额(元)',
  });
  expect(found.file.headerLine).toBe(2);
  expect(found.counts).toMatchObject({ rows: 4, refused: 0, skipped: 1, returned: 1, receipts: 1 });
  expect(
    found.rows.map(({ purchaseId, memberId, itemId }) => [purchaseId, memberId, itemId]),
  ).toEqual([
    ['0001', '8001', '0690'],
    ['0001', '8001', '0691'],
    ['0002', undefined, '0690'],
  ]);
  expect(found.open).toEqual([]);
});

test('day and time in two columns are joined, states and kinds become conditions', async () => {
  const found = await inspect(`Ticket No,Sale Date,Sale Time,Customer,SKU,Qty,Amount,Status,Type
1,2026-05-01,09:10,c1,a,1,5.00,Closed,Sale
2,2026-05-01,09:20,c1,a,1,5.00,Closed,Refund
3,2026-05-01,09:30,,b,2,5.00,Voided,Sale
`);
  expect(mapOf(found.flags)).toMatchObject({
    occurredAt: 'Sale Date+Sale Time',
    lineTotal: 'Amount',
  });
  const text = found.flags.join(' ');
  expect(text).toContain('--skip Status=Voided');
  expect(text).toContain('--returns Type=Refund');
  expect(found.counts).toMatchObject({ receipts: 1, returned: 1, skipped: 1 });
});

test('numbers that come again get the day, files without any the member too', async () => {
  const again = await inspect(`小票号,日期,货号,会员
0001,2026-05-01 09:00,milk,
0001,2026-05-02 09:00,soap,
`);
  expect(mapOf(again.flags)['purchaseId']).toBe('小票号+日期');
  expect(again.counts).toMatchObject({ receipts: 2, refused: 0 });
  const none = await inspect(
    'Member_number,Date,itemDescription\n1808,21-07-2015,milk\n1808,5/1/2015,tea\n',
  );
  expect(mapOf(none.flags)['purchaseId']).toBe('Member_number+Date');
});

test('a guessed order of dates is a question, and only dates of one style answer it', async () => {
  const rows = (...days: string[]) =>
    `orderId,member,date,sku\n${days.map((day, at) => `${at},m,${day},tea\n`).join('')}`;
  // The dashes say day-month; of the slashes nothing does.
  const mixed = await inspect(rows('21-07-2015', '5/1/2015', '6/1/2015'));
  expect(mixed.flags.join(' ')).not.toContain('--date-order');
  expect(mixed.counts).toMatchObject({ receipts: 1, refused: 2 });
  expect(mixed.isReady, 'a command would refuse what is to be decided').toBe(false);
  expect(mixed.open.join()).toContain(
    'tell --date-order dmy (then they lie from 2015-01-05 to 2015-01-06) or ' +
      '--date-order mdy (then they lie from 2015-05-01 to 2015-06-01)',
  );
  const sure = await inspect(rows('21/07/2015', '5/1/2015'));
  expect(sure.counts).toMatchObject({ receipts: 2, refused: 0 });
  expect(sure.open.join()).not.toContain('--date-order');
  const stated = await inspect(rows('5/1/2015', '6/1/2015'), { dateOrder: 'dmy' });
  expect(stated).toMatchObject({ isReady: true, counts: { receipts: 2, refused: 0 } });
  expect(stated.counts.from).toContain('2015-01-05');
});

test('a preset is proposed by name, and its usual order holds where no date decides', async () => {
  const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID';
  const row = (day: string) => `${day},A,Tea,1,${day} 8:26,2.55,17850`;
  const usual = await inspect(`${header}\n${row('12/1/2010')}\n`);
  expect(usual.flags).toEqual(['--preset', 'online-retail']);
  expect(usual.counts.from).toContain('2010-12-01');
  expect(usual.notes.join()).toContain('month-day-year, as in most files of this kind');
  // A date that can be nothing else counts before what is usual.
  const other = await inspect(`${header}\n${row('12/1/2010')}\n${row('1/13/2010')}\n`);
  expect(other.flags).toEqual(usual.flags);
  const british = await inspect(`${header}\n2,A,Tea,1,13/1/2010 8:26,1,1\n${row('12/1/2010')}\n`);
  expect(british.counts).toMatchObject({ refused: 0, receipts: 2 });
  expect(british.counts.from).toContain('2010-01-12');
});

test('one range of numbers in two stores, at two tills and on two days is told apart', async () => {
  const header = '小票号,日期,货号,会员,门店,收银机号';
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['门店+小票号', ['1,2026-05-01 09:00,milk,,东店,1', '1,2026-05-01 09:01,soap,,西店,1']],
    [
      '门店+收银机号+小票号',
      ['1,2026-05-01 09:00,milk,,东店,1', '1,2026-05-01 09:01,soap,,东店,2'],
    ],
    ['门店+小票号+日期', ['1,2026-05-01 09:00,milk,,东店,1', '1,2026-05-02 09:00,soap,,东店,1']],
    [
      '门店+收银机号+小票号+日期',
      [
        '1,2026-05-01 09:00,a,,东店,1',
        '1,2026-05-01 09:00,a,,东店,2',
        '1,2026-05-02 09:00,a,,东店,2',
      ],
    ],
  ];
  for (const [purchaseId, rows] of cases) {
    const found = await inspect(`${[header, ...rows].join('\n')}\n`);
    expect(mapOf(found.flags)['purchaseId']).toBe(purchaseId);
    expect(found.counts, purchaseId).toMatchObject({ receipts: rows.length, refused: 0 });
    expect(found.open.join()).not.toContain('receipt number');
  }
  // Nothing in the file tells these apart: it is said, and counted as an import would.
  const none = await inspect('小票号,日期,货号,会员\n1,2026-05-01,a,m1\n1,2026-05-01,b,m2\n');
  expect(none.counts).toMatchObject({ refused: 2, receipts: 0 });
  expect(none.open.join()).toContain('2 rows are refused because their receipt number');
});

test('a receipt number that was told is kept, and a better one only named', async () => {
  const text = '小票号,日期,货号,会员,门店\n1,2026-05-01,a,,东店\n1,2026-05-01,b,,西店\n';
  const found = await inspect(text, { map: ['purchaseId=小票号'] });
  expect(mapOf(found.flags)).toMatchObject({ purchaseId: '小票号', itemId: '货号' });
  expect(found.counts).toMatchObject({ receipts: 0, refused: 2 });
  expect(found.open.join()).toContain('--map purchaseId=门店+小票号 would tell them apart');
});

test('there is no command while a required column is missing or there is no row', async () => {
  expect((await inspect('foo,bar\n1,2026-05-01\n')).isReady).toBe(false);
  const empty = await inspect('小票号,日期,货号\n');
  expect(empty.isReady).toBe(false);
  expect(empty.open.join()).toContain('no row');
  expect((await inspect('')).isReady).toBe(false);
  const stated = await inspect('foo,bar\n1,2026-05-01\n', { map: ['purchaseId=foo,itemId=foo'] });
  expect([stated.isReady, stated.counts.receipts]).toEqual([true, 1]);
});

test('of a workbook the first sheet of receipts is looked at', async () => {
  const book = workbookOf({
    说明: [['本表由系统导出'], ['打印时间', '2026-05-03']],
    五月: [
      ['小票号', '交易时间', '商品编码'],
      ['1', '2026-05-01 09:10', 'a'],
    ],
    六月: [
      ['小票号', '交易时间', '商品编码'],
      ['2', '2026-06-01 09:10', 'a'],
    ],
  });
  const found = await inspect(book);
  expect(found).toMatchObject({ isReady: true, counts: { receipts: 2, refused: 0 } });
  expect(found.file.label).toContain('#五月');
  expect(found.notes.join()).toContain('#说明: left out');
});

test('what a shop took off a line is its discount, in files of the field too', async () => {
  const header = 'purchaseId,memberId,occurredAt,itemId,quantity,salesValue,retailDiscount';
  const found = await inspect(`${header}\n1,m,2026-05-01 09:10,a,2,1.50,0.50\n`);
  expect(mapOf(found.flags)).toEqual({ lineTotal: 'salesValue', discount: 'retailDiscount' });
});

test('what is told is not told a second time', async () => {
  const text = 'Ticket No,Date,Customer,SKU,Type\n1,2026-05-01,c,a,Sale\n2,2026-05-02,c,a,Refund\n';
  expect((await inspect(text)).flags).toContain('Type=Refund');
  const stated = await inspect(text, { returns: ['Type=Refund'] });
  expect(stated.flags).not.toContain('--returns');
  expect(stated.counts).toMatchObject({ returned: 1, receipts: 1 });
});

test('lines of a receipt that each have a second of their own stay one receipt', async () => {
  const lines = (no: string, day: string) =>
    ['09:10:01', '09:10:04', '09:10:09'].map((time, at) => `${no},${day},${time},8001,item${at}`);
  const rows = [...lines('1', '2026-05-01'), ...lines('1', '2026-05-02')];
  const found = await inspect(`小票号,日期,时间,会员号,货号\n${rows.join('\n')}\n`);
  expect(mapOf(found.flags)['purchaseId']).toBe('小票号+日期');
  expect(found.counts).toMatchObject({ receipts: 2, refused: 0, rows: 6 });
  const nameless = await inspect(
    `日期,时间,会员号,货号\n${rows.map((row) => row.slice(2)).join('\n')}\n`,
  );
  expect(mapOf(nameless.flags)['purchaseId']).toBe('会员号+日期');
  expect(nameless.counts).toMatchObject({ receipts: 2, refused: 0 });
});

test('what has to be decided is said, and what would be refused with its reason', async () => {
  const found = await inspect('foo,bar\n1,2026-05-01\n2,2026-05-02\n');
  expect(found.open.join()).toContain('purchaseId');
  const good = Array.from({ length: 9 }, (_, at) => `${at},a,2026-05-0${at + 1},x\n`).join('');
  const rows = `orderId,member,date,sku\n10,b,someday,x\n11,c,2026-05-02,\n${good}`;
  const mixed = await inspect(rows);
  expect(mixed.refusals.map(({ reason, rows, line }) => [reason, rows, line]).sort()).toEqual([
    ['ITEM_ID_INVALID', 1, 3],
    ['OCCURRED_AT_INVALID', 1, 2],
  ]);
});

test('rows below a receipt are filled down, and whole orders split', async () => {
  const odd = await inspect(
    'Order No,Date,Item,Qty\nA,2026-05-01,milk,1\n,,tea,2\nB,2026-05-02,tea,1\n',
  );
  expect(odd.flags).toContain('--fill-down');
  expect(odd.counts).toMatchObject({ receipts: 2, refused: 0 });
  const orders = await inspect(
    'Order No,Date,Items\nA,2026-05-01,"milk, tea"\nB,2026-05-02,"tea, cup"\n',
  );
  expect(orders.flags).toContain('--split');
  expect(orders.counts).toMatchObject({ rows: 4, receipts: 2, items: 3 });
});
