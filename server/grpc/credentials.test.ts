// Who gets in: TLS, client certificates, API keys, and all of these changed while the server runs.
import { credentials as grpcCredentials, Metadata, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../engine/index.ts';
import {
  type Certificate,
  certificatesIn,
  makeAuthority,
} from '../../tests/support/certificates.ts';
import { converse } from '../../tests/support/conversation.ts';
import { makeTemporaryFolder } from '../../tests/support/folders.ts';
import { openKeys, type TestKeys } from '../../tests/support/keys.ts';
import {
  ask,
  type Message,
  newClient,
  openTill,
  refused,
  type Till,
} from '../../tests/support/till.ts';
import { revokeKey } from '../access/change-keys.ts';

const folder = await makeTemporaryFolder('credentials');
afterAll(folder.remove);

const clients: Message[] = [];
const tills: Till[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const till of tills.splice(0)) await till.close();
});

const authority = makeAuthority('Caini tests');
const { put, filesOf } = certificatesIn(folder.path);

async function secured(certificate: Certificate, clientCa?: string): Promise<Till> {
  const clientCaFile = clientCa === undefined ? undefined : put('ca.pem', clientCa);
  const tls = { ...filesOf(certificate), keySetting: 'grpcKeyFile', clientCaFile } as const;
  const till = await openTill({ tls, timing: { filesEveryMs: 20 } });
  tills.push(till);
  return till;
}

/** Asks over a new connection. */
function check(till: Till, identity?: Certificate, trusted = authority.cert): Promise<Message> {
  const key = identity && Buffer.from(identity.key);
  const cert = identity && Buffer.from(identity.cert);
  const credentials = grpcCredentials.createSsl(Buffer.from(trusted), key, cert);
  const client = newClient(till.door.url, 'grpc.health.v1.Health', { credentials });
  clients.push(client);
  return ask(client, 'Check', { service: '' }, { deadlineMs: 5_000 });
}

const serving = { status: 'SERVING' };

describe('TLS', () => {
  test('is spoken with the certificate of the files, and plaintext is not', async () => {
    const till = await secured(authority.issue('server'));
    expect(till.door.url).toMatch(/^grpcs:/);
    expect(await check(till)).toMatchObject(serving);
    const plain = newClient(till.door.url, 'grpc.health.v1.Health');
    clients.push(plain);
    expect((await refused(ask(plain, 'Check', { service: '' }))).code).toBe('UNAVAILABLE');
  });

  test('with an expired certificate is refused by clients, and a new one counts', async () => {
    const till = await secured(authority.issue('server', { from: -2, to: -1 }));
    expect(await refused(check(till))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('expired'),
    });
    filesOf(authority.issue('server'));
    await vi.waitFor(async () => expect(await check(till)).toMatchObject(serving), 10_000);
  });

  test('keeps the certificate it has while the files do not fit together', async () => {
    const till = await secured(authority.issue('server'));
    put('key.pem', 'no key at all');
    put('cert.pem', 'no certificate either');
    for (let round = 0; round < 3; round++) expect(await check(till)).toMatchObject(serving);
    const other = makeAuthority('Another');
    filesOf(other.issue('server'));
    await vi.waitFor(
      async () => expect(await check(till, undefined, other.cert)).toMatchObject(serving),
      10_000,
    );
  });

  test('does not start with files that are no certificate and key', async () => {
    const { cert } = authority.issue('one');
    const { key } = authority.issue('other');
    await expect(secured({ cert, key })).rejects.toThrow(/are no certificate with its key/);
  });
});

describe('mutual TLS', () => {
  const server = authority.issue('server');

  test('lets in who shows a certificate of the authority, and nobody else', async () => {
    const till = await secured(server, authority.cert);
    expect(await check(till, authority.issue('till-7'))).toMatchObject(serving);
    const strangers = [
      undefined,
      authority.issue('till-8', { from: -2, to: -1 }),
      makeAuthority('Another').issue('till-9'),
    ];
    for (const stranger of strangers) {
      expect((await refused(check(till, stranger))).code).toBe('UNAVAILABLE');
    }
  });
});

