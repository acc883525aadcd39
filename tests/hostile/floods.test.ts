// Clients who ask more than their share: sessions, requests sent ahead, and frames of HTTP/2 that
// mean nothing.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
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
  many,
  megabytes,
  memoryFreed,
  openStage,
  type Stage,
} from './stage.ts';

let stage: Stage;
let honest: Honest;
const opened: { destroy(): unknown }[] = [];

beforeEach(async () => {
  stage = await openStage();
  honest = beHonest(stage);
});

afterEach(async () => {
  for (const each of opened.splice(0)) each.destroy();
  await honest.stop();
  expect(honest.failures).toEqual([]);
  await stage.close();
});

function rawClient(): RawClient {
  const client = openRaw(stage.grpc);
  opened.push(client.session);
  return client;
}

const open = scanMessage({ $case: 'open', open: {} as never });

function openSessions(client: RawClient, count: number): RawCall[] {
  return Array.from({ length: count }, () => {
    const call = client.call(scanSession);
    call.stream.resume();
    call.stream.write(open);
    return call;
  });
}

describe('sessions', () => {
  test('of one address fill a half of the room, and an honest till finds its place', async () => {
    const before = await stage.memory();
    const calls = Array.from({ length: 12 }, rawClient).flatMap((client) =>
      openSessions(client, 100),
    );
    await vi.waitFor(async () => {
      expect((await stage.memory()).sessions).toBeGreaterThanOrEqual(512);
    }, hangs);
    await honest.servedMore(5);
    const height = await stage.memory();
    // One for each of twelve connections in any case, and those of the honest.
    expect(height.sessions).toBeLessThanOrEqual(512 + 12 + 2);
    expect(megabytes(height.held - before.held)).toBeLessThan(60);
    const refused = calls.filter(({ hasEnded }) => hasEnded);
    expect(refused.length).toBeGreaterThan(600);
    const statuses = await Promise.all(refused.map(({ ended }) => ended));
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set(['8']));
  }, 120_000);

  test('on more connections than sessions still leave an honest till its place', async () => {
    const clients = Array.from({ length: many(120, 240) }, rawClient);
    for (const client of clients) openSessions(client, 20);
    await vi.waitFor(async () => {
      expect((await stage.memory()).sessions).toBeGreaterThanOrEqual(512);
    }, hangs);
    await honest.servedMore(5);
  }, 120_000);

  test('that begin and end again and again leave nothing behind', async () => {
    const before = await stage.memory();
    for (let round = 0; round < many(10, 200); round++) {
      const client = rawClient();
      const calls = openSessions(client, 90);
      // Half of them part, half of them vanish with the line.
      for (const { stream } of calls.slice(45)) stream.close(8);
      await Promise.all(calls.slice(45).map(({ ended }) => ended));
      client.close();
    }
    await honest.servedMore(3);
    await vi.waitFor(async () => {
      const { held, sessions } = await stage.memory();
      expect(sessions).toBeLessThanOrEqual(2);
      expect(megabytes(held - before.held)).toBeLessThan(10);
    }, hangs);
  }, 120_000);
});

/** Writes until the connection ends or the time is over. */
async function flood(socket: Socket, bytes: (round: number) => Buffer | string, ms: number) {
  opened.push(socket);
  const endsAt = performance.now() + ms;
  for (let round = 0; performance.now() < endsAt && !socket.closed; round++) {
    if (!socket.write(bytes(round))) {
      await Promise.race([once(socket, 'drain').catch(() => {}), pause(200)]);
    } else await pause(0);
  }
  return socket;
}

