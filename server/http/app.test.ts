// HTTP over real sockets: what is answered when all is well, and that every id finds its way
// through every path.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';
import { operations } from '../operations.ts';

let loopback: Loopback;
beforeAll(async () => {
  loopback = await openLoopback();
});
afterAll(() => loopback.close());

let count = 0;
function receipt(changes: object = {}) {
  count += 1;
  return {
    purchaseId: `ok-${count}`,
    memberId: 'ann',
    storeId: 's1',
    occurredAt: '2026-05-01T09:10:00+08:00',
    lines: ['milk', 'bread', 'eggs'].map((itemId) => ({ itemId, quantity: 1 })),
    ...changes,
  };
}

/** Checks a reply against the schema that documents it, and gives its body. */
function parsedReply(name: string, json: unknown) {
  const { ok, created } = operations.find((operation) => operation.name === name)!.replies;
  return (ok ?? created)!.parse(json);
}

describe('receipts', () => {
  test('are created once, and known again', async () => {
    const body = receipt();
    const first = await loopback.send('POST', '/v1/purchases', body);
    expect([first.status, first.json.status]).toEqual([201, 'created']);
    const second = await loopback.send('POST', '/v1/purchases', body);
    expect([second.status, second.json.status]).toEqual([200, 'duplicate']);
    expect(second.json.watermark).toBe(first.json.watermark);
  });

  test('of a batch have each its own result, in order', async () => {
    const good = receipt();
    const purchases = [
      good,
      receipt({ lines: [] }),
      receipt({ lines: [{ itemId: 'milk', quantity: -0 }] }),
      5,
      good,
      { ...good, memberId: 'bob' },
      receipt({ occurredAt: '2999-01-01T00:00:00Z' }),
      receipt(),
    ];
    const text = JSON.stringify({ purchases }).replace('"quantity":0', '"quantity":-0');
    const { status, json } = await loopback.send('POST', '/v1/purchases', text);
    expect(status).toBe(200);
    parsedReply('ingestPurchases', json);
    const statuses = json.results.map((result: { status: string }) => result.status);
    const refused = Array(3).fill('rejected');
    expect(statuses).toEqual([
      'created',
      ...refused,
      'duplicate',
      'conflict',
      'rejected',
      'created',
    ]);
    expect(json.results[1].errors).toEqual([
      { field: 'lines', value: 'array of 0', limit: 1, message: expect.any(String) },
    ]);
    expect(json.results[2].errors[0]).toMatchObject({ field: 'lines[0].quantity', value: '"-0"' });
    expect(json.results[3]).toMatchObject({ id: '', field: 'body' });
    expect(json.results[6].errors[0]).toMatchObject({ field: 'occurredAt' });
  });

  test('can be brought back', async () => {
    const { purchaseId, occurredAt } = receipt();
    await loopback.send('POST', '/v1/purchases', receipt({ purchaseId }));
    const body = { returnId: 'back', occurredAt, lines: [{ itemId: 'milk', quantity: 1 }] };
    const path = `/v1/purchases/${purchaseId}/returns`;
    expect((await loopback.send('POST', path, body)).status).toBe(201);
    expect((await loopback.send('POST', path, body)).status).toBe(200);
    const other = await loopback.send('POST', path, {
      ...body,
      lines: [{ itemId: 'eggs', quantity: 1 }],
    });
    expect(other.status).toBe(409);
  });
});

describe('lists', () => {
  test.each([
    '/v1/members/ann/recommendations?scenario=discover&storeId=s1&limit=2&exclude=a&exclude=b',
    '/v1/members/nobody/recommendations',
    '/v1/members/ann/recommendations?asOf=2026-05-01T09:10:00%2B08:00',
    '/v1/members/ann/buy-again',
    '/v1/items/milk/similar',
    '/v1/items/milk/bought-together?memberId=ann&limit=1',
    '/v1/items/popular?storeId=s1&daypart=morning&limit=3',
  ])('GET %s', async (path) => {
    const { status, json, text } = await loopback.get(path);
    expect(status, text).toBe(200);
    parsedReply('recommend', json);
  });

  test('are the same by the hot way and by the other', async () => {
    const fields = 'scenario=guess-you-like&storeId=s1&limit=3&exclude=a';
    const hot = await loopback.get(`/v1/members/ann/recommendations?${fields}`);
    const other = await loopback.get(`/v1/members/%61nn/recommendations?${fields}`);
    const { recommendationId: one, ...list } = hot.json;
    const { recommendationId: another, ...same } = other.json;
    expect(list).toEqual(same);
    expect(one).not.toBe(another);
    expect(Object.keys(hot.headers).sort()).toEqual(Object.keys(other.headers).sort());
    expect(hot.headers['content-length']).toBe(other.headers['content-length']);
  });

  test('asked by POST, in full and for a basket', async () => {
    const full = { scenario: 'similar', itemId: 'milk', limit: 2 };
    const asked = await loopback.send('POST', '/v1/recommendations', full);
    expect(parsedReply('recommend', asked.json)).toMatchObject({ scenario: 'similar' });
    const basket = [{ itemId: 'milk' }];
    const advice = await loopback.send('POST', '/v1/baskets/recommendations', { basket });
    expect(parsedReply('recommend', advice.json)).toMatchObject({ scenario: 'basket-add-on' });
    expect(advice.json.items.length).toBeLessThanOrEqual(3);
  });

  test('the next request sees what was acknowledged', async () => {
    const memberId = 'fresh';
    const { json } = await loopback.send('POST', '/v1/purchases', receipt({ memberId }));
    const path = `/v1/members/${memberId}/buy-again?minWatermark=${json.watermark}`;
    const list = await loopback.get(path);
    expect(list.json.personalized).toBe(true);
  });
});

