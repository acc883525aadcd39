// The program in README runs as it stands there, against the package as it is built.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from './support/folders.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, program = '', ...others] = readme.split('```js\n');

test('the library in ten lines prints what README says', () =>
  withTemporaryFolder(async (folder) => {
    expect(others).toEqual([]);
    const [code = ''] = program.split('```');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/caini'));
    writeFileSync(join(folder, 'program.mjs'), code);
    const options = { cwd: folder, timeout: 50_000 };
    const { stdout } = await promisify(execFile)(process.execPath, ['program.mjs'], options);
    const [, promised] = /prints `([^`]+)`/.exec(readme) ?? [];
    expect(stdout.trim()).toBe(promised);
  }));
