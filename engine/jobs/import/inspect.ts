// Inspection: a file looked at before anything is imported: what it is, how it would be read, what
// would be refused, and the command that says all of it.
import { type ColumnMap, dayColumnOf, formatColumnMap, type ImportField } from './columns.ts';
import { type DateOrder, orderEvidence } from './dates.ts';
import type { ImportFile } from './file.ts';
import { closingKind, isBlankRecord } from './header.ts';
import { createJoiner } from './join.ts';
import { type PlanOptions, planReading, type ReadingPlan } from './plan.ts';
import { type Preset, presetOfHeader } from './presets.ts';
import { type ColumnProfile, profileColumns } from './profile.ts';
import { isRepeated, propose } from './propose.ts';
import { openPrepared, type PreparedFile, prepareFiles, readRows } from './reader.ts';
import { withPreset } from './reading.ts';
import { isRefusal, type Row, readRow } from './row.ts';
import type { TableRow } from './table-row.ts';
import { createTimeReader } from './times.ts';

export interface InspectedFile {
  readonly label: string;
  readonly format: ImportFile['format'];
  readonly encoding: string;
  readonly encodingNote: string | undefined;
  readonly delimiter: string | undefined;
  readonly headerLine: number;
}

export interface InspectedColumn {
  readonly name: string;
  readonly field: string | undefined;
  readonly filled: number;
  readonly samples: readonly string[];
}

/** Rows that would not enter for one reason. */
export interface RefusalCount {
  readonly reason: string;
  readonly rows: number;
  /** The first of them. */
  readonly line: number;
  readonly message: string;
}

export interface Inspection {
  readonly file: InspectedFile;
  readonly preset: string | undefined;
  readonly columns: readonly InspectedColumn[];
  /** The options of the command, without the files. */
  readonly flags: readonly string[];
  readonly notes: readonly string[];
  /** What a person must say, because the file does not. */
  readonly open: readonly string[];
  readonly rows: readonly Row[];
  readonly counts: {
    readonly rows: number;
    readonly refused: number;
    readonly skipped: number;
    readonly returned: number;
    readonly receipts: number;
    readonly members: number;
    readonly items: number;
    readonly from: string | undefined;
    readonly to: string | undefined;
  };
  readonly refusals: readonly RefusalCount[];
}

const sampleRows = 2_000;
const rowsShown = 5;
const samplesShown = 3;

/** Looks at the first file of a job, and reads all of them as it would be proposed. */
export async function inspectTables(
  files: readonly ImportFile[],
  given: PlanOptions,
): Promise<Inspection> {
  const prepared = await prepareFiles(files.slice(0, 1), given);
  const sample = await readSample(prepared[0]!, given);
  const profiles = profileColumns(sample.header, sample.rows);
  const preset = given.columns.map === undefined ? presetOfHeader(sample.header) : undefined;
  const { options, reasons } = optionsFor(given, { preset, profiles, sample });
  const first = await tryReading(files, options);
  const repeats = first.found?.repeats ?? false;
  const better = repeats ? withDay(options) : undefined;
  const last = better === undefined ? first : await tryReading(files, better);
  const chosen = better ?? options;
  if (better !== undefined) {
    reasons.push('receipt numbers come again on other days, so that the day is put into them');
  }
  const { found, plan, problem } = last;
  return {
    file: describeFile(prepared[0]!, sample.headerLine),
    preset: preset?.name,
    columns: describeColumns(profiles, chosen.columns.map ?? {}),
    flags: flagsOf(chosen, given, hasOrder(chosen, profiles)),
    notes: [...reasons, ...(plan?.notes ?? [])],
    open: [...openQuestions(chosen, problem), ...zoneQuestions(profiles)],
    ...(found?.result ?? nothingFound),
  };
}

interface Sample {
  readonly header: readonly string[];
  readonly headerLine: number;
  readonly rows: readonly TableRow[];
}

async function readSample(file: PreparedFile, options: PlanOptions): Promise<Sample> {
  const table = await openPrepared(file, options);
  const rows: TableRow[] = [];
  try {
    const { header, join } = createJoiner(table.header, options.joined, file.label);
    for await (const chunk of table.rows) {
      for (const row of chunk) {
        if (isBlankRecord(row.fields) || closingKind(row.fields) !== undefined) continue;
        rows.push(join === undefined ? row : { ...row, fields: join(row.fields) });
      }
      if (rows.length >= sampleRows) break;
    }
    return { header, headerLine: table.headerLine, rows };
  } finally {
    await table.close();
  }
}

interface Looked {
  readonly preset: Preset | undefined;
  readonly profiles: readonly ColumnProfile[];
  readonly sample: Sample;
}

