// Clients who keep us waiting: heads, bodies and messages that come in slowly or not at all, and
// connections on which nothing happens.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { framed, openRaw, type RawCall, recommend } from '../support/raw-grpc.ts';
import {
  allEnded,
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
const drips: NodeJS.Timeout[] = [];

beforeEach(async () => {
  // Of one address an eighth: 2,048 and 256 in truth.
  stage = await openStage({ http: { limits: { httpConnectionsMax: many(2_400, 16_384) } } });
  honest = beHonest(stage);
});

afterEach(async () => {
  for (const drip of drips.splice(0)) clearInterval(drip);
  for (const each of opened.splice(0)) each.destroy();
  await honest.stop();
  expect(honest.failures).toEqual([]);
  await stage.close();
});

/** So many connections that read what they are told, and hear of their end. */
function dialMany(url: string, count: number): Socket[] {
  const sockets = Array.from({ length: count }, () => dial(url).resume());
  opened.push(...sockets);
  return sockets;
}

/** A little, again and again: whoever looks for silence alone never ends it. */
function drip(sockets: readonly Socket[], bytes: string): void {
  drips.push(
    setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write(bytes);
    }, 100),
  );
}

const statusesOf = (answers: readonly Buffer[]) =>
  answers.map((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1] ?? 'nothing');

async function answersOf(sockets: readonly Socket[]): Promise<Buffer[]> {
  return Promise.all(
    sockets.map(async (socket) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      if (!socket.closed) await once(socket, 'close');
      return Buffer.concat(chunks);
    }),
  );
}

describe('over HTTP', () => {
  const count = many(200, 1_500);

  test('heads that come in slowly are cut with 408', async () => {
    const before = await stage.memory();
    const sockets = dialMany(stage.http, count);
    const answers = answersOf(sockets);
    // Nearly as much of a head as may be.
    const header = `x: ${'y'.repeat(1_000)}\r\n`;
    for (const socket of sockets) socket.write(`GET / HTTP/1.1\r\n${header.repeat(14)}`);
    drip(sockets, 'z: 1\r\n');
    await honest.servedMore(3);
    expect(megabytes((await stage.memory()).held - before.held)).toBeLessThan(many(20, 60));
    expect(new Set(statusesOf(await answers))).toEqual(new Set(['408']));
    await memoryFreed(stage, before, 10);
  }, 200_000);

  test('bodies that come in slowly are refused beyond a share, and cut with 408', async () => {
    const before = await stage.memory();
    const sockets = dialMany(stage.http, many(100, 400));
    const answers = answersOf(sockets);
    const type = 'content-type: application/json';
    const head = `POST /v1/purchases HTTP/1.1\r\nhost: a\r\n${type}\r\n`;
    for (const socket of sockets) {
      socket.write(`${head}content-length: 1000000\r\nconnection: close\r\n\r\n{`);
      socket.write(' '.repeat(many(100_000, 900_000)));
    }
    drip(sockets, ' ');
    await honest.servedMore(3);
    // Sixty-seven bodies of a million bytes are a half of 128 MiB.
    expect(megabytes((await stage.memory()).held - before.held)).toBeLessThan(many(20, 90));
    const statuses = statusesOf(await answers);
    expect(new Set(statuses)).toEqual(new Set(['408', '503']));
    expect(statuses.filter((status) => status === '408').length).toBeLessThanOrEqual(67);
  }, 200_000);

  test('connections that say nothing end', async () => {
    const sockets = dialMany(stage.http, count);
    await honest.servedMore(3);
    await allEnded(sockets);
    expect((await stage.cuts())['REQUEST_LATE']).toBeUndefined();
  }, 200_000);

  test('connections beyond the share of one address are told so', async () => {
    const most = many(300, 2_048);
    // The other address of this machine, so that honest clients are distinguished from it.
    const sockets = Array.from({ length: most + 50 }, () => dial(stage.http, '127.0.0.2').resume());
    opened.push(...sockets);
    const answers = answersOf(sockets);
    await honest.servedMore(3);
    const refused = statusesOf(await answers).filter((status) => status === '503');
    expect(refused).toHaveLength(50);
    expect((await stage.cuts())['TOO_MANY_CONNECTIONS']).toBe(50);
  }, 200_000);
});

describe('over gRPC', () => {
  test('messages that come in slowly are refused beyond a share, and cut', async () => {
    const before = await stage.memory();
    const clients = Array.from({ length: 4 }, () => openRaw(stage.grpc));
    opened.push(...clients.map(({ session }) => session));
    const half = framed(Buffer.alloc(1_000_000)).subarray(0, 900_000);
    const calls: RawCall[] = clients.flatMap((client) =>
      Array.from({ length: many(30, 90) }, () => client.call(recommend)),
    );
    for (const { stream } of calls) {
      stream.resume();
      stream.write(half);
    }
    await honest.servedMore(3);
    // Of one connection 16 MiB are held, and as much may be on its way.
    expect(megabytes((await stage.memory()).held - before.held)).toBeLessThan(110);
    const ends = await Promise.all(calls.map(({ ended }) => ended));
    // Late, or too much; in the midst of its message a client may only hear that it is reset.
    const reported = ends.map(({ status }) => status ?? 'reset');
    expect(reported.filter((each) => !['4', '8', 'reset'].includes(each))).toEqual([]);
    expect(reported).toContain('8');
    await vi.waitFor(async () => {
      const { held, openCalls } = await stage.memory();
      expect(openCalls).toBeLessThanOrEqual(3);
      expect(megabytes(held - before.held)).toBeLessThan(20);
    }, hangs);
  }, 200_000);

  test('connections that speak no HTTP/2, or do not begin, end', async () => {
    const sockets = dialMany(stage.grpc, many(60, 200));
    // Some begin as they should, and say nothing of what they can.
    for (const socket of sockets.slice(0, 30)) socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await honest.servedMore(3);
    await allEnded(sockets);
  }, 200_000);

  test('connections beyond the share of one address are closed', async () => {
    const sockets = Array.from({ length: 300 }, () => dial(stage.grpc, '127.0.0.2').resume());
    opened.push(...sockets);
    await honest.servedMore(3);
    await vi.waitFor(async () => {
      expect((await stage.cuts())['TOO_MANY_CONNECTIONS']).toBe(44);
    }, hangs);
  }, 200_000);
});
