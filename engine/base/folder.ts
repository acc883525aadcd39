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

/**
 * Copies of a chain, or of parts of it, that are there only while something works on them. What a
 * process that was killed leaves of them is removed by who opens the folder next
 * (store/leftovers.ts): they hold members that may be erased since.
 */
export const workingNames = {
  /** What a compaction builds and a restore has built: whole once the chain has moved aside. */
  fresh: 'chain.new',
  /** The chain that a compaction has left. */
  old: 'chain.old',
  /** The chain that a restore or a snapshot has replaced, until that is proven. */
  replaced: 'chain.replaced',
  /** What a restore builds. */
  restoring: 'chain.restoring',
  /** What an upgrade builds. */
  upgrading: 'chain.upgrading',
  /** The chain of an earlier format that an upgrade has kept. */
  format1: 'chain.format1',
  /** The snapshot of another node, as it comes in. */
  seeding: 'chain.seeding',
  /** The ledger of a backup, on its way into a folder that has none. */
  erased: 'erased.new',
  /** Of the checkpoint, the key and a full disk: files on their way, or tried. */
  files: ['chain/counts.checkpoint.new', 'chain/data.mdb.probe', 'erased/key.new'],
  /** Where imports put rows that wait for others of their receipt. */
  spill: 'imports/spill',
  /** Standard input of an import, which reads everything twice; its process id follows. */
  spoolPrefix: 'imports/stdin-',
  /** A snapshot for another node; a time and a number follow. */
  snapshotPrefix: 'snapshot-',
  /** An export that was asked for into the data folder. */
  unfinishedSuffix: '.unfinished',
} as const;
