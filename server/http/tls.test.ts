// HTTP over TLS: by the certificate of the files, which may change, and nothing in plaintext.
import { request } from 'node:https';
import { connect } from 'node:net';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import {
  type Certificate,
  certificatesIn,
  makeAuthority,
} from '../../tests/support/certificates.ts';
import { makeTemporaryFolder } from '../../tests/support/folders.ts';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';
import type { ListenOptions } from './listen.ts';

const folder = await makeTemporaryFolder('https');
afterAll(folder.remove);

const doors: Loopback[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
});

const authority = makeAuthority('Caini tests');
const { put, filesOf } = certificatesIn(folder.path);

async function secured(
  certificate: Certificate,
  options: Partial<ListenOptions> = {},
): Promise<Loopback> {
  const tls = { ...filesOf(certificate), keySetting: 'httpKeyFile' } as const;
  const door = await openLoopback({}, { tls, timing: { filesEveryMs: 20 }, ...options });
  doors.push(door);
  return door;
}

const list = '/v1/members/ann/recommendations';

/** Asks over a new connection; rejects when the server is not who it should be. */
function ask(
  { url }: Loopback,
  { path = list, method = 'GET', body = '', ca = authority.cert } = {},
): Promise<number | undefined> {
  const { port } = new URL(url);
  const headers = { 'content-type': 'application/json', connection: 'close' };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method, headers, ca, agent: false },
      (incoming) => {
        incoming.resume().on('end', () => resolve(incoming.statusCode));
      },
    );
    outgoing.on('error', reject).end(body);
  });
}

test('is spoken for every way to ask, and plaintext is not', async () => {
  const door = await secured(authority.issue('server'));
  expect(door.url).toMatch(/^https:/);
  expect(await ask(door)).toBe(200);
  const item = { path: '/v1/items/milk', method: 'PUT', body: '{"name":"milk"}' };
  expect(await ask(door, item)).toBe(200);
  expect(await ask(door, { ...item, body: '{' })).toBe(400);
  expect(await ask(door, { path: '/docs' })).toBe(200);
  const plain = await door.raw('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n').catch(String);
  expect(plain).not.toContain('HTTP/1.1');
});

test('takes a new certificate when the files change, and no broken pair', async () => {
  const door = await secured(authority.issue('server'));
  put('key.pem', 'no key at all');
  for (let round = 0; round < 3; round++) expect(await ask(door)).toBe(200);
  const other = makeAuthority('Another');
  filesOf(other.issue('server'));
  await vi.waitFor(async () => expect(await ask(door, { ca: other.cert })).toBe(200), 10_000);
  await expect(ask(door)).rejects.toThrow();
});

test('does not start with files that are no certificate and key', async () => {
  const { cert } = authority.issue('one');
  const { key } = authority.issue('other');
  await expect(secured({ cert, key })).rejects.toThrow(/are no certificate with its key/);
});

test('gives back the place of each connection, and stops though one says nothing', async () => {
  const limits = { httpConnectionsMax: 32 };
  const door = await secured(authority.issue('server'), { limits });
  for (let count = 0; count < 40; count++) expect(await ask(door)).toBe(200);
  const { port } = new URL(door.url);
  const silent = connect(Number(port), '127.0.0.1');
  silent.on('error', () => {});
  const isClosed = new Promise((resolve) => silent.once('close', resolve));
  await new Promise((resolve) => silent.once('connect', resolve));
  expect(await ask(door)).toBe(200);
  await doors.splice(0)[0]!.close();
  await isClosed;
});
