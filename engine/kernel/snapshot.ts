// Counts to a file and back: blocks of the kernel's records, each with its length and CRC-32.
import { crc32 } from 'node:zlib';
import type { Kernel } from './kernel.ts';

const blockHeaderBytes = 8;

/**
 * A block as it goes to the file. It lies in `room` where it fits: a checkpoint is thousands of
 * blocks, and so much garbage would bring the collector in.
 */
export function sealBlock(bytes: Uint8Array, room: Buffer = Buffer.alloc(0)): Buffer {
  const length = blockHeaderBytes + bytes.length;
  const block = room.length < length ? Buffer.allocUnsafeSlow(length) : room.subarray(0, length);
  block.writeUInt32LE(bytes.length, 0);
  block.writeUInt32LE(crc32(bytes), 4);
  block.set(bytes, blockHeaderBytes);
  return block;
}

/** What the snapshot has written since the last call, as a block; undefined when it is nothing. */
export function takeBlock(kernel: Kernel, room: Buffer): Buffer | undefined {
  const bytes = kernel.snapshotBytes();
  if (bytes.length === 0) return undefined;
  const block = sealBlock(bytes, room);
  kernel.run.drainSnapshot();
  return block;
}

/**
 * The blocks of a file from a position on; undefined when one is cut short or does not match its
 * checksum.
 */
export function openBlocks(file: Buffer, from: number): Uint8Array[] | undefined {
  const blocks: Uint8Array[] = [];
  for (let at = from; at < file.length; ) {
    if (at + blockHeaderBytes > file.length) return undefined;
    const length = file.readUInt32LE(at);
    const bytes = file.subarray(at + blockHeaderBytes, at + blockHeaderBytes + length);
    if (bytes.length !== length || crc32(bytes) !== file.readUInt32LE(at + 4)) return undefined;
    blocks.push(bytes);
    at += blockHeaderBytes + length;
  }
  return blocks;
}

/** Fills empty counts, whose items and stores are registered, from the blocks of a snapshot. */
export function restoreBlocks(kernel: Kernel, blocks: readonly Uint8Array[]): boolean {
  for (const bytes of blocks) {
    const address = kernel.write(bytes);
    if (!kernel.run.restoreSnapshot(address, bytes.length)) return false;
  }
  kernel.run.finishRestore();
  return true;
}
