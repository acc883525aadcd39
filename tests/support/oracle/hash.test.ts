// The oracle's own XXH64 against the library that the engine uses.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { compareByHash, compareBytes, hashOf, xxhash64 } from './hash.ts';

test('agrees with xxhash-wasm on bytes of every length', async () => {
  const { h64Raw } = await xxhash();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(xxhash64(bytes)).toBe(h64Raw(bytes));
    }),
  );
});

test('agrees with the published hash of nothing', () => {
  expect(xxhash64(new Uint8Array())).toBe(0xef46db3751d8e999n);
});

test('hashes an id as UTF-8 and never confuses ids that objects already have', async () => {
  const { h64 } = await xxhash();
  for (const id of ['milk', '咖啡豆', '🥛', '__proto__', 'constructor', 'a/b%20c']) {
    expect(hashOf(id)).toBe(h64(id));
    expect(hashOf(id)).toBe(h64(id));
  }
});

test('orders ids by UTF-8 bytes, not by UTF-16 units', () => {
  expect('😀' < '～').toBe(true);
  expect(compareBytes('😀', '～')).toBeGreaterThan(0);
  expect(compareByHash('milk', 'milk')).toBe(0);
});
