// Tests of amounts in layouts: what files count in, and what their money is the money of.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../../tests/support/folders.ts';
import { look } from '../../../tests/support/look.ts';

const head = '小票号,交易时间,会员号';

test('thousandths are seen by a price below a cent, and told by a column', async () => {
  const fuel = Array.from(
    { length: 12 },
    (_, at) => `F${at},2026-05-01 09:${10 + at},m,92,汽油,油品,${11_840 + at},26.86`,
  );
  const text = `${head},商品编码,商品名称,大类,数量,金额
1,2026-05-01 09:10,m,milk,牛奶,食品,2,7.00
2,2026-05-01 09:11,m,nail,钉子,五金,40,8.00
3,2026-05-01 09:12,m,92,汽油,油品,1,20.00
${fuel.join('\n')}
`;
  const { found, lines } = await look(text);
  expect(found.flags.join(' ')).toContain('--thousandths 大类=油品');
  expect(lines.slice(0, 4)).toEqual(['1 m 2 milk', '2 m 40 nail', '3 m 1 92', 'F0 m 11.84 92']);
});

test('thousandths may be told by a column that is joined, in files of any kind', async () => {
  const items = 'sku,type\n92,GASOLINE-REG\nmilk,MILK\n';
  const rows = '1,2026-05-01 09:10,m,92,11840\n1,2026-05-01 09:10,m,milk,20\n';
  const sales = `receipt,date,member,sku,qty\n${rows}`;
  const object = (item: string, qty: number) =>
    `{"receipt":"1","date":"2026-05-01 09:10","member":"m","sku":"${item}","qty":${qty}}`;
  const objects = `${object('92', 11_840)}\n${object('milk', 20)}\n`;
  for (const text of [sales, objects]) {
    const { lines } = await withTemporaryFolder((folder) => {
      const path = join(folder, 'items.csv');
      writeFileSync(path, items);
      return look(text, { join: [path], on: ['sku'], thousandths: ['type=gasoline*'] });
    });
    expect(lines).toEqual(['1 m 11.84 92', '1 m 20 milk']);
  }
});

test('a unit in a column is counted in, where it is no piece and no kilogram', async () => {
  const text = `${head},商品编码,数量,单位,单价,金额
1,2026-05-01 09:10,m,apple,2,斤,6.00,12.00
1,2026-05-01 09:10,m,pear,356,克,,4.27
1,2026-05-01 09:10,m,cola,2,瓶,3.50,7.00
2,2026-05-01 09:20,m,apple,1,公斤,12.00,12.00
2,2026-05-01 09:20,m,cola,1,箱,,70.00
3,2026-05-01 09:20,m,cola,1,,3.50,3.50
`;
  const { found, lines, prices } = await look(text);
  expect(lines).toEqual([
    '1 m 1 apple',
    '1 m 0.356 pear',
    '1 m 2 cola',
    '2 m 1 apple',
    '2 m 1 cola',
    '3 m 1 cola',
  ]);
  expect(prices[0]).toBe(1_200);
  const notes = found.notes.join('\n');
  expect(notes).toContain('quantities in 斤 (1 row), 克 (1 row) count in kilograms');
  expect(notes).toContain('1 item is counted in several units, e.g. cola in 瓶 and 箱');
  expect(notes).toContain('1 quantity without a unit, among others');
});

test('units that are pieces anyway leave the quantity as it is', async () => {
  const { found } = await look(`${head},商品编码,数量,单位
1,2026-05-01 09:10,m,milk,2,瓶
2,2026-05-01 09:10,m,milk,1,瓶
`);
  expect(found.flags.join()).toMatch(/quantity=数量$/);
});

test('a price that says of what it is has its unit taken into account', async () => {
  const { lines, prices } = await look(`${head},商品编码,数量,单价,金额
1,2026-05-01 09:10,m,apple,0.5,¥12.00/公斤,6.00
1,2026-05-01 09:10,m,pear,2,6.00元/斤,12.00
2,2026-05-01 09:10,m,cola,2,3.5元/瓶,7.00
`);
  expect(lines).toEqual(['1 m 0.5 apple', '1 m 1 pear', '2 m 2 cola']);
  expect(prices).toEqual([1_200, 1_200, 350]);
});

test('a price that grows with the pieces is the money of the line, and the reverse', async () => {
  const amazon = `amazon-order-id,purchase-date,order-status,product-name,sku,quantity,item-price
A-1,2026-05-01T09:10:00+00:00,Shipped,Mug,MUG,1,8.00
A-2,2026-05-02T09:10:00+00:00,Shipped,Mug,MUG,3,24.00
A-3,2026-05-02T09:10:00+00:00,Cancelled,Mug,MUG,0,
`;
  const grown = await look(amazon.replaceAll('\t', ','));
  expect(grown.lines).toEqual(['A-1 nobody 1 MUG', 'A-2 nobody 3 MUG']);
  expect(grown.prices).toEqual([800, 800]);
  const same = await look(`${head},商品编码,数量,金额
1,2026-05-01 09:10,m,milk,1,3.50
2,2026-05-01 09:10,m,milk,2,3.50
3,2026-05-01 09:10,m,milk,4,3.50
`);
  expect(same.prices).toEqual([350, 350, 350]);
});

test('pieces at the end of an item are its quantity, where one name has several', async () => {
  const single = await look(`${head},商品
1,2026-05-01 09:10,m,可乐 2瓶
1,2026-05-01 09:10,m,薯片（1包）
2,2026-05-01 09:20,m,可乐 1瓶
2,2026-05-01 09:20,m,苹果2.5斤
`);
  expect(single.found.flags).toContain('--pieces-in-name');
  expect(single.lines).toEqual(['1 m 2 可乐', '1 m 1 薯片', '2 m 1 可乐', '2 m 1.25 苹果']);
  const orders = await look(`${head},商品明细
1,2026-05-01 09:10,m,可乐 2瓶；薯片 1包
2,2026-05-01 09:20,m,可乐 1瓶；薯片 3包
`);
  expect(orders.lines).toEqual(['1 m 2 可乐', '1 m 1 薯片', '2 m 1 可乐', '2 m 3 薯片']);
  // What is in a packet belongs to its name.
  const sizes = await look(`${head},商品
1,2026-05-01 09:10,m,抽纸 3包
2,2026-05-01 09:20,m,可乐 500ml
3,2026-05-01 09:20,m,抽纸 3包
`);
  expect(sizes.found.notes.join()).toContain('"商品" ends with "3包" and the like: where these');
  expect(sizes.lines).toEqual(['1 m 1 抽纸 3包', '2 m 1 可乐 500ml', '3 m 1 抽纸 3包']);
});
