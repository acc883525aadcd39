// Compaction: the store goes on from a copy while it is written to, and loses nothing when the copy
// fails, is given up, or has no room.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../tests/support/folders.ts';
import { limits } from '../base/limits.ts';
import { copyChain } from './copy.ts';
import { compactDueName, rebuiltName } from './format.ts';
import { Store } from './store.ts';

const keyOf = (row: number) => Buffer.from(`row-${String(row).padStart(8, '0')}`);
const textOf = (row: number, version = 0) =>
  Buffer.from(`${row}.${version} `.repeat(1 + (row % 40)));

/** A store with rows of all lengths, some of them in pages of their own. */
async function withRows<Result>(
  count: number,
  use: (store: Store, folder: string) => Promise<Result>,
): Promise<Result> {
  return withTemporaryFolder(async (path) => {
    const folder = join(path, 'chain');
    const store = await Store.open(folder);
    try {
      for (let from = 0; from < count; from += 2_000) {
        await store.transaction(() => {
          const end = Math.min(count, from + 2_000);
          for (let row = from; row < end; row++) store.tables.ids.put(keyOf(row), textOf(row));
        });
      }
      return await use(store, folder);
    } finally {
      await store.close();
    }
  }, 'compaction');
}

/** What a table holds, as one text for each row. */
function contentOf(store: Store): Map<string, string> {
  const rows = [...store.tables.ids.rows()];
  return new Map(rows.map(({ key, value }) => [key.toString(), value.toString()]));
}

/** What lies beside the store, but for the room that is kept for a full disk. */
function beside(folder: string): string[] {
  return readdirSync(join(folder, '..')).filter((name) => name !== 'chain.ballast');
}

/** Puts, replaces and removes rows until it is asked to stop; returns what must be there then. */
async function writeOn(store: Store, expected: Map<string, string>, isOver: () => boolean) {
  let version = 0;
  for (let row = 0; !isOver(); row = (row + 7_919) % 60_000) {
    version += 1;
    const [key, value] = [keyOf(row), textOf(row, version)];
    const isRemoval = version % 5 === 0;
    await store.transaction(() => {
      if (isRemoval) store.tables.ids.remove(key);
      else store.tables.ids.put(key, value);
      store.writeMeta('newest', version);
    });
    if (isRemoval) expected.delete(key.toString());
    else expected.set(key.toString(), value.toString());
  }
  return version;
}

test('what is put, replaced and removed while the copy is made is in it', async () => {
  await withRows(30_000, async (store, folder) => {
    const expected = contentOf(store);
    let isOver = false;
    const writing = writeOn(store, expected, () => isOver);
    const changes: number[] = [];
    for (let round = 0; round < 3; round++) changes.push((await store.compact()).caughtUp);
    isOver = true;
    const newest = await writing;
    expect(Math.max(...changes)).toBeGreaterThan(0);
    expect(contentOf(store)).toEqual(expected);
    expect(store.readMeta('newest')).toBe(newest);
    expect(beside(folder)).toEqual(['chain']);
    await store.close();
    const again = await Store.open(folder);
    expect(contentOf(again)).toEqual(expected);
    expect(again.readMeta(rebuiltName)).toBe(1);
    await again.close();
  });
});

test('a transaction that fails beside the copy leaves the row as it was', async () => {
  await withRows(2_000, async (store) => {
    const compacting = store.compact();
    const failing = store.transaction(() => {
      store.tables.ids.put(keyOf(1), Buffer.from('never'));
      throw new RangeError('half-way');
    });
    await expect(failing).rejects.toThrow(RangeError);
    await compacting;
    expect(store.tables.ids.get(keyOf(1))).toEqual(textOf(1));
  });
});

test('a copy that is given up leaves the store as it was and nothing of itself', async () => {
  await withRows(20_000, async (store, folder) => {
    const before = contentOf(store);
    for (const wait of [0, 3, 30, 100]) {
      const stop = new AbortController();
      const compacting = store.compact({ signal: stop.signal });
      for (let turn = 0; turn < wait; turn++) await setImmediate();
      stop.abort(new Error('enough'));
      await expect(compacting).rejects.toThrow('enough');
      expect(existsSync(`${folder}.new`)).toBe(false);
      await store.transaction(() => store.writeMeta('alive', wait));
    }
    expect(contentOf(store)).toEqual(before);
    await store.compact();
    expect(contentOf(store)).toEqual(before);
  });
});

