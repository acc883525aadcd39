// How the tests run: every *.test.ts beside its source and under tests/, one process a file.
import { defineConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Those that take minutes, longest first: none of them runs alone at the end. */
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

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  test: {
    include: [
      'engine/**/*.test.ts',
      'server/**/*.test.ts',
      'bench/**/*.test.ts',
      'tests/**/*.test.ts',
    ],
    exclude: ['dist/**', 'node_modules/**'],
    reporters: ['default', './tests/support/summary-reporter.ts'],
    pool: 'forks',
    // The two long proofs, of one chain and of several nodes, run beside each other.
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    // Guards against what hangs, and no measure: a busy machine is ten times slower.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
