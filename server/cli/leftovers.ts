// Where imports put rows as they came: they hold members' ids, and no erase reaches them.
import { accessSync, constants, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Where imports work; nothing in it outlives them. */
export function importFolder(dataDir: string): string {
  return join(dataDir, 'imports');
}

/** Standard input, kept until it is through: an import reads everything twice. */
export function spoolFolder(dataDir: string): string {
  return join(importFolder(dataDir), `stdin-${process.pid}`);
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

/** To be called by whoever has the data folder: no other import is past its reading then. */
export function sweepImports(dataDir: string): void {
  const folder = importFolder(dataDir);
  rmSync(join(folder, 'spill'), { recursive: true, force: true });
  for (const name of namesIn(folder)) {
    const processId = Number(/^stdin-(\d+)$/.exec(name)?.[1]);
    if (processId > 0 && !isAlive(processId)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A process that is not ours to signal lives too. */
function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
