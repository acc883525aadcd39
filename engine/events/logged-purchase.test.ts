// A purchase in the log: what was sent comes back, and what is the same purchase has one hash.
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { ByteReader } from '../log/bytes.ts';
import {
  decodePurchase,
  encodePurchase,
  type LoggedPurchase,
  purchaseCode,
  purchasedAtMs,
  purchaseHash,
} from './logged-purchase.ts';
import { encode } from './record.ts';

const { h64Raw } = await xxhash();
const hashBytes = (bytes: Uint8Array) => h64Raw(bytes);
const hashOf = (purchase: LoggedPurchase) => purchaseHash({ hashBytes }, purchase);

const untold = { unitPriceFen: undefined, discountFen: undefined, totalFen: undefined };
const plain: LoggedPurchase = {
  ...{ purchaseId: 'p', memberId: undefined, storeId: undefined, channel: 'other' },
  ...{ terminalId: undefined, cashierId: undefined, statedAtMs: undefined, paidFen: undefined },
  ...{ occurredAtMs: 1_780_000_000_000, offsetMinutes: -570, couponIds: [] },
  timeUnknown: undefined,
  lines: [{ itemId: '牛奶', thousandths: 1, isGift: false, ...untold }],
};
const full: LoggedPurchase = {
  ...plain,
  ...{ memberId: 'ann', storeId: 'S1', channel: 'pos', terminalId: 't', cashierId: 'c' },
  ...{ paidFen: 0, statedAtMs: plain.occurredAtMs + 1, couponIds: ['k1', 'k2'] },
  timeUnknown: true,
  lines: [
    { itemId: 'a', thousandths: 255, isGift: true, ...untold, unitPriceFen: 0 },
    { itemId: 'b', thousandths: 99_999_000, isGift: false, ...untold, discountFen: 1 },
    { itemId: 'a', thousandths: 1_000, isGift: false, ...untold, totalFen: 2 ** 40 },
  ],
};

const kind = { code: purchaseCode, encode: encodePurchase };
const bytesOf = (purchase: LoggedPurchase) => encode(kind, 5, purchase);

test.each([
  ['one that says hardly anything', plain],
  ['one that says all there is to say', full],
])('%s comes back as it was', (_, purchase) => {
  const bytes = bytesOf(purchase);
  expect(decodePurchase(new ByteReader(bytes, 7))).toEqual(purchase);
  expect(purchasedAtMs(bytes)).toBe(purchase.occurredAtMs);
});

test('one that was cut short is told, wherever it was cut', () => {
  const bytes = bytesOf(full);
  for (let length = 7; length < bytes.length; length++) {
    const cut = new ByteReader(bytes.subarray(0, length), 7);
    expect(() => decodePurchase(cut), `${length} bytes`).toThrow('a log entry ends too soon');
  }
});

test('the order of lines and the offset of the time do not make another purchase of it', () => {
  const turned = { ...full, offsetMinutes: 480, lines: full.lines.toReversed() };
  expect(hashOf(turned)).toBe(hashOf(full));
});

test('nor does the moment that was put in place of what the till said', () => {
  expect(hashOf({ ...full, occurredAtMs: 1 })).toBe(hashOf(full));
});

test.each<[string, Partial<LoggedPurchase>]>([
  ['another member', { memberId: 'bob' }],
  ['no member', { memberId: undefined }],
  ['another moment', { statedAtMs: 1 }],
  ['a time of day', { timeUnknown: undefined }],
  ['other money', { paidFen: 1 }],
  ['no money', { paidFen: undefined }],
  ['other coupons', { couponIds: ['k2', 'k1'] }],
  ['a line less', { lines: full.lines.slice(1) }],
  ['a line twice', { lines: [...full.lines, full.lines[0]!] }],
])('%s does', (_, change) => {
  expect(hashOf({ ...full, ...change })).not.toBe(hashOf(full));
});