/** What is told stays; the rest is proposed. */
function optionsFor(
  given: PlanOptions,
  { preset, profiles, sample }: Looked,
): { options: PlanOptions; reasons: string[] } {
  const proposal = propose(profiles, sample.rows);
  if (preset !== undefined) {
    const options = withPreset(given, preset, sample.header);
    const map = { ...proposal.map, ...options.columns.map };
    const reasons = [`the columns are those of ${preset.title}`];
    return { options: { ...options, columns: { ...options.columns, map } }, reasons };
  }
  const map: ColumnMap = { ...proposal.map, ...given.columns.map };
  const isMixed = map.itemId !== proposal.map.itemId;
  const options: PlanOptions = {
    ...given,
    columns: { ...given.columns, map },
    skip: [...given.skip, ...proposal.skip],
    returns: [...given.returns, ...proposal.returns],
    fillDown: given.fillDown || proposal.fillDown,
    split: given.split ?? (isMixed ? undefined : proposal.split),
  };
  const guess = options.dateOrder === undefined ? guessOrder(map, profiles) : undefined;
  const reasons = [...proposal.reasons];
  if (guess === undefined) return { options, reasons };
  const { order, because } = guess;
  reasons.push(`dates that fit two orders are taken for ${order}: ${because}. Check the rows`);
  return { options: { ...options, dateOrder: order }, reasons };
}

interface OrderGuess {
  readonly order: DateOrder;
  readonly because: string;
}

/**
 * Of dates that fit two orders: that of other dates of the file, else the one by which they lie
 * closest together.
 */
function guessOrder(map: ColumnMap, profiles: readonly ColumnProfile[]): OrderGuess | undefined {
  const texts = timeTexts(map, profiles);
  const evidence = texts.flatMap((text) => orderEvidence(text) ?? []);
  const sure = new Set(evidence.flatMap(({ order }) => (order === 'either' ? [] : [order])));
  const sureStyles = new Set(
    evidence.flatMap(({ style, order }) => (order === 'either' ? [] : [style])),
  );
  // Each style that has dates which can be one order only is read by itself.
  if (evidence.every(({ style }) => sureStyles.has(style)) || sure.size > 1) return undefined;
  const [order] = sure;
  if (order !== undefined) return { order, because: 'other dates of the file can be nothing else' };
  const spans = (['dmy', 'mdy'] as const).map((each) => {
    const read = createTimeReader({ timeZone: 'UTC', dateOrders: each });
    const times = texts.map(read).flatMap((time) => (typeof time === 'object' ? time.epochMs : []));
    return { order: each, span: Math.max(...times) - Math.min(...times) };
  });
  const [closest] = spans.toSorted((one, other) => one.span - other.span);
  return { order: closest!.order, because: 'so they lie closest together, which may be chance' };
}

function timeTexts(map: ColumnMap, profiles: readonly ColumnProfile[]): string[] {
  const name = map.occurredAt?.split('+')[0];
  return [...(profiles.find((profile) => profile.name === name)?.values.keys() ?? [])];
}

function withDay(options: PlanOptions): PlanOptions | undefined {
  const { purchaseId, occurredAt, storeId } = options.columns.map ?? {};
  if (purchaseId === undefined || occurredAt === undefined || purchaseId.includes('+'))
    return undefined;
  const store = storeId === undefined || storeId === '' ? '' : `${storeId}+`;
  const map = {
    ...options.columns.map,
    purchaseId: `${store}${purchaseId}+${dayColumnOf(occurredAt)}`,
  };
  return { ...options, columns: { ...options.columns, map } };
}

interface Tried {
  readonly plan?: ReadingPlan;
  readonly found?: Found;
  /** Why nothing can be read so. */
  readonly problem?: string;
}

