// What the last line of a test run says, proved by running vitest over small suites of our own.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly lastLine: string | undefined;
  readonly exitCode: number;
}

/** Runs vitest with the real reporter in an empty folder that holds `files`. */
function runSuite(files: Readonly<Record<string, string>>, ...options: string[]): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'caini-summary-'));
  folders.push(folder);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(
      join(folder, name),
      `import { beforeAll, describe, test } from 'vitest';\n${text}`,
    );
  }
  const reporter = join(root, 'tests/support/summary-reporter.ts');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', `--reporter=${reporter}`];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [vitest, 'run', '--root', folder, ...reporters, ...options],
      { cwd: folder },
      (error, stdout) => {
        resolve({
          lastLine: stdout.trimEnd().split('\n').at(-1),
          exitCode: typeof error?.code === 'number' ? error.code : 0,
        });
      },
    );
  });
}

test('a run that passes ends with its count and exit code 0', async () => {
  const outcome = await runSuite({ 'a.test.ts': `test('one', () => {}); test('two', () => {});` });
  expect(outcome).toEqual({ lastLine: '2 passed, 0 failed', exitCode: 0 });
});

test('failing tests, broken hooks and files that do not load are failures', async () => {
  const outcome = await runSuite({
    'failing.test.ts': `test('bad', () => { throw new Error('x'); }); test.todo('later');`,
    'hook.test.ts': `describe('d', () => {
      beforeAll(() => { throw new Error('hook'); });
      test('never runs', () => {});
    });`,
    'broken.test.ts': `import './absent.ts'; test('never loads', () => {});`,
    'good.test.ts': `test('good', () => {});`,
  });
  expect(outcome).toEqual({ lastLine: '1 passed, 3 failed, 2 skipped', exitCode: 1 });
});

test('an error outside every test is a failure', async () => {
  const outcome = await runSuite({
    'a.test.ts': `test('good', () => { setTimeout(() => { throw new Error('late'); }, 0); });
      test('waits', () => new Promise((done) => { setTimeout(done, 50); }));`,
  });
  expect(outcome).toEqual({ lastLine: '2 passed, 1 failed', exitCode: 1 });
});

test('a run without tests does not look like a pass, however it came about', async () => {
  const outcomes = await Promise.all([
    runSuite({ 'a.test.ts': '' }),
    runSuite({}),
    runSuite({ 'a.test.ts': `test('one', () => {});` }, '-t', 'no such test'),
    runSuite({}, '--passWithNoTests'),
  ]);
  expect(outcomes).toEqual([
    { lastLine: '0 passed, 1 failed', exitCode: 1 },
    { lastLine: '0 passed, 1 failed', exitCode: 1 },
    { lastLine: '0 passed, 1 failed, 1 skipped', exitCode: 1 },
    { lastLine: '0 passed, 1 failed', exitCode: 1 },
  ]);
});

test('a test file whose process dies is a failure', async () => {
  const outcome = await runSuite(
    { 'a.test.ts': `test('dies', () => { process.kill(process.pid, 'SIGKILL'); });` },
    '--pool=forks',
  );
  expect(outcome.lastLine).toMatch(/^0 passed, [1-9]\d* failed$/);
  expect(outcome.exitCode).toBe(1);
});
