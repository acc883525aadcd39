// Inspection: a file looked at before anything is imported: what it is, how it would be read, what
// would be refused, and the options that say all of it.
import { counted } from '../../base/plural.ts';
import {
  type ColumnMap,
  dayColumnOf,
  formatColumnMap,
  holdsReceipts,
  type ImportField,
  parseColumnMap,
} from './columns.ts';
import type { Condition } from './conditions.ts';
import { findDay, orderEvidence } from './dates.ts';
import type { ImportFile } from './file.ts';
import { closingKind, isBlankRecord, isHeader } from './header.ts';
import { createJoiner } from './join.ts';
import type { PlanOptions } from './plan.ts';
import { presetOfHeader } from './presets.ts';
import { type ColumnProfile, profileColumns } from './profile.ts';
import { propose } from './propose.ts';
import { openPrepared, type PreparedFile, prepareFiles } from './reader.ts';
import { presetCalled, type ReadingTexts, readingOf, withPreset } from './reading.ts';
import { repeatReasons } from './receipts.ts';
import type { TableRow } from './table-row.ts';
import { createTimeReader } from './times.ts';
import { type Trial, type TrialPlace, tryReading } from './trial.ts';

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

export interface Inspection extends Pick<Trial, 'rows' | 'counts' | 'refusals' | 'notes'> {
  readonly file: InspectedFile;
  /** Known by its columns, or told. */
  readonly preset: string | undefined;
  readonly columns: readonly InspectedColumn[];
  /** What is added to the options that were told; `--map` has those of both. */
  readonly flags: readonly string[];
  /** What a person must say, because the file does not. */
  readonly open: readonly string[];
  /** Whether a command with these options reads the files, and no row waits for a decision. */
  readonly isReady: boolean;
}

export interface InspectOptions extends TrialPlace {
  readonly texts: ReadingTexts;
  readonly timeZone: string;
}

const sampleRows = 2_000;
const samplesShown = 3;
/** So many days side by side are no columns of receipts. */
const daysOfTotals = 3;
/** Of a workbook or zip with more tables the first ones are enough to find one with receipts. */
const tablesLookedAt = 20;

/** Looks at a first table with receipts, and reads all files as it would be proposed. */
export async function inspectTables(
  files: readonly ImportFile[],
  { texts, timeZone, ...place }: InspectOptions,
): Promise<Inspection> {
  const given = await readingOf(texts, files, timeZone);
  const sample = await findSample(files, given, texts);
  const guess = optionsFor(given, texts, sample);
  const { options, trial, reasons, open } = await separateReceipts(guess.options, {
    isStated: statedMap(texts).purchaseId !== undefined,
    tryOut: (each) => tryReading(files, each, place),
  });
  const isWhole = missingOf(options).length === 0;
  const orders = orderQuestions(trial, options, sample);
  const { rows, counts, refusals, notes, problem } = trial;
  return {
    ...{ rows, counts, refusals },
    file: sample.file,
    preset: guess.preset,
    columns: describeColumns(sample.profiles, options.columns.map ?? {}),
    flags: flagsOf(options, { given, texts, ...guess }),
    notes: [...guess.reasons, ...reasons, ...notes],
    open: [
      ...openQuestions(options, trial, sample),
      ...open,
      ...orders,
      ...zoneQuestions(sample.profiles),
    ],
    isReady: isWhole && orders.length === 0 && problem === undefined && counts.rows > 0,
  };
}

interface Sample {
  readonly file: InspectedFile;
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];
  readonly profiles: readonly ColumnProfile[];
}

/** The first table of the first file that looks like one of receipts, else the first of all. */
async function findSample(
  files: readonly ImportFile[],
  given: PlanOptions,
  texts: ReadingTexts,
): Promise<Sample> {
  const together = files.filter(({ path }) => path === files[0]?.path).slice(0, tablesLookedAt);
  let first: Sample | undefined;
  for (const file of await prepareFiles(together, given)) {
    const sample = await readSample(file, given);
    first ??= sample;
    const { options } = optionsFor(given, texts, sample);
    const isWhole = missingOf(options).length === 0;
    if (isWhole && holdsReceipts(sample.header, options.columns)) return sample;
  }
  return first!;
}

async function readSample(file: PreparedFile, options: PlanOptions): Promise<Sample> {
  const table = await openPrepared(file, options);
  const rows: TableRow[] = [];
  try {
    const { header, join } = createJoiner(table.header, options.joined, file.label);
    for await (const chunk of table.rows) {
      for (const row of chunk) {
        if (isBlankRecord(row.fields) || closingKind(row.fields) !== undefined) continue;
        if (isHeader(row.fields, table.header)) continue;
        rows.push(join === undefined ? row : { ...row, fields: join(row.fields) });
      }
      if (rows.length >= sampleRows) break;
    }
    const profiles = profileColumns(header, rows);
    return { file: describeFile(file, table.headerLine), header, rows, profiles };
  } finally {
    await table.close();
  }
}

