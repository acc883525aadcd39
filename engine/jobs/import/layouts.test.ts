// Tests of layouts: kinds of rows and columns that exports of tills and shops have, from the first
// look at a file to the lines that its command would read.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../../tests/support/folders.ts';
import { type Inspection, inspectTables } from './inspect.ts';
import { planReading } from './plan.ts';
import { readRows } from './reader.ts';
import { type ReadingTexts, readingOf } from './reading.ts';
import { isRefusal, readRow } from './row.ts';
import { findFiles, findTables } from './sources.ts';

const timeZone = 'Asia/Shanghai';

interface Looked {
  readonly found: Inspection;
  /** Lines as the proposed command reads them: receipt, member, pieces, item. */
  readonly lines: readonly string[];
}

/** Looks at a file, and reads it as the options that are proposed say. */
function look(text: string | Buffer, texts: ReadingTexts = {}): Promise<Looked> {
  return withTemporaryFolder(async (folder) => {
    const path = join(folder, 'in');
    writeFileSync(path, text);
    const files = await findTables(findFiles([path]));
    const found = await inspectTables(files, { texts, timeZone, workFolder: folder });
    if (!found.isReady) return { found, lines: [] };
    const valuesOf = (flag: string) =>
      found.flags.flatMap((word, at) => (found.flags[at - 1] === flag ? [word] : []));
    const [split = texts.split] = valuesOf('--split');
    const proposed: ReadingTexts = {
      ...texts,
      map: [...(texts.map ?? []), ...valuesOf('--map')],
      skip: valuesOf('--skip'),
      returns: valuesOf('--returns'),
      ...(split === undefined ? {} : { split }),
    };
    const options = await readingOf(proposed, files, timeZone);
    const plan = await planReading(files, options);
    const lines: string[] = [];
    for await (const chunk of readRows(plan.files, options)) {
      for (const source of chunk) {
        const row = source.skipped === undefined ? readRow(source, plan.rules) : undefined;
        if (row === undefined) continue;
        if (isRefusal(row)) lines.push(`line ${row.origin.line}: ${row.reason}`);
        else {
          const { purchaseId, memberId = 'nobody', thousandths, itemId } = row;
          lines.push(`${purchaseId} ${memberId} ${thousandths / 1_000} ${itemId}`);
        }
      }
    }
    return { found, lines };
  });
}

test('names that are made of words we know are known', async () => {
  const { lines } = await look(`Increment Id,Created At,id_customer,amazon-sku,Qty Ordered,Title
1,2026-05-01 09:10,c1,milk,2,Milk
1,2026-05-01 09:10,c1,tea,3,Tea
2,2026-05-02 09:10,,tea,1,Tea
`);
  expect(lines).toEqual(['1 c1 2 milk', '1 c1 3 tea', '2 nobody 1 tea']);
  const chinese = await look(`主订单号,付款完成时间,客户手机号,菜品编码,菜品名,购买数量,退款数量
1,2026-05-01 09:10,139,milk,牛奶,2,1
2,2026-05-02 09:10,,tea,茶,1,0
`);
  expect(chinese.lines).toEqual(['1 139 2 milk', '2 nobody 1 tea']);
  expect(chinese.found.notes.join()).toContain(
    '"退款数量" says in 1 row how many pieces came back; no field reads it',
  );
});

test('goods brought back and lines struck out are seen by what stands in any column', async () => {
  const rows = `小票号,交易时间,会员号,商品编码,数量,销售方式,是否作废,Voided
1,2026-05-01 09:10,m,milk,2,销售,否,false
1,2026-05-01 09:10,m,tea,1,赠送,否,false
2,2026-05-02 09:10,m,milk,1,退货,否,false
3,2026-05-02 09:10,m,milk,1,销售,是,false
4,2026-05-02 09:10,m,milk,1,销售,否,true
`;
  expect((await look(rows)).lines).toEqual(['1 m 2 milk', '1 m 1 tea', '2 m -1 milk']);
  // A column that nobody has a name for.
  const red = rows.replace('销售方式', '红蓝').replaceAll('销售', '蓝字').replace('退货', '红字');
  expect((await look(red)).lines).toEqual(['1 m 2 milk', '1 m 1 tea', '2 m -1 milk']);
});

