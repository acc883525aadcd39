// The trail in its files: what is appended is there, torn ends are cut off, what was changed is
// found, and who was erased is gone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErasedIds } from '../../engine/index.ts';
import { erasedIds } from '../../tests/support/erased-ids.ts';
import { makeDiskFolder, type TemporaryFolder } from '../../tests/support/folders.ts';
import { copyTrail } from './copy.ts';
import { commitmentOf, type NewEntry } from './entry.ts';
import { trailLimits } from './limits.ts';
import { checkProof } from './proofs.ts';
import { proveConsistency, proveInclusion, readHead, readPage } from './read.ts';
import { Trail } from './trail.ts';
import { verifyTrail } from './verify.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
let folder: TemporaryFolder;
/** Of the trail. */
let path: string;
beforeEach(async () => {
  folder = await makeDiskFolder('trail');
  path = join(folder.path, 'audit');
});
afterEach(() => folder.remove());

async function openTrail(erased: ErasedIds = erasedIds(), into = path): Promise<Trail> {
  const trail = await Trail.open({ folder: into, dataDir: folder.path, clock: () => now });
  await trail.forget(erased);
  return trail;
}

const ofMember = (id: string): NewEntry => ({
  operation: 'writeConsent',
  door: 'http',
  keyId: 'k6f2mzq4ea',
  subjects: [{ kind: 'member', id }],
});
const plain: NewEntry = { operation: 'checkpoint', outcome: 'ok', door: 'grpc' };

test('what is appended is read again, by another process too, and proved', async () => {
  const trail = await openTrail();
  const of = await trail.append(ofMember('ann'));
  expect(of).toBe(0);
  const before = await readHead(trail);
  const { subjects: _, ...ended } = { ...ofMember('ann'), of, outcome: 'created' };
  expect(await trail.append(ended)).toBe(1);
  await trail.append(plain);
  const page = await readPage(await openTrail(), 0, 10);
  expect(page).toMatchObject({ treeSize: 3 });
  expect(page.entries).toMatchObject([
    { leafIndex: 0, operation: 'writeConsent', subjects: [{ kind: 'member', id: 'ann' }] },
    { leafIndex: 1, outcome: 'created', of: 0 },
    { leafIndex: 2, operation: 'checkpoint', door: 'grpc' },
  ]);
  const [{ salt, commitment } = {}] = page.entries[0]!.subjects!;
  expect(commitmentOf(Buffer.from(salt!, 'hex'), 'ann')).toBe(commitment);
  const inclusion = await proveInclusion(trail, 1, undefined);
  expect(checkProof(inclusion, [await readHead(trail)])).toMatchObject({ ok: true });
  const consistency = await proveConsistency(trail, 1, undefined);
  expect(checkProof(consistency, [before, await readHead(trail)])).toMatchObject({ ok: true });
  const other = { ...before, rootHash: '00'.repeat(32) };
  expect(checkProof(consistency, [other])).toMatchObject({ ok: false });
  expect(checkProof({ ...inclusion, entry: '{}' }, [])).toMatchObject({ ok: false });
  expect(await verifyTrail(path, [before])).toMatchObject({
    ok: true,
    treeSize: 3,
    subjectsKept: 1,
  });
});

test('it lies in files of its owner alone, and names nobody in what the tree hashes', async () => {
  const trail = await openTrail();
  await trail.append(ofMember('ann'));
  expect(statSync(path).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(path)) {
    expect(statSync(join(path, name)).mode & 0o777, name).toBe(0o600);
  }
  expect(readFileSync(join(path, '000000000.entries'), 'utf8')).not.toContain('ann');
});

test('several write at once, in turns, and each knows what the others wrote', async () => {
  const trails = await Promise.all([openTrail(), openTrail(), openTrail()]);
  const appended = trails.flatMap((trail, writer) =>
    Array.from({ length: 40 }, (_, index) => trail.append(ofMember(`m-${writer}-${index}`))),
  );
  const places = await Promise.all(appended);
  expect([...places].sort((one, other) => one - other)).toEqual(places.map((_, index) => index));
  const heads = await Promise.all(trails.map((trail) => readHead(trail)));
  expect(new Set(heads.map(({ rootHash }) => rootHash)).size).toBe(1);
  expect(await verifyTrail(path)).toMatchObject({ ok: true, treeSize: 120, subjectsKept: 120 });
});

test('workers of a cluster write in turns too', async () => {
  const program = join(import.meta.dirname, '../../tests/support/append-in-workers.mjs');
  const child = spawn(process.execPath, [program, path, folder.path, '3', '60']);
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  expect(await verifyTrail(path)).toMatchObject({ ok: true, treeSize: 180 });
});

