// What lies where in a data folder.
import { join } from 'node:path';

export interface FolderLayout {
  /** The LMDB environment and the checkpoint of the counts: what a restore replaces. */
  readonly chain: string;
  /** The key and the ledger of erased members: what a restore must never take back. */
  readonly erased: string;
}

export function layoutOf(dataDir: string): FolderLayout {
  return { chain: join(dataDir, 'chain'), erased: join(dataDir, 'erased') };
}