test('a refund of a part, or one that is not done, takes no sale away', async () => {
  const { found, lines } = await look(`订单号,付款时间,买家手机号,商品编码,数量,售后状态
1,2026-05-01 09:10,m,milk,2,
2,2026-05-01 09:10,m,milk,1,部分退款
3,2026-05-02 09:10,m,milk,1,退款关闭
4,2026-05-02 09:10,m,milk,1,退款申请中
5,2026-05-02 09:10,m,milk,1,退款成功
6,2026-05-02 09:10,m,milk,1,partially_refunded
7,2026-05-02 09:10,m,milk,1,未退款
`);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['1', '2', '3', '4', '6', '7']);
  expect(found.notes).toContain(
    'rows with "售后状态" = "部分退款" stay sold: the file does not say which goods came back',
  );
});

test('heads and payments of receipts are no lines, and their minus stops nothing', async () => {
  const { found, lines } = await look(`Receipt No,Date,Line Type,Customer,Sku,Qty,Subtotal,Total
1,2026-05-01 09:10,Sale,c,,1,5,5
1,2026-05-01 09:10,Sale Line,c,milk,1,5,5
1,2026-05-01 09:10,Payment,c,,,,5
2,2026-05-01 09:10,Payment,c,,,,-5
2,2026-05-01 09:10,Sale Line,c,milk,-1,-5,-5
`);
  expect(found.open).toEqual([]);
  expect(lines).toEqual(['1 c 1 milk', '2 c -1 milk']);
});

test('items in one cell: signs of either width, brackets, weak signs between counts', async () => {
  const head = '订单号,下单时间,会员号,商品明细';
  const order = (cell: string, second = '茶*1') =>
    look(`${head}\n1,2026-05-01 09:10,m,"${cell}"\n2,2026-05-02 09:10,,${second}\n`);
  const expected = ['1 m 2 奶（大）', '1 m 3 茶', '2 nobody 1 茶'];
  expect((await order('奶（大）x2;茶x3', '茶x1;')).lines).toEqual(expected);
  expect((await order('奶（大）x2；茶x3', '茶x1;')).lines).toEqual(expected);
  expect((await order('奶（大）*2\n茶*3', '"茶*1\n"')).lines).toEqual(expected);
  expect((await order('奶（大）*2/茶*3', '茶*1/果*1')).lines).toEqual([
    ...expected,
    '2 nobody 1 果',
  ]);
  expect((await order('奶（大）*2', '茶*1')).lines).toEqual([expected[0], expected[2]]);
  const english = await look(`receipt,date,member,items
1,2026-05-01 09:10,m,"Bread (white, sliced), Milk"
2,2026-05-02 09:10,m,"2x Tea, Milk"
`);
  expect(english.lines).toEqual([
    '1 m 1 Bread (white, sliced)',
    '1 m 1 Milk',
    '2 m 2 Tea',
    '2 m 1 Milk',
  ]);
});

test('the proposed command reads pieces under our own name in lines of a document', async () => {
  const line = (pieces: number) =>
    `{"skuId":"milk","quantity":${pieces},"price":{"amount":"3.50"}}`;
  const order = (id: number, pieces: number) =>
    `{"orderId":${id},"payTime":1777600000000,"userId":"u","orderItems":[${line(pieces)}]}`;
  const { found, lines } = await look(`[${order(1, 2)},${order(2, 3)}]`);
  expect(lines).toEqual(['1 u 2 milk', '2 u 3 milk']);
  expect(found.rows[0]?.unitPriceFen).toBe(350);
  expect(found.notes.join()).not.toContain('orderItems.quantity');
});

