// The shipped names of what is no goods, held against catalogues as they are.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compileRoles, shippedRoles } from '../engine/index.ts';
import { demoItems } from '../server/demo/catalogue.ts';

const guess = compileRoles(shippedRoles);
const isOther = (name: string) => guess({ name }) !== undefined;

// The data of ../shared is never part of the repository.
const tills = new URL('../../shared/cases/17-non-goods/names.txt', import.meta.url);
const retail = new URL('../../shared/data/online_retail_2010-12_2011-12.csv.gz', import.meta.url);

test('no goods of the demo chain are taken for anything else', () => {
  const items = demoItems();
  expect(items.length).toBeGreaterThan(300);
  const hidden = items.filter((item) => guess(item) !== undefined);
  expect(hidden.map(({ name }) => name)).toEqual([]);
});

test.skipIf(!existsSync(tills))(
  'at least 36 of 41 names of tills are known (skipped without ../shared)',
  () => {
    const names = readFileSync(tills, 'utf8').split('\n').filter(Boolean);
    expect(names).toHaveLength(41);
    const missed = names.filter((name) => !isOther(name));
    expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(5);
  },
);

test.skipIf(!existsSync(retail))(
  'of 4,000 names of Online Retail those that are no goods are known (skipped without ../shared)',
  () => {
    const rows = gunzipSync(readFileSync(retail)).toString();
    const description = /^[^,]*,[^,]*,("(?:[^"]|"")*"|[^,]*),/gm;
    const names = new Set([...rows.matchAll(description)].map(([, name]) => name!.trim()));
    expect(names.size).toBeGreaterThan(4_000);
    const charge =
      /^(amazon|bank|cruk|dotcom|next day|packing)?\s?(postage|carriage|fee|charges?)/i;
    const others =
      /^(manual|samples|discount|(amazon )?adjustment|adjust bad debt|cruk commission)$/i;
    const isBooked = (name: string) => charge.test(name) || others.test(name);
    const known = [...names].filter(isOther);
    const hidden = known.filter((name) => !isBooked(name) && !/gift voucher £/i.test(name));
    expect(hidden).toEqual([]);
    expect(known.length).toBeGreaterThan(15);
  },
);
