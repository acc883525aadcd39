// The package that `npm pack` makes: what is in it, and that its command runs.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
};

let folder: TemporaryFolder;
let packedFiles: string[];
let command: string;

/** Packs without `prepack`: it would rebuild dist/ under the feet of the other tests. */
beforeAll(async () => {
  folder = await makeTemporaryFolder('package');
  execFileSync(process.execPath, [join(root, 'server/build.mjs')], { cwd: root });
  const options = ['--ignore-scripts', '--json', '--offline', '--pack-destination', folder.path];
  const { stdout } = await run('npm', ['pack', ...options], { cwd: root });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packedFiles = packed.files.map(({ path }) => path);
  await run('tar', ['-xzf', packed.filename], { cwd: folder.path });
  // Installing would ask a registry for the dependencies; the checkout has the very same ones.
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'package/node_modules'));
  command = join(folder.path, 'package/dist/server/cli/main.js');
});

afterAll(() => folder?.remove());

test('the package holds the command, both kernels, the library and its types', () => {
  expect(packedFiles).toEqual(
    expect.arrayContaining([
      'dist/server/cli/main.js',
      'dist/engine/index.js',
      'dist/engine/index.d.ts',
      'dist/kernel/debug.wasm',
      'dist/kernel/release.wasm',
      'CHANGELOG.md',
      'README.md',
      'package.json',
    ]),
  );
  if (existsSync(join(root, 'proto/caini'))) {
    expect(packedFiles.some((path) => path.startsWith('proto/'))).toBe(true);
  }
});

test('the package holds no test, no source of ours and no data', () => {
  const strangers = packedFiles.filter((path) => {
    const isOurs = /^(dist|proto|docs)\/|^(README|CHANGELOG|LICENSE)|^package\.json$/.test(path);
    return !isOurs || /\.test\.|\.mdb$|\.unfinished$|(^|\/)(data|tests)\//.test(path);
  });
  expect(strangers).toEqual([]);
});

test('the packed command runs by itself and says its version', async () => {
  expect(statSync(command).mode & 0o111).toBe(0o111);
  const { stdout } = await run(command, ['--version'], { cwd: folder.path });
  expect(stdout.trim()).toBe(manifest.version);
});

test('the packed command tells what it can do', async () => {
  const { stdout } = await run(process.execPath, [command, '--help'], { cwd: folder.path });
  for (const name of ['serve', 'import', 'export']) expect(stdout).toContain(name);
});
