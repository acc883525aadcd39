// Connections and calls at their limits: who does not send, does not read, or takes too much.
import { connect } from 'node:net';
import v8 from 'node:v8';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RecordPurchasesResponse } from '#proto/caini/v1/ingest.js';
import {
  framed,
  openRaw,
  purchaseMessage,
  type RawClient,
  recommend,
  recordPurchases,
  scanMessage,
  scanSession,
  streamPurchases,
} from '../../tests/support/raw-grpc.ts';
import { ask, type Message, openTill, refused, type Till } from '../../tests/support/till.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function openWith(...options: Parameters<typeof openTill>): Promise<Till> {
  const till = await openTill(...options);
  opened.push(till);
  return till;
}

function rawClient({ door }: Till): RawClient {
  const client = openRaw(door.url);
  opened.push(client);
  return client;
}

const receipt = (purchaseId: string, count = 1) => ({
  purchaseId,
  channel: 'CHANNEL_POS' as never,
  couponIds: [],
  occurredAt: '2026-05-01T09:10:00+08:00',
  lines: Array.from({ length: count }, (_, index) => ({ itemId: `item-${index}`, quantity: 1 })),
});

const quick = { lookEveryMs: 20 };
const statusNumber = { ok: '0', invalid: '3', deadline: '4', exhausted: '8' };
const enhanceYourCalm = 11;

const asHealthy = async (till: Till): Promise<void> => {
  const checked = await ask(till.client('grpc.health.v1.Health'), 'Check', { service: '' });
  expect(checked).toMatchObject({ status: 'SERVING' });
};

describe('messages', () => {
  test('are the same however HTTP/2 cuts them into frames', async () => {
    const till = await openWith();
    const client = rawClient(till);
    const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(cuts, fc.integer({ min: 1, max: 60 }), async (lengths, count) => {
        round += 1;
        const ids = Array.from({ length: count }, (_, index) => `r-${round}-${index}`);
        const bytes = Buffer.concat(ids.map((id) => purchaseMessage(receipt(id, 1 + (round % 9)))));
        const call = client.call(recordPurchases);
        const answer: Buffer[] = [];
        call.stream.on('data', (chunk: Buffer) => answer.push(chunk));
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const length = lengths[turn % lengths.length]!;
          call.stream.write(bytes.subarray(at, at + length));
          at += length;
          if (turn % 3 === 0) await new Promise(setImmediate);
        }
        call.stream.end();
        expect((await call.ended).status).toBe(statusNumber.ok);
        const { results } = RecordPurchasesResponse.decode(Buffer.concat(answer).subarray(5));
        expect(results.map(({ id }) => id)).toEqual(ids);
        expect(new Set(results.map(({ status }) => status))).toEqual(
          new Set(['INGEST_STATUS_CREATED']),
        );
      }),
      { numRuns: 25 },
    );
  });

  test('that take a frame together wait as bytes while nobody asks for them', async () => {
    const till = await openWith();
    const call = rawClient(till).call(scanSession);
    call.stream.write(scanMessage({ $case: 'open', open: { deadlineMs: 10_000 } as never }));
    // Three thousand in one write: each is taken when the one before it is done with.
    const scans = Array.from({ length: 3_000 }, (_, index) =>
      scanMessage({ $case: 'decline', decline: { itemId: `item-${index % 400}` } }),
    );
    call.stream.write(Buffer.concat(scans));
    call.stream.write(scanMessage({ $case: 'scan', scan: { seq: 1, itemId: 'a' } }));
    const [answer] = await new Promise<[Buffer]>((resolve) => {
      call.stream.once('data', (chunk: Buffer) => resolve([chunk]));
    });
    expect(answer.length).toBeGreaterThan(5);
  });
});

