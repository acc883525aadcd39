// What the machine has: how much memory this process may take by itself.
import { totalmem } from 'node:os';
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

/** Bytes that the process may still take without pushing anything out. */
export const availableMemory = (): number => process.availableMemory();
