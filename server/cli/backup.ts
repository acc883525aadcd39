// `caini backup`: a whole, compact copy of a chain, also while its server is writing.
import { join } from 'node:path';
import type { Command } from 'commander';
import { backUp, holdsChain, noChainError, systemClock } from '../../engine/index.ts';
import { engineSettings } from '../config.ts';
import { copyTrail, trailName } from '../trail/copy.ts';
import { endWith, exitCodes } from './folder.ts';
import { untilStopped } from './interrupt.ts';
import { openTrail, trailed } from './trailed.ts';
import { settingsFor } from './work.ts';

interface BackupFlags {
  readonly dataDir?: string;
  readonly json?: boolean;
}

export function backupCommand(program: Command): void {
  program
    .command('backup')
    .description('copy the chain into a new folder, also while a server is writing')
    .argument('<folder>', 'where to; absent or empty')
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .option('--json', 'print the manifest as one JSON object')
    .action((folder: string, options: BackupFlags) => endWith(() => backupTo(folder, options)));
}

function backupTo(folder: string, { dataDir, json }: BackupFlags): Promise<number> {
  const ofProgram = settingsFor({ dataDir });
  const settings = engineSettings(ofProgram);
  const { timeZone, halfLifeDays, popularityHalfLifeDays } = settings;
  return untilStopped('backup', 'nothing is left of it', async (signal) => {
    if (!holdsChain(settings.dataDir)) throw noChainError(settings.dataDir);
    const trail = await openTrail(ofProgram);
    const report = await trailed(trail, { operation: 'backup' }, () =>
      backUp({
        dataDir: settings.dataDir,
        folder,
        clock: systemClock,
        settings: { timeZone, halfLifeDays, popularityHalfLifeDays },
        addTo: (into) => copyTrail(trail, join(into, trailName)),
        signal,
      }),
    );
    const { sequence, bytes, takenAt } = report;
    const text = `${report.folder}: events up to ${sequence}, ${bytes} bytes, taken at ${takenAt}`;
    process.stdout.write(`${json ? JSON.stringify(report) : text}\n`);
    return exitCodes.done;
  });
}
