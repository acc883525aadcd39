// The program as it is run: what it prints, how it refuses, and how it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../../tests/support/folders.ts';

const program = join(import.meta.dirname, '../../dist/server/cli/main.js');

let folder: TemporaryFolder;
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = await makeTemporaryFolder('serve');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => folder.remove());

interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves with the text of stdout once it holds `text`. */
  until(text: string): Promise<string>;
  readonly ended: Promise<number | null>;
}

function run(args: readonly string[], environment: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], ...environment },
  });
  children.push(child);
  const seen = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    seen.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    seen.err += chunk;
  });
  return {
    child,
    out: () => seen.out,
    err: () => seen.err,
    async until(text) {
      while (!seen.out.includes(text))
        await Promise.race([once(child.stdout, 'data'), ended(child)]);
      return seen.out;
    },
    ended: ended(child),
  };
}

async function ended(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'close');
  return code;
}

const serve = (dataDir: string, ...more: string[]) =>
  run(['serve', '--http-port', '0', '--grpc-port', '0', '--data-dir', dataDir, ...more]);
const urlIn = (out: string) => /listens on (\S+)/.exec(out)![1]!;

async function untilReady(url: string): Promise<Response> {
  for (;;) {
    const reply = await fetch(`${url}/readyz`);
    if (reply.status === 200) return reply;
  }
}

test('an empty folder is served empty, and SIGTERM ends it with code 0', async () => {
  const server = serve('empty');
  const url = urlIn(await server.until('listens on'));
  expect(await (await untilReady(url)).json()).toMatchObject({ ready: true, events: 0, items: 0 });
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
});

test('a request in flight is answered before the end', async () => {
  const server = serve('flight');
  const url = urlIn(await server.until('listens on'));
  await untilReady(url);
  let finish = () => {};
  const whole = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode('{"name":'));
      await whole;
      controller.enqueue(new TextEncoder().encode('"late"}'));
      controller.close();
    },
  });
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'PUT', body, headers, duplex: 'half' } as RequestInit;
  const reply = fetch(`${url}/v1/items/late`, init);
  await fetch(`${url}/healthz`);
  server.child.kill('SIGTERM');
  while (!server.err().includes('SIGTERM')) await once(server.child.stderr!, 'data');
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  finish();
  expect((await reply).status).toBe(200);
  expect(await server.ended).toBe(0);
});

test('the demo is loaded into an empty folder, five requests work, and it is kept', async () => {
  const server = serve('demo', '--demo-if-empty');
  const out = await server.until('\n5. ').then(() => server.until('/v1/purchases'));
  const paths = [...out.matchAll(/curl -s '(\S+)'(?:.*? -d '(.*)')?/g)];
  expect(paths).toHaveLength(5);
  for (const [, url, body] of paths) {
    const headers = { 'content-type': 'application/json' };
    const init = body === undefined ? {} : { method: 'POST', body, headers };
    const reply = await fetch(url!, init);
    expect(reply.ok, url).toBe(true);
    const { items, status } = (await reply.json()) as { items: unknown[]; status?: string };
    expect(status === 'created' || items.length >= 3, url).toBe(true);
  }
  server.child.kill('SIGINT');
  expect(await server.ended).toBe(0);
  const again = serve('demo', '--demo-if-empty');
  await untilReady(urlIn(await again.until('listens on')));
  again.child.kill('SIGTERM');
  expect(await again.ended).toBe(0);
  expect(again.out()).not.toContain('The folder was empty');
});

test('a folder in use, a busy port and a bad setting are refused in one line', async () => {
  const server = serve('busy');
  const { port } = new URL(urlIn(await server.until('listens on')));
  const sameFolder = serve('busy');
  expect(await sameFolder.ended).toBe(1);
  expect(sameFolder.err()).toMatch(/^caini: .*in use.*\n$/);
  expect(sameFolder.out()).toBe('');
  const samePort = run(['serve', '--http-port', port, '--data-dir', 'other']);
  expect(await samePort.ended).toBe(1);
  expect(samePort.err()).toMatch(/^caini: 127\.0\.0\.1:\d+ is taken by another process.*\n$/);
  const badRoles = run(['serve', '--data-dir', 'other'], { CAINI_ITEM_ROLES: 'nowhere.json' });
  expect(await badRoles.ended).toBe(2);
  expect(badRoles.err()).toMatch(/^caini: the file of item roles .*nowhere\.json.*\n$/);
  const badSetting = run(['serve'], { CAINI_HTTP_PROT: '1' });
  expect(await badSetting.ended).toBe(2);
  expect(badSetting.err()).toBe(
    'caini: CAINI_HTTP_PROT is not a setting; did you mean CAINI_HTTP_PORT?\n',
  );
});

test('the version and the help are told', async () => {
  const version = run(['--version']);
  expect(await version.ended).toBe(0);
  expect(version.out()).toMatch(/^\d+\.\d+\.\d+\n$/);
  const help = run(['serve', '--help']);
  expect(await help.ended).toBe(0);
  expect(help.out()).toContain('--demo-if-empty');
  const unknown = run(['sreve']);
  expect(await unknown.ended).toBe(2);
  expect(unknown.err()).toContain('Did you mean serve?');
});
