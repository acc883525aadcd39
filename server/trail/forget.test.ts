// What an erase does to the trail: nothing of the member is left in it, whenever it comes, and the
// tree verifies.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ErasedIds } from '../../engine/index.ts';
import { findTexts } from '../../tests/support/bytes.ts';
import { erasedIds } from '../../tests/support/erased-ids.ts';
import { makeDiskFolder, type TemporaryFolder } from '../../tests/support/folders.ts';
import type { NewEntry } from './entry.ts';
import { readHead, readPage } from './read.ts';
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

async function openTrail(erased: ErasedIds = erasedIds()): Promise<Trail> {
  const trail = await Trail.open({ folder: path, dataDir: folder.path, clock: () => now });
  await trail.forget(erased);
  return trail;
}

const ofMember = (id: string): NewEntry => ({
  operation: 'writeConsent',
  door: 'http',
  subjects: [{ kind: 'member', id }],
});

test('an erase takes salt and subject out, of all entries, and the tree verifies', async () => {
  const trail = await openTrail();
  const receipt = { kind: 'receipt', id: 'receipt-of-ann' } as const;
  await trail.append(ofMember('ann-forget-me'));
  await trail.append({
    operation: 'attachMember',
    outcome: 'created',
    subjects: [{ kind: 'member', id: 'ann-forget-me' }, receipt],
  });
  await trail.append(ofMember('bob-keep-me'));
  const head = await readHead(trail);
  await trail.forget(erasedIds(['ann-forget-me']));
  expect(findTexts(path, ['ann-forget-me', 'receipt-of-ann'])).toEqual([]);
  expect(findTexts(path, ['bob-keep-me'])).not.toEqual([]);
  const { entries } = await readPage(trail, 0, 10);
  expect(Object.keys(entries[0]!.subjects![0]!)).toEqual(['kind', 'commitment']);
  expect(await verifyTrail(path, [head])).toMatchObject({
    ok: true,
    subjectsKept: 1,
    subjectsDestroyed: 3,
  });
});

test('an erase lets nothing of the member in again', async () => {
  const trail = await openTrail(erasedIds(['ann-forget-me']));
  await trail.append(ofMember('ann-forget-me'));
  trail.note({ ...ofMember('ann-forget-me'), outcome: 'ok' });
  await trail.close();
  expect(findTexts(path, ['ann-forget-me'])).toEqual([]);
  expect(await verifyTrail(path)).toMatchObject({ ok: true, subjectsDestroyed: 2 });
});

test('an erase that was cut short half-way through a slot is done again', async () => {
  const trail = await openTrail();
  await trail.append(ofMember('bob-keep-me'));
  await trail.append(ofMember('ann-forget-me'));
  const subjects = join(path, '000000000.subjects');
  const bytes = readFileSync(subjects);
  // The power failed when the front of the slot was zeros, and the id was not.
  bytes.fill(0, 192 + 7, 192 + 45);
  writeFileSync(subjects, bytes);
  expect(findTexts(path, ['forget-me'])).not.toEqual([]);
  await openTrail(erasedIds(['ann-forget-me']));
  expect(findTexts(path, ['forget-me'])).toEqual([]);
  expect(findTexts(path, ['bob-keep-me'])).not.toEqual([]);
  expect(await verifyTrail(path)).toMatchObject({ ok: true, subjectsKept: 1 });
});

test('an erase finds all of a member, also while entries about them come in', async () => {
  const trail = await openTrail();
  const ledger = erasedIds();
  await trail.forget(ledger);
  const appended: Promise<number>[] = [];
  const some = () => {
    for (let at = 0; at < 200; at++) appended.push(trail.append(ofMember(`forget-me-${at % 7}`)));
  };
  for (let round = 0; round < 7; round++) {
    some();
    ledger.add(`forget-me-${round}`);
    const forgotten = trail.forget(ledger);
    some();
    await forgotten;
    expect(findTexts(path, [`forget-me-${round}`]), String(round)).toEqual([]);
  }
  await Promise.all(appended);
  expect(findTexts(path, ['forget-me'])).toEqual([]);
  expect(await verifyTrail(path)).toMatchObject({ ok: true, treeSize: appended.length });
});

test('nobody is kept in clear before it is known who was erased', async () => {
  const trail = await Trail.open({ folder: path, dataDir: folder.path, clock: () => now });
  await trail.append(ofMember('ann'));
  expect(await verifyTrail(path)).toMatchObject({ ok: true, subjectsDestroyed: 1 });
});

test('an erase finds a member also where the ledger has another key by now', async () => {
  const trail = await openTrail(erasedIds([], 'a key of before'));
  await trail.append(ofMember('ann-forget-me'));
  await trail.append(ofMember('bob-keep-me'));
  await openTrail(erasedIds(['ann-forget-me'], 'another key'));
  expect(findTexts(path, ['ann-forget-me'])).toEqual([]);
  expect(findTexts(path, ['bob-keep-me'])).not.toEqual([]);
});
