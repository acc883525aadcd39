// Tests of presets: each reads a file laid out as its system exports it, without further word.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../../tests/support/folders.ts';
import { inspectTables } from './inspect.ts';
import { planReading } from './plan.ts';
import { presets } from './presets.ts';
import { readRows } from './reader.ts';
import { readingOf } from './reading.ts';
import { isRefusal, readRow } from './row.ts';
import { findFiles, findTables } from './sources.ts';

/**
 * What the rows of each export mean (tests/fixtures/exports); `-` is left out. Values are made up.
 * Columns of Square (items detail), Loyverse (both exports), Amazon and 有赞 are those that programs
 * in public repositories read or test with; of WooCommerce Analytics those of its own source,
 * `get_export_columns`; of The Complete Journey and Let's Get Sort-of-Real those of the published
 * files. For 金蝶 and 银豹 no public list was found: they are as shops describe them.
 */
const expected: Readonly<Record<string, readonly string[]>> = {
  odoo: ['Shop/0001 res_partner_7 1 [E7] Cabinet', 'Shop/0001 res_partner_7 2 [F9] Desk', '-', '-'],
  shopify: ['#1001 ann@example.com 1 MUG-1', '#1001 ann@example.com 2 Tea', '-', '-'],
  square: ['TX-A C-1 1 Latte', 'TX-A C-1 2 ST-1', 'TX-A C-1 -1 Latte'],
  woocommerce: ['57 3 2 MUG-1', '57 3 1 16', '-'],
  'woocommerce-analytics': ['57 Ann Lee 2 Mug', '57 Ann Lee 1 Green Tea', '-'],
  loyverse: ['2-1678 ann@example.com 1 10221', '2-1679 ann@example.com -1 10221', '-'],
  'loyverse-receipts': [
    '4-10378 Ann 1 Cocoa',
    '4-10378 Ann 2 Rice Cake',
    '4-10379 Ann -1 Rice Cake',
    '-',
  ],
  amazon: ['111-0000001 nobody 2 MUG-1', '111-0000001 nobody 1 TEA-1', '-'],
  'youzan-orders': [
    'E20260501000001 13800001111 1 手冲壶(白色)',
    'E20260501000001 13800001111 3 滤纸',
    '-',
  ],
  'online-retail': ['489434 13085 12 85048', 'C489449 16321 -12 22087'],
  'complete-journey': ['26984851472 2375 1 1004906', '26984851472 2375 2 1033142'],
  'sort-of-real': ['994100100398294 CUST0000410727 1 PRD0900033'],
  kingdee: [
    'XSCK000123 nobody 12 01.02.003',
    'XSCK000123 nobody 2 01.02.004',
    'XSTH000007 VIP0001 -1 01.02.003',
    '-',
  ],
  youzan: ['E20260501100000001 13800001111 1 SP001', 'E20260501100000001 13800001111 3 LZ-02', '-'],
  pospal: ['202605011000001 8001 2 6901028000017', '202605011200002 8001 -1 6901028000017'],
};

test('a country of customers is no store', () => {
  const { columns } = presets.find(({ name }) => name === 'online-retail')!;
  expect(columns.storeId).toBeUndefined();
});

const exportsFolder = join(import.meta.dirname, '../../../tests/fixtures/exports');
const names = Object.keys(expected);

test('every preset has a sample, and every sample a preset', () => {
  expect(presets.map(({ name }) => name).sort()).toEqual(names.sort());
});

test.each(names)('%s: a file is known by its columns and read whole', async (name) => {
  const files = await findTables(findFiles([join(exportsFolder, `${name}.csv`)]));
  const options = await readingOf({ preset: name }, files, 'Asia/Shanghai');
  const { files: prepared, rules } = await planReading(files, options);
  const found: string[] = [];
  for await (const chunk of readRows(prepared, options)) {
    for (const source of chunk) {
      const row = source.skipped === undefined ? readRow(source, rules) : undefined;
      if (row === undefined) found.push('-');
      else if (isRefusal(row)) found.push(`${row.reason}: ${row.message}`);
      else {
        const { purchaseId, memberId = 'nobody', thousandths, itemId } = row;
        found.push(`${purchaseId} ${memberId} ${thousandths / 1_000} ${itemId}`);
      }
    }
  }
  expect(found).toEqual(expected[name]);
  const inspected = await withTemporaryFolder((workFolder) =>
    inspectTables(files, { texts: {}, timeZone: 'Asia/Shanghai', workFolder }),
  );
  expect(inspected.preset).toBe(name);
  expect(inspected.counts).toMatchObject({ refused: 0, rows: found.length });
  expect(inspected.isReady).toBe(true);
});
