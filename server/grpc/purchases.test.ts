// Receipts in streams: every one answered in order after it is on disk, whoever stops when.
import { once } from 'node:events';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  ask,
  type Message,
  openTill,
  type Refusal,
  refusalOf,
  type Till,
} from '../../tests/support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterAll(() => till?.close());

const receipt = (purchaseId: string, changes: object = {}) => ({
  purchaseId,
  storeId: 's1',
  channel: 'CHANNEL_POS',
  occurredAt: '2026-05-01T09:10:00+08:00',
  lines: [{ itemId: 'milk', quantity: 1 }],
  ...changes,
});

interface Sending {
  readonly stream: ClientDuplexStream<Message, Message>;
  readonly results: Message[];
  readonly ended: Promise<Refusal | undefined>;
}

function stream(on: Till = till): Sending {
  const opened = on.client('IngestService').StreamPurchases();
  const results: Message[] = [];
  opened.on('data', (result: Message) => results.push(result));
  const ended = new Promise<Refusal | undefined>((resolve) => {
    opened.once('error', (error: ServiceError) => resolve(refusalOf(error)));
    opened.once('end', () => setImmediate(() => resolve(undefined)));
  });
  return { stream: opened, results, ended };
}

function together(receipts: readonly object[]): Promise<Message> {
  return new Promise((resolve, reject) => {
    const call = till
      .client('IngestService')
      .RecordPurchases((error: ServiceError | null, reply: Message) =>
        error === null ? resolve(reply) : reject(error),
      );
    for (const each of receipts) call.write(each);
    call.end();
  });
}

const mixed = [
  receipt('m-1'),
  receipt('m-1'),
  receipt('m-1', { storeId: 's2' }),
  receipt('m-2', { lines: [] }),
  receipt('m-3', { occurredAt: '2999-01-01T00:00:00Z' }),
  receipt('m-4'),
];
const outcomes = ['CREATED', 'DUPLICATE', 'CONFLICT', 'REJECTED', 'REJECTED', 'CREATED'];

describe('a stream with answers', () => {
  test('answers each receipt in order, and a refused one stops nobody', async () => {
    const { stream: sending, results, ended } = stream();
    for (const each of mixed) sending.write(each);
    sending.end();
    expect(await ended).toBeUndefined();
    expect(results.map(({ status }) => status)).toEqual(
      outcomes.map((outcome) => `INGEST_STATUS_${outcome}`),
    );
    expect(results[1].watermark).toBe(results[0].watermark);
    expect(results[3]).toMatchObject({ reason: 'MALFORMED', errors: [{ field: 'lines' }] });
    expect(results[4]).toMatchObject({ reason: 'OCCURRED_AT_IN_FUTURE' });
  });

  test('of hundreds of tills at once loses none and counts each once', async () => {
    const tills = Array.from({ length: 200 }, () => stream());
    for (const [index, { stream: sending }] of tills.entries()) {
      for (let count = 0; count < 20; count++) sending.write(receipt(`h-${index}-${count}`));
      sending.end();
    }
    await Promise.all(tills.map(({ ended }) => ended));
    for (const { results } of tills) {
      expect(results.map(({ status }) => status)).toEqual(Array(20).fill('INGEST_STATUS_CREATED'));
    }
    const rows = [...till.engine.records.receipts()].filter(({ purchaseId }) =>
      /^h-/.test(purchaseId),
    );
    expect(rows).toHaveLength(4_000);
  });

  test('that is cut at any point can be sent again: what was answered stays', async () => {
    const all = Array.from({ length: 30 }, (_, index) => receipt(`c-${index}`));
    for (const point of [0, 1, 7, 29]) {
      const { stream: sending, results } = stream();
      sending.on('error', () => {});
      for (const each of all) sending.write(each);
      while (results.length < point) await once(sending, 'data');
      sending.cancel();
    }
    const { results } = await together(all);
    const statuses = new Set(results.map(({ status }: Message) => status));
    for (const status of statuses) {
      expect(['INGEST_STATUS_CREATED', 'INGEST_STATUS_DUPLICATE']).toContain(status);
    }
    // 29 answers were heard in the last round.
    const known = results.slice(0, 29).map(({ status }: Message) => status);
    expect(new Set(known)).toEqual(new Set(['INGEST_STATUS_DUPLICATE']));
    const rows = [...till.engine.records.receipts()].filter(({ purchaseId }) =>
      /^c-/.test(purchaseId),
    );
    expect(rows).toHaveLength(30);
  });

  test('is not read on while its answers are not: flow control makes the sender wait', async () => {
    const { stream: sending, results, ended } = stream();
    sending.pause();
    const total = 6_000;
    const item = 'x'.repeat(120);
    const write = (count: number) =>
      sending.write(
        receipt(`f-${count}`, { lines: Array(20).fill({ itemId: item, quantity: 1 }) }),
      );
    for (let count = 0; count < total; count++) write(count);
    sending.end();
    const recorded = () => till.engine.status().events;
    // When nothing moves over two looks, everybody waits for the reader.
    let before = -1;
    await vi.waitFor(
      () => {
        const now = recorded();
        const stands = now === before;
        before = now;
        expect(stands).toBe(true);
      },
      { interval: 300, timeout: 20_000 },
    );
    const kept = [...till.engine.records.receipts()].filter(({ purchaseId }) =>
      /^f-/.test(purchaseId),
    );
    expect(new Set(kept.map(({ purchaseId }) => purchaseId)).size).toBeLessThan(total);
    sending.resume();
    expect(await ended).toBeUndefined();
    expect(results.map(({ id }) => id)).toEqual(
      Array.from({ length: total }, (_, count) => `f-${count}`),
    );
  });

  test('tells of each receipt what is wrong with it, and goes on', async () => {
    const { stream: sending, results, ended } = stream();
    sending.write(receipt('before'));
    sending.write(receipt('broken', { memberId: 'x'.repeat(129) }));
    sending.write({ purchaseId: '' });
    sending.end();
    expect(await ended).toBeUndefined();
    expect(results.map(({ status }) => status)).toEqual([
      'INGEST_STATUS_CREATED',
      'INGEST_STATUS_REJECTED',
      'INGEST_STATUS_REJECTED',
    ]);
  });
});

describe('a stream answered at its end', () => {
  test('tells one result for each, in order', async () => {
    const renamed = mixed.map((each) => ({ ...each, purchaseId: `t${each.purchaseId}` }));
    const { results } = await together(renamed);
    expect(results.map(({ status }: Message) => status)).toEqual(
      outcomes.map((outcome) => `INGEST_STATUS_${outcome}`),
    );
  });

  test('of nothing answers nothing, and of 1,001 is refused with the rest kept', async () => {
    expect(await together([])).toMatchObject({ results: [] });
    const many = Array.from({ length: 1_001 }, (_, index) => receipt(`l-${index}`));
    const refusal = refusalOf(await together(many).catch((error: unknown) => error));
    expect(refusal).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      info: { reason: 'TOO_MANY_RECEIPTS' },
    });
    const { results } = await together(many.slice(0, 1_000));
    expect(results).toHaveLength(1_000);
  });
});

test('a receipt answered in a stream is in the list asked for next', async () => {
  const { stream: sending, results, ended } = stream();
  const lines = ['tea', 'cup'].map((itemId) => ({ itemId, quantity: 1 }));
  sending.write(receipt('fresh', { lines, memberId: 'fay' }));
  sending.end();
  await ended;
  const request = { memberId: 'fay', minWatermark: results[0].watermark };
  const reply = await ask(till.client('RecommendationService'), 'RecommendForMember', request);
  expect(reply.personalized).toBe(true);
});
