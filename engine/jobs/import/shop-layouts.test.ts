// Tests of layouts of tills, tools and marketplaces: what each file means was written down first.
import { expect, test } from 'vitest';
import { look } from '../../../tests/support/look.ts';

test('管家婆: titles, two totals, 客户 as 会员, 赠品 by a flag', async () => {
  const { found, lines } = await look(`销售单明细表,,,,,,,,
开始日期:2026-05-01  结束日期:2026-05-31,,,,,,,,
单据日期,单据编号,往来单位,商品编号,商品全名,单位,数量,单价,金额
2026-05-01,XSD-0001,张三,1001,康师傅红茶,瓶,2,3.00,6.00
2026-05-01,XSD-0001,张三,1002,奥利奥,包,1,9.90,9.90
2026-05-02,XSD-0002,零售客户,1001,康师傅红茶,瓶,1,3.00,3.00
2026-05-02,XSTHD-0001,张三,1001,康师傅红茶,瓶,-1,3.00,-3.00
小计,,,,,,3,,15.90
合计：,,,,,,3,,15.90
`);
  expect(found.open).toEqual([]);
  expect(lines).toEqual([
    'XSD-0001 张三 2 1001',
    'XSD-0001 张三 1 1002',
    'XSD-0002 nobody 1 1001',
    '张三 -1 1001',
  ]);
});

test('用友: 存货编码, 红字 documents by a minus, 部门 is no store', async () => {
  const { lines } =
    await look(`单据日期\t单据号\t客户编码\t客户简称\t存货编码\t存货名称\t主计量\t数量\t含税单价\t价税合计
2026-05-01\t0000000012\tC001\t一号客户\t010101\t大米\t公斤\t2.5\t6.00\t15.00
2026-05-01\t0000000012\tC001\t一号客户\t010102\t面粉\t公斤\t1\t4.00\t4.00
2026-05-03\t0000000013\tC001\t一号客户\t010101\t大米\t公斤\t-0.5\t6.00\t-3.00
`);
  expect(lines).toEqual([
    '0000000012 C001 2.5 010101',
    '0000000012 C001 1 010102',
    'C001 -0.5 010101',
  ]);
});

test('科脉 and 思迅: 流水号, 门店号, 收银时间, 交易方式 with 退货', async () => {
  const { lines } =
    await look(`门店号|流水号|收银时间|收银员|交易方式|货号|品名|数量|售价|实收金额|会员卡号
001|00010001|2026-05-01 09:10:11|1001|销售|6901|可乐|2|3.50|7.00|8001
001|00010001|2026-05-01 09:10:11|1001|销售|6902|饼干|1|5.00|5.00|8001
001|00010002|2026-05-01 09:20:11|1001|退货|6901|可乐|1|3.50|3.50|8001
002|00010001|2026-05-01 09:10:11|1001|销售|6903|牛奶|1|4.00|4.00|
`);
  expect(lines).toEqual([
    '001-00010001 8001 2 6901',
    '001-00010001 8001 1 6902',
    '002-00010001 nobody 1 6903',
    '8001 -1 6901',
  ]);
});

test('海鼎: 店号, 日期 and 时间 apart as digits, 数量 of 称重 in kilograms', async () => {
  const { lines, times } =
    await look(`店号,收银机号,交易号,日期,时间,商品代码,商品名称,数量,金额,会员号
0101,01,1234,20260501,091011,2000001,散装苹果,0.356,4.56,M1
0101,01,1234,20260501,091011,6901,可乐,1,3.50,M1
0101,01,1235,20260501,091500,6901,可乐,1,3.50,
`);
  expect(lines).toEqual(['1234 M1 0.356 2000001', '1234 M1 1 6901', '1235 nobody 1 6901']);
  expect(times[0]).toBe('2026-05-01T09:10:11+08:00');
});

