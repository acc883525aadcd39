// A snapshot of another node put in the place of this node's chain.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError } from '../base/errors.ts';
import { layoutOf, workingNames } from '../base/folder.ts';
import { claimFolder } from '../store/claim.ts';
import { syncPath } from '../store/durable.ts';
import { settleChain } from '../store/leftovers.ts';
import { snapshotFiles } from './snapshots.ts';

const [data, checkpoint, key] = snapshotFiles;

function seedFolder(dataDir: string): string {
  return join(dataDir, workingNames.seeding);
}

/** Where the files of a snapshot are to be written; empty. */
export function openSeedFolder(dataDir: string): string {
  const folder = seedFolder(dataDir);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * The chain of a data folder is the snapshot in its seed folder when it resolves. Nothing may have
 * the folder open. Throws FAILED_PRECONDITION when the folder knows the erased of another chain.
 */
export async function installSnapshot(dataDir: string): Promise<void> {
  const { chain, erased } = layoutOf(dataDir);
  const claim = await claimFolder(dataDir);
  const folder = seedFolder(dataDir);
  try {
    placeKey(join(folder, key), erased);
    rmSync(join(folder, key));
    for (const name of [data, checkpoint]) {
      if (existsSync(join(folder, name))) syncPath(join(folder, name));
    }
    syncPath(folder);
    settleChain(dataDir);
    const aside = join(dataDir, workingNames.replaced);
    rmSync(aside, { recursive: true, force: true });
    rmSync(join(dataDir, workingNames.fresh), { recursive: true, force: true });
    if (existsSync(chain)) renameSync(chain, aside);
    renameSync(folder, chain);
    syncPath(dirname(chain));
    rmSync(aside, { recursive: true, force: true });
  } finally {
    await claim.release();
  }
}

/** The ledger of this node stays; it only means the same people under the same key. */
function placeKey(from: string, erased: string): void {
  const path = join(erased, key);
  const theirs = readFileSync(from);
  if (existsSync(path)) {
    if (readFileSync(path).equals(theirs)) return;
    const ledger = join(erased, 'ledger');
    if (existsSync(ledger) && statSync(ledger).size > 0) {
      const message = `${erased} knows erased members of another chain; use an empty data folder`;
      throw new EngineError('FAILED_PRECONDITION', message, { reason: 'OTHER_CHAIN' });
    }
  }
  mkdirSync(erased, { recursive: true });
  writeFileSync(`${path}.new`, theirs, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  syncPath(erased);
}
