// Which encoding a text is in, however its lines lie in the pieces that are read.
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { findEncoding } from './encoding.ts';

async function* pieces(bytes: Buffer, each: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += each) yield bytes.subarray(at, at + each);
}

const found = async (bytes: Buffer, each: number) =>
  (await findEncoding(pieces(bytes, each))).encoding;

test('a text of one long line is UTF-8 wherever its characters are cut', async () => {
  const line = Buffer.from('牛奶é😀'.repeat(30_000));
  for (const each of [65_536, 65_537, 65_538, 65_539, 1_000]) {
    expect(await found(line, each)).toBe('utf-8');
  }
});

test('and GB18030 where that is what it is', async () => {
  // 牛奶 in GBK.
  const line = Buffer.alloc(400_000, Buffer.from([0xc5, 0xa3, 0xc4, 0xcc]));
  for (const each of [65_536, 65_537]) expect(await found(line, each)).toBe('gb18030');
});

test('a long line is passed once: what waits for its end stays short', async () => {
  let copied = 0;
  const concat = Buffer.concat;
  Buffer.concat = (list, length) => {
    const joined = concat(list as Buffer[], length);
    copied += joined.length;
    return joined;
  };
  try {
    const bytes = Buffer.alloc(16_777_216, '{"a":1},');
    expect(await found(bytes, 65_536)).toBe('utf-8');
    expect(copied).toBeLessThan(2 * bytes.length);
  } finally {
    Buffer.concat = concat;
  }
});
