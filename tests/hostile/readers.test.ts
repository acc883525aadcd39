// Clients who ask and do not read: what they cost, when they are cut, and who is served meanwhile.
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  framed,
  openRaw,
  type RawCall,
  type RawClient,
  scanMessage,
  scanSession,
} from '../support/raw-grpc.ts';
import {
  beHonest,
  dial,
  type Honest,
  hangs,
  isLong,
  many,
  megabytes,
  memoryFreed,
  openStage,
  type Stage,
} from './stage.ts';

let stage: Stage;
let honest: Honest;
const opened: { close(): void }[] = [];

beforeEach(async () => {
  // In short, a sixteenth of what may lie unread in truth.
  const limits = isLong ? {} : { unreadBytesMax: 33_554_432 };
  stage = await openStage({ http: { limits }, grpc: { limits } });
  honest = beHonest(stage);
});

afterEach(async () => {
  for (const each of opened.splice(0)) each.close();
  await honest.stop();
  expect(honest.failures).toEqual([]);
  await stage.close();
});

function rawClient(): RawClient {
  const client = openRaw(stage.grpc);
  opened.push(client);
  return client;
}

const tillCount = many(60, 300);
const perConnection = 30;

/** They never read what they are sent: HTTP/2 lets 64 KB of it lie. */
function silentTills(): RawCall[] {
  const clients = Array.from({ length: tillCount / perConnection }, rawClient);
  return Array.from({ length: tillCount }, (_, index) => {
    const call = clients[Math.floor(index / perConnection)]!.call(scanSession);
    call.stream.write(scanMessage({ $case: 'open', open: { deadlineMs: 10_000 } as never }));
    return call;
  });
}

/** Each says as much as HTTP/2 takes, until it is cut. */
function sendUntilCut(tills: readonly RawCall[], message: (count: number) => Buffer) {
  const endings = tills.map(async (till, index) => {
    for (let count = 1; !till.hasEnded; count++) {
      if (till.stream.write(message(index * 1_000_000 + count))) continue;
      await Promise.race([till.ended, once(till.stream, 'drain').catch(() => undefined)]);
    }
    return (await till.ended).rstCode;
  });
  return Promise.all(endings);
}

const occurredAt = '2026-05-01T09:10:00+08:00';
const phone = { type: 'IDENTITY_TYPE_PHONE' as never, value: 'x' };
const says: Readonly<Record<string, (count: number) => Buffer>> = {
  'identify themselves as nobody': () =>
    scanMessage({ $case: 'identify', identify: { who: { $case: 'identity', identity: phone } } }),
  'pay for nothing': (count) => {
    const purchaseId = `silent-${count}`;
    const tender = { purchaseId, occurredAt, channel: 'CHANNEL_POS' as never, couponIds: [] };
    return scanMessage({ $case: 'tender', tender });
  },
};

test.each(Object.entries(says))(
  'tills that %s and never read are cut, and cost little until then',
  async (_, message) => {
    const before = await stage.memory();
    const cut = sendUntilCut(silentTills(), message);
    await honest.servedMore(3);
    const height = await stage.memory();
    expect(megabytes(height.held - before.held)).toBeLessThan(60);
    // HTTP/2 calls it ENHANCE_YOUR_CALM, and gRPC RESOURCE_EXHAUSTED.
    expect(new Set(await cut)).toEqual(new Set([11]));
    expect((await stage.cuts())['UNREAD']).toBeGreaterThanOrEqual(tillCount);
    await memoryFreed(stage, before, 20);
  },
  180_000,
);

test('tills that scan and never read take no more than their share of scans', async () => {
  const before = await stage.memory();
  // Those of one connection may hold 32,768 scans together.
  const scans = silentTills().map(async (till) => {
    for (let seq = 1; !till.hasEnded && seq <= 2_000; seq++) {
      const scan = scanMessage({ $case: 'scan', scan: { seq, itemId: `item-${seq}` } as never });
      if (till.stream.write(scan)) continue;
      await Promise.race([till.ended, once(till.stream, 'drain').catch(() => undefined)]);
    }
  });
  await honest.servedMore(3);
  await Promise.all(scans);
  const height = await stage.memory();
  expect(megabytes(height.held - before.held)).toBeLessThan(100);
}, 180_000);

test('pages that are asked for over gRPC and not read are refused beyond a share', async () => {
  const before = await stage.memory();
  // A page of 100 is some 1.2 MB.
  const request = framed(Buffer.from('0864', 'hex'));
  const calls = Array.from({ length: 4 }, rawClient).flatMap((client) =>
    Array.from({ length: many(10, 90) }, () => {
      const call = client.call('/caini.v1.CatalogService/ListItems');
      call.stream.end(request);
      return call;
    }),
  );
  const first = await Promise.race(calls.map(({ ended }) => ended));
  expect(first.status).toBe('8');
  await honest.servedMore(3);
  const height = await stage.memory();
  // A half of what may lie unread in all, for one address, and what is on its way.
  expect(megabytes(height.held - before.held)).toBeLessThan(many(32, 100));
  await Promise.all(calls.map(({ ended }) => ended));
  expect((await stage.cuts())['UNREAD']).toBeGreaterThan(0);
}, 180_000);

test('pages that are asked for over HTTP and not read are cut', async () => {
  const before = await stage.memory();
  const request = 'GET /v1/items?limit=200 HTTP/1.1\r\nhost: a\r\n\r\n';
  const sockets = Array.from({ length: many(8, 60) }, () => dial(stage.http));
  // The system takes some megabytes of each connection; the rest lies with us.
  for (const socket of sockets) socket.write(request.repeat(6));
  await honest.servedMore(3);
  const height = await stage.memory();
  expect(megabytes(height.held - before.held)).toBeLessThan(many(40, 150));
  const cut = async () => {
    const { UNREAD = 0, TOO_MUCH_UNREAD = 0 } = await stage.cuts();
    return UNREAD + TOO_MUCH_UNREAD;
  };
  await vi.waitFor(async () => expect(await cut()).toBe(sockets.length), hangs);
  await memoryFreed(stage, before, 20);
  for (const socket of sockets) socket.destroy();
}, 180_000);
