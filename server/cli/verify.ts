// `caini verify`: recounts the log and compares every cell with what is served from.

import type { Command } from 'commander';
import { type Audit, counted } from '../../engine/index.ts';
import { exitCodes } from './folder.ts';
import { runWork, type WorkOptions, workCommand } from './work.ts';

export function verifyCommand(program: Command): void {
  workCommand(program.command('verify'))
    .description('recount everything from the log and compare every cell')
    .action((options: WorkOptions) =>
      runWork<Audit>(options, {
        operation: 'verify',
        onFolder: (engine, waiting) => engine.upkeep.verify(waiting),
        label: 'recounting',
        describe: describeAudit,
        exitCode: ({ ok }) => (ok ? exitCodes.done : exitCodes.failed),
      }),
    );
}

/** What an audit found, in words; restore prints it too. */
export function describeAudit(audit: Audit): string {
  const { ok, digest, cells, events, members, differenceCount, differences } = audit;
  const of = `${counted(events, 'event')} and ${counted(members, 'member')}`;
  const found = `${counted(cells, 'cell')} of ${of}, digest ${digest}`;
  if (ok) return `verified: ${found}`;
  const more = differenceCount - differences.length;
  return [
    `NOT as recounted, ${counted(differenceCount, 'difference')}: ${found}`,
    ...differences.map((difference) => `  ${difference}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n');
}
