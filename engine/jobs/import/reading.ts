// Reading: how files are read, from the texts of a command line. Everything wrong with them is
// refused by the name of its option.
import { EngineError } from '../../base/errors.ts';
import type { IdSettings } from '../../base/outside-ids.ts';
import type { DecimalMark } from './amounts.ts';
import { type ColumnMap, type ImportField, namesOf, parseColumnMap } from './columns.ts';
import { type Condition, parseCondition } from './conditions.ts';
import { type DateOrder, dateOrders } from './dates.ts';
import type { ImportFile } from './file.ts';
import { type Joined, parseJoinKey, readJoined } from './join.ts';
import { type PlanOptions, plainPlan } from './plan.ts';
import { hasMarks, type Preset, presets } from './presets.ts';
import { openPrepared, prepareFiles } from './reader.ts';
import { findFiles, findTables } from './sources.ts';

/** As given; everything is optional. */
export interface ReadingTexts {
  readonly preset?: string | undefined;
  readonly map?: readonly string[] | undefined;
  readonly occurredAt?: string | undefined;
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly headerLine?: string | undefined;
  readonly dateOrder?: string | undefined;
  readonly dayOne?: string | undefined;
  readonly decimal?: string | undefined;
  readonly fillDown?: boolean | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly returns?: readonly string[] | undefined;
  readonly thousandths?: readonly string[] | undefined;
  readonly split?: string | undefined;
  readonly piecesInName?: boolean | undefined;
  readonly anonymous?: readonly string[] | undefined;
  readonly ignore?: readonly string[] | undefined;
  readonly join?: readonly string[] | undefined;
  readonly on?: readonly string[] | undefined;
}

/** Checks the texts, reads what is joined and fits a preset to the first of the files. */
export async function readingOf(
  texts: ReadingTexts,
  files: readonly ImportFile[],
  timeZone: string,
  ids: IdSettings = {},
): Promise<PlanOptions> {
  const { skip = [], returns = [], thousandths = [], anonymous = [], ignore = [] } = texts;
  const named = anonymous.flatMap((text) => text.split(','));
  const map = texts.map === undefined ? undefined : parseColumnMap(texts.map);
  const given: PlanOptions = {
    ...plainPlan,
    timeZone,
    columns: { map, occurredAt: texts.occurredAt },
    encoding: encodingOf(texts.encoding),
    delimiter: delimiterOf(texts.delimiter),
    headerLine: headerLineOf(texts.headerLine),
    dateOrder: dateOrderOf(texts.dateOrder),
    dayOne: dayOf(texts.dayOne),
    decimal: decimalOf(texts.decimal),
    fillDown: texts.fillDown ?? false,
    skip: skip.map((text) => parseCondition(text, 'skip')),
    returns: returns.map((text) => parseCondition(text, 'returns')),
    thousandths: thousandths.map((text) => parseCondition(text, 'thousandths')),
    split: texts.split === undefined ? undefined : unescaped(texts.split),
    piecesInName: texts.piecesInName ?? false,
    ids: { ...ids, anonymous: [...(ids.anonymous ?? []), ...named] },
    ignore,
    joined: await readAllJoined(texts),
  };
  if (texts.preset === undefined) return given;
  const preset = presetCalled(texts.preset);
  return withPreset(given, preset, await headerFor(preset, files, given));
}

/** Workbooks and zips begin with their titles and lists; what comes later is no export. */
const tablesLookedAt = 20;

/** The columns of the first table that has those of a preset, else of the first of all. */
async function headerFor(
  preset: Preset,
  files: readonly ImportFile[],
  options: PlanOptions,
): Promise<readonly string[]> {
  let first: readonly string[] | undefined;
  for (const file of files.slice(0, tablesLookedAt)) {
    const [prepared] = await prepareFiles([file], options);
    const table = await openPrepared(prepared!, options);
    await table.close();
    const header = [...table.header, ...options.joined.flatMap((joined) => joined.header)];
    if (hasMarks(preset, table.header)) return header;
    first ??= header;
  }
  return first ?? [];
}

