// Tests of layouts of shops, marketplaces and programs: more kinds, written down the same way.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../../tests/support/folders.ts';
import { look } from '../../../tests/support/look.ts';
import { workbookOf } from '../../../tests/support/zip.ts';

test('a plugin of Shopify: its order is named, its pieces and sales are net', async () => {
  const { lines } =
    await look(`Order Name,Order Date,Customer Email,Product Title,Variant SKU,Net Quantity,Net
#1,2026-05-01 09:10:00 +0800,a@example.com,Mug,MUG-R,2,18.00
#1,2026-05-01 09:10:00 +0800,a@example.com,Tea,TEA,1,5.00
#2,2026-05-02 09:10:00 +0800,,Mug,MUG-R,1,10.00
`);
  expect(lines).toEqual([
    '#1 a@example.com 2 MUG-R',
    '#1 a@example.com 1 TEA',
    '#2 nobody 1 MUG-R',
  ]);
});

test('淘宝: order and goods, with ="…" around the numbers', async () => {
  const { lines } =
    await look(`"订单编号","买家会员名","宝贝标题","宝贝数量","商家编码","订单状态","订单付款时间"
"=""1234567890123456789""","小*明","杯子","2","BZ-1","交易成功","2026-05-01 09:10:00"
"=""1234567890123456790""","小*红","盘子","1","PZ-1","交易关闭",""
`);
  expect(lines).toEqual(['1234567890123456789 小*明 2 BZ-1']);
});

test('京东: 订购数量, 京东价, 客户姓名', async () => {
  const { lines, prices } =
    await look(`订单号,商品ID,商品名称,订购数量,京东价,下单时间,订单状态,客户姓名,联系电话
JD1,100012,耳机,1,99.00,2026/5/1 9:10:00,完成,小明,138****0001
JD2,100012,耳机,2,99.00,2026/5/2 9:10:00,完成,小红,138****0002
JD3,100013,音箱,1,199.00,2026/5/2 9:30:00,(删除)等待出库,小刚,138****0003
`);
  expect(lines).toEqual(['JD1 138****0001 1 100012', 'JD2 138****0002 2 100012']);
  expect(prices).toEqual([9900, 9900]);
});

test('抖店: 主订单编号, 子订单编号, 选购商品, 商品数量', async () => {
  const { lines } =
    await look(`主订单编号,子订单编号,选购商品,商品规格,商品数量,商品ID,商家编码,商品单价,订单提交时间,支付完成时间,订单状态,售后状态
D1,D1-1,面膜,10片,2,300,MM-1,39.00,2026-05-01 09:10:00,2026-05-01 09:10:30,已完成,-
D1,D1-2,精华,30ml,1,301,JH-1,99.00,2026-05-01 09:10:00,2026-05-01 09:10:30,已完成,已全额退款
D2,D2-1,面膜,10片,1,300,MM-1,39.00,2026-05-02 09:10:00,2026-05-02 09:10:30,已完成,-
`);
  expect(lines).toEqual(['D1 nobody 2 300', 'D2 nobody 1 300']);
});

test('客如云: 单号 restarts every day', async () => {
  const { lines } = await look(`营业日期,单号,结账时间,会员手机号,菜品名称,数量,金额
2026-05-01,1,2026-05-01 12:00:00,m1,米饭,2,4.00
2026-05-01,2,2026-05-01 12:10:00,m2,鱼,1,40.00
2026-05-02,1,2026-05-02 12:00:00,m3,米饭,1,2.00
2026-05-02,2,2026-05-02 12:20:00,,鱼,1,40.00
`);
  expect(lines).toEqual([
    '1-2026-05-01 m1 2 米饭',
    '2-2026-05-01 m2 1 鱼',
    '1-2026-05-02 m3 1 米饭',
    '2-2026-05-02 nobody 1 鱼',
  ]);
});

test('heads and lines on two sheets of one workbook are said to belong together', async () => {
  const workbook = workbookOf({
    订单: [
      ['订单号', '下单时间', '会员号'],
      ['1', '2026-05-01 09:10', 'm'],
      ['2', '2026-05-02 09:10', 'n'],
    ],
    明细: [
      ['订单号', '商品编码', '数量'],
      ['1', 'milk', '2'],
      ['1', 'tea', '1'],
      ['2', 'tea', '3'],
    ],
  } as never);
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'sales.xlsx');
    writeFileSync(path, workbook);
    const { found } = await look(workbook);
    expect(found.isReady).toBe(false);
    expect(found.open.join()).toMatch(/--sheet "明细" --join ".*#订单" --on "订单号"/);
    const { lines } = await look(workbook, { join: [`${path}#订单`], on: ['订单号'] }, '明细');
    expect(lines).toEqual(['1 m 2 milk', '1 m 1 tea', '2 n 3 tea']);
  });
});

test('weights in grams by a head of the column', async () => {
  const { lines } = await look(`小票号,交易时间,会员号,商品编码,重量(g),金额
1,2026-05-01 09:10,m,apple,356,4.56
2,2026-05-02 09:10,m,pear,1200,9.60
`);
  expect(lines).toEqual(['1 m 0.356 apple', '2 m 1.2 pear']);
});

test('amounts in 分, by the head of the column', async () => {
  const { prices } = await look(`小票号,交易时间,会员号,商品编码,数量,单价(分)
1,2026-05-01 09:10,m,milk,1,350
2,2026-05-02 09:10,m,milk,2,350
`);
  expect(prices).toEqual([350, 350]);
});

test('Magento: order state, refunded quantities beside', async () => {
  const { lines } =
    await look(`Increment ID;Created At;Order Status;Email;Product SKU;Qty Ordered;Qty Refunded
000000001;2026-05-01 09:10:00;complete;a@example.com;MUG;2;0
000000002;2026-05-02 09:10:00;canceled;b@example.com;MUG;1;0
`);
  expect(lines).toEqual(['000000001 a@example.com 2 MUG']);
});

test('rows that cancel a line by a status of their own', async () => {
  const { lines } = await look(`交易流水,交易日期,会员卡,条码,数量,实收,行状态
T1,2026-05-01 09:10,m,milk,1,3.50,正常
T1,2026-05-01 09:10,m,tea,1,5.00,取消
T2,2026-05-01 09:20,m,milk,1,3.50,正常
`);
  expect(lines).toEqual(['T1 m 1 milk', 'T2 m 1 milk']);
});

test('NDJSON of a mini-program: cart in a nested object, fen, camel case', async () => {
  const order = (id: string, pieces: number) =>
    JSON.stringify({
      data: {
        orderSn: id,
        createTime: '2026-05-01 09:10:00',
        openid: 'o1',
        goodsList: [{ goodsId: 'g1', goodsName: '杯', goodsNum: pieces, priceFen: 1_990 }],
      },
    });
  const { lines, prices } = await look(`${order('1', 2)}\n${order('2', 1)}\n`);
  expect(lines).toEqual(['1 o1 2 g1', '2 o1 1 g1']);
  expect(prices).toEqual([1_990, 1_990]);
});
