// `caini upgrade`: puts a chain of today's data format in the place of one of an earlier format.
import type { Command } from 'commander';
import { counted, systemClock, type UpgradeReport, upgrade } from '../../engine/index.ts';
import { endWith, exitCodes, openFolder } from './folder.ts';
import { untilStopped } from './interrupt.ts';
import { createProgressBar } from './progress.ts';
import { describeAudit } from './verify.ts';
import { settingsFor } from './work.ts';

interface UpgradeFlags {
  readonly dataDir?: string;
  readonly json?: boolean;
}

export function upgradeCommand(program: Command): void {
  program
    .command('upgrade')
    .description('bring a chain of an earlier data format to that of this version')
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .option('--json', 'print the result as one JSON object')
    .action((options: UpgradeFlags) => endWith(() => upgradeFolder(options)));
}

function upgradeFolder(options: UpgradeFlags): Promise<number> {
  const settings = settingsFor(options);
  const { dataDir } = settings;
  const bar = createProgressBar(process.stderr, systemClock);
  return untilStopped('upgrade', 'the folder is as it was', async (signal) => {
    const report = await upgrade({
      dataDir,
      openFolder: (stopped) => openFolder(settings, { signal: stopped }),
      progress: (step, done, total) => bar.show(step, done, total),
      signal,
    }).finally(() => bar.end());
    const found = report ?? { isUpToDate: true };
    process.stdout.write(`${options.json ? JSON.stringify(found) : describe(report, dataDir)}\n`);
    return exitCodes.done;
  });
}

function describe(report: UpgradeReport | undefined, dataDir: string): string {
  if (report === undefined) return `${dataDir} has the data format of this version already`;
  const { compared, kept, holdsErased } = report;
  const { entries, receipts, returns, members, items, stores, erased } = compared;
  return [
    `upgraded, and the same as before: ${counted(entries, 'event')}, ` +
      `${counted(receipts, 'receipt')} of ${counted(members, 'member')}, ` +
      `${counted(returns, 'return')}, ${counted(items, 'item')}, ${counted(stores, 'store')}, ` +
      `${erased} erased`,
    describeAudit(report),
    `the old chain is kept in ${kept}, with everybody who was a member: delete it when you are ` +
      'content; the next compaction does, and so does an erase within a day',
    ...(holdsErased ? [`bytes of members who were erased before are in it: ${soon}`] : []),
  ].join('\n');
}

const soon = 'within a day of the next start it is deleted';