describe('a call', () => {
  test('with a deadline of a year is no call that is late', async () => {
    const till = await openWith();
    const request = { memberId: 'ann' };
    for (const days of [1, 25, 365]) {
      const client = till.client('RecommendationService');
      const answer = ask(client, 'RecommendForMember', request, {
        deadlineMs: days * 86_400_000,
      });
      expect(await answer).toMatchObject({ scenario: 'SCENARIO_GUESS_YOU_LIKE' });
    }
    const call = rawClient(till).call(recommend, { 'grpc-timeout': '99999999H' });
    call.stream.end(framed(Buffer.alloc(0)));
    call.stream.resume();
    expect((await call.ended).status).toBe(statusNumber.ok);
  });

  test('whose message does not come in is ended with a deadline, and its words', async () => {
    const till = await openWith({ timing: { ...quick, requestMsMax: 200 } });
    const client = rawClient(till);
    const [silent, slow] = [client.call(recommend), client.call(recommend)];
    for (const call of [silent, slow]) call.stream.resume();
    slow.stream.write(Buffer.of(0, 0, 0, 0, 9));
    const drip = setInterval(() => slow.stream.write(Buffer.of(8)), 60);
    expect((await silent.ended).status).toBe(statusNumber.deadline);
    expect((await slow.ended).status).toBe(statusNumber.deadline);
    clearInterval(drip);
    await asHealthy(till);
  });

  test('that is not read is cut, and HTTP/2 says why', async () => {
    const till = await openWith({ timing: { ...quick, unreadMsMax: 200 } });
    const call = rawClient(till).call(streamPurchases);
    let count = 0;
    // What HTTP/2 lets lie unread is 64 KB; each answer has some 60 bytes.
    while (!call.hasEnded) {
      count += 1;
      if (!call.stream.write(purchaseMessage(receipt(`u-${count}`)))) {
        await Promise.race([call.ended, new Promise((go) => setTimeout(go, 10))]);
      }
    }
    expect((await call.ended).rstCode).toBe(enhanceYourCalm);
    await asHealthy(till);
  }, 30_000);

  test('that was answered and still sends is stopped', async () => {
    const till = await openWith({ timing: { ...quick, sendOnMsMax: 100 } });
    const call = rawClient(till).call(scanSession);
    call.stream.resume();
    // It has to begin with open.
    call.stream.write(scanMessage({ $case: 'decline', decline: { itemId: 'a' } }));
    const drip = setInterval(() => call.stream.write(Buffer.alloc(5)), 10);
    expect((await call.ended).status).toBe(statusNumber.invalid);
    clearInterval(drip);
    await vi.waitFor(() => expect(till.door.openCalls).toBe(0));
  });

  test('whose client has gone half-way leaves nothing behind', async () => {
    const till = await openWith({ timing: { ...quick, unreadMsMax: 200 } });
    for (let round = 0; round < 3; round++) {
      const client = openRaw(till.door.url);
      const calls = Array.from({ length: 90 }, (_, index) =>
        client.call([scanSession, streamPurchases, recordPurchases, recommend][index % 4]!),
      );
      for (const { stream } of calls) stream.write(Buffer.of(0, 0, 0, 0, 200, 1));
      await asHealthy(till);
      client.close();
    }
    await vi.waitFor(() => expect(till.door.openCalls).toBe(0));
  });
});

describe('a connection that takes its whole share', () => {
  const open = scanMessage({ $case: 'open', open: {} as never });

  test('of calls is refused more, with words, and others are served', async () => {
    const till = await openWith({ limits: { callsMax: 24 } });
    const client = rawClient(till);
    const calls = Array.from({ length: 3 }, () => client.call(scanSession));
    for (const { stream } of calls) stream.write(open);
    await vi.waitFor(() => expect(till.door.sessions.size).toBe(3));
    const fourth = client.call(recommend);
    fourth.stream.resume();
    expect((await fourth.ended).status).toBe(statusNumber.exhausted);
    await asHealthy(till);
    calls[0]!.stream.close();
    await vi.waitFor(() => expect(till.door.openCalls).toBe(2));
    const fifth = client.call(recommend);
    fifth.stream.end(framed(Buffer.alloc(0)));
    fifth.stream.resume();
    expect((await fifth.ended).status).toBe(statusNumber.ok);
  });

  test('of messages that are not whole is refused more, and others are served', async () => {
    const till = await openWith({ limits: { messageBytesMax: 80_000 } });
    const client = rawClient(till);
    const calls = Array.from({ length: 11 }, () => client.call(recommend));
    const head = framed(Buffer.alloc(50_000)).subarray(0, 1_000);
    for (const { stream } of calls) {
      stream.resume();
      stream.write(head);
    }
    const ends = calls.map(({ ended }) => ended.then(({ status }) => status));
    expect(await Promise.race(ends)).toBe(statusNumber.exhausted);
    await asHealthy(till);
    // The ten others still wait for the rest of theirs.
    await vi.waitFor(() => expect(till.door.openCalls).toBe(10), 10_000);
  });

  test('of answers that it does not read is refused more, and others are served', async () => {
    const till = await openWith({ limits: { unreadBytesMax: 800_000 } });
    const items = Array.from({ length: 400 }, (_, index) => ({
      kind: 'item' as const,
      item: { itemId: `item-${index}`, name: '猜'.repeat(200), status: 'active' as const },
    }));
    await till.engine.writes.ingest(items);
    const client = rawClient(till);
    const listItems = () => {
      const call = client.call('/caini.v1.CatalogService/ListItems');
      call.stream.end(framed(Buffer.of(0x08, 0x64)));
      return call;
    };
    // Each of some 61 KB; HTTP/2 takes the first 64 KB of the connection.
    const calls = Array.from({ length: 4 }, listItems);
    await vi.waitFor(() => expect(calls.some(({ hasEnded }) => hasEnded)).toBe(true));
    const refusals = await Promise.all(
      calls.filter(({ hasEnded }) => hasEnded).map(({ ended }) => ended),
    );
    expect(refusals.map(({ status }) => status)).toContain(statusNumber.exhausted);
    const answer = await ask(till.client('CatalogService'), 'ListItems', { limit: 100 });
    expect(answer.items).toHaveLength(100);
  });
});

