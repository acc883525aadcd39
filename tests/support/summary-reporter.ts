// The last line of every test run: `N passed, N failed`, so that a script can read the verdict.
import type { Reporter, TestModule, TestSpecification } from 'vitest/node';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts tests, and as one failure each: a file that did not load and a hook of a suite that threw.
 */
export function tallyModules(modules: readonly TestModule[]): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    tally.failed += module.errors().length;
    for (const suite of module.children.allSuites()) tally.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test that is still pending when the run is over died with its process.
      tally[state === 'pending' ? 'failed' : state] += 1;
    }
    // A file without a test fails in vitest without an error of its own.
    if (!module.ok() && !hasFailure(module)) tally.failed += 1;
  }
  return tally;
}

function hasFailure(module: TestModule): boolean {
  if (module.errors().length > 0) return true;
  for (const suite of module.children.allSuites()) if (suite.errors().length > 0) return true;
  for (const test of module.children.allTests()) {
    if (test.result().state === 'failed' || test.result().state === 'pending') return true;
  }
  return false;
}

export function describeTally({ passed, failed, skipped }: Tally): string {
  const tail = skipped === 0 ? '' : `, ${skipped} skipped`;
  return `${passed} passed, ${failed} failed${tail}`;
}

class SummaryReporter implements Reporter {
  private filesExpected = 0;
  private tally: Tally = { passed: 0, failed: 0, skipped: 0 };

  /** Printed when the process goes: whatever vitest still has to say about closing comes before. */
  onInit(): void {
    process.once('exit', () => {
      const nothingRan = this.tally.passed === 0 && this.tally.failed === 0;
      const failedElsewhere = this.tally.failed === 0 && (process.exitCode ?? 0) !== 0;
      if (nothingRan || failedElsewhere) this.tally.failed += 1;
      if (nothingRan) process.stdout.write('no test was run, which is no success\n');
      if (this.tally.failed > 0) process.exitCode = 1;
      process.stdout.write(`${describeTally(this.tally)}\n`);
    });
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.filesExpected = specifications.length;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.tally = tallyModules(modules);
    const filesNeverStarted = Math.max(0, this.filesExpected - modules.length);
    this.tally.failed += unhandledErrors.length + filesNeverStarted;
  }
}

// vitest loads a reporter by path and takes its default export.
export default SummaryReporter;
