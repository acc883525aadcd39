// Tests of files: workbooks, Parquet and JSON come to the same receipts, whatever lies beside.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../../tests/support/folders.ts';
import { MemoryTarget } from '../../../tests/support/imports.ts';
import { workbookOf, zipOf } from '../../../tests/support/zip.ts';
import { runImport } from './import.ts';
import { type ReadingTexts, readingOf } from './reading.ts';
import { findFiles, findTables } from './sources.ts';

/** The lines of all receipts, each as one short text, and what was said about the files. */
const reading = (content: string | Buffer, texts: ReadingTexts = {}, name = 'in.csv') =>
  withTemporaryFolder(async (folder) => {
    writeFileSync(join(folder, name), content);
    const files = await findTables(findFiles([join(folder, name)]));
    const target = new MemoryTarget();
    const notes: string[] = [];
    await runImport(target, {
      ...(await readingOf(texts, files, 'Asia/Shanghai')),
      files,
      workFolder: folder,
      rejectsFolder: folder,
      clock: () => 0,
      onNote: (note) => notes.push(note),
    });
    const rows = [...target.purchases.values()].flatMap(({ purchase }) => {
      const { purchaseId, memberId = 'nobody', occurredAt } = purchase;
      return purchase.lines.map(({ itemId, quantity, unitPriceFen }) => {
        const price = unitPriceFen === undefined ? '' : ` at ${unitPriceFen}`;
        return `${purchaseId} ${memberId} ${occurredAt.slice(0, 16)} ${quantity} ${itemId}${price}`;
      });
    });
    return { rows, notes };
  });

const header = 'purchaseId,memberId,occurredAt,itemId,quantity,unitPrice';
const lines = ['1,ann,2026-05-01 09:10,milk,0.356,2.55', '2,,2026-05-02 09:10,tea,1,1234.5'];
const expected = [
  '1 ann 2026-05-01T09:10 0.356 milk at 255',
  '2 nobody 2026-05-02T09:10 1 tea at 123450',
];

test('a workbook is read as its sheets show it', async () => {
  const names = header.split(',');
  const book = workbookOf({
    May: [
      ['Sales of May & June'],
      names,
      [
        '1',
        'ann',
        { v: '46143.381944444445', s: 1 },
        'milk',
        { v: '0.35599999999999998' },
        { v: '2.5499999999999998' },
      ],
      [{ v: '2', s: 3 }, '', { v: '46144', s: 2 }, 'tea', { v: '1' }, '¥1,234.50'],
    ],
    June: [names, ['3', '', { v: '46174', s: 2 }, 'tea', { v: '1' }, '']],
  });
  const rows = [
    expected[0],
    '000002 nobody 2026-05-02T00:00 1 tea at 123450',
    '3 nobody 2026-06-01T00:00 1 tea',
  ];
  expect((await reading(book, {}, 'book.xlsx')).rows).toEqual(rows);
  expect((await reading(zipOf([['a/book.xlsx', book]]), {}, 'all.zip')).rows).toEqual(rows);
});

test('a Parquet file is read with exact digits and local times', async () => {
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'purchaseId', data: [1n, 2n], type: 'INT64' },
      { name: 'memberId', data: ['ann', null], type: 'STRING' },
      { name: 'occurredAt', data: ['2026-05-01 09:10', '2026-05-02 09:10'], type: 'STRING' },
      { name: 'itemId', data: ['milk', 'tea'], type: 'STRING' },
      { name: 'quantity', data: [0.356, 1], type: 'DOUBLE' },
      { name: 'unitPrice', data: [2.55, 1234.5], type: 'DOUBLE' },
    ],
  });
  expect((await reading(Buffer.from(buffer), {}, 'in.parquet')).rows).toEqual(expected);
});

test('a document around a list is read as its list, however short its lines are', async () => {
  const one = { orderId: '1', member: 'ann', date: '2026-05-01 09:10', code: 'milk', qty: 0.356 };
  const two = { orderId: '2', member: '', date: '2026-05-02 09:10', code: 'tea', qty: 1 };
  const map = ['purchaseId=orderId,memberId=member,occurredAt=date,itemId=code,quantity=qty'];
  const rows = expected.map((row) => row.replace(/ at \d+/, ''));
  const documents = [
    JSON.stringify([one, two]),
    JSON.stringify({ data: [one, two] }),
    `${JSON.stringify({ code: 0, msg: 'ok', data: { total: 2, list: [one, two] } })}\n`,
    JSON.stringify({ fields: ['orderId', 'code'], date: '2026-06-01', orders: [one, two] }),
    JSON.stringify({ data: [one, two] }, undefined, 2),
    [[one], [two]].map((data) => JSON.stringify({ data })).join('\n'),
    [one, two].map((object) => JSON.stringify(object)).join('\n'),
  ];
  for (const text of documents) expect((await reading(text, { map })).rows, text).toEqual(rows);
  const { data } = JSON.parse(documents[1]!);
  const long = JSON.stringify({ data: [...data, ...Array(1_000).fill(one)] });
  expect((await reading(long, { map })).rows).toHaveLength(1_002);
  // A receipt with its lines is no document around them.
  const receipt = {
    order_no: '7',
    date: '2026-05-01 09:10',
    member: 'ann',
    items: [{ code: 'a' }],
  };
  const lines = ['purchaseId=order_no,memberId=member,occurredAt=date,itemId=items.code'];
  const whole = await reading(JSON.stringify(receipt), { map: lines });
  expect(whole.rows).toEqual(['7 ann 2026-05-01T09:10 1 a']);
});

test('sheets and files beside the sales are left out, unless they may be sales', async () => {
  const notes = [['Remarks'], ['Numbers are net of tax'], ['Made by', 'the till']];
  const members = [
    ['memberId', 'name'],
    ['ann', 'Ann Lee'],
  ];
  const [head, ...body] = [header, ...lines].map((line) => line.split(','));
  const book = workbookOf({ 说明: notes, Sales: [head!, ...body], Members: members });
  const found = await reading(book, {}, 'book.xlsx');
  expect(found.rows).toEqual(expected);
  expect(found.notes.join()).toContain('left out');
  const zip = zipOf([
    ['members.csv', Buffer.from('memberId,name\nann,Ann\n')],
    ['sales.csv', Buffer.from([header, ...lines].join('\n'))],
  ]);
  expect((await reading(zip, {}, 'all.zip')).rows).toEqual(expected);
  // The number of a receipt stands there: it may be a month whose columns are called otherwise.
  const odd = workbookOf({
    Sales: [head!, ...body],
    May: [
      ['purchaseId', 'when'],
      ['9', '2026'],
    ],
  });
  await expect(reading(odd, {}, 'odd.xlsx')).rejects.toThrow('no column');
});
