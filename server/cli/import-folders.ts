// Where imports put rows as they came: they hold members' ids, and no erase reaches them.
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { workingNames } from '../../engine/index.ts';

/** Where imports work; what one that is killed leaves in it, the next start removes. */
export function importFolder(dataDir: string): string {
  return dirname(join(dataDir, workingNames.spill));
}

/** Standard input, kept until it is through: an import reads everything twice. */
export function spoolFolder(dataDir: string): string {
  return `${join(dataDir, workingNames.spoolPrefix)}${process.pid}`;
}

/** A chain of its own for a dry run, gone with it. */
export function scratchFolder(parent: string): string {
  return mkdtempSync(join(parent, 'caini-dry-run-'));
}

/**
 * Where refused rows are listed: never in the data folder, of which an erase promises that nothing
 * of the member is left, yet in one place per data folder, so that an import finds its list again.
 */
export function rejectsFolder(dataDir: string): string {
  const folder = resolve(dataDir);
  return isWritable(dirname(folder)) ? `${folder}.rejects` : process.cwd();
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    // A volume mounted at the root of a container: its parent belongs to the image.
    return false;
  }
}
