// Small requests that would cost much: each kind meets a bound, and honest clients are served all
// the while.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../engine/index.ts';
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

const occurredAt = '2026-05-01T09:10:00+08:00';
const linesOf = (ids: readonly string[], quantity = 1) =>
  ids.map((itemId) => ({ itemId, quantity }));
const idsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

describe('returns', () => {
  test('of thousands of lines that wait for one receipt stop at a bound', async () => {
    const before = await stage.memory();
    const lines = linesOf(idsOf('much', limits.purchaseLinesMax));
    const statuses: number[] = [];
    const longest = await stage.longestTurn(async () => {
      for (let number = 0; number < many(12, 200); number++) {
        const goods = { returnId: `back-${number}`, occurredAt, lines };
        const { status, text } = await say(stage, '/v1/purchases/late/returns', goods);
        if (status !== 201) expect(text).toContain('RETURNS_MAX');
        statuses.push(status);
      }
    });
    const taken = limits.returnLinesPerPurchaseMax / limits.purchaseLinesMax;
    expect(statuses.filter((status) => status === 201).length).toBe(taken);
    expect(longest).toBeLessThan(turnMsMax);
    // The receipt they wait for comes after all, and counts less what came back.
    const bought = lines.map((line) => ({ ...line, quantity: taken + 1 }));
    const receipt = { purchaseId: 'late', memberId: 'mia', occurredAt, lines: bought };
    expect((await say(stage, '/v1/purchases', receipt)).status).toBe(201);
    await honest.servedMore(2);
    await memoryFreed(stage, before, 40);
  }, 120_000);
});

describe('one member', () => {
  const answer = (second: number, personalization: boolean) => {
    const at = new Date(Date.parse('2026-05-01T00:00:00Z') + second * 1_000).toISOString();
    return say(stage, '/v1/members/moody/consent', { personalization, occurredAt: at }, 'PUT');
  };

  test('who answers on consent again and again is heard, whatever they said before', async () => {
    const answers = 1_000;
    const longest = await stage.longestTurn(async () => {
      for (let sent = 0; sent < answers; sent += 100) {
        const some = Array.from({ length: 100 }, (_, index) => answer(sent + index, true));
        const statuses = (await Promise.all(some)).map(({ status }) => status);
        expect(new Set(statuses)).toEqual(new Set([200]));
      }
    });
    expect(longest).toBeLessThan(turnMsMax);
    expect((await answer(answers, false)).status).toBe(200);
    const list = await say(stage, '/v1/members/moody/recommendations');
    expect(list.text).toContain('member_opted_out');
    await honest.servedMore(2);
  }, 120_000);

  test('is not made of more ids than a person has', async () => {
    const { aliasesMax } = limits;
    const statuses: number[] = [];
    const longest = await stage.longestTurn(async () => {
      for (let sent = 0; sent < aliasesMax + 20; sent++) {
        const body = { fromMemberId: `card-${sent}` };
        statuses.push((await say(stage, '/v1/members/mia/merge', body)).status);
      }
    });
    expect(statuses.filter((status) => status === 201).length).toBe(aliasesMax);
    expect(statuses.slice(aliasesMax)).toEqual(Array(20).fill(422));
    expect(longest).toBeLessThan(turnMsMax);
    const erased = await say(stage, '/v1/members/mia', undefined, 'DELETE');
    expect(erased.status).toBe(200);
    const back = { purchaseId: 'back', memberId: 'card-7', occurredAt, lines: linesOf(['milk']) };
    expect((await say(stage, '/v1/purchases', back)).text).toContain('MEMBER_ERASED');
    await honest.servedMore(2);
  }, 120_000);

  test('with receipts of many new items each grows no more than the counts estimate', async () => {
    const before = await stage.memory();
    const longest = await stage.longestTurn(async () => {
      for (let number = 0; number < many(10, 60); number++) {
        const lines = linesOf(idsOf(`new-${number}`, 512));
        const receipt = { purchaseId: `wide-${number}`, memberId: 'mia', occurredAt, lines };
        expect((await say(stage, '/v1/purchases', receipt)).status).toBe(201);
      }
    });
    expect(longest).toBeLessThan(turnMsMax);
    await honest.servedMore(2);
    // 512 items of some 1 KB each a receipt, and 512 × 64 pairs at the very most.
    await memoryFreed(stage, before, many(30, 120));
  }, 120_000);
});

describe('a city', () => {
  test('of thousands of stores lists what sells in some of them', async () => {
    const stores = many(2_000, 20_000);
    for (let sent = 0; sent < stores; sent += 100) {
      const some = Array.from({ length: 100 }, (_, index) =>
        say(stage, `/v1/stores/s-${sent + index}`, { city: '上海' }, 'PUT'),
      );
      await Promise.all(some);
    }
    const receipt = { purchaseId: 'sold', storeId: 's-1', occurredAt, lines: linesOf(['milk']) };
    expect((await say(stage, '/v1/purchases', receipt)).status).toBe(201);
    const asked = '/v1/items/popular?limit=100&storeId=s-1';
    const longest = await stage.longestTurn(async () => {
      for (let round = 0; round < 5; round++) {
        expect((await say(stage, asked)).text).toContain('"milk"');
      }
    });
    expect(longest).toBeLessThan(turnMsMax);
    await honest.servedMore(2);
  }, 180_000);
});

describe('lists', () => {
  test('that explain, of a member of many items, with all that may be excluded', async () => {
    for (let number = 0; number < many(20, 40); number++) {
      const lines = linesOf(Array.from({ length: 100 }, (_, line) => `i-${number * 67 + line}`));
      const at = new Date(Date.parse(occurredAt) + number * 60_000).toISOString();
      const receipt = { purchaseId: `g-${number}`, memberId: 'mia', occurredAt: at, lines };
      expect((await say(stage, '/v1/purchases', receipt)).status).toBe(201);
    }
    const exclude = idsOf('i', limits.excludeItemsMax);
    const basket = linesOf(Array.from({ length: 200 }, (_, index) => `i-${600 + index}`));
    const longest = await stage.longestTurn(async () => {
      for (const scenario of ['guess-you-like', 'discover', 'buy-again', 'basket-add-on']) {
        const body = { scenario, memberId: 'mia', exclude, basket, limit: 100, explain: true };
        expect((await say(stage, '/v1/recommendations', body)).status).toBe(200);
      }
    });
    expect(longest).toBeLessThan(turnMsMax);
  }, 120_000);
});