/** What a preset says of a file with this header, under what was told. */
export function withPreset(
  given: PlanOptions,
  preset: Preset,
  header: readonly string[],
): PlanOptions {
  const has = new Set(header);
  const conditions = (texts: readonly string[] = [], option: string): Condition[] =>
    texts.map((text) => parseCondition(text, option)).filter(({ column }) => has.has(column));
  return {
    ...given,
    columns: { ...given.columns, map: { ...fittingMap(preset, has), ...given.columns.map } },
    usualDateOrder: given.usualDateOrder ?? preset.dateOrder,
    dayOne: given.dayOne ?? preset.dayOne,
    fillDown: given.fillDown || (preset.fillDown ?? false),
    split: given.split ?? preset.split,
    piecesInName: given.piecesInName || (preset.piecesInName ?? false),
    skip: [...given.skip, ...conditions(preset.skip, 'skip')],
    returns: [...given.returns, ...conditions(preset.returns, 'returns')],
    thousandths: [...given.thousandths, ...conditions(preset.thousandths, 'thousandths')],
  };
}

/** Of each field the first way to read it for which all columns are there. */
function fittingMap(preset: Preset, has: ReadonlySet<string>): ColumnMap {
  const map: Partial<Record<ImportField, string>> = {};
  for (const [field, ways] of Object.entries(preset.columns)) {
    const way = ways.find((text) =>
      namesOf({ map: { [field]: text } }).every((name) => has.has(name)),
    );
    if (way !== undefined) map[field as ImportField] = way;
  }
  // A member that the file does not name is left out on purpose.
  return { memberId: '', ...map };
}

async function readAllJoined({ join = [], on = [] }: ReadingTexts): Promise<Joined[]> {
  if (join.length !== on.length) {
    throw refuse('on', `there must be one for each --join, and there are ${on.length}`);
  }
  const joined: Joined[] = [];
  for (const [index, path] of join.entries()) {
    const key = parseJoinKey(on[index]!);
    const [file, ...more] = await findTables(findFiles([path]));
    if (file === undefined || more.length > 0) throw refuse('join', `${path} is not one table`);
    const [prepared] = await prepareFiles([file], plainPlan);
    const columns = { map: { purchaseId: key.otherColumn } };
    const table = await openPrepared(prepared!, { ...plainPlan, columns });
    joined.push(await readJoined(table, key, file.name));
  }
  return joined;
}

export function presetCalled(name: string): Preset {
  const preset = presets.find((each) => each.name === name);
  if (preset !== undefined) return preset;
  throw refuse('preset', `"${name}" is none of ${presets.map((each) => each.name).join(', ')}`);
}

function encodingOf(name: string | undefined): string | undefined {
  if (name === undefined || name === 'auto') return undefined;
  try {
    return new TextDecoder(name).encoding;
  } catch {
    throw refuse(
      'encoding',
      `"${name}" is not known; gb18030, utf-8 and utf-16le are some that are`,
    );
  }
}

function delimiterOf(text: string | undefined): string | undefined {
  if (text === undefined || text === 'auto') return undefined;
  const delimiter = text === 'tab' ? '\t' : unescaped(text);
  if (delimiter.length === 1 && delimiter !== '"') return delimiter;
  throw refuse('delimiter', `"${text}" is not one character, or tab`);
}

function headerLineOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw refuse('header-line', `"${text}" is no number of a line, or 0 for a file without a header`);
}

function dateOrderOf(text: string | undefined): DateOrder | undefined {
  if (text === undefined) return undefined;
  const order = dateOrders.find((known) => known === text.toLowerCase());
  if (order !== undefined) return order;
  throw refuse('date-order', `"${text}" is none of ${dateOrders.join(', ')}`);
}

function dayOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
  if (isDay) return text;
  throw refuse('day-one', `"${text}" is no day such as 2017-01-01`);
}

function decimalOf(text: string | undefined): DecimalMark {
  if (text === undefined || text === '.' || text === ',') return text;
  throw refuse('decimal', `"${text}" is neither . nor ,`);
}

function unescaped(text: string): string {
  return text.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

function refuse(option: string, problem: string): EngineError {
  return new EngineError('INVALID_ARGUMENT', `--${option} ${problem}`, { field: option });
}
