// Counts to a file and back: blocks of the kernel's records, each with its length and CRC-32.
import { crc32 } from 'node:zlib';
import type { Kernel } from './kernel.ts';

const blockHeaderBytes = 8;

/** A block as it goes to the file. */
export function sealBlock(bytes: Uint8Array): Buffer {
  const block = Buffer.allocUnsafe(blockHeaderBytes + bytes.length);
  block.writeUInt32LE(bytes.length, 0);
  block.writeUInt32LE(crc32(bytes), 4);
  block.set(bytes, blockHeaderBytes);
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
