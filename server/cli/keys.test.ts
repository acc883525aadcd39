// `caini keys` as it is run: what it prints and refuses, and what a running server makes of it.
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../../tests/support/folders.ts';
import { type Running, startCaini } from '../../tests/support/program.ts';

let folder: TemporaryFolder;
const running: Running[] = [];
beforeAll(async () => {
  folder = await makeTemporaryFolder('keys');
});
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
});
afterAll(() => folder.remove());

const dataDir = (name: string) => join(folder.path, name);
const caini = (name: string, words: string[], environment: Record<string, string> = {}) =>
  startCaini(words, { CAINI_DATA_DIR: dataDir(name), ...environment }).ended;

async function create(name: string, ...words: string[]): Promise<string> {
  const made = await caini(name, ['keys', 'create', '--name', 'n', '--scopes', ...words]);
  expect(made.stderr).toContain('It is shown this once');
  expect(made.code).toBe(0);
  return made.stdout.trim();
}

const ports = { CAINI_HTTP_PORT: '0', CAINI_GRPC_PORT: '0' };

async function serve(name: string, environment: Record<string, string> = {}) {
  const settings = { CAINI_DATA_DIR: dataDir(name), ...ports, ...environment };
  const server = startCaini(['serve'], settings);
  running.push(server);
  let out = '';
  server.child.stdout!.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  while (!out.includes('listens on')) await once(server.child.stdout!, 'data');
  return { out: () => out, url: /listens on (\S+)/.exec(out)![1]!, server };
}

test('a key is shown once, kept as a hash, and listed without either', async () => {
  const text = await create('shown', 'till,read', '--stores', 'S1,S2', '--rate', '50');
  expect(text).toMatch(/^ck_[a-z2-7]{10}_[\w-]{43}$/);
  const file = join(dataDir('shown'), 'access/keys.json');
  expect(readFileSync(file, 'utf8')).not.toContain(text.slice(14));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(dataDir('shown'), 'access')).mode & 0o777).toBe(0o700);
  const { stdout } = await caini('shown', ['keys', 'list']);
  expect(stdout).toMatch(/^[a-z2-7]{10} {2}n {2}till,read {2}stores S1,S2 {2}50\/s\n$/);
  const json = await caini('shown', ['keys', 'list', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject([{ scopes: ['till', 'read'], ratePerSecond: 50 }]);
  expect(json.stdout).not.toContain('sha256');
});

test.each([
  [['--scopes', 'read,all'], '--scopes is "all" but must be of read, write, till'],
  [['--scopes', ''], '--scopes is ""'],
  [['--scopes', 'read', '--rate', '0'], '--rate is "0" but must be a whole number from 1'],
  [['--scopes', 'read', '--expires', '2020-01-01'], '--expires is "2020-01-01" but must be a time'],
  [['--scopes', 'read', '--expires', 'soon'], '--expires is "soon"'],
  [['--scopes', 'read', '--from', '10.0.0.0/40'], '--from is "10.0.0.0/40" but must be addresses'],
  [['--scopes', 'read', '--scenarios', 'best'], '--scenarios is "best" but must be of guess-you'],
  [['--scopes', 'read', '--name', ' '], '--name is " " but must be 1 to 64 characters'],
])('%j is refused by its option, value and limit', async (words, message) => {
  const { code, stderr, stdout } = await caini('refused', [
    ...['keys', 'create', '--name', 'n'],
    ...words,
  ]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test('a day begins where the shop is', async () => {
  await create('days', 'read', '--expires', '2099-01-01');
  const { stdout } = await caini('days', ['keys', 'list']);
  expect(stdout).toContain('until 2098-12-31T16:00:00.000Z');
});

test('two commands at once lose no key', async () => {
  const texts = await Promise.all(Array.from({ length: 6 }, () => create('many', 'read')));
  const { stdout } = await caini('many', ['keys', 'list', '--json']);
  const ids = (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);
  expect(ids.sort()).toEqual(texts.map((text) => text.slice(3, 13)).sort());
});

test('a running server is locked by the first key, and knows of others soon', async () => {
  const { url, out } = await serve('running');
  const status = async (key?: string) => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await fetch(`${url}/v1/items`, { headers })).status;
  };
  await vi.waitFor(() => expect(out()).toContain('It asks for no key'), 10_000);
  expect(await status()).toBe(200);
  const first = await create('running', 'read');
  await vi.waitFor(async () => expect(await status()).toBe(401), 10_000);
  expect(await status(first)).toBe(200);
  const rotated = await caini('running', ['keys', 'rotate', first.slice(3, 13), '--overlap', '0h']);
  const second = rotated.stdout.trim();
  await vi.waitFor(async () => expect(await status(second)).toBe(200), 10_000);
  expect(await status(first)).toBe(401);
  await caini('running', ['keys', 'revoke', second]);
  await vi.waitFor(async () => expect(await status(second)).toBe(401), 10_000);
  expect(await status()).toBe(401);
});

test('commands show their key to a server by the environment', async () => {
  const key = await create('asked', 'admin');
  const { url } = await serve('asked');
  const without = await caini('asked', ['verify', '--url', url]);
  expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('is required')]);
  const withKey = await caini('asked', ['verify', '--url', url], { CAINI_API_KEY: key });
  expect(withKey).toMatchObject({ code: 0 });
});

test('doors that other machines reach stay shut without a key or in plaintext', async () => {
  const open = { ...ports, CAINI_HOST: '0.0.0.0' };
  const bare = await caini('shut', ['serve'], open);
  expect([bare.code, bare.stdout]).toEqual([2, '']);
  expect(bare.stderr).toMatch(
    /^caini: CAINI_HOST is "0\.0\.0\.0".*caini keys create .*CAINI_PLAINTEXT/,
  );
  await create('shut', 'read', '--expires', '1h');
  expect((await caini('shut', ['serve'], open)).code).toBe(2);
  const server = startCaini(['serve'], {
    ...{ CAINI_DATA_DIR: dataDir('shut'), CAINI_PLAINTEXT: 'behind-proxy' },
    ...open,
  });
  running.push(server);
  const [chunk] = (await once(server.child.stdout!, 'data')) as [Buffer];
  expect(chunk.toString()).toContain('listens on http://0.0.0.0:');
});

test('the program answers by address, by localhost, and to the names it is given', async () => {
  const { url } = await serve('named', { CAINI_PUBLIC_HOSTS: 'caini.shop.example' });
  const { port } = new URL(url);
  const status = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, path: '/healthz', headers: { host } });
      outgoing.on('response', (incoming) => resolve(incoming.resume().statusCode));
      outgoing.on('error', reject).end();
    });
  for (const host of ['localhost', `127.0.0.1:${port}`, 'caini.shop.example']) {
    expect(await status(host), host).toBe(200);
  }
  expect(await status('evil.example')).toBe(421);
});
