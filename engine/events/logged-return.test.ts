// A return in the log: what was sent comes back, and what is the same return has one hash.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { ByteReader } from '../log/bytes.ts';
import { bodyOf } from '../log/frame.ts';
import {
  decodeReturn,
  encodeReturn,
  type LoggedReturn,
  returnCode,
  returnedByItem,
  returnedPurchaseOf,
  returnHash,
} from './logged-return.ts';
import { encode } from './record.ts';

const { h64Raw } = await xxhash();
const hashOf = (value: LoggedReturn) => returnHash({ hashBytes: (bytes) => h64Raw(bytes) }, value);

const back: LoggedReturn = {
  ...{ returnId: 'r', purchaseId: 'p', storeId: 'S1', channel: 'app' },
  ...{ occurredAtMs: 1_780_000_000_000, offsetMinutes: 480, isWhole: false },
  lines: [
    { itemId: 'milk', thousandths: 100 },
    { itemId: 'tea', thousandths: 2_000 },
  ],
};
const bytesOf = (value: LoggedReturn) =>
  encode({ code: returnCode, encode: encodeReturn }, 5, value);

test.each([
  ['a return to a store', back],
  ['a return to no store', { ...back, storeId: undefined }],
])('%s comes back as it was', (_, value) => {
  expect(decodeReturn(new ByteReader(bytesOf(value), 7))).toEqual(value);
  expect(returnedPurchaseOf(bytesOf(value))).toBe('p');
});

test('the order of lines and the offset of the time do not make another return of it', () => {
  expect(hashOf({ ...back, offsetMinutes: 0, lines: back.lines.toReversed() })).toBe(hashOf(back));
  expect(hashOf({ ...back, storeId: undefined })).not.toBe(hashOf(back));
  expect(hashOf({ ...back, lines: back.lines.slice(1) })).not.toBe(hashOf(back));
});

test('what came back is added up over lines and returns', () => {
  const kept = [back, { ...back, lines: [...back.lines, ...back.lines] }];
  const sum = returnedByItem(kept.map(({ lines }) => ({ sequence: 1, acceptedAtMs: 1, lines })));
  expect([...sum]).toEqual([
    ['milk', 300],
    ['tea', 6_000],
  ]);
});

test('a whole receipt is told by a mark that earlier versions pass over', () => {
  const whole = { ...back, isWhole: true };
  const [plain, marked] = [bytesOf(back), bytesOf(whole)];
  expect(marked.subarray(0, plain.length)).toEqual(plain);
  expect(decodeReturn(new ByteReader(bodyOf(marked)))).toEqual(whole);
  // Whatever the lines are that it was found to have.
  expect(hashOf({ ...whole, lines: [] })).toBe(hashOf(whole));
  expect(hashOf(whole)).not.toBe(hashOf(back));
});

test('what was sent under other numbers stands behind the lines, and makes the hash', () => {
  const lines = [{ itemId: 'milk-old', thousandths: 100 }, back.lines[1]!];
  const named = { ...back, lines, sent: back.lines };
  const [plain, marked] = [bytesOf({ ...back, lines }), bytesOf(named)];
  expect(marked.subarray(0, plain.length)).toEqual(plain);
  expect(decodeReturn(new ByteReader(bodyOf(marked)))).toEqual(named);
  expect(hashOf(named)).toBe(hashOf(back));
});
