// What the machine has: how much memory this process may take by itself.
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { limits } from './limits.ts';

/** What the machine, or the container the process runs in, has in all. */
function machineBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/**
 * A third of the machine, within what a set of counts can hold: a second set is made beside it at
 * times, and the pages of the store want room too.
 */
export function defaultMemoryMax(): number {
  const { memoryBytesMax, memoryBytesMin } = limits;
  return Math.max(memoryBytesMin, Math.min(memoryBytesMax, Math.floor(machineBytes() / 3)));
}

/** A half of what JavaScript may use: requests, replies and what is computed want the rest. */
export function defaultCatalogueMax(): number {
  return Math.floor(getHeapStatistics().heap_size_limit / 2);
}

/** Bytes that the process may still take without pushing anything out. */
export const availableMemory = (): number => process.availableMemory();
