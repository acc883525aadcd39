// Tests of `caini import` and `caini export` as programs: killed, stopped, called wrongly, and
// there and back.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openEngine } from '../../engine/index.ts';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/server/cli/main.js');
const shared = join(root, '../shared/data');
const groceries = join(shared, 'groceries_zh.csv.gz');
const retail = join(shared, 'online_retail_2010-12_2011-12.csv.gz');
const folder = mkdtempSync(join(tmpdir(), 'caini-import-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Several imports in a row, beside whatever else the machine has to do. */
const hangMs = 900_000;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Caini {
  readonly ended: Promise<Ended>;
  readonly kill: (signal: 'SIGKILL' | 'SIGINT') => void;
}

/** Starts the built program; the environment of the test run must not reach it. */
function caini(...options: string[]): Caini {
  const environment = { PATH: process.env['PATH'] };
  const child = spawn(process.execPath, [program, ...options], { env: environment });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stdout, stderr }));
  return { ended, kill: (signal) => child.kill(signal) };
}

/** Half a year of tickets with returns, big enough that a kill hits the middle. */
function writeTickets(tickets: number): string {
  const rows = ['purchaseId,memberId,occurredAt,itemId,quantity,unitPrice,itemName'];
  for (let index = 0; index < tickets; index += 1) {
    const month = 1 + Math.floor((index * 6) / tickets);
    const start = `t${index},m${index % 97},2026-0${month}-1${index % 9} 1${index % 8}:30`;
    for (let line = 0; line < 6; line += 1) {
      const item = (index * 7 + line * 13) % 211;
      rows.push(`${start},=i${item},2,${item}.50,"商品 ""${item}"""`);
    }
    if (index % 20 === 0)
      rows.push(`c${index},m${index % 97},2026-06-29,=i${(index * 7) % 211},-1`);
  }
  const path = join(folder, `${tickets}.csv`);
  const width = rows[0]!.split(',').length;
  const padded = rows.map((row) => (row.split(',').length < width ? `${row},,` : row));
  writeFileSync(path, `${padded.join('\n')}\n`);
  return path;
}

/** What is written of a transaction before it stands is a change of the file as well. */
const changesBeforeKill = 6;

