// How the tests run: every *.test.ts beside its source and under tests/, one process a file.
import { defineConfig } from 'vitest/config';
import { LongFirst } from './tests/support/long-first.ts';

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
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
