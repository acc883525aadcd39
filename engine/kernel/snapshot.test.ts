// The file of blocks: what lies between a kernel's memory and its checkpoint.
import { open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readBlocks, sealBlock } from './snapshot.ts';

const path = join(tmpdir(), `caini-blocks-${process.pid}`);
afterAll(() => rm(path, { force: true }));

/** More than is read at once, beside short ones, so that they begin and end anywhere. */
const lengths = [0, 1, 32_768, 1_048_569, 5_000_000, 7, 1_048_568, 3, 2_097_152, 0];

const blocks = lengths.map((length, at) =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + at) & 255),
);
const whole = Buffer.concat(blocks.map((block) => sealBlock(block)));

async function read(bytes: Uint8Array) {
  await writeFile(path, bytes);
  const file = await open(path, 'r');
  const found: Buffer[] = [];
  try {
    const isWhole = await readBlocks(file, (block) => found.push(Buffer.from(block)) > 0);
    return { isWhole, found };
  } finally {
    await file.close();
  }
}

test('blocks come back whole and in order, longer ones than are read at once too', async () => {
  const { isWhole, found } = await read(whole);
  expect(isWhole).toBe(true);
  expect(found.map(({ length }) => length)).toEqual(lengths);
  expect(found.every((block, at) => block.equals(blocks[at]!))).toBe(true);
});

test('a file that is cut within a block, or changed anywhere, is not whole', async () => {
  const starts = lengths.map((_, at) =>
    lengths.slice(0, at).reduce((sum, length) => sum + 8 + length, 0),
  );
  for (const start of starts) {
    for (const cut of [start + 1, start + 7]) {
      expect((await read(whole.subarray(0, cut))).isWhole).toBe(false);
    }
    for (const at of [start, start + 3, start + 4]) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 64;
      expect((await read(changed)).isWhole).toBe(false);
    }
  }
  expect((await read(whole.subarray(0, whole.length - 9))).isWhole).toBe(false);
});

test('reading ends with the block that is refused', async () => {
  await writeFile(path, whole);
  const file = await open(path, 'r');
  let taken = 0;
  expect(await readBlocks(file, () => ++taken < 4)).toBe(false);
  await file.close();
  expect(taken).toBe(4);
});

test('a long file is taken a quarter of a megabyte in each turn of the event loop', async () => {
  const many = Array.from({ length: 96 }, () => sealBlock(Buffer.alloc(32_768, 7)));
  await writeFile(path, Buffer.concat(many));
  const file = await open(path, 'r');
  let [inTurn, most] = [0, 0];
  const look = (): void => {
    most = Math.max(most, inTurn);
    inTurn = 0;
    next = setImmediate(look);
  };
  let next = setImmediate(look);
  const isWhole = await readBlocks(file, (block) => {
    inTurn += block.length;
    return true;
  });
  clearImmediate(next);
  await file.close();
  expect(isWhole).toBe(true);
  // Two reads may end between two looks.
  expect(most).toBeLessThanOrEqual(2 * 262_144);
});
