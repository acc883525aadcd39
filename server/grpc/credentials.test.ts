// Who gets in: TLS, client certificates, API keys, and all of these changed while the server runs.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials as grpcCredentials, Metadata } from '@grpc/grpc-js';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { type Certificate, makeAuthority } from '../../tests/support/certificates.ts';
import { converse } from '../../tests/support/conversation.ts';
import { makeTemporaryFolder } from '../../tests/support/folders.ts';
import {
  ask,
  type Message,
  newClient,
  openTill,
  refused,
  type Till,
} from '../../tests/support/till.ts';

const folder = await makeTemporaryFolder('credentials');
afterAll(folder.remove);

const clients: Message[] = [];
const tills: Till[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const till of tills.splice(0)) await till.close();
});

const authority = makeAuthority('Caini tests');
const at = (name: string) => join(folder.path, name);

/** Whole at once, as tools that renew certificates do. */
function put(name: string, text: string): string {
  writeFileSync(at(`${name}.new`), text);
  renameSync(at(`${name}.new`), at(name));
  return at(name);
}

const filesOf = ({ cert, key }: Certificate) => ({
  certFile: put('cert.pem', cert),
  keyFile: put('key.pem', key),
});

async function secured(certificate: Certificate, clientCa?: string): Promise<Till> {
  const clientCaFile = clientCa === undefined ? undefined : put('ca.pem', clientCa);
  const tls = { ...filesOf(certificate), clientCaFile };
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
  const keys = {
    all: 'all-of-it-0123456789',
    reader: 'only-reads-0123456789',
    till: 'till-key-0123456789',
  };
  const lines = [`${keys.all} read,write,admin`, `# a comment`, `${keys.reader} read`, ''];

  async function keyed(text: string): Promise<Till> {
    const keysFile = put('keys', text);
    const till = await openTill({ keysFile, timing: { filesEveryMs: 20 } });
    tills.push(till);
    return till;
  }

  function withKey(till: Till, rpc: string, key: string | undefined, name = 'x-api-key') {
    const [service = '', method = ''] = rpc.split('/');
    const metadata = new Metadata();
    if (key !== undefined) metadata.set(name, key);
    return ask(till.client(service), method, {}, { metadata });
  }

  test('are asked for by every service but health', async () => {
    const till = await keyed(lines.join('\n'));
    for (const rpc of ['RecommendationService/Recommend', 'AdminService/Checkpoint']) {
      expect((await refused(withKey(till, rpc, undefined))).code).toBe('UNAUTHENTICATED');
      expect((await refused(withKey(till, rpc, `${keys.all}x`))).code).toBe('UNAUTHENTICATED');
      await withKey(till, rpc, keys.all);
      await withKey(till, rpc, `Bearer ${keys.all}`, 'authorization');
    }
    expect(await withKey(till, 'grpc.health.v1.Health/Check', undefined)).toMatchObject(serving);
    const session = converse(till.client('CheckoutService'));
    expect(await session.ended).toMatchObject({ code: 'UNAUTHENTICATED' });
    const reflection = till.client('grpc.reflection.v1.ServerReflection').ServerReflectionInfo();
    const refusal = await new Promise<Message>((resolve) => reflection.on('error', resolve));
    expect(refusal.details).toContain('x-api-key');
  });

  test('allow what their scopes say', async () => {
    const till = await keyed([...lines, `${keys.till} till`].join('\n'));
    await withKey(till, 'RecommendationService/Recommend', keys.reader);
    const denied = [
      ['IngestService/RecordPurchase', keys.reader],
      ['AdminService/Checkpoint', keys.reader],
      ['RecommendationService/Recommend', keys.till],
      ['MemberService/EraseMember', keys.till],
      ['CatalogService/WriteItem', keys.till],
    ] as const;
    for (const [rpc, key] of denied) {
      expect(await refused(withKey(till, rpc, key))).toMatchObject({
        code: 'PERMISSION_DENIED',
        info: { reason: 'SCOPE_MISSING' },
      });
    }
    await withKey(till, 'CheckoutService/RecommendForBasket', keys.till);
    await withKey(till, 'CatalogService/ListItems', keys.till);
    // Let in, and then refused for what it says.
    const empty = await refused(withKey(till, 'IngestService/RecordPurchase', keys.till));
    expect(empty.code).toBe('INVALID_ARGUMENT');
    const metadata = new Metadata();
    metadata.set('x-api-key', keys.till);
    const session = converse(till.client('CheckoutService'), metadata);
    session.send({ open: {} });
    session.hangUp();
    expect(await session.ended).toBeUndefined();
  });

  test('taken out of the file count no more', async () => {
    const till = await keyed(lines.join('\n'));
    const rpc = 'RecommendationService/Recommend';
    await withKey(till, rpc, keys.reader);
    put('keys', lines[0]!);
    await vi.waitFor(
      async () =>
        expect((await refused(withKey(till, rpc, keys.reader))).code).toBe('UNAUTHENTICATED'),
      10_000,
    );
    await withKey(till, rpc, keys.all);
  });

  test.each([
    'short read',
    'a-key-of-enough-letters',
    'a-key-of-enough-letters all',
    'a-key-of-enough-letters read write',
  ])('that are not written as they must be (%s) are refused at the start', async (line) => {
    await expect(keyed(`\n${line}`)).rejects.toThrow(/line 2 of .*keys is not a key/);
  });
});