describe('API keys', () => {
  let keys: TestKeys;
  beforeEach(async () => {
    keys = await openKeys();
  });
  afterEach(() => keys.remove());

  async function keyed(): Promise<Till> {
    const till = await openTill({ authenticate: keys.authenticate() });
    tills.push(till);
    return till;
  }

  function metadataOf(key: string | undefined, name = 'x-api-key'): Metadata {
    const metadata = new Metadata();
    if (key !== undefined) metadata.set(name, key);
    return metadata;
  }

  function withKey(till: Till, rpc: string, key: string | undefined, name = 'x-api-key') {
    const [service = '', method = ''] = rpc.split('/');
    return ask(till.client(service), method, {}, { metadata: metadataOf(key, name) });
  }

  test('are asked for by every service but health', async () => {
    const { text } = keys.make(['read', 'admin']);
    const till = await keyed();
    for (const rpc of ['RecommendationService/Recommend', 'AdminService/Checkpoint']) {
      expect((await refused(withKey(till, rpc, undefined))).code).toBe('UNAUTHENTICATED');
      expect((await refused(withKey(till, rpc, `${text}x`))).code).toBe('UNAUTHENTICATED');
      await withKey(till, rpc, text);
      await withKey(till, rpc, `Bearer ${text}`, 'authorization');
    }
    expect(await withKey(till, 'grpc.health.v1.Health/Check', undefined)).toMatchObject(serving);
    const session = converse(till.client('CheckoutService'));
    expect(await session.ended).toMatchObject({ code: 'UNAUTHENTICATED' });
    const reflection = till.client('grpc.reflection.v1.ServerReflection').ServerReflectionInfo();
    const refusal = await new Promise<Message>((resolve) => reflection.on('error', resolve));
    expect(refusal.details).toContain('x-api-key');
  });

  test('of scope till open what a till does, and no list of a member', async () => {
    const { text } = keys.make(['till']);
    const till = await keyed();
    const denied = [
      'RecommendationService/Recommend',
      'RecommendationService/RecommendForMember',
      'MemberService/EraseMember',
      'MemberService/WriteConsent',
      'CatalogService/WriteItem',
      'AdminService/Checkpoint',
    ];
    for (const rpc of denied) {
      expect(await refused(withKey(till, rpc, text)), rpc).toMatchObject({
        code: 'PERMISSION_DENIED',
        info: { reason: 'SCOPE_MISSING' },
      });
    }
    await withKey(till, 'CheckoutService/RecommendForBasket', text);
    await withKey(till, 'CatalogService/ListItems', text);
    // Let in, and then refused for what it says.
    const empty = await refused(withKey(till, 'IngestService/RecordPurchase', text));
    expect(empty.code).toBe('INVALID_ARGUMENT');
    const session = converse(till.client('CheckoutService'), metadataOf(text));
    session.send({ open: {} });
    session.hangUp();
    expect(await session.ended).toBeUndefined();
  });

  test('that are revoked end what goes on, at its next receipt', async () => {
    const { key, text } = keys.make(['till']);
    keys.make(['read']);
    const till = await keyed();
    const session = converse(till.client('CheckoutService'), metadataOf(text));
    session.send({ open: { storeId: 'S1' } });
    session.send({ scan: { seq: 1, itemId: 'milk', quantity: 1 } });
    const stream = till.client('IngestService').StreamPurchases(metadataOf(text));
    const answered: Message[] = [];
    const ended = new Promise<Message>((resolve) => stream.on('error', resolve));
    stream.on('data', (result: Message) => answered.push(result));
    stream.write(receipt('r-1'));
    await vi.waitFor(() => expect(answered).toMatchObject([{ id: 'r-1' }]), 10_000);
    revokeKey(keys.path, key.id, systemClock);
    const list = () => withKey(till, 'CatalogService/ListItems', text);
    await vi.waitFor(
      async () => expect((await refused(list())).info?.reason).toBe('KEY_REVOKED'),
      10_000,
    );
    stream.write(receipt('r-2'));
    expect((await ended).code).toBe(status.UNAUTHENTICATED);
    session.send({ tender: { purchaseId: 'r-3', occurredAt: '2026-05-01T09:10:00+08:00' } });
    expect(await session.ended).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect([...till.engine.records.receipts()].map(({ purchaseId }) => purchaseId)).toEqual([
      'r-1',
    ]);
  });

  test('of a store open no session elsewhere, and stream no receipt of elsewhere', async () => {
    const { text } = keys.make(['till'], { stores: ['S1'] });
    const till = await keyed();
    for (const open of [{ storeId: 'S2' }, {}]) {
      const session = converse(till.client('CheckoutService'), metadataOf(text));
      session.send({ open });
      expect(await session.ended).toMatchObject({
        code: 'PERMISSION_DENIED',
        info: { reason: 'STORE_FOREIGN' },
      });
    }
    const stream = till.client('IngestService').StreamPurchases(metadataOf(text));
    const answered: Message[] = [];
    const ended = new Promise<Message>((resolve) => stream.on('error', resolve));
    stream.on('data', (result: Message) => answered.push(result));
    stream.write({ ...receipt('s-1'), storeId: 'S1' });
    stream.write({ ...receipt('s-2'), storeId: 'S2' });
    stream.write({ ...receipt('s-3'), storeId: 'S1' });
    expect((await ended).code).toBe(status.PERMISSION_DENIED);
    expect(answered).toMatchObject([{ id: 's-1' }]);
  });

  test('of other kinds of lists open no session: it gives advice', async () => {
    const { text } = keys.make(['till'], { scenarios: ['popular'] });
    const till = await keyed();
    const session = converse(till.client('CheckoutService'), metadataOf(text));
    session.send({ open: {} });
    expect(await session.ended).toMatchObject({ info: { reason: 'SCENARIO_FOREIGN' } });
  });

  test('that ask too often are told when to come back', async () => {
    const { text } = keys.make(['read'], { ratePerSecond: 1 });
    const till = await keyed();
    await withKey(till, 'CatalogService/ListItems', text);
    const refusal = await refused(withKey(till, 'CatalogService/ListItems', text));
    expect(refusal).toMatchObject({ code: 'RESOURCE_EXHAUSTED', info: { reason: 'KEY_RATE' } });
    expect(refusal.retryAfterMs).toBeGreaterThan(0);
  });

  test('are known by the address of their connection', async () => {
    const here = keys.make(['read'], { addresses: ['127.0.0.0/8'] });
    const elsewhere = keys.make(['read'], { addresses: ['10.0.0.0/8'] });
    const till = await keyed();
    await withKey(till, 'CatalogService/ListItems', here.text);
    expect(await refused(withKey(till, 'CatalogService/ListItems', elsewhere.text))).toMatchObject({
      code: 'PERMISSION_DENIED',
      info: { reason: 'ADDRESS_FOREIGN' },
    });
  });
});

const receipt = (purchaseId: string) => ({
  purchaseId,
  occurredAt: '2026-05-01T09:10:00+08:00',
  lines: [{ itemId: 'milk', quantity: 1 }],
});
