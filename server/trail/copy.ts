// The trail in a backup: as far as it was at one moment, while others go on writing.
import { copyFileSync, cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { nextTurn } from '../../engine/index.ts';
import {
  countSegments,
  cutTo,
  entriesPath,
  nodesPath,
  removeUnplaced,
  segmentOf,
  subjectsPath,
  syncFolder,
  unplacedName,
} from './files.ts';
import { slotBytes } from './slots.ts';
import type { Trail } from './trail.ts';
import { hashBytes, nodeCount } from './tree.ts';

/** Of its folder in a backup. */
export const trailName = 'audit';

/**
 * What members have been taken out of it is not copied: whoever is erased later is taken out when
 * the copy is used.
 */
export async function copyTrail(trail: Trail, into: string): Promise<void> {
  const { folder } = trail;
  const { size, entriesBytes, slots } = await trail.withState(
    ({ frontier, entriesBytes, slots }) => ({ size: frontier.size, entriesBytes, slots }),
  );
  mkdirSync(into, { mode: 0o700 });
  const last = segmentOf(size);
  for (let segment = 0; segment <= last; segment++) {
    for (const pathOf of [entriesPath, subjectsPath]) {
      const from = pathOf(folder, segment);
      if (existsSync(from)) copyFileSync(from, pathOf(into, segment));
    }
    await nextTurn();
  }
  if (size > 0) copyFileSync(nodesPath(folder), nodesPath(into));
  // What came meanwhile is not in the copy.
  cutTo(entriesPath(into, last), entriesBytes);
  cutTo(subjectsPath(into, last), slots * slotBytes);
  cutTo(nodesPath(into), nodeCount(size) * hashBytes);
}

/**
 * A trail is never put back to what it was: that of a backup comes along only where there is none.
 * Returns whether it did.
 */
export function placeTrail(from: string, folder: string): boolean {
  if (countSegments(folder) > 0 || !existsSync(from)) return false;
  const fresh = unplacedName(folder);
  removeUnplaced(folder);
  mkdirSync(dirname(folder), { recursive: true });
  cpSync(from, fresh, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  syncFolder(dirname(folder));
  return true;
}