test('美团: a row an order, dishes with their counts in one cell', async () => {
  const { lines } = await look(`订单编号,下单时间,订单状态,顾客手机,菜品信息,用户实付
M1,2026-05-01 12:00:00,已完成,138****0001,宫保鸡丁*1；米饭*2,38.00
M2,2026-05-01 12:30:00,已取消,138****0002,米饭*1,2.00
M3,2026-05-01 13:00:00,已完成,138****0003,米饭*3,6.00
`);
  expect(lines).toEqual([
    'M1 138****0001 1 宫保鸡丁',
    'M1 138****0001 2 米饭',
    'M3 138****0003 3 米饭',
  ]);
});

test('饿了么: orders over several rows whose heads are written once', async () => {
  const { lines } =
    await look(`订单号,下单时间,商户名称,用户手机,商品名称,商品数量,商品单价,订单状态
E1,2026-05-01 12:00:00,一店,m1,奶茶,2,12.00,已完成
,,,,蛋糕,1,20.00,
E2,2026-05-01 12:10:00,一店,m2,奶茶,1,12.00,已完成
`);
  expect(lines).toEqual(['E1 m1 2 奶茶', 'E1 m1 1 蛋糕', 'E2 m2 1 奶茶']);
});

test('微盟: refunds by a status of the goods', async () => {
  const { lines } =
    await look(`订单编号,下单时间,支付时间,客户编号,商品编码,商品名称,购买数量,实付金额,售后状态
W1,2026-05-01 12:00:00,2026-05-01 12:00:10,U1,P1,杯子,1,20.00,无售后
W1,2026-05-01 12:00:00,2026-05-01 12:00:10,U1,P2,盘子,2,30.00,退款成功
W2,2026-05-01 12:10:00,2026-05-01 12:10:05,U2,P1,杯子,1,20.00,无售后
`);
  // What was paid back was never bought.
  expect(lines).toEqual(['W1 U1 1 P1', 'W2 U2 1 P1']);
});

test('SAP: names of tables, days as YYYYMMDD, minus behind, decimal comma', async () => {
  const { lines, prices } = await look(
    `VBELN;POSNR;ERDAT;ERZET;KUNNR;MATNR;ARKTX;FKIMG;NETWR;WERKS
0090000001;000010;20260501;091011;0000010001;000000000000000123;Milch;2,000;3,00;1000
0090000001;000020;20260501;091011;0000010001;000000000000000124;Brot;1,000;2,50;1000
0090000002;000010;20260502;101011;0000010002;000000000000000123;Milch;1,000-;1,50-;1000
`,
    {
      map: [
        'purchaseId=VBELN,occurredAt=ERDAT+ERZET,memberId=KUNNR,itemId=MATNR,itemName=ARKTX',
        'quantity=FKIMG,lineTotal=NETWR,storeId=WERKS',
      ],
    },
  );
  expect(lines.slice(0, 2)).toEqual([
    '0090000001 0000010001 2 000000000000000123',
    '0090000001 0000010001 1 000000000000000124',
  ]);
  expect(prices).toEqual([150, 250]);
});

test('Oracle Retail: TRAN_TYPE, TRAN_SEQ_NO, signed quantities', async () => {
  const { lines } =
    await look(`STORE,DAY,TRAN_SEQ_NO,TRAN_DATETIME,TRAN_TYPE,CUST_ID,ITEM,QTY,UNIT_RETAIL
1001,121,5001,2026-05-01 09:10:00,SALE,C1,100001,2,3.50
1001,121,5001,2026-05-01 09:10:00,SALE,C1,100002,1,5.00
1001,121,5002,2026-05-01 09:20:00,RETURN,C1,100001,-1,3.50
1001,121,5003,2026-05-01 09:30:00,VOID,C1,100001,1,3.50
`);
  expect(lines).toEqual(['5001 C1 2 100001', '5001 C1 1 100002', 'C1 -1 100001']);
});

