// The options that say how files of receipts are read, the same for every command that reads them.
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import {
  dateOrders,
  EngineError,
  type FoundFile,
  findFiles,
  findTables,
  type IdSettings,
  type ImportFile,
  type PlanOptions,
  presets,
  type ReadingTexts,
  readingOf,
  saveStream,
  timeZoneSchema,
} from '../../engine/index.ts';

export interface ReadingFlags extends ReadingTexts {
  readonly timeZone?: string;
  readonly sheet?: string;
}

const collect = (text: string, before: readonly string[] = []) => [...before, text];

/** Adds the options; those that may be given several times add up. */
export function addReadingOptions(command: Command): Command {
  const several = (flags: string, description: string) =>
    command.addOption(new Option(flags, description).argParser(collect));
  several(
    '--map <pairs>',
    'FIELD=COLUMN, by commas; A+B joins columns, A|B takes the first filled',
  );
  command
    .option('--preset <system>', `columns of ${presets.map(({ name }) => name).join(', ')}`)
    .option('--time-zone <zone>', 'IANA zone of times without an offset (default: the setting)')
    .option('--date-order <order>', `of dates like 1/2/2026: ${dateOrders.join(', ')}`)
    .option('--day-one <day>', 'the first day of files that count days from 1')
    .option('--occurred-at <time>', 'the time of rows that have none')
    .option('--decimal <mark>', 'the decimal mark of amounts, . or , (default: found)')
    .option('--delimiter <character>', 'what separates CSV fields, tab for a tab (default: found)')
    .option('--encoding <name>', 'of the text, e.g. gb18030 (default: found)')
    .option('--header-line <number>', 'the line of the header, 0 for none (default: found)')
    .option('--sheet <name>', 'of a workbook (default: all that are visible)')
    .option('--fill-down', 'rows without a receipt number go on with the receipt above')
    .option('--split <separator>', 'a row is a whole order, its items separated in one cell')
    .option('--pieces-in-name', 'the cell of an item ends with its pieces, as in "Cola 2 pcs"');
  several('--skip <COLUMN=VALUE>', 'rows that are left out, e.g. Status=Cancelled; * is any text');
  several('--returns <COLUMN=VALUE>', 'rows that bring goods back, e.g. Type=Refund');
  several(
    '--thousandths <COLUMN=VALUE>',
    'rows whose quantity counts thousandths, such as grams or fuel: type=GASOLINE*',
  );
  several('--anonymous <names>', 'members that are nobody, by commas; !NAME is somebody after all');
  several('--ignore <column>', 'a column that is left out on purpose');
  several('--join <file>', 'a file whose columns are added to each row');
  several('--on <column>', 'the column of both files to join on, or COLUMN=COLUMN');
  return command;
}

/** How the files are read, checked before anything is opened. */
export async function readingOfFlags(
  flags: ReadingFlags,
  files: readonly ImportFile[],
  usual: { readonly timeZone: string; readonly ids: IdSettings },
): Promise<PlanOptions> {
  return readingOf(flags, files, timeZoneOf(flags, usual.timeZone), usual.ids);
}

/** The zone that was told, checked, else the usual one. */
export function timeZoneOf({ timeZone }: ReadingFlags, usual: string): string {
  if (timeZoneSchema.safeParse(timeZone ?? usual).success) return timeZone ?? usual;
  const message = `--time-zone "${timeZone}" is not known`;
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'time-zone' });
}

/**
 * The tables of what a command names. Standard input cannot be read twice, so it is kept in a file
 * of `spool` as long as the command runs.
 */
export async function tablesOf(
  paths: readonly string[],
  { sheet }: ReadingFlags,
  spool: string,
): Promise<readonly ImportFile[]> {
  const found: FoundFile[] = [];
  for (const path of paths) {
    if (path === '-') {
      const saved = join(spool, 'stdin');
      await saveStream(process.stdin, saved);
      found.push({ path: saved, label: '-' });
    } else {
      found.push(...findFiles([path]));
    }
  }
  return findTables(found, sheet);
}