async function tryReading(files: readonly ImportFile[], options: PlanOptions): Promise<Tried> {
  try {
    const plan = await planReading(files, options);
    return { plan, found: await readAll(plan, options) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

type Result = Pick<Inspection, 'rows' | 'counts' | 'refusals'>;

interface Found {
  readonly result: Result;
  /** Whether receipt numbers begin anew. */
  readonly repeats: boolean;
}

const nothingFound: Result = {
  rows: [],
  counts: {
    ...{ rows: 0, refused: 0, skipped: 0, returned: 0, receipts: 0, members: 0, items: 0 },
    ...{ from: undefined, to: undefined },
  },
  refusals: [],
};

async function readAll({ files, rules }: ReadingPlan, options: PlanOptions): Promise<Found> {
  const rows: Row[] = [];
  const refusals = new Map<string, RefusalCount>();
  const [receipts, members, items] = [
    new Map<string, number>(),
    new Set<string>(),
    new Set<string>(),
  ];
  const counts = { rows: 0, refused: 0, skipped: 0, returned: 0 };
  let [first, last]: (Row['moment'] | undefined)[] = [];
  let repeated = 0;
  for await (const chunk of readRows(files, options)) {
    for (const source of chunk) {
      counts.rows += 1;
      if (source.skipped !== undefined) {
        counts.skipped += 1;
        continue;
      }
      const row = readRow(source, rules);
      if (isRefusal(row)) {
        counts.refused += 1;
        const known = refusals.get(row.reason);
        const { reason, message } = row;
        const line = known?.line ?? row.origin.line;
        const words = { reason, line, message: known?.message ?? message };
        refusals.set(reason, { ...words, rows: (known?.rows ?? 0) + 1 });
        continue;
      }
      if (rows.length < rowsShown) rows.push(row);
      const { purchaseId, memberId, itemId, moment } = row;
      items.add(itemId);
      if (memberId !== undefined) members.add(memberId);
      if (first === undefined || moment.epochMs < first.epochMs) first = moment;
      if (last === undefined || moment.epochMs > last.epochMs) last = moment;
      if (row.thousandths < 0) counts.returned += 1;
      else if (isRepeated(receipts, { purchaseId, epochMs: moment.epochMs })) repeated += 1;
    }
  }
  const sizes = { receipts: receipts.size, members: members.size, items: items.size };
  const result = {
    rows,
    counts: { ...counts, ...sizes, from: first?.text, to: last?.text },
    refusals: [...refusals.values()].sort((one, other) => other.rows - one.rows),
  };
  return { result, repeats: repeated > 0 };
}

function describeFile(file: PreparedFile, headerLine: number): InspectedFile {
  const { label, format, encoding, encodingNote, dialect } = file;
  const delimiter = format === 'csv' ? dialect.delimiter : undefined;
  return { label, format, encoding, encodingNote, delimiter, headerLine };
}

function describeColumns(profiles: readonly ColumnProfile[], map: ColumnMap): InspectedColumn[] {
  return profiles
    .filter(({ name }) => name !== '')
    .map(({ name, filled, values }) => {
      const fields = Object.entries(map).filter(
        ([, text]) => text === name || text.split(/[+|]/).includes(name),
      );
      const field = fields.length === 0 ? undefined : fields.map(([each]) => each).join(', ');
      return { name, field, filled, samples: [...values.keys()].slice(0, samplesShown) };
    });
}

function missingOf({ columns: { map = {}, occurredAt } }: PlanOptions): ImportField[] {
  const required: readonly ImportField[] = ['purchaseId', 'occurredAt', 'itemId'];
  return required.filter(
    (field) => (map[field] ?? '') === '' && !(field === 'occurredAt' && occurredAt !== undefined),
  );
}

function openQuestions(options: PlanOptions, problem: string | undefined): string[] {
  const missing = missingOf(options);
  const questions = missing.map((field) =>
    field === 'occurredAt'
      ? 'no column looks like a time: --map occurredAt=COLUMN, or --occurred-at for all rows'
      : `no column looks like ${field}: --map ${field}=COLUMN`,
  );
  if (problem !== undefined && missing.length === 0) questions.push(problem);
  if (options.columns.map?.memberId === '') {
    questions.push('no column looks like a member: every receipt is anonymous without one');
  }
  return questions;
}

/** A zone in words is no name that a computer knows. */
function zoneQuestions(profiles: readonly ColumnProfile[]): string[] {
  return profiles
    .filter(({ name, filled }) => /^time ?zone$|^时区$/i.test(name) && filled > 0)
    .map(({ name, values }) => {
      const [zone = ''] = values.keys();
      return `times are those of "${zone}" (${name}): tell --time-zone, e.g. America/New_York`;
    });
}

/** Whether an order of day and month says anything of this file. */
function hasOrder({ columns }: PlanOptions, profiles: readonly ColumnProfile[]): boolean {
  return timeTexts(columns.map ?? {}, profiles).some((text) => orderEvidence(text) !== undefined);
}

/** The options as a command line has them, those that were told included. */
function flagsOf(options: PlanOptions, given: PlanOptions, isOrdered: boolean): string[] {
  const { columns, skip, returns, fillDown, split, dateOrder, usualDateOrder, dayOne } = options;
  const map = Object.fromEntries(
    Object.entries(columns.map ?? {}).filter(([field, name]) => field !== name),
  );
  const all = [
    ['--map', formatColumnMap(map)],
    ['--occurred-at', columns.occurredAt],
    ['--encoding', given.encoding],
    ['--delimiter', given.delimiter === '\t' ? 'tab' : given.delimiter],
    ['--header-line', given.headerLine === undefined ? undefined : String(given.headerLine)],
    ['--date-order', isOrdered ? (dateOrder ?? usualDateOrder) : given.dateOrder],
    ['--day-one', dayOne],
    ['--decimal', given.decimal],
    ['--split', split],
    ...skip.map(({ column, value }) => ['--skip', `${column}=${value}`]),
    ...returns.map(({ column, value }) => ['--returns', `${column}=${value}`]),
    ...given.ignore.map((column) => ['--ignore', column]),
  ] as (readonly [string, string | undefined])[];
  const flags = all.flatMap(([flag, text]) =>
    text === undefined || text === '' ? [] : [flag, text],
  );
  return fillDown ? [...flags, '--fill-down'] : flags;
}