describe('requests', () => {
  const waits = 'GET /v1/items/popular?minWatermark=999999 HTTP/1.1\r\nhost: a\r\n\r\n';
  const quick = 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n';

  test('sent ahead of answers that take a while end the connection', async () => {
    const before = await stage.memory();
    const floods = Array.from({ length: many(20, 100) }, () =>
      flood(dial(stage.http).resume(), () => waits.repeat(500), many(2_000, 20_000)),
    );
    await honest.servedMore(3);
    expect(megabytes((await stage.memory()).held - before.held)).toBeLessThan(60);
    const sockets = await Promise.all(floods);
    await vi.waitFor(() => expect(sockets.filter(({ closed }) => !closed)).toEqual([]), hangs);
    expect((await stage.cuts())['TOO_MANY_REQUESTS']).toBeGreaterThanOrEqual(sockets.length);
  }, 120_000);

  test('sent ahead by one who reads no answer are not read on', async () => {
    const before = await stage.memory();
    const floods = Array.from({ length: many(20, 100) }, () =>
      flood(dial(stage.http), () => quick.repeat(90), many(2_000, 20_000)),
    );
    await honest.servedMore(3);
    expect(megabytes((await stage.memory()).held - before.held)).toBeLessThan(60);
    await Promise.all(floods);
  }, 120_000);
});

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function frame(type: number, flags: number, stream: number, payload?: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload?.length ?? 0, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload ?? Buffer.alloc(0)]);
}

/** Headers as literals that are not indexed (RFC 7541 section 6.2.2). */
function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]),
  );
}

const callHeaders = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'a',
  ':path': scanSession,
  'content-type': 'application/grpc',
  te: 'trailers',
};
const wide = Object.fromEntries(
  Array.from({ length: 120 }, (_, index) => [`x-${index}`, 'v'.repeat(120)]),
);
const reset = Buffer.of(0, 0, 0, 8);
const [data, headers, rst, settings, ping, windowUpdate, continuation] = [0, 1, 3, 4, 6, 8, 9];

/** A hundred frames of one kind, from the stream of this number on. */
const frames: Readonly<Record<string, (stream: number) => Buffer>> = {
  settings: () => frame(settings!, 0, 0, Buffer.from('000300000064', 'hex')),
  pings: () => frame(ping!, 0, 0, Buffer.alloc(8)),
  'calls that are reset at once': (stream) =>
    Buffer.concat([
      frame(headers!, 4, stream, headerBlock(callHeaders)),
      frame(rst!, 0, stream, reset),
    ]),
  'calls of no service that are reset at once': (stream) =>
    Buffer.concat([
      frame(headers!, 4, stream, headerBlock({ ...callHeaders, ':path': '/a/b' })),
      frame(rst!, 0, stream, reset),
    ]),
  'more calls than a connection has': (stream) =>
    frame(headers!, 4, stream, headerBlock(callHeaders)),
  'heads that are too large': (stream) =>
    frame(headers!, 4, stream, headerBlock({ ...callHeaders, ...wide })),
  'heads that go on and on': (stream) =>
    stream === 1
      ? frame(headers!, 0, 1, headerBlock(callHeaders))
      : frame(continuation!, 0, 1, headerBlock(wide)),
  'data of no call': (stream) => frame(data!, 0, stream, Buffer.alloc(100)),
  'empty data': (stream) =>
    stream === 1 ? frame(headers!, 4, 1, headerBlock(callHeaders)) : frame(data!, 0, 1),
  'windows without end': () => frame(windowUpdate!, 0, 0, Buffer.of(0x7f, 0xff, 0xff, 0xff)),
  'frames of no kind': () => frame(0x77, 0, 0, Buffer.alloc(50)),
};

describe('frames of HTTP/2:', () => {
  test.each(Object.entries(frames))(
    '%s cost no more than the line',
    async (_, make) => {
      const before = await stage.memory();
      const floods = [true, false].map((reads) => {
        const socket = dial(stage.grpc);
        if (reads) socket.resume();
        socket.write(Buffer.concat([preface, frame(settings!, 0, 0)]));
        const hundred = (round: number) =>
          Buffer.concat(
            Array.from({ length: 100 }, (_each, at) => make((round * 100 + at) * 2 + 1)),
          );
        return flood(socket, hundred, many(800, 15_000));
      });
      await honest.servedMore(3);
      expect(megabytes((await stage.memory()).held - before.held)).toBeLessThan(30);
      await Promise.all(floods);
      await honest.servedMore(1);
      await memoryFreed(stage, before, 20);
    },
    120_000,
  );
});