test('Lightspeed and Vend: Sale and Sale Line rows of one file', async () => {
  const { lines } =
    await look(`Date,Receipt Number,Line Type,Customer Code,Quantity,Total,Status,Sku
2026-05-01 09:10:00,101,Sale,ANN-1,3,13.80,CLOSED,
2026-05-01 09:10:00,101,Sale Line,ANN-1,2,9.20,CLOSED,MUG
2026-05-01 09:10:00,101,Sale Line,ANN-1,1,4.60,CLOSED,TEA
2026-05-01 09:10:00,101,Payment,ANN-1,,13.80,,
2026-05-01 10:10:00,102,Sale,,1,4.60,VOIDED,
2026-05-01 10:10:00,102,Sale Line,,1,4.60,VOIDED,TEA
`);
  expect(lines).toEqual(['101 ANN-1 2 MUG', '101 ANN-1 1 TEA']);
});

test('Clover: line items with refunded flags and money in words', async () => {
  const { lines } =
    await look(`Line Item Date,Order ID,Item ID,Item Name,Item Total,Refunded,Payment State
01-May-2026 09:10 AM PDT,O1,I1,Latte,$4.50,No,Paid
01-May-2026 09:10 AM PDT,O1,I2,Bagel,$3.00,No,Paid
02-May-2026 09:10 AM PDT,O2,I1,Latte,$4.50,Yes,Refunded
`);
  expect(lines).toEqual(['O1 nobody 1 I1', 'O1 nobody 1 I2']);
});

test('Toast: item selections with Void? and short American dates', async () => {
  const { lines } = await look(
    `Location,Order Id,Order #,Order Date,Check Id,Item Id,Menu Item,Qty,Net Price,Void?
Main,10001,1,5/13/26 8:00 AM,20001,30001,Burger,1,12.00,false
Main,10001,1,5/13/26 8:00 AM,20001,30002,Fries,2,8.00,false
Main,10001,1,5/13/26 8:00 AM,20001,30003,Cola,1,3.00,true
`,
    { dateOrder: 'mdy' },
  );
  expect(lines).toEqual(['10001 nobody 1 30001', '10001 nobody 2 30002']);
});

test('NCR: no header, but names told by number', async () => {
  const { lines } = await look(
    `0012,03,1001,20260501,0910,4006381333931,2,398
0012,03,1001,20260501,0910,4006381333932,1,250
0012,03,1002,20260501,0915,4006381333931,1,199
`,
    {
      headerLine: '0',
      map: [
        'purchaseId=1+2+3+4,occurredAt=4+5,storeId=1,terminalId=2,itemId=6',
        'quantity=7,lineTotalFen=8',
      ],
    },
  );
  expect(lines).toEqual([
    '0012-03-1001-2026-05-01 nobody 2 4006381333931',
    '0012-03-1001-2026-05-01 nobody 1 4006381333932',
    '0012-03-1002-2026-05-01 nobody 1 4006381333931',
  ]);
});

test('seconds and milliseconds since 1970 in columns of a fitting name', async () => {
  const seconds = await look(
    'order_id,created_ts,user_id,sku,qty\n1,1777600000,u1,milk,1\n2,1777603600,u1,tea,2\n',
  );
  expect(seconds.lines).toEqual(['1 u1 1 milk', '2 u1 2 tea']);
  const exact = await look(
    'orderNo,payTime,userId,skuId,num\n1,1777600000123,u1,milk,1\n2,1777603600456,u1,tea,2\n',
  );
  expect(exact.lines).toEqual(['1 u1 1 milk', '2 u1 2 tea']);
});

test('order lines as JSON in a column', async () => {
  const items = (...all: readonly [string, number][]) => {
    const entries = all.map(([id, qty]) => ({
      itemCode: id,
      name: `name of ${id}`,
      qty,
      price: 3.5,
    }));
    return `"${JSON.stringify(entries).replaceAll('"', '""')}"`;
  };
  const { lines, prices } = await look(`order_id,created_at,customer_id,items
1,2026-05-01 09:10,c1,${items(['milk', 2], ['tea', 1])}
2,2026-05-02 09:10,c2,${items(['milk', 1])}
`);
  expect(lines).toEqual(['1 c1 2 milk', '1 c1 1 tea', '2 c2 1 milk']);
  expect(prices).toEqual([350, 350, 350]);
});

