// The audit trail from the command line: what commands leave in it, and how it is checked without a
// server.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEngine, purchaseSchema } from '../../engine/index.ts';
import { findTexts } from '../../tests/support/bytes.ts';
import { erasedIds } from '../../tests/support/erased-ids.ts';
import { makeDiskFolder, type TemporaryFolder } from '../../tests/support/folders.ts';
import { caini, startCaini } from '../../tests/support/program.ts';
import { proveConsistency, proveInclusion, readPage } from '../trail/read.ts';
import { Trail } from '../trail/trail.ts';

let folder: TemporaryFolder;
let dataDir: string;
beforeEach(async () => {
  folder = await makeDiskFolder('audit');
  dataDir = join(folder.path, 'data');
});
afterEach(() => folder.remove());

const inFolder = (name: string) => join(folder.path, name);
const run = (...options: string[]) => caini(...options, '--data-dir', dataDir);
const openTrail = (of = dataDir) =>
  Trail.open({ folder: join(of, 'audit'), dataDir: of, clock: Date.now });
const entriesOf = async (of = dataDir) => (await readPage(await openTrail(of), 0, 1_000)).entries;

async function fillChain(): Promise<void> {
  const engine = await openEngine({ dataDir });
  const lines = [{ itemId: 'milk', quantity: 1 }];
  const receipt = { purchaseId: 'r-1', memberId: 'forget-me', occurredAt: '2026-05-01T09:00:00Z' };
  const purchase = purchaseSchema.parse({ ...receipt, lines });
  await engine.writes.ingest([{ kind: 'purchase', purchase }]);
  await engine.close();
}

describe('changes of keys', () => {
  test('are told of with the id of the key, who made them, and what came of it', async () => {
    const made = await run('keys', 'create', '--name', 'desk', '--scopes', 'privacy,admin');
    const secret = made.stdout.trim();
    const [, id = ''] = /^ck_([a-z2-7]{10})_/.exec(secret) ?? [];
    await run('keys', 'rotate', id);
    await run('keys', 'list');
    await run('keys', 'revoke', id);
    expect((await run('keys', 'revoke', 'aaaaaaaaaa')).code).toBe(1);
    const common = { door: 'cli', account: expect.any(String) };
    const entries = await entriesOf();
    expect(entries).toMatchObject([
      { ...common, operation: 'createKey', detail: 'desk: privacy,admin' },
      {
        ...common,
        operation: 'createKey',
        of: 0,
        outcome: 'ok',
        detail: `${id} desk: privacy,admin`,
      },
      { ...common, operation: 'rotateKey', detail: id },
      { ...common, operation: 'rotateKey', of: 2, outcome: 'ok', detail: `${id} desk` },
      { ...common, operation: 'revokeKey', detail: id },
      { ...common, operation: 'revokeKey', of: 4, outcome: 'ok' },
      { ...common, operation: 'revokeKey', detail: 'aaaaaaaaaa' },
      { ...common, operation: 'revokeKey', of: 6, outcome: 'NOT_FOUND' },
    ]);
    expect(findTexts(join(dataDir, 'audit'), [secret.slice(14)])).toEqual([]);
  });

  test('are not made where they cannot be told of', async () => {
    await run('keys', 'create', '--name', 'one', '--scopes', 'read');
    const entries = join(dataDir, 'audit/000000000.entries');
    writeFileSync(entries, readFileSync(entries).fill(65, 20, 30));
    const second = await run('keys', 'create', '--name', 'two', '--scopes', 'read');
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain('the audit trail is damaged or was changed');
    expect((await run('keys', 'list')).stdout).not.toContain('two');
  });

  test('of many at once are all told of', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const made = await Promise.all(
      names.map((name) => run('keys', 'create', '--name', name, '--scopes', 'read')),
    );
    expect(made.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const details = (await entriesOf()).map(({ detail, of }) => (of === undefined ? detail : ''));
    expect(details.filter(Boolean).sort()).toEqual(names.map((name) => `${name}: read`));
    expect(await run('audit', 'verify')).toMatchObject({ code: 0 });
  });
});

test('an export, a backup and a restore are told of, and none puts it back', async () => {
  await fillChain();
  const [backup, fresh] = [inFolder('backup'), inFolder('fresh')];
  expect(await run('export', '--out', inFolder('out.csv'))).toMatchObject({ code: 0 });
  expect(await run('backup', backup)).toMatchObject({ code: 0 });
  expect(await run('erase', 'forget-me')).toMatchObject({ code: 0 });
  expect(await run('restore', backup)).toMatchObject({ code: 0 });
  const listed = (await entriesOf()).map(
    ({ operation, outcome }) => `${operation} ${outcome ?? ''}`,
  );
  expect(listed).toEqual([
    ...['export ', 'export ok', 'backup ', 'backup ok'],
    ...['eraseMember ', 'eraseMember ok', 'restore ', 'restore ok'],
  ]);
  expect(await caini('audit', 'verify', '--audit-dir', join(backup, 'audit'))).toMatchObject({
    code: 0,
  });
  // Into a new folder that of the backup comes along: the backup had begun.
  expect(await caini('restore', backup, '--data-dir', fresh)).toMatchObject({ code: 0 });
  const there = (await entriesOf(fresh)).map(({ operation }) => operation);
  expect(there).toEqual(['export', 'export', 'backup', 'restore', 'restore']);
  expect(await caini('audit', 'verify', '--data-dir', fresh)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 begun that have not ended'),
  });
  expect(await caini('restore', inFolder('none'), '--data-dir', inFolder('no'))).toMatchObject({
    code: 1,
  });
});

