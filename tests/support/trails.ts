// An audit trail on a disk, beside doors of a real engine.
import { join } from 'node:path';
import type { EngineOptions, ErasedIds } from '../../engine/index.ts';
import type { EngineAccess } from '../../server/operations/operation.ts';
import { readPage, type ShownEntry } from '../../server/trail/read.ts';
import { Trail } from '../../server/trail/trail.ts';
import { makeDiskFolder } from './folders.ts';

export interface TestTrail {
  readonly trail: Trail;
  /** What an engine is opened with, so that erases reach the trail. */
  readonly engine: Partial<EngineOptions>;
  /** Gives the trail to a door. */
  readonly wrap: (access: EngineAccess) => EngineAccess;
  entries(from?: number): Promise<readonly ShownEntry[]>;
  remove(): Promise<void>;
}

export async function openTestTrail(clock: () => number = Date.now): Promise<TestTrail> {
  const folder = await makeDiskFolder('trail');
  const options = { folder: join(folder.path, 'audit'), dataDir: folder.path, clock };
  const trail = await Trail.open(options);
  return {
    trail,
    engine: { onErased: (erased: ErasedIds) => trail.forget(erased) },
    wrap: (access) => ({ ...access, trail }),
    entries: async (from = 0) => (await readPage(trail, from, 1_000)).entries,
    async remove() {
      await trail.close();
      await folder.remove();
    },
  };
}
