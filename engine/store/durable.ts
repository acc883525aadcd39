// Files and folders that must be on the disk before the next step.
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Durable when it returns: a file's bytes, or a folder's names. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
