// Counts to a file and back: blocks of the kernel's records, each with its length and CRC-32.
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { nextTurn } from '../base/turns.ts';
import type { Kernel } from './kernel.ts';

const blockHeaderBytes = 8;
/** Items whose parts are made at once: some 0.3 µs each where memory is new. */
const itemsAtOnce = 4_096;

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
 * Read at once, and taken in one turn of the event loop: some 1.5 ms. Blocks are some 32 KiB.
 */
const readBytes = 262_144;

/** Whether a block was understood. */
type TakeBlock = (block: Uint8Array) => boolean | Promise<boolean>;

/** How many bytes of a buffer are whole blocks; undefined when none can begin where one should. */
function wholeBlocks(bytes: Buffer, fileBytes: number): number | undefined {
  let at = 0;
  while (at + blockHeaderBytes <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (length > fileBytes) return undefined;
    if (at + blockHeaderBytes + length > bytes.length) break;
    at += blockHeaderBytes + length;
  }
  return at;
}

/**
 * Reads a file of blocks and hands over each, of use until `take` returns. Resolves to whether all
 * were whole and taken; a block that `take` refuses ends it. While blocks are taken, the next bytes
 * are read.
 */
export async function readBlocks(file: FileHandle, take: TakeBlock): Promise<boolean> {
  const { size } = await file.stat();
  let [room, other] = [Buffer.allocUnsafeSlow(readBytes), Buffer.allocUnsafeSlow(readBytes)];
  let held = 0;
  let reading = file.read(room, 0, room.length);
  while (true) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) return held === 0;
    const bytes = room.subarray(0, held + bytesRead);
    const whole = wholeBlocks(bytes, size);
    if (whole === undefined) return false;
    const rest = bytes.subarray(whole);
    // A block may be longer than what is read at once.
    if (rest.length * 2 > other.length) other = Buffer.allocUnsafeSlow(rest.length * 4);
    rest.copy(other);
    held = rest.length;
    reading = file.read(other, held, other.length - held);
    const isTaken = await takeAll(bytes.subarray(0, whole), take);
    if (!isTaken) {
      await reading;
      return false;
    }
    [room, other] = [other, room];
  }
}

async function takeAll(blocks: Buffer, take: TakeBlock): Promise<boolean> {
  for (let at = 0; at < blocks.length; ) {
    const start = at + blockHeaderBytes;
    const block = blocks.subarray(start, start + blocks.readUInt32LE(at));
    if (crc32(block) !== blocks.readUInt32LE(at + 4)) return false;
    const taken = take(block);
    // Most need no promise.
    if (!(typeof taken === 'boolean' ? taken : await taken)) return false;
    at = start + block.length;
  }
  return true;
}

/**
 * Makes empty counts ready for the blocks of a snapshot, slice by slice: millions of bytes are
 * cleared.
 */
export async function prepareRestore(
  { run }: Kernel,
  {
    items,
    stores,
    cells,
  }: { readonly items: number; readonly stores: number; readonly cells: number },
): Promise<void> {
  run.prepareRestore(items, stores, cells);
  for (let made = itemsAtOnce; made < items; made += itemsAtOnce) {
    await nextTurn();
    run.makeRoom(made, 0);
  }
  await nextTurn();
  run.makeRoom(items, 0);
}

/**
 * Adds a block of a snapshot to empty counts, made ready with `prepareRestore`; false when it is
 * not understood. After the last one, and when all items and stores are registered, `finishRestore`
 * must follow.
 */
export function restoreBlock(kernel: Kernel, block: Uint8Array): boolean {
  const address = kernel.write(block);
  return Boolean(kernel.run.restoreSnapshot(address, block.length));
}
