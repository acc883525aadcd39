// Members with far more receipts than a person has: what is done to them holds nobody else up.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { beHonest, type Honest, many, openStage, type Stage, say, turnMsMax } from './stage.ts';

let stage: Stage;
let honest: Honest;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(async () => {
  await honest.stop();
  expect(honest.failures).toEqual([]);
  await stage.close();
});

const receiptCount = many(600, 1_400);
const start = Date.parse('2026-03-01T00:00:00Z');

function receiptOf(memberId: string, index: number) {
  const lines = [0, 7, 14].map((line) => ({
    itemId: `item-${(index * 31 + line) % 200}`,
    quantity: 1,
  }));
  const occurredAt = new Date(start + index * 60_000).toISOString();
  return { purchaseId: `${memberId}-${index}`, memberId, occurredAt, lines };
}

async function fill(memberId: string): Promise<void> {
  for (let sent = 0; sent < receiptCount; sent += 200) {
    const purchases = Array.from({ length: 200 }, (_, index) => receiptOf(memberId, sent + index));
    expect((await say(stage, '/v1/purchases', { purchases })).status).toBe(200);
  }
}

test('late receipts, returns, consent, merge and erase of huge members', async () => {
  await fill('big');
  await fill('other');
  // Only now: that many receipts of one member in a row may make other writers come back later.
  honest = beHonest(stage);
  const lines = [{ itemId: 'item-0', quantity: 1 }];
  const deeds = {
    'a late receipt': () =>
      say(stage, '/v1/purchases', { ...receiptOf('big', 10), purchaseId: 'late' }),
    'a return': () =>
      say(stage, '/v1/purchases/big-0/returns', {
        returnId: 'back',
        occurredAt: '2026-05-01T09:10:00Z',
        lines,
      }),
    'a list': () => say(stage, '/v1/members/big/recommendations?limit=100'),
    'consent withdrawn': () =>
      say(stage, '/v1/members/big/consent', { personalization: false }, 'PUT'),
    'consent given': () => say(stage, '/v1/members/big/consent', { personalization: true }, 'PUT'),
    'a merge': () => say(stage, '/v1/members/big/merge', { fromMemberId: 'other' }),
    'an erase': () => say(stage, '/v1/members/big', undefined, 'DELETE'),
  };
  const tooLong: string[] = [];
  for (const [name, deed] of Object.entries(deeds)) {
    let status = 0;
    const longest = await stage.longestTurn(async () => {
      ({ status } = await deed());
    });
    expect(`${name}: ${Math.floor(status / 100)}`).toBe(`${name}: 2`);
    if (longest >= turnMsMax) tooLong.push(`${name}: ${longest} ms`);
  }
  expect(tooLong).toEqual([]);
  await honest.servedMore(2);
}, 180_000);
