// Data files that are looked at before they are opened: small ones at once, large ones by a thread.
import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../tests/support/chain-with-a-past.ts';
import { withTemporaryFolder } from '../../tests/support/folders.ts';
import { limits } from '../base/limits.ts';
import { findDamage } from './audit.ts';
import { checkFolder, findCorruption } from './check.ts';
import { Store } from './store.ts';

/** Writes a data file that is too large to be read at once; answers where it lies. */
async function makeLarge(folder: string): Promise<string> {
  const store = await Store.open(folder);
  await store.transaction(() => {
    for (let row = 0; row < 4_000; row += 1) {
      store.tables.ids.put(Buffer.from(`row ${row}`), Buffer.alloc(200, row));
    }
  });
  await store.close();
  const path = join(folder, 'data.mdb');
  expect(statSync(path).size).toBeGreaterThan(limits.checkAtOnceBytesMax);
  return path;
}

test('a large file is found whole or damaged as a small one is', () =>
  withTemporaryFolder(async (folder) => {
    const path = await makeLarge(folder);
    expect(await findCorruption(folder)).toBeUndefined();
    const random = seeded(7);
    const descriptor = openSync(path, 'r+');
    const found = new Set<string>();
    for (let time = 0; time < 12; time++) {
      const at = Math.floor(random() * statSync(path).size);
      writeSync(descriptor, Buffer.of(255 * random()), 0, 1, at);
      const what = await findCorruption(folder);
      expect(what).toBe(findDamage(folder));
      if (what !== undefined) found.add(what);
    }
    expect([...found]).not.toEqual([]);
    closeSync(descriptor);
    truncateSync(path, 600_000);
    await expect(checkFolder(folder)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  }, 'check'));

test('a check that is not wanted any more ends', () =>
  withTemporaryFolder(async (folder) => {
    await makeLarge(folder);
    const stopping = new AbortController();
    const checking = findCorruption(folder, stopping.signal);
    stopping.abort(new Error('closing'));
    await expect(checking).rejects.toThrow('closing');
  }, 'check'));
