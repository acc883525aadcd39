// `caini compact`: rewrites the store without the bytes of what was deleted.
import type { Command } from 'commander';
import type { CompactReport } from '../../engine/index.ts';
import { exitCodes } from './folder.ts';
import { runWork, type WorkOptions, workCommand } from './work.ts';

export function compactCommand(program: Command): void {
  workCommand(program.command('compact'))
    .description('rewrite the store without the bytes of what was erased or has expired')
    .action((options: WorkOptions) =>
      runWork<CompactReport>(options, {
        operation: 'compact',
        onFolder: (engine, waiting) => engine.upkeep.compact(waiting),
        label: 'copying',
        describe: ({ bytesBefore, bytesAfter, seconds }) =>
          `compacted from ${bytesBefore} to ${bytesAfter} bytes in ${seconds.toFixed(1)} s`,
        exitCode: () => exitCodes.done,
      }),
    );
}
