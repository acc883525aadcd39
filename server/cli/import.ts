// The command `caini import`: files of receipts into the data folder. docs/guides/import.md is its
// manual.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import {
  EngineError,
  type ImportFile,
  type ImportProgress,
  type ImportSummary,
  inspectFile,
  parseColumnMap,
  runImport,
  saveStream,
  systemClock,
  timeZoneSchema,
} from '../../engine/index.ts';
import { readSettings, type Settings } from '../config.ts';
import { endWith, exitCodes, openFolder } from './folder.ts';
import { importFolder, rejectsFolder, spoolFolder } from './import-folders.ts';
import { closeEngine, untilStopped, whileOpening } from './interrupt.ts';
import { createProgressBar } from './progress.ts';
import { describeSummary } from './summary.ts';

interface ImportCommandOptions {
  readonly map?: readonly string[];
  readonly occurredAt?: string;
  readonly timeZone?: string;
  readonly delimiter: string;
  readonly encoding: string;
  readonly rejects?: string;
  readonly keepCharges?: boolean;
  readonly dataDir?: string;
  readonly json?: boolean;
}

const stepLabels = { check: 'checking', import: 'importing' } as const;

export function importCommand(program: Command): void {
  program
    .command('import')
    .description('import receipts from CSV or NDJSON files, plain or gzip')
    .argument('<files...>', 'files to import as one job; - is standard input')
    .addOption(
      new Option(
        '--map <pairs>',
        'FIELD=COLUMN, separated by commas; FIELD= for no column',
      ).argParser((text: string, before: readonly string[] = []) => [...before, text]),
    )
    .option('--occurred-at <time>', 'the time of rows that have none')
    .option('--time-zone <zone>', 'IANA zone of times without an offset (default: the setting)')
    .option('--delimiter <character>', 'what separates CSV fields; tab for a tab', ',')
    .option('--encoding <name>', 'of the text, e.g. gb18030', 'utf-8')
    .option('--rejects <file>', 'where refused rows go (default: a folder beside the data folder)')
    .option('--keep-charges', 'let postage, fees and discounts be listed like goods')
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .option('--json', 'print the summary as one JSON object')
    .action((paths: string[], options: ImportCommandOptions) =>
      endWith(() => importFiles(paths, options)),
    );
}

async function importFiles(
  paths: readonly string[],
  options: ImportCommandOptions,
): Promise<number> {
  const { dataDir } = options;
  const settings = readSettings({
    environment: process.env,
    options: dataDir === undefined ? {} : { dataDir },
  });
  const reading = readingOf(options, settings);
  const spool = spoolFolder(settings.dataDir);
  try {
    const files = await Promise.all(paths.map((path, at) => fileOf(path, at + 1, spool)));
    return await untilStopped('import', goOn, async (signal) => {
      const summary = await runOnFolder(settings, { files, reading, signal });
      process.stdout.write(
        options.json ? `${JSON.stringify(publicSummary(summary))}\n` : describeSummary(summary),
      );
      return summary.finished ? exitCodes.done : exitCodes.interrupted;
    });
  } finally {
    rmSync(spool, { recursive: true, force: true });
  }
}

type Reading = ReturnType<typeof readingOf>;

/** How the files are read, checked before anything is opened. */
function readingOf(options: ImportCommandOptions, settings: Settings) {
  const { map, occurredAt, encoding } = options;
  const delimiter = options.delimiter === 'tab' ? '\t' : options.delimiter;
  if (delimiter.length !== 1 || delimiter === '"') throw refuse('delimiter', options.delimiter);
  const timeZone = options.timeZone ?? settings.timeZone;
  if (!timeZoneSchema.safeParse(timeZone).success) throw refuse('time-zone', timeZone);
  if (!isEncoding(encoding)) throw refuse('encoding', encoding);
  return {
    columns: { map: map === undefined ? undefined : parseColumnMap(map), occurredAt },
    timeZone,
    encoding,
    delimiter,
    rejectsPath: options.rejects,
    keepCharges: options.keepCharges ?? false,
  };
}

/** Standard input cannot be read twice, so it is kept in a file as long as the import runs. */
async function fileOf(path: string, number: number, spool: string): Promise<ImportFile> {
  if (path !== '-') return inspectFile(path, number);
  const saved = join(spool, 'stdin');
  await saveStream(process.stdin, saved);
  return inspectFile(saved, number, '-');
}

interface Running {
  readonly files: readonly ImportFile[];
  readonly reading: Reading;
  readonly signal: AbortSignal;
}

async function runOnFolder(
  settings: Settings,
  { files, reading, signal }: Running,
): Promise<ImportSummary> {
  const bar = createProgressBar(process.stderr, systemClock);
  const engine = await whileOpening(signal, (opening) => openFolder(settings, { signal: opening }));
  try {
    const summary = await runImport(engine, {
      ...reading,
      files,
      workFolder: importFolder(settings.dataDir),
      rejectsFolder: rejectsFolder(settings.dataDir),
      clock: systemClock,
      signal,
      onProgress: ({ step, done, total }: ImportProgress) =>
        bar.show(stepLabels[step], done, total),
      onResume: (batches) => print(`going on after ${batches} batches of a former run`),
    });
    bar.end();
    if (!summary.finished) print(`stopped; ${goOn}`);
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

function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name) !== undefined;
  } catch {
    return false;
  }
}

function refuse(option: string, value: string): EngineError {
  const field = option;
  return new EngineError('INVALID_ARGUMENT', `--${option} "${value}" is not known`, { field });
}
