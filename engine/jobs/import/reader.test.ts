// Tests of reading: every kind of file comes to the same receipt lines, told little or nothing.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../../tests/support/folders.ts';
import { zipOf } from '../../../tests/support/zip.ts';
import { type PlanOptions, planReading } from './plan.ts';
import { readRows } from './reader.ts';
import { type ReadingTexts, readingOf } from './reading.ts';
import { isRefusal, readRow } from './row.ts';
import { findFiles, findTables } from './sources.ts';

/** Each row as one short text, and what was said about the files. */
async function readAll(paths: readonly string[], texts: ReadingTexts = {}) {
  const tables = await findTables(findFiles(paths));
  const options: PlanOptions = await readingOf(texts, tables, 'Asia/Shanghai');
  const plan = await planReading(tables, options);
  const rows: string[] = [];
  for await (const chunk of readRows(plan.files, options)) {
    for (const source of chunk) {
      const row = source.skipped === undefined ? readRow(source, plan.rules) : undefined;
      if (row === undefined) rows.push(`left out: ${source.skipped}`);
      else if (isRefusal(row)) rows.push(`line ${row.origin.line}: ${row.reason}`);
      else {
        const { purchaseId, memberId = 'nobody', moment, itemId, thousandths, unitPriceFen } = row;
        const price = unitPriceFen === undefined ? '' : ` at ${unitPriceFen}`;
        const time = moment.text.slice(0, 16);
        rows.push(`${purchaseId} ${memberId} ${time} ${thousandths / 1_000} ${itemId}${price}`);
      }
    }
  }
  return { rows, notes: plan.notes, files: plan.files };
}

const reading = (content: string | Buffer, texts: ReadingTexts = {}, name = 'in.csv') =>
  withTemporaryFolder(async (folder) => {
    writeFileSync(join(folder, name), content);
    const found = await readAll([join(folder, name)], texts);
    return { ...found, notes: found.notes.map((note) => note.slice(note.indexOf(': ') + 2)) };
  });

const header = 'purchaseId,memberId,occurredAt,itemId,quantity,unitPrice';
const lines = ['1,ann,2026-05-01 09:10,milk,0.356,2.55', '2,,2026-05-02 09:10,tea,1,1234.5'];
const expected = [
  '1 ann 2026-05-01T09:10 0.356 milk at 255',
  '2 nobody 2026-05-02T09:10 1 tea at 123450',
];

test('delimiters, quotes, line ends and widths are found', async () => {
  const csv = [header, ...lines];
  const texts = [
    csv.join('\n'),
    csv.join('\r\n'),
    csv.join('\r'),
    `\uFEFF${csv.join('\n')}`,
    csv.join('\n').replaceAll(',', ';'),
    csv.join('\n').replaceAll(',', '\t'),
    csv.join('\n').replaceAll(',', '|'),
    `sep=;\r\n${csv.join('\r\n').replaceAll(',', ';')}`,
    csv.map((line) => `${line},,`).join('\n'),
    csv.map((line, at) => (at === 0 ? `${line},note,more` : line)).join('\n'),
    csv.map((line) => line.replaceAll(/[^,]+/g, '"$&"')).join('\n'),
  ];
  for (const text of texts) expect((await reading(text)).rows, text).toEqual(expected);
});