interface Guess {
  readonly options: PlanOptions;
  readonly preset: string | undefined;
  /** What the preset says of this file by itself. */
  readonly ofPreset: PlanOptions | undefined;
  readonly reasons: readonly string[];
}

/** What is told stays; the rest is proposed. */
function optionsFor(given: PlanOptions, texts: ReadingTexts, sample: Sample): Guess {
  const isStated = texts.preset !== undefined;
  const known = texts.map === undefined ? presetOfHeader(sample.header) : undefined;
  const preset = isStated ? presetCalled(texts.preset) : known;
  const base = isStated || preset === undefined ? given : withPreset(given, preset, sample.header);
  const proposal = propose(sample, base);
  const columns = { ...base.columns, map: proposal.map };
  const thousandths = [...base.thousandths, ...proposal.thousandths];
  if (preset !== undefined) {
    const reasons = !isStated ? [`the columns are those of ${preset.title}`] : [];
    return {
      options: { ...base, columns, thousandths },
      preset: preset.name,
      ofPreset: base,
      reasons,
    };
  }
  const options: PlanOptions = {
    ...base,
    columns,
    skip: [...base.skip, ...proposal.skip],
    returns: [...base.returns, ...proposal.returns],
    thousandths,
    fillDown: base.fillDown || proposal.fillDown,
    split: base.split ?? proposal.split,
    piecesInName: base.piecesInName || proposal.piecesInName,
  };
  return { options, preset: undefined, ofPreset: undefined, reasons: proposal.reasons };
}

interface Apart {
  readonly options: PlanOptions;
  readonly trial: Trial;
  readonly reasons: readonly string[];
  readonly open: readonly string[];
}

interface Separation {
  /** Whether somebody said what the receipt number is; it is then kept. */
  readonly isStated: boolean;
  readonly tryOut: (options: PlanOptions) => Promise<Trial>;
}

/** Puts into the receipt number what is missing where one number was given to several receipts. */
async function separateReceipts(
  options: PlanOptions,
  { isStated, tryOut }: Separation,
): Promise<Apart> {
  const first = await tryOut(options);
  let [best, trial] = [options, first];
  for (;;) {
    const longer = withMoreParts(best, trial);
    const next = longer === undefined ? undefined : await tryOut(longer);
    if (longer === undefined || next === undefined || next.problem !== undefined) break;
    if (repeated(next) >= repeated(trial)) break;
    [best, trial] = [longer, next];
  }
  const purchaseId = best.columns.map?.purchaseId;
  if (isStated && best !== options) {
    const open = `${repeatWords(first)}; --map purchaseId=${purchaseId} would tell them apart`;
    return { options, trial: first, reasons: [], open: [open] };
  }
  const reasons =
    best === options
      ? []
      : [`receipt numbers come again, so that they are told apart: ${purchaseId}`];
  return { options: best, trial, reasons, open: repeated(trial) === 0 ? [] : [repeatWords(trial)] };
}

function repeated({ refusals }: Trial): number {
  const reasons: readonly string[] = Object.values(repeatReasons);
  return refusals.reduce((sum, { reason, rows }) => sum + (reasons.includes(reason) ? rows : 0), 0);
}

function repeatWords(trial: Trial): string {
  const rows = counted(repeated(trial), 'row is', 'rows are');
  return `${rows} refused because their receipt number was given twice`;
}