describe('a stream', () => {
  test('of receipts that brings none for long ends, with all that came answered', async () => {
    const till = await openWith({ timing: { streamIdleMsMax: 250 } });
    const stream = till.client('IngestService').StreamPurchases();
    const results: Message[] = [];
    stream.on('data', (result: Message) => results.push(result));
    const ended = new Promise((_, reject) => stream.once('error', reject));
    stream.write(receipt('i-1'));
    const refusal = await refused(ended);
    expect(refusal).toMatchObject({ code: 'DEADLINE_EXCEEDED', info: { reason: 'STREAM_IDLE' } });
    expect(results.map(({ id }) => id)).toEqual(['i-1']);
  });

  test('of receipts to be answered together ends too', async () => {
    const till = await openWith({ timing: { streamIdleMsMax: 250 } });
    const answer = new Promise((resolve, reject) => {
      const done = (error: unknown, reply: Message) => (error ? reject(error) : resolve(reply));
      till.client('IngestService').RecordPurchases(done).write(receipt('i-2'));
    });
    const refusal = await refused(answer);
    expect(refusal).toMatchObject({ code: 'DEADLINE_EXCEEDED', info: { reason: 'STREAM_IDLE' } });
  });

  test('of questions about the server is not read on while its answers are not', async () => {
    const till = await openWith({ timing: { ...quick, unreadMsMax: 300 } });
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const call = rawClient(till).call(path);
    const question = framed(Buffer.from('3a012a', 'hex'));
    while (!call.hasEnded) {
      if (!call.stream.write(Buffer.concat(Array(50).fill(question)))) {
        await Promise.race([call.ended, new Promise((go) => setTimeout(go, 10))]);
      }
    }
    expect((await call.ended).rstCode).toBe(enhanceYourCalm);
  }, 30_000);
});

describe('a stream that lasts all day', () => {
  /** Settled or not, each is some 100 bytes with what hangs on it. */
  const promises = () => v8.queryObjects(Promise, { format: 'count' }) as number;

  async function growthOf(path: string, message: (count: number) => Buffer): Promise<number> {
    const till = await openWith();
    const call = rawClient(till).call(path);
    let bytes = 0;
    call.stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    if (path === scanSession) {
      call.stream.write(scanMessage({ $case: 'open', open: {} as never }));
    }
    const say = async (from: number, count: number) => {
      for (let at = from; at < from + count; at++) {
        const heard = bytes;
        call.stream.write(message(at));
        await vi.waitFor(() => expect(bytes).toBeGreaterThan(heard), { interval: 1 });
      }
    };
    await say(0, 20);
    const before = promises();
    await say(20, 300);
    return promises() - before;
  }

  test('keeps nothing of tickets that are done', async () => {
    const tender = (count: number) => {
      const { occurredAt, channel } = receipt('');
      return scanMessage({
        $case: 'tender',
        tender: { purchaseId: `t-${count}`, occurredAt, channel, couponIds: [] },
      });
    };
    // One for each ticket would be three hundred.
    expect(await growthOf(scanSession, tender)).toBeLessThan(150);
  }, 30_000);

  test('keeps nothing of receipts that are answered', async () => {
    const growth = await growthOf(streamPurchases, (count) =>
      purchaseMessage(receipt(`d-${count}`)),
    );
    expect(growth).toBeLessThan(150);
  }, 30_000);
});

describe('a connection', () => {
  test('that speaks no HTTP/2 ends', async () => {
    const till = await openWith({ timing: { ...quick, connectMsMax: 150 } });
    const { port } = new URL(till.door.url.replace('grpc:', 'http:'));
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    await asHealthy(till);
  });

  test('without any call ends, and one with a call stays', async () => {
    const till = await openWith({ timing: { connectionIdleMsMax: 300 } });
    const [idle, busy] = [rawClient(till), rawClient(till)];
    const call = busy.call(scanSession);
    call.stream.write(scanMessage({ $case: 'open', open: {} as never }));
    await new Promise((resolve) => idle.session.once('close', resolve));
    expect([busy.session.destroyed, call.hasEnded]).toEqual([false, false]);
  });

  test('beyond those of one address is closed, and those there are go on', async () => {
    const till = await openWith({ limits: { connectionsMax: 24 } });
    const three = [rawClient(till), rawClient(till), rawClient(till)];
    for (const { session } of three) {
      await new Promise((resolve) => session.once('remoteSettings', resolve));
    }
    const fourth = rawClient(till);
    await new Promise((resolve) => fourth.session.once('close', resolve));
    const call = three[0]!.call(recommend);
    call.stream.end(framed(Buffer.alloc(0)));
    call.stream.resume();
    expect((await call.ended).status).toBe(statusNumber.ok);
  });
});
