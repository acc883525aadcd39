// The fourth proof: HTTP and gRPC give the same reply to every operation. Each door has an engine
// of its own, and both get the same story.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operations } from '../server/operations.ts';
import { type DoorUnderTest, openGrpcDoor, openHttpDoor } from './support/doors.ts';

let http: DoorUnderTest;
let grpc: DoorUnderTest;
beforeAll(async () => {
  const now = Date.parse('2026-06-01T12:00:00Z');
  [http, grpc] = await Promise.all([openHttpDoor(now), openGrpcDoor(now)]);
});
afterAll(() => Promise.all([http?.close(), grpc?.close()]));

type Question = readonly [operation: string, input: Record<string, unknown>];

const line = { itemId: 'milk', quantity: 1, unitPriceFen: 500 };
let count = 0;
const receipt = (changes: object = {}) => {
  count += 1;
  const occurredAt = '2026-05-01T09:10:00+08:00';
  const lines = ['milk', 'bread', 'eggs'].map((itemId) => ({ itemId, quantity: 2 }));
  return {
    purchaseId: `r-${count}`,
    storeId: 's1',
    memberId: 'ann',
    occurredAt,
    lines,
    ...changes,
  };
};
const oneLine = (changes: object) => receipt({ lines: [{ ...line, ...changes }] });
const back = (changes: object = {}) => ({
  returnId: 'b-1',
  purchaseId: 'r-1',
  occurredAt: '2026-05-02T10:00:00+08:00',
  lines: [{ itemId: 'milk', quantity: 1 }],
  ...changes,
});
const eggs = (quantity: number) => ({ itemId: 'eggs', quantity });
const brought = (changes: object = {}) => ({
  returnId: 'u-1',
  memberId: 'ann',
  occurredAt: '2026-05-03T10:00:00+08:00',
  lines: [eggs(0.5)],
  ...changes,
});
const item = {
  itemId: 'tea',
  name: '乌龙茶',
  category: ['饮品', '茶'],
  priceFen: 6800,
  tags: ['新'],
};
const long = 'x'.repeat(201);
const first = receipt();

