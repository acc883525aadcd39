// The order of test files: those that take minutes come first, so that none of them runs alone at
// the end.
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Longest first. */
const longFiles = [
  'tests/oracle.test.ts',
  'tests/cluster/simulation.test.ts',
  'tests/damage.test.ts',
  'tests/leftovers.test.ts',
  'tests/full-disk.test.ts',
  'tests/storms/kill-storm.test.ts',
  'tests/cluster/faults.test.ts',
  'tests/storms/upgrade-storm.test.ts',
  'tests/storms/power-loss.test.ts',
  'tests/backup.test.ts',
  'server/cli/import.test.ts',
  'tests/hostile/floods.test.ts',
];

function rankOf({ moduleId }: TestSpecification): number {
  const rank = longFiles.findIndex((path) => moduleId.endsWith(`/${path}`));
  return rank < 0 ? longFiles.length : rank;
}

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rankOf(a) - rankOf(b));
  }
}
