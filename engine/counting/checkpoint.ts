// The counts on disk: one file that stands at one log sequence, written in slices while counting
// goes on.

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nextTurn } from '../base/turns.ts';
import type { KernelOptions } from '../kernel/instance.ts';
import { Kernel } from '../kernel/kernel.ts';
import {
  prepareRestore,
  readBlocks,
  restoreBlock,
  sealBlock,
  takeBlock,
} from '../kernel/snapshot.ts';
import type { Counts } from './counts.ts';

/**
 * Raised whenever the same receipts would be counted otherwise, or the file is written otherwise:
 * an older checkpoint is then counted anew.
 */
const formulaVersion = 15;
const fileName = 'counts.checkpoint';
/** Some 0.3 ms of writing; one part of a row more at most (assembly/records.ts). */
const sliceBytes = 32_768;
/**
 * Blocks are gathered and written together: each write is a word with libuv's helper threads, and
 * where processors are scarce the serving thread seems to wait for them, milliseconds at times.
 */
const writeBytes = 524_288;
/** Slices end before this is left; blocks that a burst of receipts made longer go by themselves. */
const blockBytesUsual = 65_536;
/**
 * Written between two syncs. Left to the end, tens of megabytes would hold up the commits of those
 * seconds, and the receipts that wait meanwhile would all be counted in one long turn.
 */
const syncBytes = 4_194_304;

export interface CheckpointHeader {
  readonly formulaVersion: number;
  readonly sequence: number;
  readonly decay: string;
  readonly items: number;
  readonly stores: number;
  readonly cells: number;
  readonly digest: string;
}

function headerOf(counts: Counts, sequence: number): CheckpointHeader {
  const { items, stores } = counts.registries;
  return {
    formulaVersion,
    sequence,
    decay: counts.decayName,
    items: items.size,
    stores: stores.size,
    cells: counts.kernel.run.cellCount(),
    digest: counts.kernel.digest(),
  };
}

async function writeBlocks(
  file: FileHandle,
  counts: Counts,
  header: CheckpointHeader,
  signal: AbortSignal | undefined,
): Promise<void> {
  await file.appendFile(sealBlock(Buffer.from(JSON.stringify(header))));
  const room = Buffer.allocUnsafeSlow(writeBytes);
  let [gathered, unsynced, isDone] = [0, 0, false];
  while (!isDone) {
    isDone = Boolean(counts.kernel.run.continueSnapshot(sliceBytes));
    const block = takeBlock(counts.kernel, room.subarray(gathered));
    const isGathered = block?.buffer === room.buffer;
    if (block && isGathered) gathered += block.length;
    if (isDone || !isGathered || writeBytes - gathered < blockBytesUsual) {
      await file.appendFile(room.subarray(0, gathered));
      unsynced += gathered;
      if (block && !isGathered) {
        await file.appendFile(block);
        unsynced += block.length;
      }
      gathered = 0;
    }
    if (unsynced >= syncBytes) {
      await file.datasync();
      unsynced = 0;
    }
    await nextTurn();
    signal?.throwIfAborted();
  }
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a checkpoint of this moment; must be called when everything up to `sequence`, and nothing
 * more, is folded. The moment is fixed before the first await; the former checkpoint stands until
 * the new one is durable. Rejects with the reason of the signal, and then it stands still.
 */
export async function writeCheckpoint(
  folder: string,
  counts: Counts,
  sequence: number,
  signal?: AbortSignal,
): Promise<void> {
  const { run } = counts.kernel;
  const header = headerOf(counts, sequence);
  run.startSnapshot();
  const temporary = join(folder, `${fileName}.new`);
  try {
    const file = await open(temporary, 'w');
    try {
      await writeBlocks(file, counts, header, signal);
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, fileName));
    await syncFolder(folder);
  } catch (error) {
    run.abandonSnapshot();
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Takes away a checkpoint that was not used, durably: nothing is kept for it from here on, so it
 * must not be found again under the settings that it was written with.
 */
export async function discardCheckpoint(folder: string): Promise<void> {
  await rm(join(folder, fileName), { force: true });
  await syncFolder(folder);
}

/** What a checkpoint's file holds, or why nothing can be done with it. */
export type StoredCounts =
  | { readonly header: CheckpointHeader; readonly kernel: Kernel }
  | { readonly unusable: string };

/**
 * Reads the checkpoint of a folder into a kernel of its own. It needs nothing of the store, so it
 * can be read while the data file is still being checked.
 */
export async function readCheckpoint(
  folder: string,
  options: KernelOptions = {},
): Promise<StoredCounts> {
  let file: FileHandle;
  try {
    file = await open(join(folder, fileName), 'r');
  } catch {
    return { unusable: 'there is none' };
  }
  try {
    return await readCounts(file, new Kernel(options));
  } catch (error) {
    return { unusable: `it cannot be read: ${String(error)}` };
  } finally {
    await file.close();
  }
}

async function readCounts(file: FileHandle, kernel: Kernel): Promise<StoredCounts> {
  let header: CheckpointHeader | undefined;
  const isWhole = await readBlocks(file, (block) => {
    if (header) return restoreBlock(kernel, block);
    header = JSON.parse(Buffer.from(block).toString()) as CheckpointHeader;
    // What another version wrote would not be understood.
    if (header.formulaVersion !== formulaVersion) return false;
    return prepareRestore(kernel, header).then(() => true);
  });
  if (header && header.formulaVersion !== formulaVersion) {
    return { unusable: 'it was counted by another formula' };
  }
  return isWhole && header ? { header, kernel } : { unusable: 'its checksum does not match' };
}

/** Why a checkpoint cannot be used, or the sequence that the counts now stand at. */
export type CheckpointLoad = { readonly sequence: number } | { readonly unusable: string };

function validateHeader(
  header: CheckpointHeader,
  counts: Counts,
  head: number,
): string | undefined {
  const { items, stores } = counts.registries;
  if (header.decay !== counts.decayName) return 'the landmark or a half-life has changed';
  if (header.sequence > head) return `it stands at ${header.sequence}, past the log's end`;
  if (header.items > items.size || header.stores > stores.size) return 'it knows more items';
  return undefined;
}

/** Completes counts around the kernel that a checkpoint was read into; spoilt when `unusable`. */
export function finishCheckpoint(
  header: CheckpointHeader,
  counts: Counts,
  head: number,
): CheckpointLoad {
  const reason = validateHeader(header, counts, head);
  if (reason) return { unusable: reason };
  const { kernel } = counts;
  kernel.run.finishRestore();
  if (kernel.run.cellCount() !== header.cells || kernel.digest() !== header.digest) {
    return { unusable: 'its cells do not add up' };
  }
  counts.settleNow();
  return { sequence: header.sequence };
}