test('who was erased since is taken out of a trail that a backup had', async () => {
  await fillChain();
  const trail = await openTrail();
  await trail.forget(erasedIds());
  const subjects = [{ kind: 'member', id: 'forget-me' }] as const;
  await trail.append({ operation: 'writeConsent', door: 'http', subjects });
  const backup = inFolder('backup');
  await run('backup', backup);
  await run('erase', 'forget-me');
  expect(findTexts(join(backup, 'audit'), ['forget-me'])).not.toEqual([]);
  // The trail is lost, and the ledger is not.
  rmSync(join(dataDir, 'audit'), { recursive: true });
  expect(await run('restore', backup)).toMatchObject({ code: 0 });
  expect(findTexts(dataDir, ['forget-me'])).toEqual([]);
  const verified = JSON.parse((await run('audit', 'verify', '--json')).stdout);
  expect(verified).toMatchObject({ ok: true, subjectsKept: 0, subjectsDestroyed: 1 });
});

describe('caini audit', () => {
  const saved = (name: string, content: object | string) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(inFolder(name), text);
    return inFolder(name);
  };

  test('finds a trail that was rewritten, by a head that was saved', async () => {
    await run('keys', 'create', '--name', 'one', '--scopes', 'read');
    const head = saved('head.json', (await run('audit', 'head')).stdout);
    await run('keys', 'create', '--name', 'two', '--scopes', 'read');
    const verified = await run('audit', 'verify', '--head', head);
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^verified: 4 entries/),
    });
    rmSync(join(dataDir, 'audit'), { recursive: true });
    for (const name of ['one', 'two'])
      await run('keys', 'create', '--name', name, '--scopes', 'read');
    expect(await run('audit', 'verify')).toMatchObject({ code: 0 });
    expect(await run('audit', 'verify', '--head', head)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('the first 2 entries have root'),
    });
  });

  test('checks proofs from files, against heads that were saved', async () => {
    for (const name of ['one', 'two'])
      await run('keys', 'create', '--name', name, '--scopes', 'read');
    const trail = await openTrail();
    const consistency = saved('consistency.json', await proveConsistency(trail, 2, 4));
    const inclusion = saved('inclusion.json', await proveInclusion(trail, 1, 4));
    const head = saved('head.json', (await run('audit', 'head')).stdout);
    for (const proof of [consistency, inclusion]) {
      const checked = await caini('audit', 'check-proof', proof, '--head', head);
      expect(checked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^proved: /) });
    }
    const changed = readFileSync(inclusion, 'utf8').replace('createKey', 'revokeKey');
    const forged = saved('forged.json', changed);
    expect(await caini('audit', 'check-proof', forged)).toMatchObject({ code: 1 });
    const older = saved('older.json', { treeSize: 3, rootHash: '00'.repeat(32) });
    expect(await caini('audit', 'check-proof', inclusion, '--head', older)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('the saved head is of 3 entries, and the proof of 4'),
    });
    const nothing = saved('nothing.json', '{}');
    expect(await caini('audit', 'check-proof', nothing)).toMatchObject({ code: 2 });
    expect(await caini('audit', 'check-proof', inclusion, '--head', nothing)).toMatchObject({
      code: 2,
    });
  });

  test('says that there is no trail, and makes none', async () => {
    const { code, stdout } = await run('audit', 'verify');
    expect([code, stdout]).toEqual([1, expect.stringContaining('is not there')]);
    expect(() => readFileSync(dataDir)).toThrow('ENOENT');
  });

  test('reads a copy that it may not write', async () => {
    await run('keys', 'create', '--name', 'one', '--scopes', 'read');
    cpSync(join(dataDir, 'audit'), inFolder('copy'), { recursive: true });
    const { code } = await caini('audit', 'verify', '--audit-dir', inFolder('copy'));
    expect(code).toBe(0);
  });
});

test('a command that is killed leaves its beginning, and the next goes on', async () => {
  await fillChain();
  for (const delayMs of [150, 250, 350]) {
    const { child, ended } = startCaini(['compact', '--data-dir', dataDir]);
    const timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
    await ended;
    clearTimeout(timer);
  }
  expect(await run('compact')).toMatchObject({ code: 0 });
  expect(await run('audit', 'verify')).toMatchObject({ code: 0 });
  expect((await entriesOf()).at(-1)).toMatchObject({ operation: 'compact', outcome: 'ok' });
});
