// Where commands find keys and issuers: as the settings say, or as the command line does.
import type { Command } from 'commander';
import { readSettings, type Settings } from '../config.ts';
import { endWith, exitCodes } from './folder.ts';

export interface PlaceFlags {
  readonly dataDir?: string;
  readonly accessDir?: string;
  readonly auditDir?: string;
}

export function placed(command: Command): Command {
  return command
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .option('--access-dir <folder>', 'where the keys are (default: the setting)')
    .option('--audit-dir <folder>', 'where the audit trail is (default: the setting)');
}

/** Runs a command at that place, to its exit code. */
export function atPlace(
  { dataDir, accessDir, auditDir }: PlaceFlags,
  work: (settings: Settings) => void | Promise<void>,
): Promise<void> {
  return endWith(async () => {
    const options = {
      ...(dataDir && { dataDir }),
      ...(accessDir && { accessDir }),
      ...(auditDir && { auditDir }),
    };
    await work(readSettings({ environment: process.env, options }));
    return exitCodes.done;
  });
}