test('that a copy is wanted is forgotten with it, unless it is said again meanwhile', async () => {
  await withRows(20_000, async (store) => {
    const want = () => store.transaction(() => store.writeMeta(compactDueName, true));
    await want();
    await store.compact();
    expect(store.readMeta(compactDueName)).toBeUndefined();
    await want();
    let wanting: Promise<void> | undefined;
    const progress = () => {
      wanting ??= want();
    };
    await store.compact({ progress });
    await wanting;
    expect(store.readMeta(compactDueName)).toBe(true);
  });
});

/** The processes that this one has started (Linux). */
function childrenHere(): number[] {
  const path = `/proc/${process.pid}/task/${process.pid}/children`;
  return readFileSync(path, 'utf8').split(' ').map(Number).filter(Boolean);
}

// Only Linux tells the children of a process.
test.skipIf(process.platform !== 'linux').each([
  ['killed', 'SIGKILL', 'the process that copies the chain ended: SIGKILL'],
  ['halted', 'SIGSTOP', 'the copy was given up: it has not moved for 500 ms'],
] as const)('a copying process that is %s costs the copy alone', async (_what, signal, message) => {
  const longest = limits.copyStallMsMax;
  Object.assign(limits, { copyStallMsMax: 500 });
  await withRows(30_000, async (store, folder) => {
    const before = contentOf(store);
    const earlier = childrenHere();
    const outcome = store.compact().catch((error: Error) => error.message);
    let copying: number | undefined;
    while (copying === undefined) {
      await setImmediate();
      copying = childrenHere().find((pid) => !earlier.includes(pid));
    }
    process.kill(copying, signal);
    expect(await outcome).toBe(message);
    Object.assign(limits, { copyStallMsMax: longest });
    expect(beside(folder)).toEqual(['chain']);
    expect(contentOf(store)).toEqual(before);
    await store.compact();
    expect(contentOf(store)).toEqual(before);
  });
});

/** Changes one byte of a value in the data file, wherever it lies. */
function corruption(folder: string, text: string): void {
  const path = join(folder, 'data.mdb');
  const bytes = readFileSync(path);
  const at = bytes.lastIndexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

test('a damaged value is told by table, page and key, and never copied', async () => {
  await withRows(3_000, async (store, folder) => {
    await store.close();
    corruption(folder, textOf(1_234).toString());
    const reader = await Store.open(folder, { readOnly: true });
    const from = reader.hold();
    const to = join(folder, '../copy');
    mkdirSync(to);
    const key = keyOf(1_234).toString('hex');
    const what = `the checksum of key ${key} does not match`;
    const message = new RegExp(`^the chain is damaged \\(table ids, page \\d+: ${what}\\)$`);
    await expect(copyChain({ from, to })).rejects.toMatchObject({ code: 'DATA_LOSS', message });
    from.release();
    await reader.close();
  });
});

test('a compaction that meets damage leaves the store as it was', async () => {
  await withRows(3_000, async (store, folder) => {
    corruption(folder, textOf(1_234).toString());
    await expect(store.compact()).rejects.toMatchObject({ reason: 'DAMAGED' });
    expect(beside(folder)).toEqual(['chain']);
    expect(store.tables.ids.get(keyOf(1_235))).toEqual(textOf(1_235));
    await store.transaction(() => store.writeMeta('alive', true));
  });
});

test('rows that come faster than they can be remembered wait for the copy', async () => {
  await withRows(20_000, async (store) => {
    const most = limits.copyKeysMax;
    Object.assign(limits, { copyKeysMax: 500 });
    try {
      let isOver = false;
      const compacting = store.compact().finally(() => {
        isOver = true;
      });
      let rows = 0;
      const more = new Map<string, string>();
      while (!isOver) {
        await store.transaction(() => {
          for (let row = rows; row < rows + 300; row++) {
            store.tables.ids.put(keyOf(100_000 + row), textOf(row));
            more.set(keyOf(100_000 + row).toString(), textOf(row).toString());
          }
        });
        rows += 300;
      }
      expect((await compacting).caughtUp).toBeLessThanOrEqual(rows);
      const content = contentOf(store);
      for (const [key, value] of more) expect(content.get(key)).toBe(value);
    } finally {
      Object.assign(limits, { copyKeysMax: most });
    }
  });
});
