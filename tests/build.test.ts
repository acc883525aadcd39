// The build, run on a small tree of its own: what it makes, when it does nothing, how it fails.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from './support/folders.ts';

const root = join(import.meta.dirname, '..');

let folder: TemporaryFolder;

const at = (path: string) => join(folder.path, path);

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
}

beforeEach(async () => {
  folder = await makeTemporaryFolder('build');
  await mkdir(at('server'));
  for (const path of ['server/build.mjs', 'package.json', 'asconfig.json']) {
    await copyFile(join(root, path), at(path));
  }
  for (const path of ['tsconfig.json', 'tsconfig.build.json']) {
    await copyFile(join(root, path), at(path));
  }
  await symlink(join(root, 'node_modules'), at('node_modules'));
  await write('assembly/index.ts', 'export function one(): i32 { return 1; }');
  await write('engine/index.ts', 'export const answer: number = 1;');
  const main = `import { answer } from '../../engine/index.ts';\nconsole.log(answer);`;
  await write('server/cli/main.ts', `#!/usr/bin/env node\n${main}`);
});

afterEach(() => folder.remove());

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, ...options: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, options, { cwd: folder.path }, (error, stdout, stderr) => {
      const exitCode = typeof error?.code === 'number' ? error.code : 0;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

const build = (...options: string[]) => run(process.execPath, at('server/build.mjs'), ...options);
const quiet: Outcome = { exitCode: 0, stdout: '', stderr: '' };

test('builds kernels and a command that runs, then has nothing to do', async () => {
  expect(await build()).toMatchObject({ exitCode: 0, stdout: '' });
  expect(await run(at('dist/server/cli/main.js'))).toEqual({ ...quiet, stdout: '1\n' });
  for (const kernel of ['debug', 'release']) {
    const module = new Uint8Array(await readFile(at(`dist/kernel/${kernel}.wasm`)));
    expect([...module.subarray(0, 4)]).toEqual([0, 0x61, 0x73, 0x6d]);
  }
  expect(await build()).toEqual(quiet);
});

test('builds only the part whose sources changed, and removes what lost its source', async () => {
  await write('engine/old.ts', 'export const old = 1;');
  await build();
  const kernelTime = (await stat(at('dist/kernel/release.wasm'))).mtimeMs;
  await rm(at('engine/old.ts'));
  await write('engine/index.ts', 'export const answer: number = 2;');
  expect(await build()).toEqual({ ...quiet, stderr: 'building TypeScript\n' });
  expect((await run(at('dist/server/cli/main.js'))).stdout).toBe('2\n');
  expect((await stat(at('dist/kernel/release.wasm'))).mtimeMs).toBe(kernelTime);
  expect(await readdir(at('dist/engine'))).not.toContain('old.js');
});

test('an error of either compiler is shown, fails the build, and is not forgotten', async () => {
  await write('engine/index.ts', `export const answer: number = 'one';`);
  await write('assembly/index.ts', 'export function one(): i32 { return none; }');
  for (const attempt of [await build(), await build()]) {
    expect(attempt).toMatchObject({ exitCode: 1, stdout: '' });
    expect(attempt.stderr).toContain('engine/index.ts(1,14): error TS2322');
    expect(attempt.stderr).toContain(`Cannot find name 'none'`);
  }
});

test('an output that somebody deleted is made again', async () => {
  await build();
  await rm(at('dist/engine/index.js'));
  await rm(at('dist/kernel/debug.wasm'));
  expect((await build()).exitCode).toBe(0);
  expect(await readdir(at('dist/kernel'))).toContain('debug.wasm');
  expect((await run(at('dist/server/cli/main.js'))).stdout).toBe('1\n');
});

test('builds at once do the work once, and a lock left behind is no obstacle', async () => {
  await write('dist/.build/lock', '999999999');
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => build()));
  const messages = outcomes.map(({ stderr }) => stderr).sort();
  expect(messages).toEqual([...Array(5).fill(''), 'building kernels and TypeScript\n']);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array(6).fill(0));
  expect(await build()).toEqual(quiet);
});