test('the encoding is found from all bytes, and said', async () => {
  const text = `单号,卡号,时间,货号\n${'1,ann,2026-05-01 09:10,milk\n'.repeat(4_000)}2,,2026-05-02,苹果\n`;
  const map = ['purchaseId=单号,memberId=卡号,occurredAt=时间,itemId=货号'];
  const ascii = text.replace('单号,卡号,时间,货号', 'a,b,c,d');
  const asciiMap = ['purchaseId=a,memberId=b,occurredAt=c,itemId=d'];
  const cases: readonly [Buffer, string[], string][] = [
    [Buffer.from(text), map, 'utf-8'],
    [gbkOf(text), map, 'gb18030'],
    // The only odd bytes stand at the very end, far behind any sample.
    [gbkOf(ascii), asciiMap, 'gb18030'],
    [Buffer.from(text, 'utf16le'), map, 'utf-16le'],
    [Buffer.from(`\uFEFF${text}`, 'utf16le'), map, 'utf-16le'],
    [Buffer.from(text, 'utf16le').swap16(), map, 'utf-16be'],
    [gzipSync(gbkOf(text)), map, 'gb18030'],
  ];
  for (const [bytes, reported, encoding] of cases) {
    const { rows, files, notes } = await reading(bytes, { map: reported });
    expect(files[0]?.encoding).toBe(encoding);
    expect(rows.at(-1)).toBe('2 nobody 2026-05-02T00:00 1 苹果');
    expect(notes.some((note) => note.includes(encoding))).toBe(encoding !== 'utf-8');
  }
  const western = Buffer.from(
    `${header}\n1,m,2026-05-01,café,1,2\n2,m,2026-05-01,über,1,2\n`,
    'latin1',
  );
  expect((await reading(western)).files[0]?.encoding).toBe('windows-1252');
});

/** A few characters are enough: each byte pair is what GB18030 has for it. */
function gbkOf(text: string): Buffer {
  const known: Readonly<Record<string, string>> = {
    单: 'b5a5',
    号: 'bac5',
    卡: 'bfa8',
    时: 'cab1',
    间: 'bce4',
    货: 'bbf5',
    苹: 'c6bb',
    果: 'b9fb',
  };
  const bytes = text.replaceAll(/[^\p{ASCII}]/gu, (sign) =>
    Buffer.from(known[sign]!, 'hex').toString('latin1'),
  );
  return Buffer.from(bytes, 'latin1');
}

test('titles, totals, notes and headers between the rows are no rows', async () => {
  const text = [
    'Sales of May,,,,,',
    'printed: 2026-05-03,,,,,',
    header,
    lines[0],
    ',,,,,',
    '合计,,,,0.356,',
    header,
    lines[1],
    '总计：,,,,1.356,',
    '制表人：张三,,,,,',
  ].join('\n');
  const { rows, notes } = await reading(text);
  expect(rows).toEqual([
    expected[0],
    'left out: total',
    'left out: header',
    expected[1],
    'left out: total',
    'left out: note',
  ]);
  expect(notes).toContain('the header is line 3');
  const total = await reading([header, '1,ann,2026-05-01 09:10,Total,1,2'].join('\n'));
  expect(total.rows, 'an item may be called Total').toHaveLength(1);
  expect(total.rows[0]).toContain('Total');
});

test('a line without item, time and number is a total, in whatever words', async () => {
  const totals = [
    'Gesamtsumme,,,,1.356,',
    'ИТОГО:,,,,1.356,',
    'Összesen,,,,1.356,1.00',
    '门店小计,,,,1.356,',
    '本日合计（2 笔）,,,,1.356,',
    '合计：2 笔,,,,,',
    ',,,合计,1.356,',
    ',,,,1.356,8.06',
  ];
  const { rows } = await reading([header, ...lines, ...totals].join('\n'));
  expect(rows).toEqual([...expected, ...totals.map(() => 'left out: total')]);
  const damaged = ['3,ann,,,1,2', 'A,ann,2026-05-01,,1,2', ',ann,2026-05-01,tea,1,2'];
  const refused = await reading([header, ...damaged].join('\n'));
  expect(refused.rows.map((row) => row.split(':')[0])).toEqual(['line 2', 'line 3', 'line 4']);
  // A line that goes on with the receipt above may be of an item whose name begins like a total.
  const filled = [header, lines[0], ',,,Total Greek Yogurt,1,2', 'Summe,,,,2,'].join('\n');
  const below = await reading(filled, { fillDown: true });
  expect(below.rows.map((row) => row.split(' ').at(4))).toEqual(['milk', 'Total', undefined]);
});

