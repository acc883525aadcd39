// The store: formats by number, commits that fail, room on a full disk, checksums.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../tests/support/folders.ts';
import { copyChain } from './copy.ts';
import { crcOf } from './crc.ts';
import { DiskReserve } from './disk-reserve.ts';
import { Store } from './store.ts';

test.each([0, 3, 17])('a folder of data format %i is refused by its number', async (version) => {
  await withTemporaryFolder(async (folder) => {
    const store = await Store.open(folder);
    await store.transaction(() => store.writeMeta('formatVersion', version));
    await store.close();
    await expect(Store.open(folder)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      reason: 'FORMAT_VERSION',
      message: `${folder} has data format ${version}; this version reads format 2`,
    });
  });
});

test('a folder that was never written to opens again', async () => {
  await withTemporaryFolder(async (folder) => {
    writeFileSync(join(folder, 'data.mdb'), '');
    await (await Store.open(folder)).close();
    await (await Store.open(folder)).close();
  });
});

test('a folder whose making was cut short in its first two pages is made again', async () => {
  await withTemporaryFolder(async (folder) => {
    writeFileSync(join(folder, 'data.mdb'), Buffer.alloc(8_192));
    const store = await Store.open(folder);
    expect(store.readMeta('formatVersion')).toBe(2);
    await store.close();
  });
});

test('so is one of which the first page was lost before anything was synced', async () => {
  await withTemporaryFolder(async (folder) => {
    await (await Store.open(folder)).close();
    const path = join(folder, 'data.mdb');
    const behind = readFileSync(path).subarray(4_096);
    const lose = () => writeFileSync(path, Buffer.concat([Buffer.alloc(4_096), behind]));
    lose();
    // A folder that was ever made, or used, is damaged then, and nothing of it is touched.
    await expect(Store.open(folder)).rejects.toMatchObject({ code: 'DATA_LOSS' });
    rmSync(join(folder, 'format'));
    writeFileSync(join(folder, 'counts.checkpoint'), '');
    await expect(Store.open(folder)).rejects.toMatchObject({ code: 'DATA_LOSS' });
    rmSync(join(folder, 'counts.checkpoint'));
    const store = await Store.open(folder);
    expect(store.readMeta('formatVersion')).toBe(2);
    await store.close();
  });
});

test('a commit that fails leaves nothing behind and tells its own error', async () => {
  await withTemporaryFolder(async (folder) => {
    const store = await Store.open(folder);
    const work = () => {
      store.writeMeta('half', 1);
      throw new RangeError('half-way');
    };
    await expect(store.transaction(work)).rejects.toThrow(RangeError);
    expect(store.readMeta('half')).toBeUndefined();
    await store.close();
  });
});

test('the disk reserve is given up for want of room only, and receipts wait for it', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'ballast');
    writeFileSync(path, Buffer.alloc(300_000));
    const diskReserve = new DiskReserve(path);
    expect(diskReserve.spend(new Error('something else'))).toBe(false);
    expect(diskReserve.spend({ code: 'ENOSPC' })).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(diskReserve.spend({ code: 'ENOSPC' })).toBe(false);
    expect(() => diskReserve.assertHeld()).toThrow('there is no room');
    diskReserve.close();
  });
});

test('short and long checksums are those of zlib', () => {
  const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => (index * 89) % 251));
  // The check value of CRC-32 (Williams 1993).
  expect(crcOf(Buffer.from('123456789'), 0, 9)).toBe(0xcbf43926);
  for (const end of [0, 1, 5, 159, 160, 1_000]) {
    for (const middle of [0, 1, 3, 158]) {
      if (middle > end) continue;
      const inTwo = crcOf(bytes, middle, end, crcOf(bytes, 0, middle));
      expect(inTwo).toBe(crcOf(bytes, 0, end));
    }
  }
});

test('a compaction that finds no room leaves the store as it was', async () => {
  await withTemporaryFolder(async (path) => {
    const folder = join(path, 'chain');
    const store = await Store.open(folder);
    await store.transaction(() => store.writeMeta('kept', 'yes'));
    expect(existsSync(`${folder}.new`)).toBe(false);
    expect(store.readMeta('kept')).toBe('yes');
    await store.close();
    expect(readFileSync(join(folder, 'format'), 'utf8')).toBe('2\n');
    rmSync(folder, { recursive: true });
  });
});

const rowKey = (row: number) => Buffer.from(String(row * 40).padStart(8, '0'));

async function withManyRows(folder: string): Promise<Store> {
  const store = await Store.open(folder);
  await store.transaction(() => {
    for (let row = 0; row < 20_000; row += 1) {
      store.tables.ids.put(Buffer.from(String(row).padStart(8, '0')), Buffer.alloc(500, row));
    }
  });
  return store;
}

async function touchManyPages(store: Store): Promise<void> {
  await store.transaction(() => {
    for (let row = 0; row < 400; row += 1) store.tables.ids.put(rowKey(row), Buffer.alloc(500, 1));
  });
  for (let row = 0; row < 400; row += 1) {
    expect(store.tables.ids.get(rowKey(row))).toEqual(Buffer.alloc(500, 1));
  }
}

test('the first commit after a compaction may touch hundreds of pages', async () => {
  await withTemporaryFolder(async (folder) => {
    const store = await withManyRows(join(folder, 'chain'));
    await store.compact();
    await touchManyPages(store);
    await store.close();
  });
});

test('the first commit on a copy may touch hundreds of pages', async () => {
  await withTemporaryFolder(async (folder) => {
    const store = await withManyRows(join(folder, 'chain'));
    mkdirSync(join(folder, 'copy'));
    const from = store.hold();
    await copyChain({ from, to: join(folder, 'copy') }).finally(from.release);
    await store.close();
    const copy = await Store.open(join(folder, 'copy'));
    await touchManyPages(copy);
    await copy.close();
  });
});