/** Waits, without a clock, until the import has committed something, or is over. */
async function untilCommitted(dataDir: string, run: Caini): Promise<void> {
  const path = join(dataDir, 'chain', 'data.mdb');
  let [before, isOver]: [string | undefined, boolean] = [undefined, false];
  void run.ended.then(() => {
    isOver = true;
  });
  for (let changes = 0; !isOver && changes <= changesBeforeKill; ) {
    const now = existsSync(path) ? readFileSync(path).toString('latin1') : undefined;
    if (now?.includes('bookmark:import:') && now !== before) {
      before = now;
      changes += 1;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Kills an import of the file into a new folder twice, each time when it has committed more. */
async function killedTwice(file: string, attempt: number): Promise<string> {
  const dataDir = join(folder, `killed-${attempt}`);
  for (let kills = 0; kills < 2; kills += 1) {
    const run = caini('import', file, '--json', '--data-dir', dataDir);
    await untilCommitted(dataDir, run);
    run.kill('SIGKILL');
    await run.ended;
  }
  return dataDir;
}

/**
 * An import that was killed twice, and then done. One that had taken the whole file before the
 * second kill finds nothing to go on with, whether it still lived or not, nor does one of which
 * nothing stood yet; they are none of these.
 */
async function doneAfterKills(file: string): Promise<{ dataDir: string; last: Ended }> {
  for (let attempt = 0; ; attempt += 1) {
    const dataDir = await killedTwice(file, attempt);
    const last = await caini('import', file, '--json', '--data-dir', dataDir).ended;
    if (last.stderr.includes('going on after')) return { dataDir, last };
    const { created, duplicate } = JSON.parse(last.stdout) as Readonly<Record<string, number>>;
    expect([0, 8_000], last.stderr).toContain(created);
    expect(created! + duplicate!).toBe(8_000);
    expect(attempt, 'imports that were done before the kill').toBeLessThan(10);
  }
}

function comparable(stdout: string): object {
  return { ...JSON.parse(stdout), seconds: 0, rejects: '' };
}

async function digestOf(dataDir: string): Promise<string> {
  const engine = await openEngine({ dataDir });
  try {
    return engine.inspect.digest();
  } finally {
    await engine.close();
  }
}

test(
  'an import killed twice ends like one that was left alone',
  async () => {
    const file = writeTickets(8_000);
    const calm = join(folder, 'calm');
    const whole = await caini('import', file, '--json', '--data-dir', calm).ended;
    expect(whole.code, whole.stderr).toBe(0);
    const { dataDir: killed, last } = await doneAfterKills(file);
    expect(comparable(last.stdout)).toEqual(comparable(whole.stdout));
    expect(comparable(last.stdout)).toMatchObject({ created: 8_000, duplicate: 0 });
    expect(await digestOf(killed)).toBe(await digestOf(calm));
    const again = await caini('import', file, '--json', '--data-dir', killed).ended;
    expect(comparable(again.stdout)).toMatchObject({ created: 0, duplicate: 8_000 });
    expect(await digestOf(killed)).toBe(await digestOf(calm));
  },
  hangMs,
);

test('an interrupted import says how to go on and ends with 130', async () => {
  const file = writeTickets(8_000);
  const dataDir = join(folder, 'interrupted');
  const run = caini('import', file, '--json', '--data-dir', dataDir);
  await untilCommitted(dataDir, run);
  run.kill('SIGINT');
  const { code, stderr, stdout } = await run.ended;
  expect(code, stderr).toBe(130);
  expect(stderr).toContain('run the same command again');
  expect(JSON.parse(stdout).created).toBeLessThan(8_000);
});

test.each(['csv', 'ndjson'])('a net export in %s comes back to the same counts', async (format) => {
  const [from, back] = [join(folder, `from-${format}`), join(folder, `back-${format}`)];
  const out = join(folder, `export.${format}`);
  await caini('import', writeTickets(500), '--data-dir', from).ended;
  const flags = ['--format', format, '--out', out, '--net', '--data-dir', from];
  const exported = await caini('export', ...flags).ended;
  expect(exported.code, exported.stderr).toBe(0);
  const imported = await caini('import', out, '--json', '--data-dir', back).ended;
  expect(JSON.parse(imported.stdout), imported.stderr).toMatchObject({ rejected: 0, returns: 0 });
  expect(await digestOf(back)).toBe(await digestOf(from));
});

test('wrong arguments end with 2, a file that is not there with 1', async () => {
  const file = writeTickets(10);
  const codeOf = async (...options: string[]) => {
    const { code, stderr } = await caini('import', ...options, '--data-dir', folder).ended;
    return [code, stderr.split('\n').length];
  };
  expect(await codeOf(file, '--map', 'nothing=here')).toEqual([2, 2]);
  expect(await codeOf(file, '--map', 'itemId=absent')).toEqual([2, 2]);
  expect(await codeOf(file, '--time-zone', 'Mars/Olympus')).toEqual([2, 2]);
  expect(await codeOf(file, '--occurred-at', 'tomorrow')).toEqual([2, 2]);
  expect(await codeOf(join(folder, 'absent.csv'))).toEqual([1, 2]);
});

/** As a Chinese spreadsheet saves a report: titles, shields, a total, CRLF, and GBK bytes. */
const gbkReport = join(root, 'tests/fixtures/exports/gbk-report.csv');

test('a report in GBK gets into lists by what --inspect proposes', async () => {
  const dataDir = join(folder, 'gbk');
  const seen = await caini('import', '--inspect', gbkReport, '--json', '--data-dir', dataDir).ended;
  expect(seen.code, seen.stderr).toBe(0);
  expect(existsSync(dataDir)).toBe(false);
  const { flags, open, command } = JSON.parse(seen.stdout);
  expect(open).toEqual([]);
  expect(command).toContain('小票号');
  const dry = await caini(
    'import',
    gbkReport,
    ...flags,
    '--dry-run',
    '--json',
    '--data-dir',
    dataDir,
  ).ended;
  expect(existsSync(join(dataDir, 'chain'))).toBe(false);
  const run = await caini('import', gbkReport, ...flags, '--json', '--data-dir', dataDir).ended;
  expect(run.stderr).toContain('gb18030');
  expect(comparable(run.stdout)).toEqual(comparable(dry.stdout));
  expect(comparable(run.stdout)).toMatchObject({
    ...{ rowsRead: 9, created: 3, anonymous: 2, returns: 1, rejected: 0, rowsSkipped: 1 },
    ...{ items: 4, members: 1 },
  });
  const engine = await openEngine({ dataDir });
  const { items } = engine.lists.recommend({ scenario: 'bought-together', itemId: '06901028' });
  await engine.close();
  expect(items.map(({ itemId }) => itemId)).toContain('06901029');
});

test('--inspect keeps every option that was told, and counts what an import counts', async () => {
  const [sales, heads] = [join(folder, 'lines.csv'), join(folder, 'heads of sales.csv')];
  const lines = ['1,tea,1', '1,cup,2', '1,,1', '2,tea,-1', '3,tea,1', '3,cup,1', '4,tea,0'];
  writeFileSync(sales, `order_id,sku,qty\n${lines.join('\n')}\n`);
  const orders = [
    '1,2026-05-01,ann,A',
    '2,2026-05-02,house,A',
    '3,2026-05-02,bob,A',
    '4,2026-05-02,,B',
  ];
  writeFileSync(heads, `id,date,customer,shop\n${orders.join('\n')}\n`);
  const stated = [
    '--join',
    heads,
    '--on',
    'order_id=id',
    '--anonymous',
    'house',
    '--roles',
    'none',
  ];
  const more = ['--rejects', join(folder, 'mine.csv'), '--time-zone', 'UTC', '--ignore', 'shop'];
  const where = ['--data-dir', join(folder, 'told')];
  const all = [...stated, ...more, ...where];
  const seen = await caini('import', '--inspect', sales, ...all, '--json').ended;
  expect(seen.code, seen.stderr).toBe(0);
  const { flags, counts, command } = JSON.parse(seen.stdout);
  for (const [at, flag] of all.entries()) {
    if (flag.startsWith('--'))
      expect(flags.filter((each: string) => each === flag)).toHaveLength(1);
    else expect(flags[flags.indexOf(all[at - 1]) + 1]).toBe(flag);
  }
  expect(command).toContain(`'${heads}'`);
  const run = await caini('import', sales, ...flags, '--json').ended;
  const { rowsRead, created, rejected, members, items, returnsUnmatched } = JSON.parse(run.stdout);
  expect(counts).toMatchObject({
    rows: rowsRead,
    receipts: created,
    refused: rejected,
    members,
    items,
  });
  expect([created, rejected, returnsUnmatched, counts.returned]).toEqual([2, 2, 1, 1]);
  const page = await caini('import', '--inspect', sales).ended;
  expect(page.stdout).toContain('no command yet');
});

test('a file of which most rows are refused ends with 3', async () => {
  const path = join(folder, 'mostly.csv');
  const rows = ['1,m,someday,a', '2,m,2026-05-01,a', '3,m,,a'];
  writeFileSync(path, `purchaseId,memberId,occurredAt,itemId\n${rows.join('\n')}\n`);
  const run = await caini('import', path, '--data-dir', join(folder, 'mostly')).ended;
  expect(run.code, run.stderr).toBe(3);
});

// The data of ../shared is never part of the repository.
test.skipIf(!existsSync(groceries))('the Chinese tickets import without a member', async () => {
  const dataDir = join(folder, 'groceries');
  const options = ['--map', 'purchaseId=id,itemId=Goods', '--occurred-at', '2026-01-01'];
  const run = await caini('import', groceries, ...options, '--json', '--data-dir', dataDir).ended;
  expect(JSON.parse(run.stdout)).toMatchObject({
    rowsRead: 43_367,
    created: 9_835,
    anonymous: 9_835,
    rejected: 0,
  });
});

// Half a million rows with returns, blanks and odd codes, as published.
test.skipIf(!existsSync(retail))(
  'a year of real sales is accounted for, row by row',
  async () => {
    const map = [
      'purchaseId=InvoiceNo,memberId=CustomerID,itemId=StockCode,itemName=Description',
      'quantity=Quantity,unitPrice=UnitPrice,occurredAt=InvoiceDate,storeId=Country',
    ].join(',');
    const options = ['--map', map, '--time-zone', 'Europe/London', '--json'];
    const dataDir = join(folder, 'retail');
    const run = await caini('import', retail, ...options, '--data-dir', dataDir).ended;
    expect(JSON.parse(run.stdout), run.stderr).toMatchObject({
      rowsRead: 541_909,
      created: 20_726,
      anonymous: 2_190,
      rowsCreated: 531_283,
      // 65 of them without a member, each of the one sale that it can be of.
      returns: 7_635,
      returnsUnmatched: 2_989,
      rejected: 2,
      members: 4_339,
    });
  },
  hangMs,
);

test('a scan that is taken back comes off its own receipt, at any time of day', async () => {
  const path = join(folder, 'voids.csv');
  const rows = ['A,m,milk,1', 'A,m,bread,1', 'A,m,milk,-1', 'B,m,milk,1', 'B,m,tea,1'];
  const dated = rows.map((row) => `${row},2026-05-01`);
  writeFileSync(path, ['purchaseId,memberId,itemId,quantity,occurredAt', ...dated].join('\n'));
  const data = join(folder, 'voids');
  const { code, stderr } = await caini('import', path, '--data-dir', data).ended;
  expect(code, stderr).toBe(0);
  const { stdout } = await caini('export', '--net', '--data-dir', data).ended;
  const left = stdout.split('\n').map((line) => line.split(',').filter((_, at) => at % 3 === 0));
  expect(left.slice(1, 4).map(([receipt, item]) => `${receipt} ${item}`)).toEqual([
    'A bread',
    'B milk',
    'B tea',
  ]);
});
