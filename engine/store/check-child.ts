// The process that looks at a data file before the serving one opens it: whatever a file does to a
// reader, it does here.
import { auditFolder } from './audit.ts';
import { Damage } from './pages.ts';

/** One line on stdout: what was counted, or `damage`. A read error of the disk is damage too. */
function main(folder: string): void {
  let answer: object;
  try {
    answer = auditFolder(folder);
  } catch (error) {
    const isTold = error instanceof Damage || (error as NodeJS.ErrnoException).code === 'EIO';
    if (!isTold) throw error;
    answer = { damage: (error as Error).message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

main(process.argv[2]!);
