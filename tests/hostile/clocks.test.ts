// Moments that cannot be, and questions that wait for what will not come.
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  beHonest,
  type Honest,
  many,
  memoryFreed,
  openStage,
  type Stage,
  say,
  turnMsMax,
} from './stage.ts';

let stage: Stage;
let honest: Honest;

beforeEach(async () => {
  stage = await openStage();
  honest = beHonest(stage);
});

afterEach(async () => {
  await honest.stop();
  expect(honest.failures).toEqual([]);
  await stage.close();
});

const moments = {
  '0001-01-01T00:00:00Z': 'OCCURRED_AT_TOO_OLD',
  '1969-12-31T23:59:59Z': 'OCCURRED_AT_TOO_OLD',
  '9999-12-31T23:59:59Z': 'OCCURRED_AT_IN_FUTURE',
  '2026-02-30T00:00:00Z': 'MALFORMED',
  '2026-05-01T24:00:00Z': 'MALFORMED',
  '2026-05-01T09:10:00': 'MALFORMED',
};

test('receipts of impossible moments are refused one by one, and move nothing', async () => {
  for (const [occurredAt, reason] of Object.entries(moments)) {
    const lines = [{ itemId: 'ghost', quantity: 1 }];
    const receipt = { purchaseId: `at-${occurredAt}`, memberId: 'mia', occurredAt, lines };
    const { status, text } = await say(stage, '/v1/purchases', receipt);
    expect(`${occurredAt}: ${status}`).toMatch(/: 4(00|22)$/);
    expect(text).toContain(reason === 'MALFORMED' ? 'occurredAt' : reason);
  }
  expect((await say(stage, '/v1/items/ghost')).status).toBe(404);
  const mine = await say(stage, '/v1/members/mia/recommendations');
  expect(mine.text).toContain('member_unknown');
}, 60_000);

test('lists as of the ends of time are answered with finite scores', async () => {
  for (const asOf of ['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
    for (const scenario of ['guess-you-like', 'discover', 'buy-again', 'popular']) {
      const body = { scenario, memberId: 'ann', asOf, limit: 100, explain: true };
      const { status, text } = await say(stage, '/v1/recommendations', body);
      expect(`${scenario} as of ${asOf}: ${status}`).toBe(`${scenario} as of ${asOf}: 200`);
      for (const { score } of JSON.parse(text).items) expect(Number.isFinite(score)).toBe(true);
    }
  }
}, 60_000);

test('questions for a watermark far ahead wait as long as told, and hold up nobody', async () => {
  const before = await stage.memory();
  const statuses = new Set<number>();
  const ask = async () => {
    const path = '/v1/items/popular?minWatermark=999999999';
    statuses.add((await say(stage, path)).status);
  };
  const longest = await stage.longestTurn(async () => {
    for (let round = 0; round < many(3, 20); round++) {
      await Promise.all(Array.from({ length: 500 }, ask));
    }
  });
  expect([...statuses]).toEqual([503]);
  expect(longest).toBeLessThan(turnMsMax);
  await honest.servedMore(2);
  await memoryFreed(stage, before, 28);
}, 120_000);