test('segments follow one another, and pages and proofs go over their border', async () => {
  const { segmentEntries } = trailLimits;
  const trail = await openTrail();
  const count = segmentEntries + 300;
  await Promise.all(Array.from({ length: count }, (_, at) => trail.append(ofMember(`m-${at}`))));
  const heads = [await readHead(trail)];
  await trail.append(plain);
  const page = await readPage(await openTrail(), segmentEntries - 2, 4);
  expect(page.entries.map(({ leafIndex, subjects }) => [leafIndex, subjects?.[0]?.id])).toEqual(
    [-2, -1, 0, 1].map((more) => [segmentEntries + more, `m-${segmentEntries + more}`]),
  );
  expect(page.next).toBe(segmentEntries + 2);
  for (const leafIndex of [0, segmentEntries - 1, segmentEntries, count]) {
    expect(checkProof(await proveInclusion(trail, leafIndex, undefined), [])?.ok).toBe(true);
  }
  const consistency = await proveConsistency(trail, segmentEntries - 1, undefined);
  expect(checkProof(consistency, [])?.ok).toBe(true);
  expect(await verifyTrail(path, heads)).toMatchObject({ ok: true, treeSize: count + 1 });
  // The tree is made again where its nodes are gone.
  rmSync(join(path, 'nodes'));
  expect(await readHead(await openTrail())).toEqual(await readHead(trail));
  expect(await verifyTrail(path, heads)).toMatchObject({ ok: true, treeSize: count + 1 });
});

describe('a trail of three entries', () => {
  let names: string[];
  let whole: Map<string, Buffer>;
  beforeEach(async () => {
    const trail = await openTrail();
    await trail.append(ofMember('ann'));
    await trail.append(plain);
    await trail.append(ofMember('bob'));
    await trail.close();
    names = readdirSync(path);
    whole = new Map(names.map((name) => [name, readFileSync(join(path, name))]));
  });
  const putBack = () => {
    rmSync(path, { recursive: true });
    mkdirSync(path);
    for (const [name, bytes] of whole) writeFileSync(join(path, name), bytes);
  };

  test('that was cut short at any byte goes on from what was whole', async () => {
    const entries = join(path, '000000000.entries');
    const bytes = whole.get('000000000.entries')!;
    const third = bytes.subarray(0, -1).lastIndexOf(10) + 1;
    for (let length = third; length < bytes.length; length++) {
      putBack();
      truncateSync(entries, length);
      // Nodes come after their entries.
      truncateSync(join(path, 'nodes'), 3 * 32);
      const { entries: read } = await readPage(await openTrail(), 0, 10);
      // It tells of what was cut off, in the place of it.
      const last = length === third ? [] : ['recoverTrail'];
      expect(read.map(({ operation }) => operation)).toEqual([
        'writeConsent',
        'checkpoint',
        ...last,
      ]);
      expect(await verifyTrail(path), String(length)).toMatchObject({ ok: true });
    }
  });

  test('of which a slot, or a node, was cut short is made whole', async () => {
    truncateSync(join(path, '000000000.subjects'), 200);
    truncateSync(join(path, 'nodes'), 3 * 32 + 7);
    const { entries } = await readPage(await openTrail(), 0, 10);
    expect(entries[0]?.subjects).toMatchObject([{ id: 'ann' }]);
    expect(entries[2]?.subjects?.[0]).not.toHaveProperty('id');
    expect(entries[3]).toMatchObject({ operation: 'recoverTrail' });
    expect(await verifyTrail(path)).toMatchObject({
      ok: true,
      subjectsKept: 1,
      subjectsDestroyed: 1,
    });
  });

  test('shows a change of any byte', async () => {
    let changes = 0;
    // The reserve holds nothing.
    for (const name of names.filter((each) => each !== 'reserve')) {
      const bytes = whole.get(name)!;
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = changed[at]! ^ (1 << (at % 8));
        writeFileSync(join(path, name), changed);
        expect((await verifyTrail(path)).ok, `${name} at ${at}`).toBe(false);
        changes += 1;
      }
      writeFileSync(join(path, name), bytes);
    }
    expect(changes).toBeGreaterThan(900);
    expect((await verifyTrail(path)).ok).toBe(true);
  });

  test('that was rewritten as a whole is not what the saved head says', async () => {
    const head = await readHead(await openTrail());
    rmSync(path, { recursive: true });
    const forged = await openTrail();
    for (const entry of [plain, plain, plain]) await forged.append(entry);
    expect(await verifyTrail(path)).toMatchObject({ ok: true, treeSize: 3 });
    expect(await verifyTrail(path, [head])).toMatchObject({ ok: false });
    expect(await verifyTrail(path, [{ ...head, treeSize: 4 }])).toMatchObject({ ok: false });
  });

  test('is not opened when entries were changed or taken away', async () => {
    const entries = join(path, '000000000.entries');
    const bytes = whole.get('000000000.entries')!;
    truncateSync(entries, bytes.subarray(0, -1).lastIndexOf(10) + 1);
    await expect(openTrail()).rejects.toMatchObject({ code: 'DATA_LOSS', reason: 'TRAIL_DAMAGED' });
    putBack();
    const changed = Buffer.from(bytes);
    changed[30] = changed[30]! ^ 1;
    writeFileSync(entries, changed);
    await expect(openTrail()).rejects.toMatchObject({ code: 'DATA_LOSS' });
    expect(readFileSync(entries)).toEqual(changed);
  });

  test('that another has torn while this one was open is mended by the next to write', async () => {
    const trail = await openTrail();
    appendFileSync(join(path, '000000000.entries'), '12345678 {"time"');
    await trail.append(plain);
    const { entries } = await readPage(trail, 3, 10);
    expect(entries.map(({ operation }) => operation)).toEqual(['recoverTrail', 'checkpoint']);
    expect(await verifyTrail(path)).toMatchObject({ ok: true });
  });
});

