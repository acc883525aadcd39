// Tests of `caini evaluate` as a program: chains whose figures are known beforehand, files and
// options that are refused, and the scratch folder that must be gone.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { type Ended, startCaini } from '../../tests/support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'caini-evaluate-command-'));
const scratch = join(folder, 'scratch');
mkdirSync(scratch);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const header = 'purchaseId,memberId,occurredAt,itemId';

function start(...options: string[]) {
  return startCaini(['evaluate', ...options], { TMPDIR: scratch });
}

function evaluate(...options: string[]): Promise<Ended> {
  return start(...options).ended;
}

function write(name: string, rows: readonly string[], columns = header): string {
  const path = join(folder, name);
  const text = `${[columns, ...rows].join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

interface Row {
  readonly id: string;
  readonly member: string;
  readonly day: number;
  readonly items: readonly string[];
}

function rowsOf({ id, member, day, items }: Row): string[] {
  const date = new Date(Date.UTC(2026, 0, day)).toISOString();
  return items.map((item) => `${id},${member},${date},${item}`);
}

/**
 * Twelve members, each with two items that they buy every time, and three loyal to one pair more.
 */
function loyalRows(): string[] {
  const members = Array.from({ length: 12 }, (_, member) => member);
  return members.flatMap((member) =>
    [1, 2, 3, 4].flatMap((day) =>
      rowsOf({
        id: `r${member}-${day}`,
        member: `m${member}`,
        day,
        items: [`a${member}`, `b${member}`],
      }),
    ),
  );
}

test('who always buys the same is foretold wholly, from plain and packed files', async () => {
  const plain = await evaluate(write('loyal.csv', loyalRows()), '--json');
  expect(plain.code, plain.stderr).toBe(0);
  expect(plain.stdout.trimEnd().split('\n')).toHaveLength(1);
  const found = JSON.parse(plain.stdout);
  const whole = { n: 12, recall10: 1, ndcg10: 1, phr10: 1, recall20: 1, ndcg20: 1, phr20: 1 };
  expect(found).toMatchObject({ protocol: 'last', n: 12, all: whole, repeat: whole });
  expect(found.explore).toMatchObject({ n: 0, recall10: 0 });
  expect(found.intervals.all.recall10).toEqual([1, 1]);
  // Twelve members, two items each: the lists of ten show all of the shelf.
  expect(found.coverage).toBe(1);
  const packed = await evaluate(write('loyal.csv.gz', loyalRows()), '--json');
  expect(packed.stdout).toBe(plain.stdout);
  expect(readdirSync(scratch)).toEqual([]);
});

test('without --json the figures are tables', async () => {
  const { code, stdout } = await evaluate(write('loyal.csv', loyalRows()), '--k', '5');
  expect(code).toBe(0);
  expect(stdout).toContain('last: 12 receipts foretold, formula shipped');
  expect(stdout).toMatch(/bought before \(buy-again\), 12 receipts\n +recall5 +ndcg5 +phr5\ncaini/);
});

test('pairs that always go together are completed at the first place', async () => {
  const pairs = Array.from({ length: 100 }, (_, k) => `${k + 1},左${k % 5}|${k + 1},右${k % 5}`);
  const rows = pairs.flatMap((pair) => pair.split('|'));
  const path = write('tickets.csv', rows, 'id,Goods');
  const { code, stdout, stderr } = await evaluate(path, '--protocol', 'completion', '--json');
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    protocol: 'completion',
    n: 20,
    addOn: { n: 20, hitRate10: 1, mrr10: 1, hitRate20: 1, mrr20: 1 },
  });
  expect(JSON.parse(stdout).addOnKnown).toBeUndefined();
  const mapped = await evaluate(
    ...[path, '--map', 'purchaseId=id,itemId=Goods,memberId=', '--protocol', 'completion'],
    '--json',
  );
  expect(mapped.stdout).toBe(stdout);
});

test('a replay asks within its days for members with a past, however young', async () => {
  const rows = [
    { id: 'r1', member: 'ann', day: 1, items: ['milk', 'tea'] },
    { id: 'r2', member: '', day: 2, items: ['milk', 'rice'] },
    // Bob's first receipt is in the window; the second follows at once.
    { id: 'r3', member: 'bob', day: 3, items: ['salt', 'oil'] },
    { id: 'r4', member: 'bob', day: 3, items: ['salt', 'oil'] },
    { id: 'r5', member: 'ann', day: 4, items: ['milk'] },
    { id: 'r6', member: 'ann', day: 5, items: ['never asked for'] },
  ].flatMap(rowsOf);
  const path = write('replay.csv', rows);
  const window = ['--protocol', 'replay', '--from', '2026-01-03', '--to', '2026-01-05'];
  const { stdout, stderr, code } = await evaluate(path, ...window, '--json');
  expect(code, stderr).toBe(0);
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({ n: 2, all: { n: 2, recall10: 1 }, repeat: { n: 2 } });
  // Ann's single item is no ticket that could be completed.
  expect(found.addOn.n).toBe(1);
  expect(found.addOnKnown).toMatchObject({ n: 1, hitRate10: 1 });
});

test('baselines stand beside, tuned and published, and repeat by the seed', async () => {
  const path = write('loyal.csv', loyalRows());
  const first = await evaluate(path, '--baselines', '--json', '--seed', '7');
  expect(first.code, first.stderr).toBe(0);
  const { baselines } = JSON.parse(first.stdout);
  expect(Object.keys(baselines)).toEqual([
    'G-TopFreq',
    'P-TopFreq',
    'GP-TopFreq',
    'GP-TopFreq by popularity',
    'item-item cosine',
    'item-item Jaccard',
    'TIFU-KNN published',
    'UP-CF@r published',
    'TIFU-KNN tuned',
    'UP-CF@r tuned',
  ]);
  expect(baselines['P-TopFreq'].all.recall10).toBe(1);
  expect(baselines['TIFU-KNN published'].all.ndcg10).toBe(1);
  const again = await evaluate(path, '--baselines', '--json', '--seed', '7');
  expect(again.stdout).toBe(first.stdout);
});

test('rows that cannot be read and goods brought back are left out and told', async () => {
  const rows = [
    ...loyalRows().map((row) => `${row},1`),
    'x,m0,yesterday,a0,1',
    'y,m0,2026-01-02,a0,-1',
  ];
  const path = write('flawed.csv', rows, `${header},quantity`);
  const { code, stdout, stderr } = await evaluate(path, '--json');
  expect(code).toBe(0);
  expect(stderr).toContain(
    'left out as they cannot be read: 1 row; line 98: occurredAt "yesterday"',
  );
  expect(stderr).toContain('left out as goods brought back: 1 row');
  expect(JSON.parse(stdout)).toMatchObject({
    all: { recall10: 1 },
    leftOut: { refusedRows: 1, returnedRows: 1 },
  });
});

test('a bag in each basket and a fee in every other are neither learnt nor predicted', async () => {
  const rows = loyalRows().map((row) => `${row},${row.split(',').at(-1)}`);
  const plain = await evaluate(write('goods.csv', rows, `${header},itemName`), '--json');
  const others = rows.flatMap((row, at) => {
    const receipt = row.split(',').slice(0, 3).join(',');
    return [`${receipt},B-1,购物袋(大)`, ...(at % 2 === 0 ? [`${receipt},F-1,Delivery Fee`] : [])];
  });
  const path = write('bags.csv', [...rows, ...others], `${header},itemName`);
  const found = await evaluate(path, '--json');
  const { leftOut, ...figures } = JSON.parse(found.stdout);
  expect(leftOut).toMatchObject({ otherRows: others.length });
  expect(found.stderr).toContain(`left out as no goods by their name: ${others.length} rows`);
  expect(figures).toEqual({ ...JSON.parse(plain.stdout), leftOut: undefined });
  const { leftOut: none } = JSON.parse((await evaluate(path, '--json', '--roles', 'none')).stdout);
  expect(none).toMatchObject({ otherRows: 0 });
});

test.each([
  [['--protocol', 'yesterday'], 'Allowed choices are last, replay, completion'],
  [['--formula', 'secret'], 'Allowed choices are baseline, shipped'],
  [['--half-life-days', '0'], '"0" is no whole number from 1 to 36500 or none'],
  [['--k', '10,,20'], '"" is no whole number from 1 to 100'],
  [['--k', '101'], '"101" is no whole number from 1 to 100'],
  [['--seed', '-1'], '"-1" is no whole number from 0 to 4294967295'],
  [['--from', '2026-01-01'], 'bounds a replay only; the protocol is last'],
  [['--protocol', 'replay', '--from', '2026-04-31'], '"2026-04-31" is no day such as'],
  [
    ['--protocol', 'replay', '--from', '2026-01-02', '--to', '2026-01-02'],
    '2026-01-02 must be after --from 2026-01-02',
  ],
  [['--map', 'itemId=absent'], 'has no column "absent" for itemId'],
])('%j is refused with 2 and the value', async (options, words) => {
  const { code, stdout, stderr } = await evaluate(write('loyal.csv', loyalRows()), ...options);
  expect(stderr).toContain(words);
  expect(code).toBe(2);
  expect(stdout).toBe('');
});

test('files that are not there, have no receipts or nothing to predict end with 1', async () => {
  const endOf = async (path: string, ...options: string[]) => {
    const { code, stderr } = await evaluate(path, ...options);
    return [code, stderr.trimEnd()] as const;
  };
  const absent = await endOf(join(folder, 'absent.csv'));
  expect(absent).toEqual([1, expect.stringContaining('absent.csv does not exist')]);
  const empty = await endOf(write('none.csv', []));
  expect(empty).toEqual([1, expect.stringContaining('none.csv holds no receipt')]);
  const anonymous = write('anonymous.csv', ['t1,,2026-01-01,milk', 't1,,2026-01-01,tea']);
  expect((await endOf(anonymous))[1]).toContain('last needs a member with two receipts or more');
  const headless = await evaluate(write('headless.csv', [], 'what,is,this'));
  expect([headless.code, headless.stderr]).toEqual([2, expect.stringContaining('purchaseId')]);
  expect(readdirSync(scratch)).toEqual([]);
});

test('an interrupted evaluation ends with 130 and leaves nothing behind', async () => {
  const rows = Array.from({ length: 30_000 }, (_, k) =>
    rowsOf({
      id: `r${k}`,
      member: `m${k % 300}`,
      day: 1 + (k % 90),
      items: [`i${k % 997}`, 'bag'],
    }),
  ).flat();
  const run = start(write('long.csv', rows));
  while (readdirSync(scratch).length === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  run.child.kill('SIGINT');
  const { code, stdout, stderr } = await run.ended;
  expect([code, stdout]).toEqual([130, '']);
  expect(stderr).toContain('stopped');
  expect(readdirSync(scratch)).toEqual([]);
});
