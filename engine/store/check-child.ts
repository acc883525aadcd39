// The process that looks at a data file before the serving one opens it: whatever a file does to a
// reader, it does here.
import { auditFolder } from './audit.ts';
import { Corruption } from './pages.ts';

/**
 * One line on stdout: what was counted, or `corruption`. A read error of the disk is damage too.
 */
function main(folder: string): void {
  let answer: object;
  try {
    answer = auditFolder(folder);
  } catch (error) {
    const isExpected =
      error instanceof Corruption || (error as NodeJS.ErrnoException).code === 'EIO';
    if (!isExpected) throw error;
    answer = { corruption: (error as Error).message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

main(process.argv[2]!);
