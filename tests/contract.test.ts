// One contract that each of the seven scenarios keeps, whatever is asked.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Engine,
  openEngine,
  type RecommendReply,
  type RecommendRequest,
  type RecommendRequestInput,
  recommendRequestSchema,
  type Scenario,
  scenarios,
} from '../engine/index.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';
import { countDifferences, listDifferences } from './support/oracle/compare.ts';
import { oracleList } from './support/oracle/lists.ts';
import { createOracle } from './support/oracle/oracle.ts';
import { mayAnchor, trueCount } from './support/oracle/reasons.ts';
import { townClockMs, townEvents, townItems, townMembers } from './support/oracle/town.ts';

const timeZone = 'Asia/Shanghai';
const now = () => townClockMs;
const oracle = createOracle({ now, timeZone });
let folder: TemporaryFolder;
let engine: Engine;

beforeAll(async () => {
  folder = await makeTemporaryFolder('contract');
  engine = await openEngine({ dataDir: folder.path, clock: now, timeZone });
  const events = townEvents();
  for (const event of events) oracle.accept(event);
  await engine.writes.ingest(events, { trustsDays: true });
  // What is alike in so many items is found when nothing is asked, or now.
  await engine.upkeep.settle();
});

afterAll(async () => {
  await engine.close();
  await folder.remove();
});

test('the town is counted as by the oracle', () => {
  expect(countDifferences(engine.inspect, oracle.state())).toEqual([]);
});

test.each(['guess-you-like', 'discover'] as const)(
  '%s gives every tenth place to a new item of a shelf that the member buys from',
  (scenario) => {
    const ask = (limit: number) => {
      const input = { scenario, memberId: townMembers.regular, limit };
      return engine.lists.recommend(recommendRequestSchema.parse(input)).items;
    };
    const places = ask(30).flatMap(({ reasons }, at) =>
      reasons.some(({ type }) => type === 'new_item') ? [at] : [],
    );
    expect(places).toEqual([9]);
    expect(ask(30)[9]?.itemId).toBe(townItems.unsold);
    // Too short a list to give a place away.
    expect(ask(9).map(({ itemId }) => itemId)).not.toContain(townItems.unsold);
  },
);

describe.each(scenarios)('%s', (scenario) => {
  const requests = requestsOf(scenario);

  test('fills the list whenever the catalogue allows, and never beyond the limit', () => {
    for (const request of requests) {
      const { entries } = oracleList(oracle.state(), request);
      const expected = Math.min(request.limit, entries.length);
      expect(engine.lists.recommend(request).items.length, requestText(request)).toBe(expected);
    }
  });

  test('lists nothing twice, nothing inactive, excluded or already in the basket', () => {
    for (const request of requests) {
      const listed = engine.lists.recommend(request).items.map(({ itemId }) => itemId);
      expect(new Set(listed).size, requestText(request)).toBe(listed.length);
      const barred = [...request.exclude, ...request.basket.map(({ itemId }) => itemId)];
      for (const itemId of listed) {
        expect(barred, requestText(request)).not.toContain(itemId);
        expect(engine.catalogue.item(itemId)?.status, requestText(request)).toBe('active');
      }
    }
  });

  test('orders by score, best first', () => {
    for (const request of requests) {
      const scores = engine.lists.recommend(request).items.map(({ score }) => score);
      expect(scores.every(Number.isFinite), requestText(request)).toBe(true);
      expect(scores, requestText(request)).toEqual([...scores].sort((left, right) => right - left));
    }
  });

  test('gives every item a reason, and every reason its real count', () => {
    for (const request of requests) expectTrueReasons(engine.lists.recommend(request), request);
  });

  test('names and prices items as the catalogue does', () => {
    for (const request of requests) {
      for (const { itemId, name, priceFen } of engine.lists.recommend(request).items) {
        const item = engine.catalogue.item(itemId);
        expect([name, priceFen]).toEqual([item?.name, item?.priceFen]);
      }
    }
  });

  test('answers the same again, and reading moves no count', () => {
    const digest = engine.inspect.digest();
    const first = requests.map((request) => withoutId(engine.lists.recommend(request)));
    const second = requests.map((request) => withoutId(engine.lists.recommend(request)));
    expect(second).toEqual(first);
    expect(engine.inspect.digest()).toBe(digest);
  });

  test('is never personal to a stranger', () => {
    for (const request of requests) {
      const isKnown = request.memberId === townMembers.regular;
      if (!isKnown)
        expect(engine.lists.recommend(request).personalized, requestText(request)).toBe(false);
    }
  });

  test('lists what the oracle lists, rows cut at fifty neighbours included', () => {
    const state = oracle.state();
    for (const request of requests) {
      expect(listDifferences(engine.lists.recommend(request), state, request)).toEqual([]);
    }
  });
});

function requestsOf(scenario: Scenario): readonly RecommendRequest[] {
  const wantsItem = scenario === 'similar' || scenario === 'bought-together';
  const wantsBasket = scenario === 'basket-add-on';
  const subjects: Partial<RecommendRequestInput>[] = wantsItem
    ? [townItems.popular, townItems.unsold, 'never seen'].map((itemId) => ({ itemId }))
    : [{}];
  const tickets: Partial<RecommendRequestInput>[] = wantsBasket
    ? [{ basket: [{ itemId: 'item-0' }, { itemId: 'item-1' }, { itemId: 'item-1' }] }, {}]
    : [{}, { basket: [{ itemId: 'item-2' }], exclude: ['item-3', 'item-4', 'never seen'] }];
  const nobody = scenario === 'buy-again' ? [] : [{}, { storeId: 'no such store' }];
  const members: Partial<RecommendRequestInput>[] = [
    ...nobody,
    { memberId: townMembers.regular },
    { memberId: townMembers.stranger, storeId: 'S1' },
    { memberId: townMembers.regular, storeId: 'S3', daypart: 'evening' },
  ];
  const parts = subjects.flatMap((subject) =>
    tickets.flatMap((ticket) => members.map((member) => ({ ...subject, ...ticket, ...member }))),
  );
  return parts.flatMap((part) =>
    [1, 20, 100].map((limit) => recommendRequestSchema.parse({ scenario, limit, ...part })),
  );
}

function expectTrueReasons(reply: RecommendReply, request: RecommendRequest): void {
  const state = oracle.state();
  for (const { itemId, reasons } of reply.items) {
    expect(reasons.length, `${itemId} in ${requestText(request)}`).toBeGreaterThan(0);
    for (const reason of reasons) {
      const what = `${itemId}, ${JSON.stringify(reason)} in ${requestText(request)}`;
      expect(reason.count, what).toBe(trueCount(state, request, { itemId, reason }));
      expect(mayAnchor(state, request, reason), what).toBe(true);
      // Whatever is claimed happened at least once.
      expect(reason.count ?? 1, what).toBeGreaterThan(0);
    }
  }
}

function withoutId({ recommendationId, ...reply }: RecommendReply): unknown {
  expect(recommendationId).not.toBe('');
  return reply;
}

function requestText(request: RecommendRequest): string {
  return JSON.stringify(request);
}
