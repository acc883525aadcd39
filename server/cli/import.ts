// The command `caini import`: files of receipts into the data folder. docs/guides/import.md is its
// manual.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import {
  counted,
  type ImportFile,
  type ImportProgress,
  type ImportSummary,
  inspectTables,
  type PlanOptions,
  runImport,
  systemClock,
} from '../../engine/index.ts';
import { idSettings, readSettings, type Settings } from '../config.ts';
import { endWith, exitCodes, openFolder } from './folder.ts';
import { importFolder, rejectsFolder, scratchFolder, spoolFolder } from './import-folders.ts';
import { commandWords, describeInspection } from './import-inspect.ts';
import {
  addReadingOptions,
  type ReadingFlags,
  readingOfFlags,
  tablesOf,
  timeZoneOf,
} from './import-reading.ts';
import { closeEngine, untilStopped, whileOpening } from './interrupt.ts';
import { createProgressBar } from './progress.ts';
import { describeSummary, isMostlyRefused } from './summary.ts';

interface ImportFlags extends ReadingFlags {
  readonly inspect?: boolean;
  readonly dryRun?: boolean;
  readonly rejects?: string;
  readonly roles?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

const stepLabels = { check: 'checking', import: 'importing' } as const;

export function importCommand(program: Command): void {
  const command = program
    .command('import')
    .description('import receipts from CSV, JSON, Excel or Parquet files, also packed')
    .argument('<files...>', 'files, folders, patterns or zips, one job; - is standard input')
    .option('--inspect', 'look at the files and propose the command, and import nothing')
    .option('--dry-run', 'count what would become of each row, list the refused, write no more');
  addReadingOptions(command)
    .option('--rejects <file>', 'where refused rows go (default: a folder beside the data folder)')
    .option('--roles <file>', 'names that are no goods; none for none (default: the setting)')
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .option('--json', 'print the summary as one JSON object')
    .action((paths: string[], flags: ImportFlags) => endWith(() => importFiles(paths, flags)));
}

async function importFiles(paths: readonly string[], flags: ImportFlags): Promise<number> {
  const settings = settingsOf(flags);
  const spool = spoolFolder(settings.dataDir);
  const isTrial = flags.dryRun === true || flags.inspect === true;
  const scratch = isTrial ? scratchFolder(tmpdir()) : undefined;
  const target = scratch === undefined ? settings : { ...settings, dataDir: scratch };
  try {
    const files = await tablesOf(paths, flags, scratch ?? spool);
    if (flags.inspect === true && scratch !== undefined) {
      const timeZone = timeZoneOf(flags, settings.timeZone);
      return await showInspection(paths, flags, { files, timeZone, workFolder: scratch });
    }
    const reading = await readingOfFlags(flags, files, {
      timeZone: settings.timeZone,
      ids: idSettings(settings),
    });
    return await untilStopped('import', goOn, async (signal) => {
      const summary = await runOnFolder(target, { files, reading, flags, signal });
      process.stdout.write(
        flags.json ? `${JSON.stringify(publicSummary(summary))}\n` : describeSummary(summary),
      );
      if (!summary.finished) return exitCodes.interrupted;
      return isMostlyRefused(summary) ? exitCodes.mostlyRefused : exitCodes.done;
    });
  } finally {
    rmSync(spool, { recursive: true, force: true });
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
}

async function showInspection(
  paths: readonly string[],
  flags: ImportFlags,
  { files, timeZone, workFolder }: Inspecting,
): Promise<number> {
  const bar = createProgressBar(process.stderr, systemClock);
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const onBytes = (done: number) => bar.show('looking', Math.min(done, total), total);
  const found = await inspectTables(files, { texts: flags, timeZone, workFolder, onBytes });
  bar.end();
  const words = commandWords(paths, flags, found);
  const shown = { ...found, flags: words.flags, command: words.command };
  process.stdout.write(flags.json ? `${JSON.stringify(shown)}\n` : describeInspection(shown));
  return exitCodes.done;
}

function settingsOf({ dataDir, roles }: ImportFlags): Settings {
  const options = {
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(roles === undefined ? {} : { itemRoles: roles }),
  };
  return readSettings({ environment: process.env, options });
}

interface Inspecting {
  readonly files: readonly ImportFile[];
  readonly timeZone: string;
  readonly workFolder: string;
}

interface Running {
  readonly files: readonly ImportFile[];
  readonly reading: PlanOptions;
  readonly flags: ImportFlags;
  readonly signal: AbortSignal;
}

async function runOnFolder(
  settings: Settings,
  { files, reading, flags, signal }: Running,
): Promise<ImportSummary> {
  const bar = createProgressBar(process.stderr, systemClock);
  // Who is nobody to the files is nobody to the chain.
  const { anonymous: anonymousMemberIds } = reading.ids;
  const engine = await whileOpening(signal, (opening) =>
    openFolder(settings, { signal: opening, anonymousMemberIds, isWriteOnly: true }),
  );
  try {
    const summary = await runImport(engine, {
      ...reading,
      files,
      workFolder: importFolder(settings.dataDir),
      // The rejects of a dry run are as good to mend as those of a real one.
      rejectsFolder: rejectsFolder(settingsOf(flags).dataDir),
      rejectsPath: flags.rejects,
      clock: systemClock,
      signal,
      onProgress: ({ step, done, total }: ImportProgress) =>
        bar.show(stepLabels[step], done, total),
      onNote: (note) => {
        bar.end();
        print(note);
      },
      onResume: (batches) =>
        print(`going on after ${counted(batches, 'batch', 'batches')} of a former run`),
    });
    bar.end();
    // It waits for what is counted anew, so that no start has to begin with it.
    if (summary.finished) await engine.upkeep.checkpoint({ signal });
    else print(`stopped; ${goOn}`);
    return summary;
  } finally {
    await closeEngine(engine, signal);
  }
}

const goOn = 'run the same command again to go on from here';

/** Notes go to standard error in every case: standard output is the summary's. */
function print(note: string): void {
  process.stderr.write(`caini import: ${note}\n`);
}

/** The wire form: `finished` is said by the exit code. */
function publicSummary({ finished: _finished, ...summary }: ImportSummary): object {
  return summary;
}