test('the id of a document with lines is its receipt number', async () => {
  const lines = '"line_items":[{"sku":"milk"}]';
  const order = (id: number, member: string) =>
    `{"id":"${id}","ts":"2026-05-01T09:10:00Z","customer":"${member}",${lines}}`;
  const text = [order(1, 'c'), order(2, 'c'), order(3, '')].join('\n');
  expect((await look(text)).lines).toEqual(['1 c 1 milk', '2 c 1 milk', '3 nobody 1 milk']);
});

test('times of day in Chinese, short years and letters of a zone are times', async () => {
  const chinese = await look(`小票号,日期,时间,会员号,商品编码
1,2026/6/1,下午 3:05:00,m,milk
2,2026/6/2,上午9:05,m,milk
`);
  expect(chinese.found.rows[0]?.moment.text).toBe('2026-06-01T15:05:00+08:00');
  const dateOrder = 'mdy';
  const short = await look('receipt,date,sku\n1,6/13/26 8:00 AM,milk\n2,6/14/26 8:00 AM,milk\n', {
    dateOrder,
  });
  expect(short.lines).toHaveLength(2);
  const zoned = await look(`receipt,Line Date,sku
1,01-Jun-2026 08:01 AM PDT,milk
2,01-Jan-2026 08:01 AM PST,milk
3,01-Jan-2026 08:01 AM CST,milk
4,02-Jan-2026 08:01 AM PST,milk
5,03-Jan-2026 08:01 AM PST,milk
`);
  expect(zoned.found.rows[0]?.moment.text).toBe('2026-06-01T08:01:00-07:00');
  // Chicago and Shanghai both say CST.
  expect(zoned.lines[2]).toBe('line 4: OCCURRED_AT_INVALID');
});

test('behind one another, a header again is no row, and another one is refused', async () => {
  const head = '"receipt","date","member","sku"\n';
  const part = (id: string) => `\uFEFF${head}"${id}","2026-05-01 09:10","m","milk"\n`;
  const { lines } = await look(`${part('1')}${part('2')}\uFEFF"3","2026-05-01 09:10","m","milk"\n`);
  expect(lines).toEqual(['1 m 1 milk', '2 m 1 milk', '3 m 1 milk']);
  const rows = Array.from({ length: 8 }, (_, day) => `${day},2026-05-0${day + 1} 09:10,m,milk\n`);
  const other = 'receipt,date,sku,member\n9,2026-05-09 09:10,milk,m\n';
  const moved = `receipt,date,member,sku\n${rows.join('')}${other}`;
  const refused = await look(moved);
  expect(refused.found.open.join()).toContain(
    'another header in line 10, with its columns in other places',
  );
});

test('an inch mark swallows no row', async () => {
  const byTabs = `receipt\tdate\tmember\tsku\tname\n1\t2026-05-01 09:10\tm\tmug\t"Best
2\t2026-05-02 09:10\tm\tplate\tPlate 9"
3\t2026-05-02 09:10\tm\tplate\t"Plate"
`;
  expect((await look(byTabs)).lines).toEqual(['1 m 1 mug', '2 m 1 plate', '3 m 1 plate']);
  await expect(look(byTabs.replaceAll('\t', ','))).rejects.toThrow(
    'a quote opens in line 2 and closes in line 3, in another row',
  );
  // A text of several lines in one cell is none of that.
  const cell = 'receipt,date,member,sku,note\n1,2026-05-01 09:10,m,mug,"a, b\nc, d, e"\n';
  expect((await look(cell)).lines).toEqual(['1 m 1 mug']);
});

test('days side by side are no receipts, and it is said', async () => {
  const { found } = await look('SKU,2026-05-01,2026-05-02,2026-05-03\nmilk,1,2,3\n');
  expect(found.open).toEqual([
    'columns are days ("2026-05-01" …): this is a table of totals, which has no receipts; ' +
      'export single lines',
  ]);
});
