// How random trials run. TEST_SEED fixes what is drawn (else each run draws anew, and a failure
// prints its seed), TEST_PATH beside it goes straight to that failure; TEST_SHRINK=no ends at the
// first one instead of looking for a smaller one.
import type { Parameters } from 'fast-check';

/** Settings of fast-check for `runs` trials within a limit that is a failure when it is crossed. */
export function trials<Values>(runs: number, timeLimitMs = 600_000): Parameters<Values> {
  const { TEST_SEED: seed, TEST_PATH: path } = process.env;
  return {
    numRuns: runs,
    interruptAfterTimeLimit: timeLimitMs,
    markInterruptAsFailure: true,
    endOnFailure: process.env['TEST_SHRINK'] === 'no',
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  };
}