test('a table without a header has numbers for names', async () => {
  const map = ['memberId=1,itemId=2,occurredAt=4,purchaseId=1+4'];
  const { rows } = await reading('196\t242\t3\t881250949\n', { map, headerLine: '0' });
  expect(rows).toEqual(['196-1997-12-04 196 1997-12-04T15:55 1 242']);
});

test('an id with the time in it means the local day, however the time is written', async () => {
  const idsOf = async (times: readonly string[], columns = 'at', at = columns) => {
    const lines = times.map((time) => `7,${time},a`).join('\n');
    const text = `no,${columns.replaceAll('+', ',')},code\n${lines}`;
    const map = [`purchaseId=no+${columns},occurredAt=${at},itemId=code,memberId=`];
    const { rows } = await reading(text, { map });
    return rows.map((row) => row.split(' ')[0]);
  };
  // 23:30 and 00:30 in Shanghai.
  expect(await idsOf(['1777649400', '1777653000'])).toEqual(['7-2026-05-01', '7-2026-05-02']);
  expect(await idsOf(['1777649400000', '2026-05-01T16:30:00Z'])).toEqual([
    '7-2026-05-01',
    '7-2026-05-02',
  ]);
  expect(await idsOf(['46143.3819', '46143.9'])).toEqual(['7-2026-05-01', '7-2026-05-01']);
  expect(await idsOf(['2026-05-01 09:10:11', '2026-05-01T23:59:00+08:00'])).toEqual([
    '7-2026-05-01',
    '7-2026-05-01',
  ]);
  expect(new Set(await idsOf(['2026/5/1 9:10', '20260501', '2026年5月1日']))).toEqual(
    new Set(['7-2026-05-01']),
  );
  // Another date of the file says what 3/5 is.
  expect(await idsOf(['3/5/2026 9:10', '2026-05-03', '25/5/2026'])).toEqual([
    '7-2026-05-03',
    '7-2026-05-03',
    '7-2026-05-25',
  ]);
  const seconds = ['2026-05-01,09:10:11', '2026-05-01,09:10:12', '2026-05-01,091013'];
  expect(new Set(await idsOf(seconds, 'day+clock'))).toEqual(new Set(['7-2026-05-01']));
});

test('columns are joined, filled down, sorted out and taken from a second table', async () => {
  const text = [
    'No,Day,Time,Card,Code,Name,Qty,Type,State',
    'A1,2026-05-01 00:00:00,0910,ann,,Milk,1,sale,ok',
    ',,,,T1,Tea,2,,',
    'A2,2026-05-01,21:05,ann,T1,Tea,1,refund,ok',
    'A3,2026-05-01,21:06,bob,T1,Tea,1,sale,void',
  ].join('\n');
  const { rows } = await reading(text, {
    map: ['purchaseId=No+Day,occurredAt=Day+Time,memberId=Card,itemId=Code|Name,quantity=Qty'],
    fillDown: true,
    skip: ['State=VOID'],
    returns: ['Type=ref*'],
  });
  expect(rows).toEqual([
    'A1-2026-05-01 ann 2026-05-01T09:10 1 Milk',
    'A1-2026-05-01 ann 2026-05-01T09:10 2 T1',
    'A2-2026-05-01 ann 2026-05-01T21:05 -1 T1',
    'left out: condition',
  ]);
  await withTemporaryFolder(async (folder) => {
    writeFileSync(
      join(folder, 'orders.csv'),
      'id,card,at\n="01",ann,2026-05-01 09:10\n02,,2026-05-02\n',
    );
    writeFileSync(join(folder, 'lines.csv'), 'order_id,code\n01,milk\n01,tea\n02,tea\n');
    const joined = await readAll([join(folder, 'lines.csv')], {
      join: [join(folder, 'orders.csv')],
      on: ['order_id=id'],
      map: ['purchaseId=order_id,memberId=card,occurredAt=at,itemId=code'],
    });
    expect(joined.rows).toEqual([
      '01 ann 2026-05-01T09:10 1 milk',
      '01 ann 2026-05-01T09:10 1 tea',
      '02 nobody 2026-05-02T00:00 1 tea',
    ]);
  });
});