test('items side by side in columns of their own', async () => {
  const { found, lines } = await look(`receipt,date,member,item1,qty1,item2,qty2,item3,qty3
1,2026-05-01 09:10,m,milk,2,tea,1,,
2,2026-05-02 09:10,m,tea,1,,,,
`);
  expect(lines).toEqual([]);
  expect(found.open).toContain(
    'items stand side by side in item1, item2, item3: make a row of each of them',
  );
});

test('thousands by blanks and apostrophes, in money and pieces', async () => {
  const { lines, prices } = await look(`receipt;date;member;sku;qty;unit price;line total
1;2026-05-01 09:10;m;mug;1 200;1'250,50;1 500 600,00
2;2026-05-01 09:20;m;mug;2;1\u00A0250,50;2\u202F501,00
`);
  expect(lines).toEqual(['1 m 1200 mug', '2 m 2 mug']);
  expect(prices).toEqual([125_050, 125_050]);
});

test('a header of two lines: groups above, names below', async () => {
  const { lines } = await look(`单据信息,,,商品信息,,,,
单号,日期,会员号,编码,名称,数量,单价,金额
1,2026-05-01,m,milk,牛奶,2,3.50,7.00
2,2026-05-02,m,tea,茶,1,5.00,5.00
`);
  expect(lines).toEqual(['1 m 2 milk', '2 m 1 tea']);
});

test('CR and DR behind amounts, and brackets around them, tell what came back', async () => {
  const { lines } = await look(`Receipt No,Date,Customer,SKU,Qty,Amount
1,2026-05-01 09:10,c,milk,2,7.00
2,2026-05-02 09:10,c,milk,(1),(3.50)
3,2026-05-03 09:10,c,milk,1,3.50 CR
4,2026-05-03 09:10,c,milk,1,3.50 DR
`);
  expect(lines).toEqual(['1 c 2 milk', '4 c 1 milk', 'c -1 milk', 'c -1 milk']);
});

test('a receipt over midnight is one receipt', async () => {
  const { lines } = await look(`小票号,日期,时间,会员号,商品编码,数量
7,2026-05-01,23:59:50,m,milk,1
7,2026-05-02,00:00:10,m,tea,1
8,2026-05-02,00:10:10,m,tea,1
`);
  expect(lines).toEqual(['7 m 1 milk', '7 m 1 tea', '8 m 1 tea']);
});

test('an hour that happens twice, and one that does not happen', async () => {
  const { times } = await look(
    `receipt,date,member,sku
1,2026-03-29 02:30:00,m,milk
2,2026-10-25 02:30:00,m,milk
`,
    { timeZone: 'Europe/Berlin' } as never,
  );
  expect(times).toHaveLength(2);
});

test('one number of store, till and ticket by digits', async () => {
  const { lines } = await look(`TransactionKey,TransDate,LoyaltyCard,UPC,Units
0012-03-1001,05/13/2026 09:10,8001,4006381333931,2
0012-03-1001,05/13/2026 09:10,8001,4006381333932,1
0013-03-1001,05/13/2026 09:11,8002,4006381333931,1
`);
  expect(lines).toEqual([
    '0012-03-1001 8001 2 4006381333931',
    '0012-03-1001 8001 1 4006381333932',
    '0013-03-1001 8002 1 4006381333931',
  ]);
});

test('digits, signs and commas of full width', async () => {
  const { lines } = await look(`小票号，交易时间，会员号，商品编码，数量，单价
１，２０２６－０５－０１　０９：１０，ｍ１，milk，２，３．５０
２，２０２６－０５－０２　０９：１０，ｍ１，tea，－１，３．５０
`);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/ 2 milk$/);
});

