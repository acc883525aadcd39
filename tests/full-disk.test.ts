// A full disk and a file that may not grow: refused clearly, reads and erases go on, and writing
// resumes without a restart.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { openEngine } from '../engine/index.ts';
import { withTemporaryFolder } from './support/folders.ts';

const source = join(import.meta.dirname, 'support/full-disk-story.ts');
const built = pathToFileURL(join(import.meta.dirname, '../dist/engine/index.js')).href;
const refusal = 'RESOURCE_EXHAUSTED DISK_FULL line';

/** Plain Node runs no TypeScript: the story is compiled against the built engine. */
function compileStory(folder: string): string {
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  const path = join(folder, 'story.mjs');
  writeFileSync(path, outputText.replace('../../engine/index.ts', built));
  return path;
}

interface Report {
  readonly state: string;
  readonly digest?: string;
  readonly receipts?: number;
}

/** Plays the story in a child; `makeRoom` is called when it says that the disk is full. */
async function play(command: readonly string[], makeRoom: (child: ChildProcess) => void) {
  const [program, ...parameters] = command;
  const child = spawn(program!, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const reports: Report[] = [];
  for await (const line of createInterface(child.stdout)) {
    const report = JSON.parse(line) as Report;
    reports.push(report);
    if (report.state !== 'full') continue;
    makeRoom(child);
    child.stdin.write('room\n');
  }
  return { reports, end: await ended, errors };
}

async function assertAllIsThere(dataDir: string, last: Report | undefined): Promise<void> {
  const engine = await openEngine({ dataDir });
  try {
    expect(engine.inspect.digest()).toBe(last?.digest);
    const kept = new Set([...engine.records.receipts()].map(({ purchaseId }) => purchaseId));
    expect(kept.size).toBe(last?.receipts);
  } finally {
    await engine.close();
  }
}

const refusals = Array(3).fill(refusal);
const atFull = { state: 'full', refusals, erased: true, ok: true, wrong: 0 };
const withRoom = { state: 'room', compacted: 'done', ok: true, wrong: 0, hasDiskReserve: true };

function mount(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('on a full disk reads and erases go on, and writing resumes with room', async ({ skip }) => {
  await withTemporaryFolder(async (path) => {
    const disk = join(path, 'disk');
    mkdirSync(disk);
    if (!mount(disk)) skip('a small disk needs the right to mount a tmpfs');
    try {
      const [dataDir, filler] = [join(disk, 'data'), join(disk, 'filler')];
      writeFileSync(filler, Buffer.alloc(40 * 1_048_576));
      const command = [process.execPath, compileStory(path), dataDir];
      const { reports, end, errors } = await play(command, () => rmSync(filler));
      console.log(JSON.stringify(reports));
      expect(end, errors).toBe(0);
      // There is no room for a second copy of the chain, and nothing is left of what there was.
      const full = { ...atFull, listed: 20, compacted: 'DISK_FULL' };
      expect(reports).toMatchObject([full, withRoom, { state: 'end' }]);
      await assertAllIsThere(dataDir, reports[2]);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });
}, 300_000);

test('a file that may not grow is a full disk, and writing resumes with a higher limit', async ({
  skip,
}) => {
  await withTemporaryFolder(async (path) => {
    const dataDir = join(path, 'data');
    const limit = '--fsize=20000000:unlimited';
    try {
      execFileSync('prlimit', [limit, 'true'], { stdio: 'ignore' });
    } catch {
      skip('a limit of file sizes needs the program prlimit');
    }
    const command = ['prlimit', limit, process.execPath, compileStory(path), dataDir];
    const { reports, end, errors } = await play(command, ({ pid }) => {
      execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited']);
    });
    console.log(JSON.stringify(reports));
    expect(end, errors).toBe(0);
    expect(reports).toMatchObject([{ ...atFull, listed: 20 }, withRoom, { state: 'end' }]);
    await assertAllIsThere(dataDir, reports[2]);
  });
}, 300_000);
