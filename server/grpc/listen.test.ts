// The gRPC door over real sockets: what every server of its kind must do beside the operations.
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ask, type Message, openTill, refused, type Till } from '../../tests/support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterAll(() => till?.close());

/** Bytes of our own in place of a message. */
function askRaw(service: string, method: string, bytes: Buffer): Promise<Message> {
  const client = till.client(service);
  const identity = (buffer: Buffer): Buffer => buffer;
  const path = `/caini.v1.${service}/${method}`;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, identity, identity, bytes, (error: Error, reply: Buffer) =>
      error === null ? resolve(reply) : reject(error),
    );
  });
}

describe('a message', () => {
  test('that is none is refused with its field, and with the log silent', async () => {
    for (const bytes of [Buffer.of(0xff), Buffer.of(0x0a, 0x05, 0x61), Buffer.alloc(9, 0x08)]) {
      const refusal = await refused(askRaw('CatalogService', 'ReadItem', bytes));
      expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', info: { domain: 'caini' } });
      expect(refusal.violations[0]).toMatchObject({ field: 'message' });
    }
  });

  test('whose text is not UTF-8 is refused, never mended into another id', async () => {
    for (const text of ['c0af', 'eda080', 'ff', '61ff62']) {
      const bytes = Buffer.from(text, 'hex');
      const message = Buffer.concat([Buffer.of(0x0a, bytes.length), bytes]);
      const refusal = await refused(askRaw('CatalogService', 'WriteItem', message));
      expect(refusal.code).toBe('INVALID_ARGUMENT');
    }
    expect([...till.engine.catalogue.items()]).toEqual([]);
  });

  test('of more than 1 MiB is refused, and the connection goes on', async () => {
    const client = till.client('IngestService');
    const lines = Array(100_000).fill({ itemId: 'a-rather-long-item-id', quantity: 1 });
    const large = ask(client, 'RecordPurchase', { purchaseId: 'p', occurredAt: '', lines });
    expect((await refused(large)).code).toBe('RESOURCE_EXHAUSTED');
    expect((await refused(ask(client, 'RecordPurchase', {}))).code).toBe('INVALID_ARGUMENT');
  });

  test('with a field of a later version is taken without it', async () => {
    const reply = await askRaw('RecommendationService', 'Recommend', Buffer.of(0xc0, 0x3e, 0x01));
    expect(reply.length).toBeGreaterThan(0);
  });

  test('with an enum of a later version is refused by its field', async () => {
    const refusal = await refused(
      askRaw('RecommendationService', 'Recommend', Buffer.of(0x08, 0x63)),
    );
    expect(refusal.violations[0]).toMatchObject({ field: 'scenario', reason: 'INVALID' });
  });
});

test('a call that nobody serves is UNIMPLEMENTED', async () => {
  const refusal = await refused(askRaw('CheckoutService', 'RecommendForNobody', Buffer.alloc(0)));
  expect(refusal.code).toBe('UNIMPLEMENTED');
});

test('a refusal tells its reason and when to come back', async () => {
  const client = till.client('RecommendationService');
  const refusal = await refused(ask(client, 'Recommend', { minWatermark: '999999' }));
  expect(refusal).toMatchObject({
    code: 'UNAVAILABLE',
    info: { reason: 'WATERMARK_NOT_REACHED', domain: 'caini' },
    retryAfterMs: 100,
  });
});

test('very many faults are told as far as a header holds them', async () => {
  const lines = Array(200).fill({ itemId: '猜'.repeat(100), quantity: 0 });
  const refusal = await refused(ask(till.client('IngestService'), 'RecordPurchase', { lines }));
  expect(refusal.violations.length).toBeGreaterThan(3);
  expect(refusal.result).toMatchObject({ status: 'INGEST_STATUS_REJECTED' });
});

test('a deadline that has passed ends the call', async () => {
  const client = till.client('RecommendationService');
  const late = ask(client, 'Recommend', { minWatermark: '999999' }, { deadlineMs: 10 });
  await expect(late).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
});

describe('the health service', () => {
  const services = [
    '',
    ...['Recommendation', 'Checkout', 'Ingest', 'Catalog', 'Member', 'Admin'].map(
      (name) => `caini.v1.${name}Service`,
    ),
  ];

  test('tells the state of each service, and knows no others', async () => {
    const client = till.client('grpc.health.v1.Health');
    for (const service of services) {
      expect(await ask(client, 'Check', { service })).toMatchObject({ status: 'SERVING' });
    }
    const unknown = await refused(ask(client, 'Check', { service: 'caini.v1.NobodyService' }));
    expect(unknown.code).toBe('NOT_FOUND');
  });

  test('tells apart who needs complete lists, and tells watchers of changes', async () => {
    let isComplete = false;
    const starting = await openTill(
      {},
      { wrap: (access) => ({ ...access, readiness: () => ({ ready: isComplete }) }) },
    );
    try {
      const client = starting.client('grpc.health.v1.Health');
      const check = (name: string) => ask(client, 'Check', { service: `caini.v1.${name}Service` });
      expect(await check('Checkout')).toMatchObject({ status: 'NOT_SERVING' });
      expect(await check('Ingest')).toMatchObject({ status: 'SERVING' });
      const seen: string[] = [];
      const watch = client.Watch({ service: 'caini.v1.CheckoutService' });
      watch.on('data', (message: Message) => seen.push(message.status));
      const ended = new Promise<Message>((resolve) => watch.on('error', resolve));
      await vi.waitFor(() => expect(seen).toEqual(['NOT_SERVING']));
      isComplete = true;
      await vi.waitFor(() => expect(seen).toEqual(['NOT_SERVING', 'SERVING']), 5_000);
      await starting.door.close();
      expect(await ended).toMatchObject({ code: status.UNAVAILABLE });
      expect(seen.at(-1)).toBe('NOT_SERVING');
    } finally {
      await starting.close();
    }
  });
});

test('reflection lists every service and describes its calls', async () => {
  const stream = till.client('grpc.reflection.v1.ServerReflection').ServerReflectionInfo();
  const answers: Message[] = [];
  stream.on('data', (answer: Message) => answers.push(answer));
  stream.write({ listServices: '*' });
  stream.write({ fileContainingSymbol: 'caini.v1.CheckoutService' });
  stream.end();
  await new Promise((resolve) => stream.on('end', resolve));
  const names = answers[0].listServicesResponse.service.map(({ name }: Message) => name);
  expect(names).toEqual(
    expect.arrayContaining(['caini.v1.CheckoutService', 'grpc.health.v1.Health']),
  );
  const described = answers[1].fileDescriptorResponse.fileDescriptorProto.map(String).join();
  expect(described).toContain('ScanSession');
});

test('a taken address is refused with the code of the system', async () => {
  const port = Number(till.door.url.split(':').at(-1));
  await expect(openTill({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