test('a row of a whole order is split into its items', async () => {
  const map = ['purchaseId=no,occurredAt=at,itemId=items,memberId='];
  const text =
    'no,at,items\n1,2026-05-01,milk; tea x2; 3× cup\n' +
    '2,2026-05-02,name:Mug|sku:M1|quantity:2|total:9.00\n';
  expect((await reading(text, { map, split: ';' })).rows).toEqual([
    '1 nobody 2026-05-01T00:00 1 milk',
    '1 nobody 2026-05-01T00:00 2 tea',
    '1 nobody 2026-05-01T00:00 3 cup',
    '2 nobody 2026-05-02T00:00 2 M1 at 450',
  ]);
});

test('the order of day and month is found where dates of that style decide it', async () => {
  const rowsOf = (...days: string[]) =>
    [header, ...days.map((day, at) => `${at},m,${day},a,1,1`)].join('\n');
  const dmy = await reading(rowsOf('21/07/2015', '5/1/2015'));
  expect(dmy.rows[1]).toContain('2015-01-05');
  expect(dmy.notes[0]).toContain('day-month-year');
  const mdy = await reading(rowsOf('07/21/2015', '5/1/2015'));
  expect(mdy.rows[1]).toContain('2015-05-01');
  const open = await reading(rowsOf('21-07-2015', '5/1/2015'));
  expect(open.rows[1]).toBe('line 3: DATE_ORDER_UNKNOWN');
  const both = await reading(rowsOf('21/07/2015', '07/21/2015', '5/1/2015'));
  expect(both.rows[2]).toBe('line 4: DATE_ORDER_UNKNOWN');
  const reported = await reading(rowsOf('21-07-2015', '5/1/2015'), { dateOrder: 'dmy' });
  expect(reported.rows[1]).toContain('2015-01-05');
});

test('a decimal comma is found where the amounts of the file leave no doubt', async () => {
  const text = `${header}\n1;m;2026-05-01;a;1,234;1,50\n`.replace(
    header,
    header.replaceAll(',', ';'),
  );
  expect((await reading(text)).rows).toEqual(['1 m 2026-05-01T00:00 1.234 a at 150']);
  const open = text.replace('1,50', '2');
  expect((await reading(open)).rows).toEqual(['line 2: QUANTITY_INVALID']);
  expect((await reading(open, { decimal: ',' })).rows[0]).toContain('1.234 a');
});

test('amounts below zero that no field reads stop everything until somebody says so', async () => {
  const text = 'no,at,code,Quantity,Longitude\n1,2026-05-01,a,2,-73.9\n2,2026-05-01,a,-1,-73.9\n';
  const map = ['purchaseId=no,occurredAt=at,itemId=code'];
  await expect(reading(text, { map })).rejects.toThrow('1 row of');
  const { notes } = await reading(text, { map, ignore: ['Quantity'] });
  expect(notes.join()).toContain('columns that are not used: Longitude');
  expect((await reading(text, { map: [`${map[0]},quantity=Quantity`] })).rows[1]).toContain('-1 a');
  expect((await reading(text, { map, returns: ['Quantity=-*'] })).rows[1]).toContain('-1 a');
});

test('a column of what came back is known by the word in its name', async () => {
  const map = ['purchaseId=no,occurredAt=at,itemId=code'];
  for (const name of ['退货数量', 'refund qty', '本期退货金额(元)', 'Return', 'Net amount']) {
    const text = `no,at,code,${name}\n1,2026-05-01,a,\n2,2026-05-01,a,-1\n`;
    await expect(reading(text, { map }), name).rejects.toThrow('counted as sold');
  }
  for (const name of ['会员优惠金额', 'coupon amount', 'Longitude']) {
    const text = `no,at,code,${name}\n2,2026-05-01,a,-1\n`;
    expect((await reading(text, { map })).rows, name).toHaveLength(1);
  }
});

