// Frames: consecutive entries of one node's journal, sealed and signed, the same on every way.
import { crc32 } from 'node:zlib';
import { Frame, type Frame_Run, type Standing } from '#proto/caini/v1/replication.js';
import type { JournalEntry, Replication } from '../../engine/index.ts';
import { clusterLimits } from './limits.ts';
import { type NodeSecret, seal, unseal } from './secret.ts';

export interface FrameKey {
  /** Empty for the link key. */
  readonly id: string;
  readonly key: Buffer;
}

export interface FrameHead {
  readonly node: string;
  readonly incarnation: string;
  readonly position: number;
  readonly newestDay: number;
  /** The data format of the entries. */
  readonly format: number;
  readonly standing?: Standing | undefined;
}

/** The next entries of a journal, as many as one frame holds. */
export function entriesOfFrame(replication: Replication, position: number): JournalEntry[] {
  const { frameEntriesMax, frameBytesMax } = clusterLimits;
  const entries = replication.entriesFrom(position, frameEntriesMax);
  let bytes = 0;
  const end = entries.findIndex((entry) => {
    bytes += entry.bytes.length;
    return bytes > frameBytesMax;
  });
  return end < 0 ? entries : entries.slice(0, Math.max(1, end));
}

/** The frame as bytes. */
export function encodeFrame(
  secret: NodeSecret,
  { id, key }: FrameKey,
  head: FrameHead,
  entries: readonly JournalEntry[],
): Buffer {
  const plain = packEntries(entries);
  const frame: Frame = {
    ...head,
    runs: runsOf(entries),
    keyId: id,
    crc32: crc32(plain),
    sealed: plain.length === 0 ? plain : seal(key, plain),
    hmac: Buffer.alloc(0),
  };
  const body = Frame.encode(frame).finish();
  return Buffer.concat([body, macTag, secret.mac(body)]);
}

/** Of field 15 with 32 bytes, which is the last one of the message. */
const macTag = Buffer.from([(15 << 3) | 2, 32]);
const macBytes = macTag.length + 32;

/**
 * What a frame says; undefined when it is not signed by a node of this chain. The signature is of
 * the bytes as they are, so that a frame is known as one of the chain whatever a later version
 * adds.
 */
export function readFrame(secret: NodeSecret, bytes: Uint8Array): Frame | undefined {
  try {
    const frame = Frame.decode(bytes);
    const body = bytes.subarray(0, -macBytes);
    return secret.isMac(body, frame.hmac) ? frame : undefined;
  } catch {
    // No message at all.
    return undefined;
  }
}

/** The entries of a frame; undefined when they were sealed under another key or are damaged. */
export function openFrame(frame: Frame, key: Buffer): JournalEntry[] | undefined {
  if (frame.runs.length === 0) return [];
  const plain = unseal(key, frame.sealed);
  if (plain === undefined || crc32(plain) !== frame.crc32) return undefined;
  return unpackEntries(frame, plain);
}

/** Where the journal goes on after a frame. */
export function positionAfter({ position, runs }: Frame): number {
  return runs.reduce((end, { count }) => end + count, position);
}

function runsOf(entries: readonly JournalEntry[]): Frame_Run[] {
  const runs: Frame_Run[] = [];
  for (const { place } of entries) {
    const last = runs.at(-1);
    const isNext = last?.origin === place.origin && last.epoch === place.epoch;
    if (isNext) last.count += 1;
    else runs.push({ ...place, count: 1 });
  }
  return runs;
}

function packEntries(entries: readonly JournalEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const { bytes } of entries) {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

function unpackEntries({ runs, position }: Frame, plain: Buffer): JournalEntry[] {
  const entries: JournalEntry[] = [];
  let at = 0;
  for (const { origin, epoch, sequence, count } of runs) {
    for (let index = 0; index < count; index++) {
      const start = at + 4;
      at = start + plain.readUInt32LE(at);
      const place = { origin, epoch, sequence: sequence + index };
      const bytes = plain.subarray(start, at);
      entries.push({ position: position + entries.length, place, bytes });
    }
  }
  return entries;
}