/** The store in every case, and the till or the day where rows lie that far apart. */
function withMoreParts(options: PlanOptions, trial: Trial): PlanOptions | undefined {
  const {
    purchaseId = '',
    occurredAt = '',
    storeId = '',
    terminalId = '',
  } = options.columns.map ?? {};
  const has = (field: keyof typeof repeatReasons) =>
    trial.refusals.some(({ reason }) => reason === repeatReasons[field]);
  if (repeated(trial) === 0 || purchaseId === '') return undefined;
  const parts = purchaseId.split('+');
  const day = occurredAt === '' ? '' : dayColumnOf(occurredAt);
  const isNew = (part: string) => part !== '' && !part.includes('|') && !parts.includes(part);
  const wantsTill = has('terminalId') || (has('memberId') && !isNew(storeId));
  const before = [storeId, wantsTill ? terminalId : ''].filter(isNew);
  const wantsDay = has('occurredAt') || before.length === 0;
  const longer = [...before, ...parts, ...[wantsDay ? day : ''].filter(isNew)];
  if (longer.length === parts.length) return undefined;
  const map = { ...options.columns.map, purchaseId: longer.join('+') };
  return { ...options, columns: { ...options.columns, map } };
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

function missingOf({ columns }: Pick<PlanOptions, 'columns'>): ImportField[] {
  const { map = {}, occurredAt } = columns;
  const required: readonly ImportField[] = ['purchaseId', 'occurredAt', 'itemId'];
  return required.filter(
    (field) => (map[field] ?? '') === '' && !(field === 'occurredAt' && occurredAt !== undefined),
  );
}

function openQuestions(
  options: PlanOptions,
  { problem }: Trial,
  { rows, header }: Sample,
): string[] {
  if (rows.length === 0) return ['there is no row below the header'];
  const days = header.filter((name) => typeof findDay(name, {}) === 'object');
  if (days.length >= daysOfTotals && missingOf(options).length > 0) {
    const from = `columns are days ("${days[0]}" …)`;
    return [`${from}: this is a table of totals, which has no receipts; export single lines`];
  }
  const missing = missingOf(options);
  const questions = missing.map((field) =>
    field === 'occurredAt'
      ? 'no column looks like a time: --map occurredAt=COLUMN, or --occurred-at for all rows'
      : `no column looks like ${field}: --map ${field}=COLUMN`,
  );
  if (missing.length === 0 && problem !== undefined) questions.push(problem);
  if (options.columns.map?.memberId === '') {
    questions.push('no column looks like a member: every receipt is anonymous without one');
  }
  return questions;
}

/** Dates that fit two orders are a person's to decide: all that a file can say is how they lie. */
function orderQuestions({ refusals }: Trial, { columns }: PlanOptions, sample: Sample): string[] {
  const open = refusals.find(({ reason }) => reason === 'DATE_ORDER_UNKNOWN');
  if (open === undefined) return [];
  const name = columns.map?.occurredAt?.split('+')[0];
  const values = sample.profiles.find((profile) => profile.name === name)?.values.keys() ?? [];
  const texts = [...values].filter((text) => orderEvidence(text)?.order === 'either');
  const spans = (['dmy', 'mdy'] as const).map((dateOrders) => {
    const read = createTimeReader({ timeZone: 'UTC', dateOrders });
    const days = texts.map(read).flatMap((time) => (typeof time === 'object' ? time.text : []));
    const [from, to] = [days.toSorted()[0], days.toSorted().at(-1)];
    const lie = from === undefined ? '' : ` (then they lie from ${dayIn(from)} to ${dayIn(to!)})`;
    return `--date-order ${dateOrders}${lie}`;
  });
  return [
    `${counted(open.rows, 'row')} with dates that fit two orders: tell ${spans.join(' or ')}`,
  ];
}

function dayIn(text: string): string {
  return text.slice(0, 'yyyy-mm-dd'.length);
}

/** A zone in words is no name that a computer knows. */
function zoneQuestions(profiles: readonly ColumnProfile[]): string[] {
  return profiles
    .filter(({ name, values }) => /time ?zone|时区/i.test(name) && values.size > 0)
    .map(({ name, values }) => {
      const [zone = ''] = values.keys();
      return `times are those of "${zone}" (${name}): tell --time-zone, e.g. America/New_York`;
    });
}

/** What was not told, as a command line has it. */
function flagsOf(
  options: PlanOptions,
  { given, texts, preset, ofPreset }: Guess & { given: PlanOptions; texts: ReadingTexts },
): string[] {
  const base = ofPreset ?? given;
  const stated = statedMap(texts);
  const known: ColumnMap = ofPreset?.columns.map ?? {};
  const pairs = Object.entries(options.columns.map ?? {}).filter(
    ([field, name]) =>
      field in stated || name !== (field in known ? known[field as ImportField] : field),
  );
  const map = formatColumnMap(Object.fromEntries(pairs));
  const conditions = (flag: string, all: readonly Condition[], before: readonly Condition[]) =>
    all.slice(before.length).flatMap(({ column, value }) => [flag, `${column}=${value}`]);
  return [
    ...(preset === undefined || texts.preset !== undefined ? [] : ['--preset', preset]),
    ...(map === '' ? [] : ['--map', map]),
    ...(options.split === base.split ? [] : ['--split', options.split!.replace('\n', '\\n')]),
    ...conditions('--skip', options.skip, base.skip),
    ...conditions('--returns', options.returns, base.returns),
    ...conditions('--thousandths', options.thousandths, base.thousandths),
    ...(options.piecesInName === base.piecesInName ? [] : ['--pieces-in-name']),
    ...(options.fillDown === base.fillDown ? [] : ['--fill-down']),
  ];
}

function statedMap({ map }: ReadingTexts): ColumnMap {
  return map === undefined ? {} : parseColumnMap(map);
}