/** In this order; what is asked early teaches what is listed later. */
const story: Readonly<Record<string, readonly Question[]>> = {
  'receipts are recorded once, and refused with every fault': [
    ['ingestPurchases', first],
    ['ingestPurchases', first],
    ['ingestPurchases', { ...first, memberId: 'bob' }],
    ...Array.from({ length: 5 }, (): Question => ['ingestPurchases', receipt()]),
    ['ingestPurchases', receipt({ memberId: 'bob', channel: 'mini_program', terminalId: 't1' })],
    ['ingestPurchases', receipt({ memberId: undefined, storeId: undefined })],
    ['ingestPurchases', receipt({ lines: [] })],
    ['ingestPurchases', receipt({ occurredAt: '2026-05-01T09:10:00' })],
    ['ingestPurchases', receipt({ occurredAt: '2999-01-01T00:00:00Z' })],
    // An empty text differs, as protocol buffers have none: tests/clients.test.ts.
    ['ingestPurchases', receipt({ memberId: 'undefined' })],
    ['ingestPurchases', receipt({ storeId: '6.9E+12', terminalId: '[object Object]' })],
    ['ingestPurchases', receipt({ memberId: '散客' })],
    ['ingestPurchases', receipt({ memberId: '="ann"', storeId: 's1\t' })],
    ['ingestPurchases', receipt({ memberId: '猜'.repeat(43) })],
    ['ingestPurchases', oneLine({ quantity: undefined })],
    ['ingestPurchases', oneLine({ quantity: 0.356, unitPriceFen: 1_280 })],
    ['ingestPurchases', oneLine({ quantity: 2, discountFen: 100, lineTotalFen: 900 })],
    ['ingestPurchases', oneLine({ quantity: 2, discountFen: 100, lineTotalFen: 800 })],
    ['ingestPurchases', oneLine({ lineTotalFen: 1_000_000_000_001, isGift: true })],
    ['ingestPurchases', receipt({ paidFen: 1_000, couponIds: ['A', 'B'], cashierId: 'c' })],
    ['ingestPurchases', receipt({ couponIds: Array(33).fill('A') })],
    ['ingestPurchases', oneLine({ quantity: 0 })],
    ['ingestPurchases', oneLine({ quantity: -1 })],
    ['ingestPurchases', oneLine({ quantity: 1_000_000_001 })],
    ['ingestPurchases', oneLine({ unitPriceFen: 1_000_000_001 })],
    ['ingestPurchases', oneLine({ unitPriceFen: 9_007_199_254_740_991 })],
    ['ingestPurchases', { lines: [{ quantity: 0 }, { quantity: 0 }, { quantity: 0 }] }],
    ['ingestPurchases', receipt({ lines: Array(2_001).fill(line) })],
    ['ingestPurchases', receipt({ lines: [line, line, { ...line, quantity: -1 }] })],
    ['ingestPurchases', receipt({ lines: [line, { ...line, quantity: -1 }] })],
    ['ingestPurchases', receipt({ lines: [line, { ...line, quantity: -0.5 }] })],
    ['ingestPurchases', receipt({ returnOf: 'r-1', lines: [{ ...line, quantity: -1 }] })],
    ['ingestPurchases', receipt({ returnOf: 'r-1', lines: [{ ...line, quantity: -9 }] })],
    ['ingestPurchases', receipt({ returnOf: 'r-1' })],
    ['ingestPurchases', receipt({ partial: true, lines: [line, {}, line] })],
    ['ingestPurchases', receipt({ partial: true, lines: [line, { itemId: 'a', quantity: -1 }] })],
    ['ingestPurchases', receipt({ partial: true, lines: [{}, {}] })],
    ['ingestPurchases', receipt({ partial: true, memberId: 'NaN', lines: [line, {}] })],
    ['ingestPurchases', oneLine({ lineTotalFen: -1 })],
    ['ingestPurchases', receipt({ lines: Array(40).fill({ itemId: 'a', quantity: 0 }) })],
  ],
  'receipts are corrected, and get their member': [
    ['ingestPurchases', receipt({ replaces: 'nowhere' })],
    ['ingestPurchases', receipt({ purchaseId: 'c-1', replaces: 'c-1' })],
    ['ingestPurchases', receipt({ purchaseId: 'c-1', memberId: undefined })],
    ['ingestPurchases', receipt({ purchaseId: 'c-2', replaces: 'c-1', memberId: undefined })],
    ['ingestPurchases', receipt({ purchaseId: 'c-2', replaces: 'c-1', memberId: undefined })],
    ['ingestPurchases', receipt({ purchaseId: 'c-1', memberId: 'bob' })],
    ['ingestReturn', back({ returnId: 'c-b', purchaseId: 'c-1' })],
    ['attachMember', { purchaseId: 'c-1', memberId: 'ann' }],
    ['attachMember', { purchaseId: 'c-2', memberId: 'ann' }],
    ['attachMember', { purchaseId: 'c-2', memberId: 'ann' }],
    ['attachMember', { purchaseId: 'c-2', memberId: 'bob' }],
    ['attachMember', { purchaseId: 'c-2', memberId: '散客' }],
    ['attachMember', { purchaseId: 'c-2', memberId: 'NaN' }],
    ['attachMember', { purchaseId: 'nowhere', memberId: 'ann' }],
  ],
  'goods are brought back': [
    ['ingestReturn', back()],
    ['ingestReturn', back()],
    ['ingestReturn', back({ lines: [{ itemId: 'eggs', quantity: 1 }] })],
    ['ingestReturn', back({ returnId: 'b-2', lines: [{ itemId: 'milk', quantity: 9 }] })],
    ['ingestReturn', back({ returnId: 'b-3', purchaseId: 'later' })],
    ['ingestReturn', back({ returnId: 'b-5', lines: [{ itemId: 'milk', quantity: 0.5 }] })],
    ['ingestReturn', back({ returnId: 'b-4', purchaseId: 'r-2', lines: undefined })],
    ['ingestReturn', back({ returnId: 'b-4', purchaseId: 'r-2', lines: undefined })],
    ['ingestReturn', back({ returnId: 'b-6', purchaseId: 'r-2', lines: undefined })],
    ['ingestReturn', back({ returnId: 'b-7', purchaseId: 'unknown', lines: undefined })],
    ['ingestReturn', back({ returnId: 'b-8', lines: [{ itemId: 'milk' }] })],
    ['ingestUnreferencedReturn', brought()],
    ['ingestUnreferencedReturn', brought()],
    ['ingestUnreferencedReturn', brought({ returnId: 'u-2', lines: [eggs(1_000.25)] })],
    ['ingestUnreferencedReturn', brought({ returnId: 'u-3', memberId: 'nobody' })],
    ['ingestUnreferencedReturn', brought({ returnId: 'u-4', lines: [] })],
  ],
  'the catalogue is written and read': [
    ['writeItem', item],
    ['writeItem', { itemId: 'gone', status: 'inactive' }],
    ['writeItem', { itemId: 'long', name: long }],
    ['writeItem', { itemId: 'dear', priceFen: -1 }],
    ['writeItem', { itemId: 'bag-0', name: '购物袋' }],
    ['writeItem', { itemId: 'bag-1', name: '购物袋', role: 'goods' }],
    ['writeItem', { itemId: 'card', name: 'tea', role: 'giftCard' }],
    ['writeItem', { itemId: 'card-1', name: 'tea', role: 'giftCard', roleGuessed: true }],
    ['readItem', { itemId: 'bag-0' }],
    ['readItem', { itemId: 'bag-1' }],
    ['readItem', { itemId: 'card' }],
    ['readItem', { itemId: 'card-1' }],
    [
      'writeItems',
      { items: [item, { itemId: 'cup' }, { itemId: 'x', name: long }, { itemId: 'y' }] },
    ],
    ['writeItems', { items: [{ priceFen: 1 }, { itemId: 'x', name: long }] }],
    ['writeItems', { items: [] }],
    ['writeItems', { items: Array(1_001).fill({ itemId: 'cup' }) }],
    ['readItem', { itemId: 'tea' }],
    ['readItem', { itemId: 'gone' }],
    ['readItem', { itemId: 'nowhere' }],
    ['listItems', {}],
    ['listItems', { limit: 2 }],
    ['listItems', { limit: 2, after: 'bread' }],
    ['listItems', { limit: 0 }],
    ['listItems', { after: 'nowhere' }],
    ['writeStore', { storeId: 's1', name: '人民广场店', city: '上海', timeZone: 'Asia/Shanghai' }],
    ['writeStore', { storeId: 's2', timeZone: 'Mars/Olympus' }],
    ['readStore', { storeId: 's1' }],
    ['readStore', { storeId: 'nowhere' }],
    ['listStores', { limit: 1 }],
  ],
  'items are named by barcodes': [
    ['writeItem', { itemId: 'pear', barcodes: ['6901234567892', '036000291452'] }],
    ['writeItem', { itemId: 'plum', barcodes: ['036000291452'] }],
    ['writeItem', { itemId: 'plum', barcodes: ['milk'] }],
    ['writeItem', { itemId: 'plum', barcodes: Array(65).fill('1') }],
    ['readItem', { itemId: '0036000291452' }],
    ['ingestPurchases', oneLine({ itemId: '6901234567892', quantity: 3 })],
    ['ingestReturn', back({ returnId: 'b-code', lines: [{ itemId: '6901234567892' }] })],
    ['recommendBoughtTogether', { itemId: '6901234567892' }],
    ['recommendForBasket', { basket: [{ itemId: '6901234567892' }, { itemId: 'pear' }] }],
  ],
  'items are merged, and that is taken back': [
    ['mergeItem', { itemId: 'pear', into: 'eggs' }],
    ['mergeItem', { itemId: 'pear', into: 'eggs' }],
    ['mergeItem', { itemId: 'pear', into: 'tea' }],
    ['mergeItem', { itemId: 'eggs', into: 'pear' }],
    ['mergeItem', { itemId: 'nowhere', into: 'pear' }],
    ['mergeItem', { itemId: 'pear' }],
    ['readItem', { itemId: 'pear' }],
    ['readItem', { itemId: '6901234567892' }],
    ['writeItem', { itemId: 'pear', name: '梨' }],
    ['listItems', { limit: 20 }],
    ['unmergeItem', { itemId: 'pear' }],
    ['unmergeItem', { itemId: 'pear' }],
    ['unmergeItem', { itemId: 'tea' }],
    ['readItem', { itemId: 'pear' }],
  ],
  'every list is asked in every way': [
    ['recommend', {}],
    ['recommend', { memberId: 'ann', storeId: 's1', limit: 2, exclude: ['eggs'] }],
    ['recommend', { scenario: 'similar', itemId: 'milk' }],
    ['recommend', { scenario: 'similar' }],
    ['recommend', { scenario: 'buy-again' }],
    ['recommend', { scenario: 'popular', daypart: 'morning', asOf: '2026-05-01T09:10:00+08:00' }],
    ['recommend', { basket: [{ itemId: 'milk', quantity: 0 }] }],
    ['recommend', { basket: Array(201).fill({ itemId: 'milk' }) }],
    ['recommend', { limit: 101, exclude: Array(501).fill('a') }],
    ['recommend', { memberId: 'ann', minWatermark: '3' }],
    ['recommend', { memberId: 'ann', minWatermark: '999999' }],
    ['recommend', { memberId: 'ann', minWatermark: 'soon' }],
    ['recommendForMember', { memberId: 'ann' }],
    ['recommendForMember', { memberId: 'ann', scenario: 'discover', storeId: 'nowhere', limit: 5 }],
    ['recommendForMember', { memberId: 'nobody', scenario: 'popular', daypart: 'noon' }],
    ['recommendForMember', { memberId: 'ann', limit: 0 }],
    ['recommendBuyAgain', { memberId: 'ann' }],
    ['recommendSimilar', { itemId: 'milk', memberId: 'ann' }],
    ['recommendBoughtTogether', { itemId: 'milk', limit: 1 }],
    ['recommendBoughtTogether', { itemId: 'nowhere' }],
    ['recommendPopular', { storeId: 's1' }],
    ['recommendForBasket', { basket: [{ itemId: 'milk', quantity: 3 }], storeId: 's1' }],
    ['recommendForBasket', { basket: [{ itemId: 'milk' }], memberId: 'ann', exclude: ['eggs'] }],
    ['recommendForBasket', { basket: [] }],
    ['recommendForBasket', { basket: [{ itemId: 'milk', quantity: -1 }] }],
  ],
  'members are merged, asked for consent and forgotten': [
    ['mergeMembers', { memberId: 'ann', fromMemberId: 'card-7' }],
    ['mergeMembers', { memberId: 'ann', fromMemberId: 'ann' }],
    ['mergeMembers', { memberId: 'ann', fromMemberId: 'x'.repeat(129) }],
    ['writeConsent', { memberId: 'bob', personalization: false, occurredAt: first.occurredAt }],
    ['writeConsent', { memberId: 'bob', personalization: false, occurredAt: 'yesterday' }],
    ['writeConsent', { memberId: 'bob' }],
    ['recommendForMember', { memberId: 'bob' }],
    ['recommendForMember', { memberId: 'null' }],
    ['recommendForMember', { memberId: ' ann\u00a0' }],
    ['mergeMembers', { memberId: 'ann', fromMemberId: 'walk-in' }],
    ['eraseMember', { memberId: 'undefined' }],
    ['eraseMember', { memberId: 'bob' }],
    ['eraseMember', { memberId: 'nobody' }],
    ['ingestPurchases', receipt({ memberId: 'bob' })],
  ],
  'upkeep is done': [
    ['verify', {}],
    ['checkpoint', {}],
    ['expire', {}],
    ['confirmClock', {}],
    ['readSuspicions', {}],
    ['compact', {}],
  ],
  'the audit trail is asked for where none is kept': [
    ['readTrail', {}],
    ['readTrail', { from: -1, limit: 0 }],
    ['readTrail', { limit: 1_001 }],
    ['proveTrailInclusion', {}],
    ['proveTrailInclusion', { leafIndex: 0 }],
    ['proveTrailConsistency', { first: 0, second: 1 }],
    ['proveTrailConsistency', { first: -1 }],
  ],
};

