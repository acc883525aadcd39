// Who may read what is kept of a chain: its owner, whatever the umask is; and what is said of a
// folder that is not as this version keeps it.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTemporaryFolder } from './support/folders.ts';
import { startCaini } from './support/program.ts';

const program = join(import.meta.dirname, '../dist/server/cli/main.js');
let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
let data: string;

/** With a umask that takes nothing away. */
function caini(...options: string[]) {
  const quoted = [process.execPath, program, ...options].map((word) => `'${word}'`).join(' ');
  return spawnSync('sh', ['-c', `umask 000; ${quoted}`], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    cwd: folder.path,
  });
}

function loose(path: string): string[] {
  const stats = lstatSync(path);
  const inside = stats.isDirectory()
    ? readdirSync(path).flatMap((name) => loose(join(path, name)))
    : [];
  const own = (stats.mode & 0o077) === 0 ? [] : [`${path} ${(stats.mode & 0o777).toString(8)}`];
  return [...own, ...inside];
}

beforeAll(async () => {
  folder = await makeTemporaryFolder('private-files');
  data = join(folder.path, 'data');
  const rows = 'purchaseId,memberId,occurredAt,itemId\np1,ann,2026-05-01 09:10,milk\n';
  writeFileSync(join(folder.path, 'receipts.csv'), `${rows}p2,bob,no time,tea\n`);
});
afterAll(() => folder.remove());

test('all files of a chain, of its keys and of its backups are their owner’s alone', () => {
  const backup = join(folder.path, 'backup');
  const again = join(folder.path, 'again');
  const ran = [
    caini('import', 'receipts.csv', '--data-dir', data),
    caini('keys', 'create', '--name', 'erp', '--scopes', 'write', '--data-dir', data),
    caini('keys', 'token-issuer', 'create', '--name', 'app', '--data-dir', data),
    caini('backup', backup, '--data-dir', data),
    caini('compact', '--data-dir', data),
    caini('erase', 'ann', '--data-dir', data),
    caini('restore', backup, '--data-dir', again),
  ];
  for (const { status, stderr } of ran) expect(status, stderr).toBe(0);
  expect(readdirSync(data).length).toBeGreaterThan(3);
  expect([data, backup, again].flatMap(loose)).toEqual([]);
});

test('a server whose folder others may look into says so, and how to mend it', async () => {
  const serve = ['serve', '--data-dir', data, '--http-port', '0', '--grpc-port', 'none'];
  const linesOfStart = async (): Promise<string> => {
    const { child, ended } = startCaini(serve);
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    return (await ended).stderr;
  };
  chmodSync(data, 0o755);
  const stderr = await linesOfStart();
  expect(stderr).toContain(`${data} has mode 755`);
  expect(stderr).toContain(`chmod 700 ${data}`);
  chmodSync(data, 0o700);
  expect(await linesOfStart()).not.toContain('has mode');
});

test('a folder whose file says another format is refused in one line, and not changed', () => {
  const file = join(data, 'chain/format');
  const before = readFileSync(join(data, 'chain/data.mdb'));
  for (const [text, shown] of [
    ['99\n', 'data format 99'],
    ['2.5', 'data format "2.5"'],
    ['two', 'data format "two"'],
  ] as const) {
    writeFileSync(file, text);
    for (const command of ['verify', 'compact', 'export']) {
      const { status, stderr, stdout } = caini(command, '--data-dir', data);
      expect(status, command).not.toBe(0);
      expect(stderr.trim().split('\n'), command).toHaveLength(1);
      expect(stderr).toContain(`${shown}; this version reads format 2`);
      expect(stdout).toBe('');
    }
  }
  expect(readFileSync(join(data, 'chain/data.mdb')).equals(before)).toBe(true);
  rmSync(file);
  mkdirSync(file);
  expect(caini('verify', '--data-dir', data).stderr).toContain('data format "no file"');
  rmSync(file, { recursive: true });
  // It was being written when the power was lost.
  writeFileSync(file, '');
  expect(caini('verify', '--data-dir', data).status).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe('2\n');
});
