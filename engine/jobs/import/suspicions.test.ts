// Tests of suspicions: what an import tells to look at, and that ordinary sales give no cause.
import { expect, test } from 'vitest';
import { csv, importFile, MemoryTarget } from '../../../tests/support/imports.ts';

/** Ordinary sales of three stores, a quarter of an hour apart from 8 to 22. */
function usualRows(receipts: number): string[] {
  return Array.from({ length: receipts }, (_, at) => {
    const [day, quarter] = [1 + Math.floor(at / 56), at % 56];
    const time = `${String(8 + (quarter >> 2)).padStart(2, '0')}:${(quarter % 4) * 15 || '00'}`;
    const date = `2026-0${3 + Math.floor(day / 28)}-${String(1 + (day % 28)).padStart(2, '0')}`;
    return `r${at},m${at % 150},${date} ${time},item${at % 60},1,5,S${at % 3},`;
  });
}

async function suspicionsOf(...rows: readonly string[]) {
  const { summary } = await importFile(csv(...usualRows(1_500), ...rows));
  return summary.suspicions.map(({ kind, count, example }) => `${kind} ${count} ${example}`);
}

test('ordinary sales give no cause', async () => {
  expect(await suspicionsOf()).toEqual([]);
});

test('a card with more than 1 % of the receipts is named', async () => {
  const house = Array.from({ length: 120 }, (_, at) => {
    const time = `${10 + (at % 9)}:0${at % 7}`;
    return `h${at},house,2026-04-0${1 + (at % 9)} ${time},tea,${1 + at},5,S1,`;
  });
  expect(await suspicionsOf(...house)).toEqual(['bigMembers 1 house']);
});

test('the same sale under two ids is named, and two customers of one minute are not', async () => {
  const rows = [
    'a1,ann,2026-04-01 10:00:10,tea,1,5,S1,',
    'a1,ann,2026-04-01 10:00:10,cup,2,5,S1,',
    // From another system, its lines in another order.
    'ERP-7,ann,2026-04-01 10:00,cup,2,5,S1,',
    'ERP-7,ann,2026-04-01 10:00,tea,1,5,S1,',
    'b1,bob,2026-04-01 10:00,tea,1,5,S1,',
    'c1,,2026-04-01 10:00,tea,1,5,S1,',
    'c2,,2026-04-01 10:00,tea,1,5,S1,',
    'a2,ann,2026-04-01 10:00,tea,1,5,S1,',
    'a3,ann,2026-04-01 10:00,tea,1,5,S2,',
  ];
  expect(await suspicionsOf(...rows)).toEqual(['soldTwice 1 ERP-7']);
});

test('what all stores sell at one moment, and times that cannot be, are named', async () => {
  const stock = ['S0', 'S1', 'S2'].map((store) => `x${store},,2026-04-02 12:07,bag,1,5,${store},`);
  expect(await suspicionsOf(...stock)).toEqual(['soldEverywhere 1 bag']);
  const odd = ['n1,,2026-04-02 03:10,tea,1,5,S1,', 'y1,,2000-01-01 10:10,tea,1,5,S1,'];
  expect(await suspicionsOf(...odd)).toEqual(['outsideHours 1 n1', 'yearsApart 1 y1']);
});

test('sales at night say that the zone may be wrong', async () => {
  const rows = usualRows(1_500).map((row) => row.replace(/ (\d\d):(\d\d),/, ' $1:$2Z,'));
  const night = rows.map((row) => row.replace(/ (\d\d):/, (_, hour) => ` 0${Number(hour) % 10}:`));
  const { summary } = await importFile(csv(...night));
  expect(summary.suspicions.map(({ kind }) => kind)).toContain('atNight');
  const days = usualRows(1_500).map((row) => row.replace(/ \d\d:\d\d,/, ' 00:00:00Z,'));
  const bare = await importFile(csv(...days));
  expect(bare.summary.suspicions).toEqual([]);
});

test('numbers that were given twice are counted, and a second run says the same', async () => {
  const rows = ['1,ann,2026-04-01 10:00,tea,1,5,S1,', '1,ann,2026-04-02 10:00,cup,1,5,S1,'];
  const path = csv(...usualRows(300), ...rows);
  const target = new MemoryTarget();
  const { summary } = await importFile(path, { target });
  expect(summary.suspicions).toEqual([{ kind: 'numbersRepeated', count: 2, example: 'line 302' }]);
  const again = await importFile(path, { target });
  expect(again.summary.suspicions).toEqual(summary.suspicions);
});