test.each(Object.entries(story))('%s: both doors tell the same', async (_, questions) => {
  for (const [operation, input] of questions) {
    const [overHttp, overGrpc] = await Promise.all([
      http.ask(operation, structuredClone(input)),
      grpc.ask(operation, structuredClone(input)),
    ]);
    const asked = `${operation} ${JSON.stringify(input).slice(0, 200)}`;
    // Of very many faults a status has room for the first ones.
    const faults = overHttp.faults?.slice(0, overGrpc.faults?.length);
    expect(overGrpc, asked).toEqual(faults === undefined ? overHttp : { ...overHttp, faults });
    if (overHttp.code !== 'OK' && (overHttp.faults?.length ?? 0) > 0) {
      expect(overGrpc.faults?.length, asked).toBeGreaterThanOrEqual(1);
    }
  }
});

test('the story asks every operation that has a place in both doors', () => {
  const asked = new Set(
    Object.values(story).flatMap((questions) => questions.map(([name]) => name)),
  );
  const unasked = operations.filter(({ name, rpc }) => rpc !== undefined && !asked.has(name));
  expect(unasked.map(({ name }) => name)).toEqual([]);
  // The standard health service answers these two, with states for each service.
  const elsewhere = operations.filter(({ rpc }) => rpc === undefined).map(({ name }) => name);
  expect(elsewhere).toEqual(['readHealth', 'readReadiness']);
});
