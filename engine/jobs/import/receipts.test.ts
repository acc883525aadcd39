// Tests of receipts: which rows are one, and what of them is taken back.
import { expect, test } from 'vitest';
import { csv, header, importFile, MemoryTarget, write } from '../../../tests/support/imports.ts';
import { purchaseSchema } from '../../events/purchase.ts';

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

const wide = 'purchaseId,memberId,occurredAt,itemId,quantity,storeId,terminalId,cashierId,paid';

test('rows that lie stores, tills, members or half days apart are no receipt', async () => {
  const pairs = [
    ['1,,2026-05-01 09:00,milk,1,S1,,,', '1,,2026-05-01 09:05,soap,1,S2,,,', 'STORE_DIFFERS'],
    [
      '1,,2026-05-01 09:00,milk,1,S1,K1,,',
      '1,,2026-05-01 09:05,soap,1,S1,K2,,',
      'TERMINAL_DIFFERS',
    ],
    ['1,ann,2026-05-01 09:00,milk,1,,,,', '1,bob,2026-05-01 09:05,soap,1,,,,', 'MEMBER_DIFFERS'],
    ['1,,2026-05-01 01:00,milk,1,,,,', '1,,2026-05-01 20:00,soap,1,,,,', 'RECEIPT_NUMBER_REPEATS'],
  ];
  const between = '1,,2026-05-01 10:00,tea,1,,,,';
  for (const [one, other, reason] of pairs) {
    for (const rows of [
      [one, between, other],
      [other, between, one],
    ]) {
      const { summary, rejects } = await importFile(write([wide, ...rows].join('\n')));
      expect(summary, reason).toMatchObject({ created: 0, rejected: 3 });
      expect(
        rejects.every((line) => line.includes(`,${reason},`)),
        reason,
      ).toBe(true);
    }
  }
});

test('goods may come back elsewhere and days later on the number of their receipt', async () => {
  const rows = ['1,ann,2026-05-01 09:00,milk,2,S1,K1,,', '1,ann,2026-05-03 09:00,milk,-1,S2,K7,,'];
  for (const order of [rows, rows.toReversed()]) {
    const { target, summary } = await importFile(write([wide, ...order].join('\n')));
    expect(summary).toMatchObject({ created: 1, returns: 1, rejected: 0 });
    expect(target.purchases.get('1')?.purchase).toMatchObject({ storeId: 'S1', terminalId: 'K1' });
  }
});

test('what rows say differently of cashier and payment is left out', async () => {
  const rows = ['1,,2026-05-01 09:00,milk,2,,,c1,5.00', '1,,2026-05-01 09:00,tea,1,,,c2,7.00'];
  const target = new MemoryTarget();
  await importFile(write([wide, ...rows].join('\n')), { target });
  const { purchase } = target.purchases.get('1')!;
  expect([purchase.cashierId, purchase.paidFen]).toEqual([undefined, undefined]);
});

test('a receipt of more than 2,000 rows is refused whole', async () => {
  const long = Array.from({ length: 2_001 }, (_, index) => `1,ann,2026-05-01,i${index},1,,,`);
  const { target, summary } = await importFile(csv(...long, '2,ann,2026-05-01,milk,1,,,'));
  expect([...target.purchases.keys()]).toEqual(['2']);
  expect(summary).toMatchObject({ rowsRead: 2_002, created: 1, rejected: 2_001 });
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

test('the same returns in another order are duplicates', async () => {
  const target = new MemoryTarget();
  const rows = [
    's1,m,2026-05-01 09:00,tea,9,3.00,',
    's1,m,2026-05-01 09:00,tea,9,3.00,',
    'r1,m,2026-05-02 09:00,tea,-1,3.00,',
    'r1,m,2026-05-02 09:00,tea,-2,3.00,',
    'r1,m,2026-05-02 09:05,tea,-1,3.00,',
    'r1,m,2026-05-02 09:05,tea,-1,2.00,',
  ];
  const first = await importFile(write([header, ...rows].join('\n')), { target });
  expect(first.summary).toMatchObject({ returns: 4, rejected: 0 });
  const turned = rows.toReversed();
  const second = await importFile(write([header, ...turned].join('\n')), { target });
  expect(second.summary).toMatchObject({ duplicate: 1, returns: 0, returnsDuplicate: 4 });
});
