// Frames: only what a node of the chain has signed is read, whatever a later version adds to it.
import { expect, test } from 'vitest';
import { type Frame, Frame as FrameMessage } from '#proto/caini/v1/replication.js';
import type { JournalEntry } from '../../engine/index.ts';
import { encodeFrame, openFrame, positionAfter, readFrame } from './frames.ts';
import { nodeSecretOf } from './secret.ts';

const secret = nodeSecretOf('a secret of the tests');
const link = { id: '', key: secret.linkKey };
const head = { node: 'shop', incarnation: 'one', position: 7, newestDay: 20_000, format: 2 };

const entry = (position: number, origin: string, text: string): JournalEntry => ({
  position,
  place: { origin, epoch: 5, sequence: position },
  bytes: Buffer.from(text),
});
const entries = [entry(7, 'shop', 'milk'), entry(8, 'shop', ''), entry(9, 'till', 'bread')];
const bytes = encodeFrame(secret, link, head, entries);

const read = (one: Uint8Array): Frame => readFrame(secret, one)!;

test('a frame says whose entries it has, and gives them as they were', () => {
  const frame = read(bytes);
  expect(frame).toMatchObject(head);
  expect(frame.runs.map(({ origin, count }) => [origin, count])).toEqual([
    ['shop', 2],
    ['till', 1],
  ]);
  expect(openFrame(frame, secret.linkKey)).toEqual(entries);
  expect(positionAfter(frame)).toBe(10);
});

test('a frame without entries says only where the node stands', () => {
  const standing = { watermark: 'shop/5:9', digest: 'ab', part: 0, parts: 0, partDigest: '' };
  const frame = read(
    encodeFrame(secret, link, { ...head, standing: { ...standing, report: true } }, []),
  );
  expect(frame.standing).toMatchObject(standing);
  expect(openFrame(frame, secret.linkKey)).toEqual([]);
  expect(positionAfter(frame)).toBe(7);
});

test('a bit that changed anywhere makes it nobody’s', () => {
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    expect(readFrame(secret, changed), `byte ${at}`).toBeUndefined();
  }
  for (const cut of [0, 1, 33, 34, bytes.length - 1]) {
    expect(readFrame(secret, bytes.subarray(0, cut)), `${cut} bytes`).toBeUndefined();
  }
  expect(readFrame(secret, Buffer.concat([bytes, Buffer.from([0x58, 1])]))).toBeUndefined();
  expect(readFrame(nodeSecretOf('another secret of tests'), bytes)).toBeUndefined();
});

test('under another key its entries stay closed', () => {
  const sealed = encodeFrame(secret, { id: 'k1', key: Buffer.alloc(32, 1) }, head, entries);
  expect(read(sealed).keyId).toBe('k1');
  expect(openFrame(read(sealed), secret.linkKey)).toBeUndefined();
  expect(openFrame(read(sealed), Buffer.alloc(32, 1))).toEqual(entries);
});

test('a frame of a later version, which says more, is known as one of the chain', () => {
  const format = 3;
  const plain = FrameMessage.encode({
    ...{ ...head, format, runs: [], keyId: '', crc32: 0 },
    ...{ sealed: Buffer.alloc(0), standing: undefined, hmac: Buffer.alloc(0) },
  }).finish();
  // Field 11, a number, which nobody knows today.
  const body = Buffer.concat([plain, Buffer.from([(11 << 3) | 0, 42])]);
  const mac = secret.mac(body);
  const frame = read(Buffer.concat([body, Buffer.from([(15 << 3) | 2, 32]), mac]));
  expect(frame).toMatchObject({ node: 'shop', format });
});
