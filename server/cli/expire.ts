// `caini expire`: takes out receipts older than the retention window.

import type { Command } from 'commander';
import { counted } from '../../engine/index.ts';
import { exitCodes } from './folder.ts';
import { runWork, type WorkOptions, workCommand } from './work.ts';

interface ExpireReport {
  readonly expired: number;
}

export function expireCommand(program: Command): void {
  workCommand(program.command('expire'))
    .description('take out receipts older than CAINI_RETENTION_DAYS')
    .action((options: WorkOptions) =>
      runWork<ExpireReport>(options, {
        operation: 'expire',
        onFolder: async (engine, waiting) => ({ expired: await engine.writes.expire(waiting) }),
        label: 'looking through the log',
        describe: ({ expired }) => `${counted(expired, 'receipt')} left the retention window`,
        exitCode: () => exitCodes.done,
      }),
    );
}