test('a folder of months: marks, other orders of columns, a list of members', async () => {
  const { lines } = await look({
    '2026-05.csv': '\uFEFF小票号,交易时间,会员号,商品编码,数量\n1,2026-05-01 09:10,m,milk,1\n',
    '2026-06.csv': '\uFEFF交易时间,小票号,商品编码,会员号,数量\n2026-06-01 09:10,2,tea,m,3\n',
    '会员.csv': '会员号,姓名\nm,某某\n',
  });
  expect(lines).toEqual(['1 m 1 milk', '2 m 3 tea']);
});

test('a .csv that is a page of HTML is refused by its name', async () => {
  const page = '<html><body><table><tr><td>小票号</td><td>日期</td></tr></table></body></html>';
  await expect(look({ 'sales.csv': page })).rejects.toThrow(/HTML/);
});

test('semicolons, a decimal comma and letters of Windows-1252', async () => {
  const text = `Bon;Datum;Kunde;Artikel;Bezeichnung;Menge;Preis
1;13.05.2026 09:10;k1;100;Käse;0,356;12,80
1;13.05.2026 09:10;k1;101;Brötchen;2;0,45
2;14.05.2026 09:10;;101;Brötchen;1;0,45
`;
  const { found, lines } = await look(Buffer.from(text, 'latin1'), {
    map: [
      'purchaseId=Bon,occurredAt=Datum,memberId=Kunde,itemId=Artikel,itemName=Bezeichnung',
      'quantity=Menge,unitPrice=Preis',
    ],
  });
  expect(found.file.encoding).toMatch(/1252/);
  expect(lines).toEqual(['1 k1 0.356 100', '1 k1 2 101', '2 nobody 1 101']);
});

test('tabs with quotes around cells that hold tabs and line ends', async () => {
  const { lines } = await look(`"Receipt"\t"Date"\t"Member"\t"Sku"\t"Name"\t"Qty"
"1"\t"2026-05-01 09:10"\t"m"\t"mug"\t"Mug\twith ""ear"""\t"2"
"2"\t"2026-05-01 09:20"\t"m"\t"tea"\t"Tea
green"\t"1"
`);
  expect(lines).toEqual(['1 m 2 mug', '2 m 1 tea']);
});

test('a summary below the rows, with a header of its own', async () => {
  const { lines } = await look(`小票号,交易时间,会员号,商品编码,数量,金额
1,2026-05-01 09:10,m,milk,2,7.00
2,2026-05-02 09:10,m,tea,1,5.00

支付方式,笔数,金额
现金,1,7.00
微信,1,5.00
合计,2,12.00
`);
  expect(lines).toEqual(['1 m 2 milk', '2 m 1 tea']);
});

test('one sale exported twice under other ids is told', async () => {
  const { lines, summary } = await look(`单号,交易时间,会员号,商品编码,数量,门店
A1,2026-05-01 09:10:11,m,milk,2,1
B-000001,2026-05-01 09:10:11,m,milk,2,1
`);
  expect(lines).toHaveLength(2);
  expect(summary?.suspicions.map(({ kind }) => kind)).toContain('soldTwice');
});

test('what a line says of itself is never that of the line above', async () => {
  const { lines, prices } = await look(`小票号,交易时间,会员号,商品编码,数量,金额
1,2026-05-01 09:10,m,milk,2,7.00
,,,tea,1,
2,2026-05-02 09:10,m,milk,1,-3.50
,,,tea,1,
`);
  expect(lines).toEqual(['1 m 2 milk', '1 m 1 tea', '2 m 1 tea', 'm -1 milk']);
  expect(prices).toEqual([350, undefined, undefined]);
});

test('the weight of a packet is no quantity', async () => {
  const { lines } = await look(`receipt,date,member,sku,weight
1,2026-05-01 09:10,m,rice,5000
2,2026-05-02 09:10,m,rice,5000
`);
  expect(lines).toEqual(['1 m 1 rice', '2 m 1 rice']);
});