test('JSON is lines, an array or a document, flat or with lines of any name', async () => {
  const flat = [
    {
      purchaseId: '1',
      memberId: 'ann',
      occurredAt: '2026-05-01 09:10',
      itemId: 'milk',
      quantity: 0.356,
      unitPrice: 2.55,
    },
    {
      purchaseId: 2,
      memberId: null,
      occurredAt: '2026-05-02 09:10',
      itemId: 'tea',
      unitPrice: '1234.5',
    },
  ];
  const texts = [
    flat.map((row) => JSON.stringify(row)).join('\n'),
    JSON.stringify(flat),
    JSON.stringify({ total: 2, data: flat }, undefined, 2),
  ];
  for (const text of texts)
    expect((await reading(text, {}, 'in.json')).rows, text).toEqual(expected);
  const nested = `{"orders": [{"id": 12345678901234567890, "customer": {"id": "ann"},
    "at": "2026-05-01",
    "line_items": [{"id": 7, "sku": "milk", "quantity": 2}, {"id": 8, "sku": "tea"}]}]}`;
  const map = [
    'purchaseId=id,memberId=customer.id,occurredAt=at,itemId=line_items.sku',
    'quantity=line_items.quantity',
  ];
  expect((await reading(nested, { map }, 'in.json')).rows).toEqual([
    '12345678901234567890 ann 2026-05-01T00:00 2 milk',
    '12345678901234567890 ann 2026-05-01T00:00 1 tea',
  ]);
  await expect(reading(JSON.stringify(flat).slice(0, -1))).rejects.toThrow('JSON ends inside');
});

test('a zip, a folder and a pattern are all tables in them, in order of name', async () => {
  await withTemporaryFolder(async (folder) => {
    const file = (line: string) => `${header}\n${line}\n`;
    const zip = zipOf([
      [Buffer.from('c6bbb9fb2e637376', 'hex'), file(lines[1]!)],
      ['01.csv', file(lines[0]!)],
      ['__MACOSX/._01.csv', 'leavings'],
      ['README.md', 'no table'],
    ]);
    writeFileSync(join(folder, 'all.zip'), zip);
    const zipped = await readAll([join(folder, 'all.zip')]);
    expect(zipped.rows).toEqual(expected);
    expect(zipped.files.map(({ name }) => name)).toEqual(['01.csv', '苹果.csv']);
    const months = join(folder, 'months');
    mkdirSync(join(months, 'deep'), { recursive: true });
    writeFileSync(join(months, 'b.csv.gz'), gzipSync(file(lines[1]!)));
    writeFileSync(join(months, 'a.csv'), file(lines[0]!));
    writeFileSync(join(months, 'deep', 'notes.pdf'), '%PDF');
    expect((await readAll([months])).rows).toEqual(expected);
    expect((await readAll([join(months, '*.csv*')])).rows).toEqual(expected);
    await expect(readAll([join(months, '*.tsv')])).rejects.toThrow('holds no file');
    await expect(readAll([join(months, 'deep')])).rejects.toThrow('holds no file');
  });
});

test('what cannot be read says what to do', async () => {
  await expect(reading(Buffer.from('d0cf11e0a1b11ae1', 'hex'))).rejects.toThrow('save it as .xlsx');
  await expect(reading('<html><table>')).rejects.toThrow('HTML');
  for (const [texts, why] of [
    [{ dateOrder: 'ydm' }, '--date-order'],
    [{ decimal: ';' }, '--decimal'],
    [{ skip: ['Cancelled'] }, '--skip'],
    [{ preset: 'sap' }, '--preset'],
    [{ encoding: 'klingon' }, '--encoding'],
    [{ join: ['a.csv'] }, '--on'],
    [{ skip: ['State=void'] }, 'no column "State"'],
  ] as const) {
    await expect(reading(`${header}\n`, texts), why).rejects.toThrow(why);
  }
});
