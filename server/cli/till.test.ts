// The till at a prompt: what can be typed, and a whole ticket against a real server.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { teach } from '../../tests/support/conversation.ts';
import { caini, startCaini } from '../../tests/support/program.ts';
import { openTill, type Till } from '../../tests/support/till.ts';
import { completeLine, findItems, readLine } from './till-line.ts';

const shelf = [
  { itemId: 'milk', name: '鲜牛奶', priceFen: 500 },
  { itemId: 'milk-tea', name: '奶茶' },
  { itemId: 'bread' },
];

describe('a line', () => {
  test.each([
    ['', { kind: 'nothing' }],
    ['milk', { kind: 'scan', text: 'milk', quantity: 1 }],
    ['鲜 牛奶 x3', { kind: 'scan', text: '鲜 牛奶', quantity: 3 }],
    ['x3', { kind: 'scan', text: 'x3', quantity: 1 }],
    ['void 2', { kind: 'void', seq: 2 }],
    ['void two', { kind: 'scan', text: 'void two', quantity: 1 }],
    ['no 奶茶', { kind: 'decline', text: '奶茶' }],
    ['member ann', { kind: 'member', memberId: 'ann' }],
    ['member', { kind: 'member', memberId: undefined }],
    ['pay', { kind: 'pay' }],
  ])('%j is understood', (text, line) => {
    expect(readLine(text)).toEqual(line);
  });

  test('names an item by its id, its name, or a part that no other has', () => {
    const found = (text: string) => findItems(shelf, text).map(({ itemId }) => itemId);
    expect(found('milk')).toEqual(['milk']);
    expect(found('奶茶')).toEqual(['milk-tea']);
    expect(found('奶')).toEqual(['milk', 'milk-tea']);
    expect(found('BREA')).toEqual(['bread']);
    expect(found('yacht')).toEqual([]);
    expect(found('6901234567892')).toEqual(['6901234567892']);
  });

  test('is completed to words and items', () => {
    expect(completeLine(shelf, 'm')).toEqual([['member', 'milk', 'milk-tea'], 'm']);
    expect(completeLine(shelf, 'no 奶')).toEqual([['奶茶'], '奶']);
  });
});

describe('the command', () => {
  let till: Till;
  beforeAll(async () => {
    till = await openTill();
    await teach(till.engine);
    // What it was taught is of May.
    await till.engine.upkeep.confirmClock();
  });
  afterAll(() => till?.close());

  test('scans, advises and pays', async () => {
    const options = ['till', '--url', till.door.url, '--store', 's1', '--deadline-ms', '5000'];
    const { child, ended } = startCaini(options);
    const lines = [
      'milk x2',
      'bread',
      'void 2',
      'no eggs',
      'member ann',
      'nothing-such',
      'pay',
      'quit',
    ];
    child.stdin!.end(`${lines.join('\n')}\n`);
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /1\. milk x2\n +\d+\.\d ms {2}offer bread: 6 receipts hold it with milk/,
    );
    expect(stdout).toContain('nothing is called nothing-such');
    expect(stdout).toMatch(/receipt till-1-\d+: CREATED$/m);
    const sold = [...till.engine.records.receipts()].filter(({ purchaseId }) =>
      /^till-1/.test(purchaseId),
    );
    expect(sold).toMatchObject([{ itemId: 'milk', quantity: 2, memberId: 'ann', storeId: 's1' }]);
  });

  test('tells in one line that nobody is there', async () => {
    const { code, stderr } = await caini('till', '--url', 'grpc://127.0.0.1:1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^caini: grpc:\/\/127\.0\.0\.1:1 cannot be reached: .*\n$/);
    const wrong = await caini('till', '--deadline-ms', 'soon');
    expect(wrong.stderr).toBe('caini: --deadline-ms is soon but must be 1 to 10000\n');
  });

  test('goes on without the session, and the receipt reaches the server', async () => {
    const short = await openTill({ sessionLimits: { sessionsMax: 0 } });
    try {
      const { child, ended } = startCaini(['till', '--url', short.door.url]);
      child.stdin!.write('690123\n');
      await once(child.stdout!, 'data');
      child.stdin!.end('pay\nquit\n');
      const { stdout } = await ended;
      expect(stdout).toContain('the session is gone');
      expect(stdout).toMatch(/receipt till-1-\d+: CREATED {2}\(sent by itself\)/);
      expect([...short.engine.records.receipts()]).toMatchObject([{ itemId: '690123' }]);
    } finally {
      await short.close();
    }
  });
});
