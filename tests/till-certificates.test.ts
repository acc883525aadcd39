// Tills that are known by their certificates: what one may, where, and until when.
import { X509Certificate } from 'node:crypto';
import { credentials as grpcCredentials, Metadata } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EngineError } from '../engine/index.ts';
import { certifiedTill } from '../server/access/till-certificate.ts';
import { type Certificate, certificatesIn, makeAuthority } from './support/certificates.ts';
import { makeTemporaryFolder } from './support/folders.ts';
import { openKeys, type TestKeys } from './support/keys.ts';
import { ask, type Message, newClient, openTill, refused, type Till } from './support/till.ts';

const folder = await makeTemporaryFolder('till-certificates');
afterAll(folder.remove);
const authority = makeAuthority('Caini tests');
const { put, filesOf } = certificatesIn(folder.path);
const names = (terminal: string, store: string) => [
  `caini:terminal:${terminal}`,
  `caini:store:${store}`,
];

describe('over gRPC', () => {
  let keys: TestKeys;
  let till: Till;
  let readKey: string;
  const clients: Message[] = [];
  beforeAll(async () => {
    keys = await openKeys();
    readKey = keys.make(['read']).text;
    const files = filesOf(authority.issue('server'));
    const tls = {
      ...files,
      keySetting: 'grpcKeyFile',
      clientCaFile: put('ca.pem', authority.cert),
    };
    till = await openTill({ tls: tls as never, authenticate: keys.authenticate() });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    await till.close();
    await keys.remove();
  });

  function clientOf(identity: Certificate | undefined, service: string): Message {
    const [key, cert] = [
      identity && Buffer.from(identity.key),
      identity && Buffer.from(identity.cert),
    ];
    const credentials = grpcCredentials.createSsl(Buffer.from(authority.cert), key, cert);
    const client = newClient(till.door.url, service, { credentials });
    clients.push(client);
    return client;
  }

  const record = (identity: Certificate, purchaseId: string, storeId: string) => {
    const lines = [{ itemId: 'milk', quantity: 1 }];
    const purchase = { purchaseId, storeId, occurredAt: new Date().toISOString(), lines };
    return ask(clientOf(identity, 'IngestService'), 'RecordPurchase', purchase);
  };
  const listOf = (identity: Certificate | undefined, metadata = new Metadata()) =>
    ask(
      clientOf(identity, 'RecommendationService'),
      'RecommendForMember',
      { memberId: 'ann' },
      {
        metadata,
        deadlineMs: 5_000,
      },
    );

  test('one sells in its store without a key, and in no other', async () => {
    const identity = authority.issue('7', { uris: names('7', 'S1') });
    expect(await record(identity, 'p-1', 'S1')).toMatchObject({ status: 'INGEST_STATUS_CREATED' });
    expect(await refused(record(identity, 'p-2', 'S2'))).toMatchObject({
      code: 'PERMISSION_DENIED',
      info: { reason: 'STORE_FOREIGN' },
    });
    expect(await refused(listOf(identity))).toMatchObject({
      code: 'PERMISSION_DENIED',
      info: { reason: 'SCOPE_MISSING' },
    });
  });

  test('a key that is shown beside it counts in its place, also a wrong one', async () => {
    const identity = authority.issue('7', { uris: names('7', 'S1') });
    const shown = (key: string) => Metadata.fromHttp2Headers({ 'x-api-key': key });
    expect(await listOf(identity, shown(readKey))).toHaveProperty('items');
    const wrong = await refused(listOf(identity, shown('ck_wrong')));
    expect(wrong.info?.reason).toBe('API_KEY');
  });

  test('a certificate that names no till needs a key', async () => {
    const refusal = await refused(record(authority.issue('backend'), 'p-3', 'S1'));
    expect(refusal.info?.reason).toBe('API_KEY');
  });

  test('an expired, a foreign and no certificate get no connection', async () => {
    const uris = names('7', 'S1');
    const strangers = [
      authority.issue('7', { uris, from: -2, to: -1 }),
      makeAuthority('Another').issue('7', { uris }),
      undefined,
    ];
    for (const stranger of strangers) {
      expect((await refused(listOf(stranger))).code).toBe('UNAVAILABLE');
    }
  });
});

describe('names in a certificate', () => {
  const tillOf = (uris: readonly string[], clock = Date.now) =>
    certifiedTill(new X509Certificate(authority.issue('7', { uris }).cert), clock);

  test('are ids, percent-encoded where they are not ASCII', () => {
    expect(tillOf(names('7', encodeURIComponent('成都店')))?.()).toEqual({
      keyId: 'till 成都店/7',
      scopes: new Set(['till']),
      stores: new Set(['成都店']),
      scenarios: 'all',
    });
  });

  test.each([
    [[]],
    [['caini:terminal:7']],
    [['caini:store:S1']],
    [[...names('7', 'S1'), 'caini:store:S2']],
    [[...names('7', 'S1'), 'caini:terminal:8']],
    [names('7', '')],
    [names('7', '%zz')],
    [[...names('7', 'S1'), 'caini:store:%zz']],
    [['caini:terminal:7', 'http://x/, URI:caini:store:S1, y']],
    [['caini:terminal:7', 'caini:store:S1, URI:caini:store:S2']],
    [['caini:terminal:7', 'CAINI:STORE:S1']],
  ])('that are not one till of one store are nobody: %j', (uris) => {
    expect(tillOf(uris)).toBeUndefined();
  });

  test('end with the certificate, on a connection that is open longer too', () => {
    let nowMs = Date.now();
    const till = tillOf(names('7', 'S1'), () => nowMs)!;
    expect(till().keyId).toBe('till S1/7');
    nowMs += 3 * 86_400_000;
    try {
      till();
      expect.unreachable();
    } catch (error) {
      const { code, reason } = error as EngineError;
      expect([code, reason]).toEqual(['UNAUTHENTICATED', 'CERTIFICATE_EXPIRED']);
    }
  });
});
