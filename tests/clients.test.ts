// What browsers, mini-programs, proxies and old SDKs send beside what was asked of them.
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { plainIdRules } from '../engine/index.ts';
import type { ListenOptions } from '../server/http/listen.ts';
import { converse, teach } from './support/conversation.ts';
import { type Loopback, openLoopback } from './support/loopback.ts';
import { ask, openTill, type Till } from './support/till.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const door of opened.splice(0)) await door.close();
});

async function openHttp(
  door: Partial<ListenOptions> = {},
  { isLenient = false } = {},
): Promise<Loopback> {
  const inputRules = { ids: plainIdRules, isLenient };
  const loopback = await openLoopback({}, door, (access) => ({ ...access, inputRules }));
  opened.push(loopback);
  return loopback;
}

async function openGrpc(): Promise<Till> {
  const till = await openTill();
  opened.push(till);
  return till;
}

const occurredAt = '2026-05-01T10:00:00+08:00';
const line = { itemId: 'a', quantity: 1 };
const receipt = (changes: object = {}) => ({
  purchaseId: 'r1',
  memberId: 'm1',
  occurredAt,
  lines: [line],
  ...changes,
});
const purchases = '/v1/purchases';
const list = '/v1/members/m1/recommendations';

describe('pages of other origins', () => {
  const asking = { origin: 'https://h5.example', 'access-control-request-method': 'POST' };

  test('are told nothing unless a setting names them', async () => {
    const door = await openHttp();
    const preflight = await door.send('OPTIONS', purchases, undefined, asking);
    expect(preflight.status).toBe(405);
    const answer = await door.send('GET', list, undefined, asking);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('that are named may ask, whatever is answered, and others may not', async () => {
    const door = await openHttp({ corsOrigins: ['https://h5.example', 'https://shop.example'] });
    const preflight = await door.send('OPTIONS', purchases, undefined, asking);
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': 'https://h5.example',
      'access-control-allow-methods': expect.stringContaining('DELETE'),
      'access-control-allow-headers': expect.stringContaining('content-type'),
      vary: 'origin',
    });
    const answers = [
      await door.send('GET', list, undefined, asking),
      await door.send('GET', `${list}?limit=0`, undefined, asking),
      await door.send('POST', purchases, receipt(), asking),
      await door.send('GET', '/nowhere', undefined, asking),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 422, 201, 404]);
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe('https://h5.example');
    }
    const other = { ...asking, origin: 'https://evil.example' };
    expect((await door.send('OPTIONS', purchases, undefined, other)).status).toBe(405);
    const { headers } = await door.send('GET', list, undefined, other);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['vary']).toBe('origin');
  });

  test('may all ask where that is set', async () => {
    const door = await openHttp({ corsOrigins: ['*'] });
    const { headers } = await door.send('GET', list, undefined, asking);
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

describe('a packed body', () => {
  const gzip = { 'content-encoding': 'gzip' };
  const send = (door: Loopback, bytes: Buffer) => door.send('POST', purchases, bytes, gzip);

  test('is read as what it was before it was packed', async () => {
    const door = await openHttp();
    const { status, json } = await send(door, gzipSync(JSON.stringify(receipt())));
    expect([status, json.status]).toEqual([201, 'created']);
  });

  test('is refused beyond the limit of a body, however little it was packed', async () => {
    const door = await openHttp();
    const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    const { status, json } = await send(door, bomb);
    expect(status).toBe(413);
    expect(json.errors).toMatchObject([{ field: 'body', limit: 1_048_576 }]);
  });

  test('takes the room of the longest that it may be', async () => {
    const door = await openHttp({ limits: { bodiesBytesMax: 1_000_000 } });
    const { status, json } = await send(door, gzipSync(JSON.stringify(receipt())));
    expect([status, json.reason]).toEqual([503, 'TOO_MANY_BODIES']);
  });

  test('is refused when it is cut short, or no gzip at all', async () => {
    const door = await openHttp();
    const whole = gzipSync(JSON.stringify(receipt()));
    for (const bytes of [whole.subarray(0, -9), Buffer.from('{}')]) {
      const { status, json } = await send(door, bytes);
      expect([status, json.errors[0].limit]).toEqual([400, 'gzip']);
    }
  });
});

describe('a query', () => {
  test('may have a name against caches, also where no query is taken', async () => {
    const door = await openHttp();
    for (const buster of ['_t=1777', '_=1', '_ts=1&limit=2']) {
      expect((await door.get(`${list}?${buster}`)).status).toBe(200);
    }
    expect((await door.send('POST', `${purchases}?_t=1`, receipt())).status).toBe(201);
    expect((await door.send('POST', `${purchases}?_t=1&a=1`, receipt())).status).toBe(422);
    expect((await door.get(`${list}?t=1777`)).status).toBe(422);
  });
});

describe('what a lenient server overlooks', () => {
  const sloppy = {
    'numbers as texts': { lines: [{ itemId: 'a', quantity: '1', unitPriceFen: '500' }] },
    'ids as numbers': { purchaseId: 20_260_501_001, memberId: 10_001 },
    'nulls and empty texts': { memberId: null, storeId: '', channel: null },
    'fields that nobody knows': { lines: [{ ...line, selected: true }], cart: { a: [1] } },
    'a price of floating point': { lines: [{ ...line, unitPriceFen: 1989.9999999999998 }] },
  };

  test.each(Object.entries(sloppy))('%s: a strict one refuses it by name', async (_, changes) => {
    const [strict, lenient] = [await openHttp(), await openHttp({}, { isLenient: true })];
    const refusal = await strict.send('POST', purchases, receipt(changes));
    expect(refusal.status).toBe(422);
    expect(refusal.json.errors.length).toBeGreaterThan(0);
    const taken = await lenient.send('POST', purchases, receipt(changes));
    expect([taken.status, taken.json.status]).toEqual([201, 'created']);
  });

  test('leaves numbers and ids as they were written, to the last digit', async () => {
    const door = await openHttp({}, { isLenient: true });
    const body = JSON.stringify(receipt({ lines: [{ itemId: 'AT', quantity: '2' }] }));
    const digits = '6901234567890123457';
    expect((await door.send('POST', purchases, body.replace('"AT"', digits))).status).toBe(201);
    expect([...door.engine.records.receipts()]).toMatchObject([{ itemId: digits, quantity: 2 }]);
    const lines = [{ itemId: 'a', quantity: '1e3' }];
    expect((await door.send('POST', purchases, receipt({ lines }))).status).toBe(422);
  });

  test('is said of what was left out, in one receipt and in a batch', async () => {
    const door = await openHttp({}, { isLenient: true });
    const lines = [{ ...line, selected: true, note: '' }];
    const sent = receipt({ lines, cart: { a: [1] }, scene: null });
    const leftOut = [
      { reason: 'FIELD_LEFT_OUT', field: 'lines[0].selected' },
      { reason: 'FIELD_LEFT_OUT', field: 'cart' },
    ];
    const one = await door.send('POST', purchases, sent);
    expect(one.json.warnings).toMatchObject(leftOut);
    const { json } = await door.send('POST', purchases, { purchases: [sent, receipt()] });
    expect(json.results[0].warnings).toEqual(one.json.warnings);
    expect(json.results[1]).not.toHaveProperty('warnings');
  });

  test('is the same in a batch and in a query', async () => {
    const door = await openHttp({}, { isLenient: true });
    const batch = { purchases: [receipt({ cart: 1 }), receipt({ purchaseId: 2 })], from: 'wx' };
    const { json } = await door.send('POST', purchases, batch);
    expect(json.results).toMatchObject([{ id: 'r1' }, { id: '2' }]);
    const query = 'storeId=&exclude=&limit=10.0&scene=1001';
    expect((await door.get(`${list}?${query}`)).status).toBe(200);
    expect((await door.get(`${list}?limit=many`)).status).toBe(422);
    const without = await door.send('POST', purchases, receipt({ occurredAt: '' }));
    expect(without.json.errors).toMatchObject([{ field: 'occurredAt' }]);
  });
});

test('a client that half-closes gets its answer over HTTP', async () => {
  const door = await openHttp();
  const { hostname, port } = new URL(door.url);
  const text = await new Promise<string>((resolve, reject) => {
    let heard = '';
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    socket.on('data', (bytes) => {
      heard += bytes;
    });
    socket.on('error', reject).on('close', () => resolve(heard));
    socket.on('end', () => socket.end());
    const body = JSON.stringify(receipt());
    const head = ['POST /v1/purchases HTTP/1.1', 'host: a', 'content-type: application/json'];
    socket.end([...head, `content-length: ${body.length}`, '', body].join('\r\n'));
  });
  expect(text).toMatch(/^HTTP\/1.1 201 /);
});

test('a till that half-closes behind a scan is advised first', async () => {
  const till = await openGrpc();
  await teach(till.engine);
  const session = converse(till.client('CheckoutService'));
  session.send({ open: { storeId: 's1', deadlineMs: 10_000 } });
  session.send({ scan: { seq: 1, itemId: 'milk' } });
  session.hangUp();
  expect(await session.ended).toBeUndefined();
  expect(session.received.map(([kind]) => kind)).toEqual(['advice']);
});

test('an empty text of protocol buffers is as good as none', async () => {
  const till = await openGrpc();
  const sent = { ...receipt(), memberId: '', storeId: '', terminalId: '' };
  const result = await ask(till.client('IngestService'), 'RecordPurchase', sent);
  expect(result.status).toBe('INGEST_STATUS_CREATED');
  const [row] = [...till.engine.records.receipts()];
  expect([row?.memberId, row?.storeId]).toEqual(['', '']);
  const asked = { memberId: '', storeId: '', asOf: '', minWatermark: '' };
  const answer = await ask(till.client('RecommendationService'), 'Recommend', asked);
  expect(answer.relaxations).not.toContain('RELAXATION_STORE_UNKNOWN');
});
