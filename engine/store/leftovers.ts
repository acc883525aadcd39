// What work that was killed has left in a data folder: a swap of chains that is finished or undone,
// and copies that are removed, so that an erase stays true. Only for who has the folder claimed.
import { existsSync, renameSync, statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EngineError } from '../base/errors.ts';
import { layoutOf, workingNames } from '../base/folder.ts';
import { dataFileName, formatFileName } from './format.ts';

const { fresh, old, replaced, restoring, upgrading, format1, seeding, erased, files, spill } =
  workingNames;
const { snapshotPrefix, unfinishedSuffix, spoolPrefix } = workingNames;

/** In the order in which they may stand for a chain that is not there. */
const standIns = [fresh, replaced, old, format1] as const;

function isChain(folder: string): boolean {
  try {
    const data = statSync(join(folder, dataFileName));
    return data.isFile() && data.size > 0;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENOTDIR'].includes(code)) throw error;
    return false;
  }
}

function standInOf(dataDir: string): string | undefined {
  if (existsSync(layoutOf(dataDir).chain)) return undefined;
  return standIns.find((name) => isChain(join(dataDir, name)));
}

/** What a folder is refused with that must hold a chain; nothing is made in it. */
export function noChainError(dataDir: string): EngineError {
  const message = `${dataDir} holds no chain; --data-dir names the data folder of one`;
  return new EngineError('FAILED_PRECONDITION', message, { reason: 'NO_CHAIN' });
}

/**
 * Whether there is a chain in a data folder, however damaged, or one that `settleChain` would put
 * there.
 */
export function holdsChain(dataDir: string): boolean {
  const { chain } = layoutOf(dataDir);
  const wasMade = existsSync(join(chain, formatFileName));
  return wasMade || isChain(chain) || standInOf(dataDir) !== undefined;
}

/**
 * After a crash between the two renames of a swap there is no chain: the new one takes its place,
 * which is whole by then, or else the one that had moved aside comes back. Returns its name.
 */
export function settleChain(dataDir: string): string | undefined {
  const name = standInOf(dataDir);
  if (name !== undefined) renameSync(join(dataDir, name), layoutOf(dataDir).chain);
  return name;
}

/** Working copies that this process itself needs, by path. */
const held = new Set<string>();

/** Keeps a working copy from being swept until it is released. */
export function holdCopy(path: string): () => void {
  const key = resolve(path);
  held.add(key);
  return () => held.delete(key);
}

/** Of names in the data folder, those of working copies, whoever made them. */
function isWorkingName(name: string): boolean {
  const known: readonly string[] = [
    ...[fresh, old, replaced, restoring, upgrading, seeding, erased],
  ];
  const isNamed = name.startsWith(snapshotPrefix) || name.endsWith(unfinishedSuffix);
  return isNamed || known.includes(name);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Standard input that imports had kept; one that still reads it has not opened the folder yet. */
async function deadSpools(dataDir: string): Promise<readonly string[]> {
  const names = await namesIn(join(dataDir, dirname(spoolPrefix)));
  const spools = names.map((name) => join(dirname(spoolPrefix), name));
  return spools.filter((name) => {
    const processId = name.startsWith(spoolPrefix) ? Number(name.slice(spoolPrefix.length)) : 0;
    return processId > 0 && !isAlive(processId);
  });
}

/** A process that is not ours to signal lives too. */
function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes working copies that nobody holds; returns their names. The chain must be known to be
 * whole: one of them may be what it would have to be put back from. `keepsFormer`: what an upgrade
 * has kept stays.
 */
export async function sweepLeftovers(
  dataDir: string,
  { keepsFormer }: { readonly keepsFormer: boolean },
): Promise<readonly string[]> {
  const isLeft = (name: string) => isWorkingName(name) || (name === format1 && !keepsFormer);
  const named = (await namesIn(dataDir)).filter(isLeft);
  const left = [...named, ...files, spill, ...(await deadSpools(dataDir))].filter((name) => {
    const path = join(dataDir, name);
    return existsSync(path) && !held.has(resolve(path));
  });
  for (const name of left) await rm(join(dataDir, name), { recursive: true, force: true });
  return left;
}
