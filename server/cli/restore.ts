// `caini restore`: puts a backup in the place of the chain, whole or up to some moment.
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  EngineError,
  type ErasedIds,
  type RestoreReport,
  readManifest,
  restore,
  systemClock,
  timeSchema,
} from '../../engine/index.ts';
import { engineSettings, type Settings } from '../config.ts';
import { auditFolder } from '../door-settings.ts';
import { placeTrail, trailName } from '../trail/copy.ts';
import { endWith, exitCodes, openFolder } from './folder.ts';
import { untilStopped } from './interrupt.ts';
import { createProgressBar } from './progress.ts';
import { openTrail, trailed } from './trailed.ts';
import { describeAudit } from './verify.ts';
import { settingsFor } from './work.ts';

interface RestoreFlags {
  readonly dataDir?: string;
  readonly toSequence?: string;
  readonly toTime?: string;
  readonly json?: boolean;
}

export function restoreCommand(program: Command): void {
  program
    .command('restore')
    .description('replace the chain by a backup; erased members stay erased')
    .argument('<backup>', 'the folder that caini backup made')
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .option('--to-sequence <number>', 'only the events up to this sequence')
    .option('--to-time <time>', 'only the events accepted up to then, RFC 3339 with an offset')
    .option('--json', 'print the result as one JSON object')
    .action((backup: string, options: RestoreFlags) => endWith(() => restoreFrom(backup, options)));
}

function restoreFrom(backup: string, options: RestoreFlags): Promise<number> {
  const settings = settingsFor(options);
  const cut = { toSequence: sequenceOf(options.toSequence), toTimeMs: timeOf(options.toTime) };
  const bar = createProgressBar(process.stderr, systemClock);
  return untilStopped('restore', 'the folder is as it was', async (signal) => {
    // Nothing is made before it is known that there is a backup.
    const { takenAt } = readManifest(backup);
    placeTrail(join(backup, trailName), auditFolder(settings));
    const trail = await openTrail(settings);
    const onErased = (erased: ErasedIds) => trail.forget(erased);
    const report = await trailed(trail, { operation: 'restore', detail: `of ${takenAt}` }, () =>
      restore({
        backup,
        dataDir: settings.dataDir,
        ...cut,
        openFolder: (stopped) => openFolder(settings, { signal: stopped, onErased }),
        progress: (done, total) => bar.show('replaying', done, total),
        signal,
      }),
    ).finally(() => bar.end());
    for (const note of settingNotes(report, settings)) process.stderr.write(`caini: ${note}\n`);
    process.stdout.write(`${options.json ? JSON.stringify(report) : describe(report)}\n`);
    return exitCodes.done;
  });
}

function sequenceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw refuse('to-sequence', text, 'a whole number from 1');
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (timeSchema.safeParse(text).success) return Date.parse(text);
  throw refuse('to-time', text, 'a time such as 2026-05-01T09:10:00+08:00');
}

function refuse(option: string, value: string, allowed: string): EngineError {
  const message = `--${option} "${value}" is not ${allowed}`;
  return new EngineError('INVALID_ARGUMENT', message, { field: option });
}

/** Other half-lives count otherwise, another time zone reads later receipts otherwise. */
function settingNotes({ manifest }: RestoreReport, settings: Settings): string[] {
  const now = engineSettings(settings);
  return Object.entries(manifest.settings)
    .filter(([name, value]) => now[name as keyof typeof manifest.settings] !== value)
    .map(([name, value]) => `${name} was ${value ?? 'none'} when the backup was taken`);
}

function describe(report: RestoreReport): string {
  const { sequence, manifest } = report;
  return [
    `restored the events up to ${sequence} of the backup taken at ${manifest.takenAt}`,
    describeAudit(report),
  ].join('\n');
}