const wildIds = [
  'a/b',
  'a%2Fb',
  '100%',
  '咖啡豆',
  '🍜',
  'a+b c',
  '..',
  'popular',
  '?#&=',
  '__proto__',
];

describe('the id', () => {
  test.each(wildIds)('%s finds its way through every path', async (id) => {
    const path = encodeURIComponent(id)
      .replace(/^popular$/, '%70opular')
      .replace(/^\.\.$/, '%2e.');
    const written = await loopback.send('PUT', `/v1/items/${path}`, { name: `name of ${id}` });
    expect(written.status, written.text).toBe(200);
    expect(written.json.id).toBe(id);
    const read = await loopback.get(`/v1/items/${path}`);
    expect(read.json).toMatchObject({ itemId: id, name: `name of ${id}` });
    expect((await loopback.send('PUT', `/v1/stores/${path}`, { city: '上海' })).status).toBe(200);
    expect((await loopback.get(`/v1/stores/${path}`)).json).toMatchObject({ storeId: id });
    const body = receipt({ purchaseId: id, memberId: id, lines: [{ itemId: id, quantity: 2 }] });
    expect((await loopback.send('POST', '/v1/purchases', body)).status).toBe(201);
    const lines = [{ itemId: id, quantity: 1 }];
    const back = { returnId: id, occurredAt: '2026-05-02T09:10:00+08:00', lines };
    const returned = await loopback.send('POST', `/v1/purchases/${path}/returns`, back);
    expect([returned.status, returned.json.id]).toEqual([201, id]);
    for (const list of [`items/${path}/similar`, `items/${path}/bought-together`]) {
      expect((await loopback.get(`/v1/${list}`)).json.relaxations).not.toContain('item_unknown');
    }
    for (const list of ['recommendations', 'buy-again']) {
      const { json } = await loopback.get(`/v1/members/${path}/${list}?storeId=${path}`);
      expect(json.relaxations).not.toContain('member_unknown');
    }
  });

  test('popular is an item of its own, and the list keeps its path', async () => {
    expect((await loopback.get('/v1/items/%70opular')).json.itemId).toBe('popular');
    expect((await loopback.get('/v1/items/popular')).json.scenario).toBe('popular');
    expect((await loopback.get('/v1/items/popular/similar')).json.scenario).toBe('similar');
  });

  test('that nobody knows is 404', async () => {
    const { status, json } = await loopback.get('/v1/items/nowhere');
    expect([status, json.errors[0].field, json.errors[0].value]).toEqual([
      404,
      'itemId',
      '"nowhere"',
    ]);
  });
});

describe('the catalogue', () => {
  test('is written in batches and read page by page', async () => {
    const items = ['p3', 'p1', 'p2'].map((itemId) => ({ itemId, priceFen: 1 }));
    const { json } = await loopback.send('POST', '/v1/items', {
      items: [...items, { itemId: '' }],
    });
    parsedReply('writeItems', json);
    expect(json.results.map((result: { id: string }) => result.id)).toEqual(['p3', 'p1', 'p2', '']);
    const seen: string[] = [];
    for (let after = ''; ; ) {
      const page = await loopback.get(`/v1/items?limit=2${after}`);
      parsedReply('listItems', page.json);
      seen.push(...page.json.items.map((item: { itemId: string }) => item.itemId));
      if (page.json.nextAfter === undefined) break;
      after = `&after=${encodeURIComponent(page.json.nextAfter)}`;
    }
    expect(seen).toEqual([...loopback.engine.catalogue.items()].map((item) => item.itemId).sort());
    // Also after an id that only another node knows.
    const { json: rest } = await loopback.get('/v1/items?after=p1-and-a-half');
    expect(rest.items.map((item: { itemId: string }) => item.itemId).slice(0, 2)).toEqual([
      'p2',
      'p3',
    ]);
    parsedReply('listStores', (await loopback.get('/v1/stores')).json);
  });

  test('takes back what it gave', async () => {
    const { json } = await loopback.get('/v1/items/p1');
    const changed = await loopback.send('PUT', '/v1/items/p1', { ...json, status: 'inactive' });
    expect(changed.status).toBe(200);
    expect((await loopback.get('/v1/items/p1')).json).toEqual({ ...json, status: 'inactive' });
  });
});

describe('the server', () => {
  test('tells that it lives and is ready', async () => {
    expect((await loopback.get('/healthz')).json).toEqual({ status: 'ok' });
    const { status, json } = await loopback.get('/readyz');
    expect(status).toBe(200);
    expect(parsedReply('readReadiness', json)).toMatchObject({
      ready: true,
      watermark: expect.any(String),
    });
  });

  test('tells the digest and the memory of its counts for monitoring', async () => {
    const { inspect } = loopback.engine;
    const { text } = await loopback.get('/metrics');
    expect(text).toContain(`digest="${inspect.digest()}"`);
    expect(text).toContain(`\ncaini_counts_bytes ${inspect.memory().usedBytes}\n`);
  });

  test('answers HEAD like GET without a body', async () => {
    const reply = await loopback.send('HEAD', '/healthz', undefined);
    expect([reply.status, reply.text]).toEqual([200, '']);
  });
});
