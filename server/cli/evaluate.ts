// `caini evaluate`: how good the lists are on receipts of one's own. docs/guides/quality.md is its
// manual.
import { tmpdir } from 'node:os';
import { type Command, Option } from 'commander';
import {
  compileRoles,
  counted,
  EngineError,
  type Formula,
  findFiles,
  findTables,
  formulas,
  type GuessRole,
  limits,
  systemClock,
} from '../../engine/index.ts';
import { idSettings, readSettings } from '../config.ts';
import { type EvaluateProgress, type Evaluation, evaluate } from '../evaluate/evaluate.ts';
import { type Protocol, protocols } from '../evaluate/protocols.ts';
import { itemRolesOf } from '../item-roles.ts';
import { describeEvaluation } from './evaluation.ts';
import { endWith, exitCodes } from './folder.ts';
import { addReadingOptions, type ReadingFlags, readingOfFlags } from './import-reading.ts';
import { untilStopped } from './interrupt.ts';
import { createProgressBar } from './progress.ts';

interface EvaluateFlags extends ReadingFlags {
  readonly protocol: Protocol;
  readonly halfLifeDays?: string;
  readonly from?: string;
  readonly to?: string;
  readonly k: string;
  readonly formula: Formula;
  readonly baselines?: boolean;
  readonly seed: string;
  readonly roles?: string;
  readonly json?: boolean;
}

const stepLabels: Readonly<Record<EvaluateProgress['step'], string>> = {
  read: 'reading',
  learn: 'learning',
  tune: 'tuning the baselines',
  ask: 'asking',
};
const halfLifeDaysMax = 36_500;
const seedMax = 2 ** 32 - 1;
const millisecondsPerDay = 86_400_000;

export function evaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .description('measure the lists on a file of receipts: learn one part, predict the other')
    .argument('<file>', 'receipts as an import reads them; the data folder is not touched')
    .addOption(
      new Option('--protocol <protocol>', 'which receipts are foretold')
        .choices([...protocols])
        .default('last'),
    )
    .option('--half-life-days <days>', 'days after which a pair weighs half, or none for no decay')
    .option('--from <day>', 'replay: the first UTC day that is foretold, e.g. 2026-05-01')
    .option('--to <day>', 'replay: the UTC day before which the file ends')
    .option('--k <lengths>', 'lengths of lists that are evaluated', '10,20')
    .addOption(
      new Option('--formula <formula>', 'which formula makes the lists')
        .choices([...formulas])
        .default('shipped'),
    );
  addReadingOptions(command)
    .option('--roles <file>', 'names that are no goods, as for an import (default: the setting)')
    .option('--baselines', 'measure published methods beside, which takes minutes')
    .option('--seed <number>', 'of everything drawn at random', '1')
    .option('--json', 'print the figures as one JSON object')
    .action((path: string, flags: EvaluateFlags) => endWith(() => evaluateFile(path, flags)));
}

function evaluateFile(path: string, flags: EvaluateFlags): Promise<number> {
  const options = optionsOf(flags);
  const bar = createProgressBar(process.stderr, systemClock);
  return untilStopped('evaluate', 'nothing was measured to its end', async (signal) => {
    const { columns, ...reading } = await readingOf(path, flags);
    const found = await evaluate({
      ...options,
      path,
      columns,
      guessRole: guessRoleOf(flags),
      reading: { ...reading, sheet: flags.sheet },
      scratchFolder: tmpdir(),
      signal,
      onProgress: ({ step, done, total }) => bar.show(stepLabels[step], done, total),
    }).finally(() => bar.end());
    printLeftOut(found);
    process.stdout.write(flags.json ? `${JSON.stringify(found)}\n` : describeEvaluation(found));
    return exitCodes.done;
  });
}

/** As an import of the file would have it. */
function guessRoleOf({ roles }: EvaluateFlags): GuessRole {
  const options = roles === undefined ? {} : { itemRoles: roles };
  const { itemRoles } = readSettings({ environment: process.env, options });
  return compileRoles(itemRolesOf(itemRoles));
}

/** As an import of the file, but in UTC unless a zone is told: nothing here asks for the hour. */
async function readingOf(path: string, flags: EvaluateFlags) {
  const files = await findTables(findFiles([path]), flags.sheet);
  const ids = idSettings(readSettings({ environment: process.env }));
  return readingOfFlags(flags, files, { timeZone: 'UTC', ids });
}

function optionsOf(flags: EvaluateFlags) {
  const { protocol, formula, baselines = false } = flags;
  const fromMs = dayMs('from', flags);
  const toMs = dayMs('to', flags);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    throw refuse('to', `${flags.to} must be after --from ${flags.from}`);
  }
  return {
    protocol,
    formula,
    baselines,
    fromMs,
    toMs,
    lengths: lengthsOf(flags.k),
    halfLifeDays: halfLifeOf(flags.halfLifeDays),
    seed: wholeNumber('seed', flags.seed, { min: 0, max: seedMax }),
  };
}

function dayMs(option: 'from' | 'to', flags: EvaluateFlags): number | undefined {
  const text = flags[option];
  if (text === undefined) return undefined;
  if (flags.protocol !== 'replay') {
    throw refuse(option, `bounds a replay only; the protocol is ${flags.protocol}`);
  }
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Date.parse rolls 31 April over into May.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) {
    throw refuse(option, `"${text}" is no day such as 2026-05-01`);
  }
  return Math.floor(ms / millisecondsPerDay) * millisecondsPerDay;
}

/** Ascending, each once. */
function lengthsOf(text: string): number[] {
  const range = { min: 1, max: limits.listItemsMax };
  const lengths = text.split(',').map((part) => wholeNumber('k', part.trim(), range));
  return [...new Set(lengths)].sort((first, second) => first - second);
}

function halfLifeOf(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return null;
  return wholeNumber('half-life-days', text, { min: 1, max: halfLifeDaysMax }, ' or none');
}

function wholeNumber(
  option: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
  otherwise = '',
): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw refuse(option, `"${text}" is no whole number from ${min} to ${max}${otherwise}`);
}

function refuse(option: string, problem: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', `--${option}: ${problem}`, { field: option });
}

/** On standard error in every case: standard output is the figures'. */
function printLeftOut({ leftOut }: Evaluation): void {
  const { refusedRows, firstRefusal, returnedRows, otherRows } = leftOut;
  const print = (note: string) => process.stderr.write(`caini evaluate: ${note}\n`);
  if (refusedRows > 0)
    print(`left out as they cannot be read: ${counted(refusedRows, 'row')}; ${firstRefusal}`);
  if (otherRows > 0) print(`left out as no goods by their name: ${counted(otherRows, 'row')}`);
  if (returnedRows > 0) print(`left out as goods brought back: ${counted(returnedRows, 'row')}`);
}
