// The way of docs/guides/member-tokens.md, walked as it stands there: an issuer by the command
// line, its tokens by the example's backend, and a real server that takes them.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';
import { type Running, startCaini } from './support/program.ts';

let folder: TemporaryFolder;
let weixin: Server;
let server: Running | undefined;
const asked: URLSearchParams[] = [];

beforeAll(async () => {
  folder = await makeTemporaryFolder('member-tokens');
  // WeChat answers JSON as text/plain, and a refusal with status 200 too.
  weixin = createServer((incoming, outgoing) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
    asked.push(searchParams);
    const isRight = pathname === '/sns/jscode2session' && searchParams.get('js_code') === 'good';
    const session = { openid: 'oUser-7', session_key: 'a2V5', unionid: 'u-7' };
    const refusal = { errcode: 40029, errmsg: 'invalid code' };
    outgoing.writeHead(200, { 'content-type': 'text/plain' });
    outgoing.end(JSON.stringify(isRight ? session : refusal));
  });
  weixin.listen(0, '127.0.0.1');
  await once(weixin, 'listening');
});
afterAll(async () => {
  server?.child.kill('SIGKILL');
  await server?.ended;
  weixin?.close();
  vi.unstubAllEnvs();
  await folder?.remove();
});

const caini = (...words: string[]) => startCaini(words, { CAINI_DATA_DIR: folder.path }).ended;

async function serve(): Promise<{ readonly url: string; readonly out: string }> {
  const ports = { CAINI_HTTP_PORT: '0', CAINI_GRPC_PORT: 'none' };
  server = startCaini(['serve'], { CAINI_DATA_DIR: folder.path, ...ports });
  let out = '';
  server.child.stdout!.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  while (!out.includes('listens on')) await once(server.child.stdout!, 'data');
  return { out, url: /listens on (\S+)/.exec(out)![1]! };
}

test('a backend makes a token for its member, until its issuer is revoked', async () => {
  const made = await caini('keys', 'token-issuer', 'create', '--name', 'mini-program');
  expect(made.code).toBe(0);
  const { kid, d } = JSON.parse(made.stdout);
  expect(made.stderr).toContain(`${kid} is made. Its private key is shown this once`);
  expect(made.stderr).not.toContain(d);
  const listed = await caini('keys', 'token-issuer', 'list');
  expect(listed.stdout).toMatch(new RegExp(`^${kid} {2}mini-program {2}20`));

  vi.stubEnv('WX_API', `http://127.0.0.1:${(weixin.address() as AddressInfo).port}`);
  vi.stubEnv('WX_APPID', 'wx1');
  vi.stubEnv('WX_SECRET', 's3');
  vi.stubEnv('MEMBER_TOKEN_KEY', made.stdout);
  const { memberToken } = await import('../examples/member-token/member-token.ts');
  const numbers: Readonly<Record<string, string>> = { 'oUser-7': 'm-1001' };
  const token = await memberToken('good', async (openid) => numbers[openid]);
  expect(Object.fromEntries(asked[0]!)).toEqual({
    appid: 'wx1',
    secret: 's3',
    js_code: 'good',
    grant_type: 'authorization_code',
  });
  await expect(memberToken('used', async () => 'm-1')).rejects.toThrow('40029 invalid code');
  await expect(memberToken('good', async () => undefined)).rejects.toThrow('no member yet');

  const { url, out } = await serve();
  expect(out).not.toContain('It asks for no key');
  const get = (path: string, headers = {}) =>
    fetch(`${url}${path}`, { headers }).then(async (reply) => {
      const { reason } = (await reply.json()) as { reason?: string };
      return [reply.status, reason];
    });
  const shown = { authorization: `Bearer ${token}` };
  await vi.waitFor(
    async () =>
      expect(await get('/v1/members/m-1001/recommendations', shown)).toEqual([200, undefined]),
    20_000,
  );
  expect(await get('/v1/members/m-1001/recommendations')).toEqual([401, 'API_KEY']);
  expect(await get('/v1/members/m-1002/recommendations', shown)).toEqual([403, 'MEMBER_FOREIGN']);
  expect(await get('/metrics', shown)).toEqual([403, 'SCOPE_MISSING']);

  const revoked = await caini('keys', 'token-issuer', 'revoke', kid);
  expect(revoked.stdout).toBe(`${kid} (mini-program) is revoked\n`);
  await vi.waitFor(
    async () => expect(await get('/v1/items', shown)).toEqual([401, 'TOKEN_INVALID']),
    20_000,
  );
});

test('the guide shows the code that is run here, in ten lines and their frame', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
  const code = read('examples/member-token/member-token.ts');
  expect(read('docs/guides/member-tokens.md')).toContain(`\`\`\`ts\n${code}\`\`\``);
  const body = /Promise<string> \{\n(.*)\n\}\n$/s.exec(code)![1]!;
  expect(body.split('\n')).toHaveLength(10);
});

test('a file that a setting names is left alone, and what is wrong is said', async () => {
  const words = ['keys', 'token-issuer', 'create', '--name', 'x'];
  const settings = { CAINI_DATA_DIR: folder.path, CAINI_TOKEN_JWKS_FILE: '/etc/idp/jwks.json' };
  const refused = await startCaini(words, settings).ended;
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toContain('CAINI_TOKEN_JWKS_FILE is "/etc/idp/jwks.json"');
  const unnamed = await caini('keys', 'token-issuer', 'create', '--name', ' ');
  expect(unnamed.stderr).toContain('--name is " " but must be 1 to 64 characters');
  const unknown = await caini('keys', 'token-issuer', 'revoke', 'ti_none');
  expect(unknown.stderr).toContain('"ti_none" is no token issuer');
  const missing = await startCaini(['serve'], { ...settings, CAINI_HTTP_PORT: '0' }).ended;
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).toContain('/etc/idp/jwks.json is not there');
});

test('other machines reach a server that has an issuer alone, and none without', async () => {
  const other = await makeTemporaryFolder('issuer-alone');
  const at = (...words: string[]) => startCaini(words, { CAINI_DATA_DIR: other.path });
  const reached = {
    CAINI_DATA_DIR: other.path,
    CAINI_PLAINTEXT: 'behind-proxy',
    CAINI_HTTP_PORT: '0',
    CAINI_GRPC_PORT: 'none',
  };
  const made = await at('keys', 'token-issuer', 'create', '--name', 'app').ended;
  const running = startCaini(['serve'], reached);
  await once(running.child.stdout!, 'data');
  running.child.kill('SIGKILL');
  await running.ended;
  await at('keys', 'token-issuer', 'revoke', JSON.parse(made.stdout).kid).ended;
  const refused = await startCaini(['serve'], reached).ended;
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('without an API key that anybody could have');
  await other.remove();
});