test('notes of a moment are one entry, and are there when it closes', async () => {
  const trail = await openTrail();
  for (const id of ['ann', 'bob', 'ann', 'ann']) trail.note({ ...ofMember(id), outcome: 'ok' });
  await trail.close();
  const { entries } = await readPage(await openTrail(), 0, 10);
  expect(entries.map(({ times, subjects }) => [subjects?.[0]?.id, times])).toEqual([
    ['ann', 3],
    ['bob', undefined],
  ]);
});

test('what cannot be written is refused, and notes are kept until it can', async () => {
  const messages: string[] = [];
  const notify = (message: string) => messages.push(message);
  const options = { folder: path, dataDir: folder.path, clock: () => now, notify };
  const trail = await Trail.open(options);
  await trail.append(plain);
  // A folder in the place of the file: as root, no right would keep anybody from writing.
  const entries = join(path, '000000000.entries');
  copyFileSync(entries, join(folder.path, 'aside'));
  rmSync(entries);
  mkdirSync(entries);
  await expect(trail.append(plain)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    reason: 'TRAIL_UNAVAILABLE',
  });
  trail.note(plain);
  expect(messages).toEqual([expect.stringContaining('EISDIR')]);
  await expect.poll(() => messages).toContain('reads wait for the audit trail');
  rmSync(entries, { recursive: true });
  copyFileSync(join(folder.path, 'aside'), entries);
  await expect
    .poll(() => messages, { timeout: 20_000 })
    .toContain('the audit trail is written again');
  expect(await verifyTrail(path)).toMatchObject({ ok: true, treeSize: 2 });
});

test('is verified, and copied, while others write', async () => {
  const trail = await openTrail();
  let isDone = false;
  const writing = (async () => {
    for (let at = 0; !isDone; at++) {
      await Promise.all([trail.append(ofMember(`m-${at}`)), trail.append(plain)]);
    }
  })();
  for (let round = 0; round < 5; round++) {
    const copy = join(folder.path, `copy-${round}`);
    await copyTrail(trail, copy);
    const [live, copied] = [await verifyTrail(path), await verifyTrail(copy)];
    expect(live, live.faults[0]).toMatchObject({ ok: true });
    expect(copied, copied.faults[0]).toMatchObject({ ok: true });
    expect(copied.treeSize).toBeLessThanOrEqual(live.treeSize);
    expect((await verifyTrail(path, [copied])).ok, 'it goes on from its copy').toBe(true);
  }
  isDone = true;
  await writing;
});

test('when too many notes wait, no more reads are let in', async () => {
  const trail = await openTrail();
  for (let at = 0; at < trailLimits.notesMax; at++) {
    trail.assertRoom();
    trail.note({ ...ofMember(`m-${at}`), outcome: 'ok' });
  }
  expect(() => trail.assertRoom()).toThrow('too many entries wait');
  await trail.close();
  expect(() => trail.assertRoom()).not.toThrow();
  expect(await verifyTrail(path)).toMatchObject({ ok: true, treeSize: trailLimits.notesMax });
});

test('who is killed while it writes loses nothing that was acknowledged', async () => {
  const program = join(import.meta.dirname, '../../tests/support/append-trail.mjs');
  let acknowledged = 0;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [program, path, folder.path]);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.length > 40 + 30 * round) child.kill('SIGKILL');
    });
    await once(child, 'close');
    acknowledged += text.split('\n').length - 1;
    const trail = await openTrail();
    const { treeSize } = await readHead(trail);
    expect(treeSize).toBeGreaterThanOrEqual(acknowledged);
    expect(await verifyTrail(path)).toMatchObject({ ok: true });
  }
  expect(acknowledged).toBeGreaterThan(20);
});
